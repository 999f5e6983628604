//! The salt of each submitted result, whose digest stands in the audit log, and the way from a session to its submission there.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "a7c8e9f0b1d2_add_result_salt",
    up: &[
        "ALTER TABLE sessions ADD COLUMN result_salt varchar(64)",
        "CREATE INDEX ix_audit_logs_submissions ON audit_logs (object_id) WHERE action = 'submit_session'",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP INDEX ix_audit_logs_submissions", "ALTER TABLE sessions DROP COLUMN result_salt"],
    down_postgres: &[],
    // Without its salt a result cannot be compared with the audit log any more, and is not sent.
    destroys: &[("sessions.result_salt", "SELECT count(*) FROM sessions WHERE result_salt IS NOT NULL")],
};
