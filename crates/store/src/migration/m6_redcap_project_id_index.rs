//! The index that finds a study by REDCap project id (§6 #24), and the rule that two running studies do not share one.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "f0a1b2c3d4e5_add_redcap_project_id_index",
    up: &[
        "CREATE INDEX ix_studies_redcap_project_id ON studies ((config->'redcap'->>'project_id'))
            WHERE integration_mode = 'redcap'",
        "CREATE UNIQUE INDEX ux_studies_redcap_origin_project
            ON studies ((config->'redcap'->>'api_origin'), (config->'redcap'->>'project_id'))
            WHERE integration_mode = 'redcap' AND status <> 'completed'",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP INDEX ux_studies_redcap_origin_project", "DROP INDEX ix_studies_redcap_project_id"],
    down_postgres: &[],
    destroys: &[],
};
