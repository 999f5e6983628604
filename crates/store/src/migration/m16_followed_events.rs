//! Events that keep their window when they are renamed, instruments that repeat, and the participants' survey links.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "b8c9d0e1f2a3_follow_events_and_survey_links",
    up: &[
        "ALTER TABLE visit_windows ADD COLUMN event_id bigint",
        "ALTER TABLE visit_windows ADD COLUMN repeating_instruments {json} NOT NULL DEFAULT '[]'",
        "CREATE UNIQUE INDEX ux_visit_windows_event_id ON visit_windows (study_id, event_id) WHERE event_id IS NOT NULL",
        "CREATE TABLE survey_links (
            participant_id {uuid} NOT NULL REFERENCES participants (id),
            visit_window_id {uuid} NOT NULL REFERENCES visit_windows (id),
            instrument varchar(100) NOT NULL,
            link text,
            problem text,
            asked_at {ts} NOT NULL,
            PRIMARY KEY (participant_id, visit_window_id, instrument),
            CONSTRAINT ck_survey_links_answer CHECK ((link IS NULL) <> (problem IS NULL)))",
        "CREATE INDEX ix_visits_opening ON visits (window_start) WHERE status IN ('pending', 'completed')",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &[
        "DROP INDEX ix_visits_opening",
        "DROP TABLE survey_links",
        "DROP INDEX ux_visit_windows_event_id",
        "ALTER TABLE visit_windows DROP COLUMN repeating_instruments",
        "ALTER TABLE visit_windows DROP COLUMN event_id",
    ],
    down_postgres: &[],
    destroys: &[
        ("survey_links", "SELECT count(*) FROM survey_links"),
        ("visit_windows.event_id", "SELECT count(*) FROM visit_windows WHERE event_id IS NOT NULL"),
        (
            "visit_windows.repeating_instruments",
            "SELECT count(*) FROM visit_windows WHERE CAST(repeating_instruments AS text) <> '[]'",
        ),
    ],
};
