//! Where a server is reached by the go/no-go board, and the mark by which a forged address is known.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "b2c3d4e5f6a7_add_process_addresses",
    up: &[
        "ALTER TABLE processes ADD COLUMN address varchar(512)",
        "ALTER TABLE processes ADD COLUMN address_mark varchar(64)",
    ],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["ALTER TABLE processes DROP COLUMN address_mark", "ALTER TABLE processes DROP COLUMN address"],
    down_postgres: &[],
    destroys: &[("processes.address", "SELECT count(*) FROM processes WHERE address IS NOT NULL")],
};
