//! Reconcile: what REDCap's log says became of records, and what of it a person has to be told (system.md, *DET intake* 4).
//!
//! REDCap writes its log in the server's own time, to the minute, without saying which zone that is. So nothing here compares it
//! with our clock: where the last run has read to is kept in REDCap's time, and each run begins well before that.
//!
//! ```text
//!      begin                     mark                 now        REDCap's own clock
//!   ─────┼───────── overlap ───────┼────────────────────┼──►
//!        │  deletion, flagged      │  deletion, new     │       rows of (deletion of 7) since begin: 2
//!        └─────────────────────────┴────────────────────┘       flags of (deletion of 7) since begin: 1 ─► one new flag
//! ```
//!
//! Invariant: every deletion and every rename that the log shows has exactly one flag, however often it is read, also when the
//! log's times are an hour off, because rows and flags are counted over the same stretch, whose beginning no flag is near.

mod fate;
mod resolve;
mod window;

pub use fate::{Fate, KnownFate, NewFate, former_name, may_concern, plan_fates, unexplained};
pub use resolve::{FlagFacts, ResolutionRefusal, choices, is_detached, resolve};
pub use window::{LogWindow, log_windows, quiet_begin};
