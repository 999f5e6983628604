//! One-time links by which participants sign in. Only the code's hash is stored; a link opens one sign-in, once.
//!
//! ```text
//!   link ──used before it expires──► sign-in ──signed out──► over
//!                                       └─────the token's time is over (the token says when)
//! ```

use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, SignInId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoredParticipant, Tx, sql};

/// What a used link has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParticipantSignIn {
    /// Whose it is.
    pub participant: ParticipantId,
    /// Its own id.
    pub id: SignInId,
}

#[derive(FromQueryResult)]
struct Row {
    participant_id: Uuid,
}

impl Snapshot {
    /// The participant of a sign-in; none when it is unknown, another's, or signed out.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn signed_in_participant(&self, sign_in: ParticipantSignIn) -> Result<Option<StoredParticipant>> {
        let open = "id = $1 AND EXISTS (SELECT 1 FROM participant_links l \
                    WHERE l.sign_in_id = $2 AND l.participant_id = participants.id AND l.signed_out_at IS NULL)";
        self.participant_where(open, sql::values![sign_in.participant.0, sign_in.id.0]).await
    }
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

    /// Uses a link up; the sign-in that it opens, or none when it is unknown, used or expired. Of two at once one gets it.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn use_link(&self, code_hash: &str) -> Result<Option<ParticipantSignIn>> {
        let text = "UPDATE participant_links SET used_at = $2, sign_in_id = $3 \
                    WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING participant_id";
        let id = SignInId::at(self.now);
        let row = self.one::<Row>(text, sql::values![code_hash, self.now, id.0]).await?;
        Ok(row.map(|row| ParticipantSignIn { participant: ParticipantId(row.participant_id), id }))
    }

    /// Ends one sign-in; the participant's others stay.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn end_sign_in(&self, id: SignInId) -> Result<()> {
        let text = "UPDATE participant_links SET signed_out_at = $2 WHERE sign_in_id = $1 AND signed_out_at IS NULL";
        self.execute(text, sql::values![id.0, self.now]).await?;
        Ok(())
    }
}
