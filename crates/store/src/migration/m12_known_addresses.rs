//! From where each account has signed in: strangers elsewhere cannot lock it there.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "d4e5f6a7b8c9_add_known_addresses",
    up: &[
        // The address is a digest: nobody reads here where people work.
        "CREATE TABLE known_addresses (
            user_id {uuid} NOT NULL REFERENCES users (id),
            address varchar(64) NOT NULL,
            generation bigint NOT NULL,
            proven_at {ts} NOT NULL,
            PRIMARY KEY (user_id, address))",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP TABLE known_addresses"],
    down_postgres: &[],
    destroys: &[("known_addresses", "SELECT count(*) FROM known_addresses")],
};
