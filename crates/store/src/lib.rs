//! All SQL, the migrations, the transaction, the audit chain and the secrets at rest. Two engines, one behavior.
//!
//! Reads go through a [`Snapshot`], writes through a [`Tx`], and a `Tx` ends only by naming what was done. The
//! database library's types do not leave this crate.

pub mod audit;
mod breakers;
mod budgets;
mod consents;
mod dashboard;
mod dialect;
mod error;
mod events;
mod flags;
mod imports;
pub mod intake;
mod jobs;
mod links;
mod matrix;
pub mod migration;
mod outbound_calls;
mod participants;
mod processes;
mod reconciles;
mod rereads;
mod roles;
mod rotation;
mod schedules;
mod seal;
mod sessions;
mod sign_ins;
mod signal;
mod sites;
mod sql;
mod store;
mod studies;
mod survey_links;
#[cfg(feature = "testing")]
pub mod testing;
mod today;
mod transition;
mod turns;
mod tx;
mod url;
mod users;
mod vitals;
mod windows;

pub use consents::{NewConsent, StoredConsent};
pub use dashboard::Dashboard;
pub use error::StoreError;
pub use events::{EventFilter, Replayed, STUCK_AFTER_MINUTES, StoredEvent};
pub use flags::{NewFlag, StoredFlag};
pub use jobs::{ClaimedJob, JobKind, StoredJob};
pub use links::ParticipantSignIn;
pub use matrix::{Matrix, MatrixRow, MatrixVisit};
pub use outbound_calls::{CallCounts, CallEnd, HostCalls};
pub use participants::{NewParticipant, ParticipantFilter, ParticipantUpdate, StoredParticipant};
pub use processes::{LIVE_WITHIN_S, NewProcess, Process};
pub use reconciles::ReconcileState;
pub use rereads::{NewReconcileEvent, Reread, TroubledReread};
pub use roles::RoleProblem;
pub use rotation::{InspectedSecret, SecretState, inspect_study};
pub use schedules::{
    ANCHOR_DIFFERS, ANCHOR_MOVED, FollowChunk, FollowedParticipant, StoredVersion, StoredVisit, SurveyState,
};
pub use seal::{KeyRefusal, Opened, SealError, Sealer, SecretField};
pub use sessions::{AlteredResult, NewSession, ResultsReport, SentSession, SessionInsert, StoredSession, SyncProof};
pub use sign_ins::{ADDRESS_KNOWN_DAYS, LockRule, SignInAccount};
pub use signal::WorkSignals;
pub use sites::{NewSite, Site};
pub use store::{Store, StoreOptions};
pub use studies::{NewStudy, StoredStudy};
pub use survey_links::{LinkQuery, SurveyLink, WantedLink};
pub use today::{DayList, DayVisit, Today};
pub use turns::Share;
pub use tx::{Entries, Operational, Snapshot, Tx};
pub use url::{DatabaseUrl, UrlRefusal};
pub use users::{HeldRole, Membership, NewUser, Standing, StoredUser};
pub use vitals::Vitals;
pub use windows::StoredWindow;

/// The result of anything that touches the database.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
