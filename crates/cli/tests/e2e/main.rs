//! The program as its users run it: real processes, real sockets, PostgreSQL and Redis.

mod accounts;
mod audit_script;
mod checklist_sql;
mod closed_output;
mod commands;
mod crash;
mod deliveries;
mod demo;
mod log_lines;
mod program;
mod reconcile;
mod refusals;
mod simulator;
mod site;
#[path = "../../../worker/tests/it/soak.rs"]
mod soak;
mod suites;
mod two_servers;
