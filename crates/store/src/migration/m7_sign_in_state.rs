//! What ends a staff credential before its time, and the counts that lock a sign-in.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "a7b8c9d0e1f2_add_sign_in_state",
    up: &[
        // Tokens and sessions carry the generation that they were issued under; another one is refused.
        "ALTER TABLE users ADD COLUMN token_generation bigint NOT NULL DEFAULT 0",
        "CREATE TABLE sign_in_failures (
            account varchar(80) PRIMARY KEY,
            failures integer NOT NULL,
            last_failed_at {ts} NOT NULL,
            locked_until {ts})",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP TABLE sign_in_failures", "ALTER TABLE users DROP COLUMN token_generation"],
    down_postgres: &[],
    destroys: &[
        ("users.token_generation", "SELECT count(*) FROM users WHERE token_generation > 0"),
        ("sign_in_failures", "SELECT count(*) FROM sign_in_failures"),
    ],
};
