//! One-time links by which participants sign in. Only the code's hash is stored; a link opens one session, once.

use metricis_core::Timestamp;
use metricis_core::ids::ParticipantId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Tx, sql};

#[derive(FromQueryResult)]
struct Row {
    participant_id: Uuid,
}

impl Tx {
    /// Stores a link's hash (hex SHA-256 of its code), usable once until `expires_at`.
    ///
    /// # Errors
    /// A conflict when the hash is there already.
    pub async fn insert_link(&self, code_hash: &str, participant: ParticipantId, expires_at: Timestamp) -> Result<()> {
        let text =
            "INSERT INTO participant_links (code_hash, participant_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
        self.execute(text, sql::values![code_hash, participant.0, self.now, expires_at]).await?;
        Ok(())
    }

    /// Uses a link up; whose it was, or none when it is unknown, used or expired. Of two at once one gets it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn use_link(&self, code_hash: &str) -> Result<Option<ParticipantId>> {
        let text = "UPDATE participant_links SET used_at = $2 \
                    WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING participant_id";
        let row = self.one::<Row>(text, sql::values![code_hash, self.now]).await?;
        Ok(row.map(|row| ParticipantId(row.participant_id)))
    }
}
