//! What an event that was processed has done, in a column of its own: whether it may be replayed stood in the words of its note.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "e5f6a7b8c9d0_add_event_effect",
    up: &[
        "ALTER TABLE webhook_events ADD COLUMN effect varchar(16)
            CONSTRAINT ck_webhook_events_effect CHECK (effect IN ('applied', 'too_early', 'nothing'))",
        // The notes that events without effect were given, at first without the words before the colon.
        "UPDATE webhook_events SET note = substr(note, 12) WHERE status = 'processed' AND note LIKE 'no effect: %'",
        "UPDATE webhook_events SET effect = CASE
                WHEN note LIKE 'the participant is withdrawn: %' THEN 'nothing'
                WHEN note LIKE 'unknown record: only the instrument % enrols, this is %' THEN 'too_early'
                WHEN note LIKE 'unknown record: % is not marked complete (%, not 2)' THEN 'too_early'
                WHEN note LIKE 'unknown record, and config.redcap.enrollment_instrument is not set: %' THEN 'too_early'
                ELSE 'applied' END
            WHERE status = 'processed'",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &[
        "UPDATE webhook_events SET note = 'no effect: ' || note WHERE effect IN ('too_early', 'nothing')",
        "ALTER TABLE webhook_events DROP COLUMN effect",
    ],
    down_postgres: &[],
    destroys: &[],
};
