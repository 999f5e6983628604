//! REDCap surveys as participant tasks: which instruments of a window are surveys, and each visit's survey state (§6 #4, #20).

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "e3f4a5b6c7d8_add_survey_task_fields",
    up: &[
        "ALTER TABLE visit_windows ADD COLUMN survey_instruments {json} NOT NULL DEFAULT '[]'",
        "ALTER TABLE visits ADD COLUMN survey_state {json} NOT NULL DEFAULT '{}'",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["ALTER TABLE visits DROP COLUMN survey_state", "ALTER TABLE visit_windows DROP COLUMN survey_instruments"],
    down_postgres: &[],
    destroys: &[
        ("visits.survey_state", "SELECT count(*) FROM visits WHERE CAST(survey_state AS text) <> '{}'"),
        (
            "visit_windows.survey_instruments",
            "SELECT count(*) FROM visit_windows WHERE CAST(survey_instruments AS text) <> '[]'",
        ),
    ],
};
