//! Since when a record waits to be read again, so that the longest waiting is taken first and its age can be shown.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "b8c9d0e1f2a3_add_reread_age",
    up: &[
        "ALTER TABLE record_rereads ADD COLUMN asked_at {ts}",
        // What was asked for before this column: its last delivery asked; a person's asking without one is as old as the study.
        "UPDATE record_rereads SET asked_at = coalesce(
            (SELECT max(received_at) FROM webhook_events e
                WHERE e.study_id = record_rereads.study_id AND e.record_id = record_rereads.record_id),
            (SELECT created_at FROM studies s WHERE s.id = record_rereads.study_id))",
        "DROP INDEX ix_record_rereads_open",
        "CREATE INDEX ix_record_rereads_waiting ON record_rereads (study_id, asked_at, record_id)
            WHERE wanted > done AND claimed_by IS NULL",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &[
        "DROP INDEX ix_record_rereads_waiting",
        "CREATE INDEX ix_record_rereads_open ON record_rereads (study_id) WHERE wanted > done",
        "ALTER TABLE record_rereads DROP COLUMN asked_at",
    ],
    down_postgres: &[],
    destroys: &[(
        "record_rereads.asked_at",
        "SELECT count(*) FROM record_rereads WHERE wanted > done AND asked_at IS NOT NULL",
    )],
};
