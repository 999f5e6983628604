//! A typed client of the REDCap API. REDCap's words (record, event, instrument, DAG) stop here.
//!
//! Invariant: a call either returns what REDCap said, verified, or a [`wire`]-independent failure; nothing
//! is retried, guessed or filled in.

pub mod wire;
