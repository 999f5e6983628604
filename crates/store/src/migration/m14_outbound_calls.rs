//! What left for each REDCap host, over all processes: the totals, and a ring of the last minute.

use super::step::Step;

pub(super) const STEP: Step = Step {
    name: "f6a7b8c9d0e1_add_outbound_calls",
    up: &["CREATE TABLE outbound_calls (
            host varchar(255) NOT NULL,
            kind varchar(16) NOT NULL,
            began_at {ts} NOT NULL,
            calls bigint NOT NULL,
            longest_wait_ms bigint NOT NULL,
            PRIMARY KEY (host, kind))"],
    up_sqlite: &[],
    up_postgres: &[],
    down: &["DROP TABLE outbound_calls"],
    down_postgres: &[],
    destroys: &[("outbound_calls", "SELECT count(*) FROM outbound_calls")],
};
