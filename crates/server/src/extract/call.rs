//! `Call<P>`: who calls, the transaction and the time, together. `P` is the proof; with `Tx` the call may write.
//!
//! Invariant: the proof is read in the very transaction that the handler works in, so a role that is taken away while a request
//! is under way takes that request with it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::StudyId;
use metricis_store::{Entries, Snapshot, Store, StoreError, StoredStudy, Tx};

use super::proofs::Proof;
use crate::AppState;
use crate::problem::Problem;

/// A transaction that a call can hold: one that only reads, or one that writes.
pub(crate) trait Transaction: Sized + Send {
    fn begin(store: &Store, now: Timestamp) -> impl Future<Output = Result<Self, StoreError>> + Send;
    fn snapshot(&self) -> &Snapshot;
}

impl Transaction for Snapshot {
    async fn begin(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        store.read(now).await
    }
    fn snapshot(&self) -> &Snapshot {
        self
    }
}

impl Transaction for Tx {
    async fn begin(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        store.write(now).await
    }
    fn snapshot(&self) -> &Snapshot {
        self
    }
}

/// A proven call.
pub(crate) struct Call<P, T = Snapshot> {
    /// The proof.
    pub(crate) who: P,
    /// The transaction; its time is the call's.
    pub(crate) tx: T,
    /// The process.
    pub(crate) app: AppState,
}

/// A proof that names a study.
pub(crate) trait OnStudy {
    /// The study that the proof is for.
    fn study(&self) -> StudyId;
    /// Who acts, for the audit log.
    fn actor(&self) -> Actor;
}

impl<P: Proof, T: Transaction> FromRequestParts<AppState> for Call<P, T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        // The claim needs no database: an anonymous request begins no transaction.
        let claim = P::claim(parts, app).await?;
        let tx = T::begin(&app.store, app.now()).await?;
        let who = P::prove(claim, app, tx.snapshot()).await?;
        Ok(Self { who, tx, app: app.clone() })
    }
}

impl<P, T: Transaction> Call<P, T> {
    /// The call's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.tx.snapshot().now()
    }
}

impl<P: OnStudy, T: Transaction> Call<P, T> {
    /// The study of the proof.
    pub(crate) fn study_id(&self) -> StudyId {
        self.who.study()
    }

    /// The study's row.
    ///
    /// # Errors
    /// Whatever the database says.
    pub(crate) async fn study(&self) -> Result<StoredStudy, Problem> {
        self.tx.snapshot().study(self.study_id()).await?.ok_or(Problem::NotFound)
    }

    /// An entry in the study's chain, by the caller.
    pub(crate) fn entry(&self, action: Action) -> Entry {
        Entry::study(self.study_id(), self.who.actor(), action)
    }
}

impl<P: OnStudy> Call<P, Tx> {
    /// The study's row, kept from others until the commit.
    ///
    /// # Errors
    /// Whatever the database says.
    pub(crate) async fn lock_study(&self) -> Result<StoredStudy, Problem> {
        self.tx.lock_study(self.study_id()).await?.ok_or(Problem::NotFound)
    }

    /// Records what was done and commits.
    ///
    /// # Errors
    /// Whatever the database says; nothing is then changed.
    pub(crate) async fn commit(self, action: Action) -> Result<AppState, Problem> {
        let entry = self.entry(action);
        self.commit_all(entry).await
    }

    /// Records everything that was done and commits.
    ///
    /// # Errors
    /// Whatever the database says; nothing is then changed.
    pub(crate) async fn commit_all(self, entries: impl Into<Entries>) -> Result<AppState, Problem> {
        self.tx.commit(entries).await?;
        Ok(self.app)
    }
}

/// A call that has given its transaction up and will prove itself again before it writes.
pub(crate) struct Reproof<P: Proof> {
    /// The process.
    pub(crate) app: AppState,
    /// The study of the first proof.
    pub(crate) study: StudyId,
    claim: P::Claim,
}

impl<P: OnStudy + Proof + Claimant> Call<P> {
    /// Ends the transaction, for work that must not happen inside one.
    pub(crate) fn release(self) -> Reproof<P> {
        Reproof { study: self.who.study(), claim: self.who.claim_again(), app: self.app }
    }
}

/// A proof that can be asked for again.
pub(crate) trait Claimant: Proof {
    /// What it was proven from.
    fn claim_again(&self) -> Self::Claim;
}

impl<P: Proof> Reproof<P>
where
    P::Claim: Clone,
{
    /// Proves the call again, for an answer that goes on.
    ///
    /// # Errors
    /// As the first proof.
    pub(crate) async fn check(&self) -> Result<(), Problem> {
        self.begin_read().await.map(drop)
    }

    /// As [`Self::check`], in the very transaction that the next part of the answer is read in.
    ///
    /// # Errors
    /// As the first proof.
    pub(crate) async fn begin_read(&self) -> Result<Snapshot, Problem> {
        let db = self.app.store.read(self.app.now()).await?;
        P::prove(self.claim.clone(), &self.app, &db).await?;
        Ok(db)
    }
}

impl<P: Proof> Reproof<P> {
    /// Proves the call again, in a transaction that writes.
    ///
    /// # Errors
    /// As the first proof.
    pub(crate) async fn begin_write(self) -> Result<Call<P, Tx>, Problem> {
        let tx = self.app.store.write(self.app.now()).await?;
        let who = P::prove(self.claim, &self.app, &tx).await?;
        Ok(Call { who, tx, app: self.app })
    }
}
