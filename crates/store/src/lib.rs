//! All SQL, the migrations, the transaction, the audit chain and the secrets at rest. Two engines, one behavior.
//!
//! Reads go through a [`Snapshot`], writes through a [`Tx`], and a `Tx` ends only by naming what was done. The
//! database library's types do not leave this crate.

pub mod audit;
mod dialect;
mod error;
pub mod intake;
pub mod migration;
mod roles;
mod seal;
mod sql;
mod store;
mod studies;
mod tx;
mod url;
mod users;

pub use error::StoreError;
pub use roles::RoleProblem;
pub use seal::{KeyRefusal, Opened, SealError, Sealer, SecretField};
pub use store::{Store, StoreOptions};
pub use studies::{NewStudy, StoredStudy};
pub use tx::{Entries, Operational, Snapshot, Tx};
pub use url::{DatabaseUrl, UrlRefusal};
pub use users::{Membership, NewUser, StoredUser};

/// The result of anything that touches the database.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
