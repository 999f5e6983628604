//! What a study is and what may happen in it.
//!
//! Everything here is pure: no async, no I/O, no SQL, no reading of a clock. A decision takes the facts
//! and the time, and returns a plain value that `metricis-store` writes and a dry run prints.

pub mod access;
pub mod action;
pub mod answer;
pub mod audit;
pub mod breaker;
pub mod budget;
pub mod clock;
pub mod enrolment;
pub mod environment;
pub mod ids;
pub mod intake;
pub mod mapping;
pub mod operation;
pub mod reconcile;
pub mod schedule;
pub mod study;
pub mod suites;
pub mod sync;
pub mod tasks;
pub mod words;

pub use clock::{Clock, Timestamp};
