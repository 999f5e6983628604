//! The life of a study in REDCap, in the checklist's five stages (§6.3): event sync, visit scheduling, portal delivery,
//! completion sync (success and failure), stale-data signalling.

mod completion_sync;
mod event_sync;
mod portal_delivery;
mod stale_data;
mod visit_scheduling;
