//! The worker against a simulated REDCap over real sockets, on both engines. No test sleeps or asserts on time.

mod breaker;
mod budget;
mod enrolment;
mod event_changes;
mod faults;
mod fixtures;
mod log;
mod project;
mod queue;
mod races;
mod reaper;
mod redcap_lifecycle;
mod refusals;
mod repeating;
mod rereads;
mod restarts;
mod retries;
mod study_jobs;
mod survey_links;
mod tampering;
mod updates;
mod world;
