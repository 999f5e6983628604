//! Consents: at most one for each participant, never changed once it is there.

use metricis_core::Timestamp;
use metricis_core::ids::ParticipantId;
use metricis_core::schedule::ConsentFact;
use metricis_core::words::ConsentMode;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql};

/// A consent on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredConsent {
    /// How it was obtained.
    pub mode: ConsentMode,
    /// When it was given.
    pub given_at: Timestamp,
}

impl From<StoredConsent> for ConsentFact {
    fn from(consent: StoredConsent) -> Self {
        Self { given_at: consent.given_at }
    }
}

/// A consent to record.
#[derive(Clone, Copy, Debug)]
pub struct NewConsent {
    /// The row's own id.
    pub id: Uuid,
    /// Whose consent.
    pub participant: ParticipantId,
    /// How it was obtained.
    pub mode: ConsentMode,
    /// When it was given.
    pub given_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Row {
    mode: String,
    given_at: Timestamp,
}

impl Snapshot {
    /// A participant's consent.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn consent(&self, participant: ParticipantId) -> Result<Option<StoredConsent>> {
        let text = "SELECT mode, given_at FROM consents WHERE participant_id = $1";
        let Some(row) = self.one::<Row>(text, sql::values![participant.0]).await? else { return Ok(None) };
        let mode = row.mode.parse().map_err(StoreError::inconsistent)?;
        Ok(Some(StoredConsent { mode, given_at: row.given_at }))
    }
}

impl Tx {
    /// Records a consent.
    ///
    /// # Errors
    /// A conflict when the participant's consent is on record already.
    pub async fn insert_consent(&self, consent: &NewConsent) -> Result<()> {
        let text = "INSERT INTO consents (id, participant_id, mode, given_at) VALUES ($1, $2, $3, $4)";
        let NewConsent { id, participant, mode, given_at } = consent;
        self.execute(text, sql::values![*id, participant.0, mode.as_str(), *given_at]).await?;
        Ok(())
    }
}
