//! One transaction per request or job. Nothing can be committed without saying what was done.
//!
//! ```text
//!   write(now) ──► Tx ──► commit(Entries)           the audit rows are chained by the last statements before COMMIT
//!                   ├───► commit_operational(table)  for the tables of one list, which hold no state of a study
//!                   └───► drop                       rolls back
//! ```

use std::collections::BTreeSet;
use std::ops::Deref;

use metricis_core::Timestamp;
use metricis_core::action::{Chain, Entry};
use sea_orm::{DatabaseTransaction, FromQueryResult, Value};
use tokio::sync::OwnedMutexGuard;

use crate::{Result, audit, dialect::Dialect, sql};

/// A consistent view of the database at one moment.
pub struct Snapshot {
    pub(crate) inner: DatabaseTransaction,
    pub(crate) dialect: Dialect,
    pub(crate) now: Timestamp,
}

impl Snapshot {
    pub(crate) const fn new(inner: DatabaseTransaction, dialect: Dialect, now: Timestamp) -> Self {
        Self { inner, dialect, now }
    }

    /// The moment that this transaction stands for.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) async fn one<R: FromQueryResult>(&self, sql: &str, args: Vec<Value>) -> Result<Option<R>> {
        sql::one(&self.inner, self.dialect, sql, args).await
    }

    pub(crate) async fn all<R: FromQueryResult>(&self, sql: &str, args: Vec<Value>) -> Result<Vec<R>> {
        sql::all(&self.inner, self.dialect, sql, args).await
    }

    pub(crate) async fn count(&self, sql: &str, args: Vec<Value>) -> Result<i64> {
        sql::count(&self.inner, self.dialect, sql, args).await
    }
}

/// A transaction that writes.
pub struct Tx {
    snapshot: Snapshot,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Deref for Tx {
    type Target = Snapshot;
    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// What a transaction did: at least one entry.
#[derive(Clone, Debug)]
pub struct Entries(pub(crate) Vec<Entry>);

impl From<Entry> for Entries {
    fn from(entry: Entry) -> Self {
        Self(vec![entry])
    }
}

impl Entries {
    /// `first` and whatever followed from it.
    #[must_use]
    pub fn of(first: Entry, rest: impl IntoIterator<Item = Entry>) -> Self {
        Self(std::iter::once(first).chain(rest).collect())
    }

    /// One more.
    #[must_use]
    pub fn and(mut self, entry: Entry) -> Self {
        self.0.push(entry);
        self
    }
}

/// The tables whose changes are no change of a study's or the system's state, and so are not audited: the one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operational {
    /// `webhook_events.claimed_*`, `jobs`, `record_rereads`, `reconcile_states.due_at`: who works on what, and when.
    QueueClaim,
    /// `processes`: which processes live.
    ProcessRegistry,
    /// `circuit_breakers`: counts and leases (its transitions are audited).
    BreakerCount,
    /// `outbound_budgets`, `outbound_calls`: the next free moment per REDCap host, and what left for it.
    OutboundBudget,
    /// `participant_links`, `sign_in_failures`, `known_addresses`: who may sign in, or is signed in, at the moment.
    LoginSession,
}

impl Tx {
    pub(crate) const fn new(snapshot: Snapshot, turn: Option<OwnedMutexGuard<()>>) -> Self {
        Self { snapshot, _turn: turn }
    }

    pub(crate) async fn execute(&self, sql: &str, args: Vec<Value>) -> Result<u64> {
        sql::execute(&self.inner, self.dialect, sql, args).await
    }

    /// Records what was done and commits.
    ///
    /// # Errors
    /// Whatever the database says; nothing is then changed.
    pub async fn commit(self, entries: impl Into<Entries>) -> Result<()> {
        audit::append(&self.inner, self.dialect, self.now, &entries.into().0).await?;
        Ok(self.snapshot.inner.commit().await?)
    }

    /// Locks the heads of `chains`, for `commit_extending`: nothing else may be locked after them.
    pub(crate) async fn lock_heads(&self, chains: &BTreeSet<Chain>) -> Result<audit::Heads> {
        let lock = audit::lock_heads(self.dialect, chains, "");
        Ok(audit::Heads::locked(self.all::<audit::Head>(&lock.text, lock.args).await?))
    }

    /// As `commit`, when the heads are locked already: `pieces`, which must not depend on one another, and the audit rows of `entries` go
    /// together with a last `look` at what others may have committed before the heads were ours. Only if that is `still_so` it commits,
    /// and says so; else nothing is changed.
    pub(crate) async fn commit_extending<R: FromQueryResult>(
        self,
        heads: audit::Heads,
        mut pieces: Vec<sql::Piece>,
        entries: &[Entry],
        look: Option<sql::Piece>,
        still_so: impl FnOnce(Vec<R>) -> bool,
    ) -> Result<bool> {
        pieces.extend(audit::extend(heads, self.now, entries)?);
        let seen = match look {
            Some(look) => still_so(sql::execute_and_look(&self.inner, self.dialect, pieces, look).await?),
            None => {
                sql::execute_together(&self.inner, self.dialect, pieces).await?;
                true
            }
        };
        if seen {
            self.snapshot.inner.commit().await?;
        }
        Ok(seen)
    }

    /// Commits a change of operational tables only.
    ///
    /// # Errors
    /// Whatever the database says; nothing is then changed.
    pub async fn commit_operational(self, _what: Operational) -> Result<()> {
        Ok(self.snapshot.inner.commit().await?)
    }

    /// Records what was done and commits, or commits as [`Self::commit_operational`] does when nothing was.
    ///
    /// # Errors
    /// Whatever the database says; nothing is then changed.
    pub async fn commit_any(self, entries: Vec<Entry>, otherwise: Operational) -> Result<()> {
        match entries.is_empty() {
            false => self.commit(Entries(entries)).await,
            true => self.commit_operational(otherwise).await,
        }
    }

    /// Gives everything up on purpose: how a probe leaves nothing behind.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn roll_back(self) -> Result<()> {
        Ok(self.snapshot.inner.rollback().await?)
    }
}
