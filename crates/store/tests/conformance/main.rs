//! One behavior on two engines: every test runs on SQLite and on PostgreSQL.

mod abandoned_rereads;
mod anchor;
mod audit;
mod breakers;
mod budgets;
mod claims;
mod consents;
mod constraints;
mod dashboard;
mod events;
mod intake;
mod jobs;
mod links;
mod migrations;
mod participants;
mod processes;
mod python;
mod rereads;
mod results;
mod schedules;
mod sessions;
mod sites;
mod sync_state;
mod turns;
mod windows;
mod world;
