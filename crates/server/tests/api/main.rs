//! The HTTP edge, through the real router in process, on both engines. Files by noun; the checklist's groups by their names.

mod access_matrix;
mod anchor;
mod ask;
mod audit;
mod auth;
mod bad_dets;
mod board;
mod consent;
mod console_session;
mod det_limits;
mod documents;
mod edge;
mod jobs;
mod limits;
mod members;
mod portal;
mod production_gating;
mod redcap_config;
mod redcap_project_id_lookup;
mod serve;
mod studies;
mod today;
mod webhook_idempotency;
mod webhook_secret_encryption;
mod webhooks;
mod world;
