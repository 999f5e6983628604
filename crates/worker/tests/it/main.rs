//! The worker against a simulated REDCap over real sockets, on both engines. No test sleeps or asserts on time.

mod breaker;
mod breaker_model;
mod budget;
mod convergence;
mod effects;
mod enrolment;
mod faults;
mod fixtures;
mod hundred_studies;
mod log;
mod operations;
mod queue;
mod races;
mod reaper;
mod reconciles;
mod redcap_lifecycle;
mod refusals;
mod refused_calls;
mod rereads;
mod restarts;
mod retries;
mod soak;
mod study_jobs;
mod tampering;
mod updates;
mod world;
