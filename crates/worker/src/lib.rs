//! The jobs: everything that waits for REDCap, done outside any request.
//!
//! ```text
//!   webhook_events ─┐                       ┌─ process_event ─┐
//!   record_rereads ─┼─► runner: claim ─► job ├─ reread_record  ├─► gate ─► REDCap
//!   jobs ───────────┘   (one commit)        ├─ sync_session   │   (no transaction held)
//!   schedule ─► jobs                        ├─ sync_events    │
//!                                           ├─ reconcile      │
//!                                           └─ test_connection┘ ─► one commit: the effect and its account
//! ```
//!
//! Invariants: a call to REDCap goes through the gate and nowhere else; no transaction is held while one is under way;
//! no work is tried again by itself – what fails is shown and waits for a person. (Within one call the gate may send a read
//! a second and third time: nothing has been decided then.)

mod alarm;
mod connection;
mod failure;
mod gate;
mod held;
mod jobs;
mod outbound;
mod pages;
mod persist;
mod query;
mod reaper;
mod record;
mod runner;
mod schedule;
mod settings;
mod standing;
mod turn;
mod worker;

pub use outbound::Pause;
pub use settings::WorkerSettings;
pub use worker::Worker;
