//! Recomputes a chain from the columns that people read, and names the first row that does not fit.

use sha2::{Digest, Sha256};

use super::{AuditRow, ID_STRIDE};

/// The first row at which a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("row {id} (chain {chain}, sequence {sequence}): {mismatch}")]
pub struct Break {
    /// The offending row's id.
    pub id: i64,
    /// Its chain.
    pub chain: i64,
    /// Its place in the chain.
    pub sequence: i64,
    /// What does not fit.
    pub mismatch: Mismatch,
}

/// How a row does not fit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mismatch {
    /// A column was changed: the hash over the columns is another.
    #[error("hash mismatch: stored {stored}, recomputed {recomputed}")]
    Hash {
        /// As stored.
        stored: String,
        /// As the columns give it.
        recomputed: String,
    },
    /// The row does not follow the one before.
    #[error("previous_hash mismatch: stored {stored}, the row before has {expected}")]
    PreviousHash {
        /// As stored.
        stored: String,
        /// The hash of the row before.
        expected: String,
    },
    /// A row is missing or doubled.
    #[error("sequence mismatch: found {found}, expected {expected}")]
    Sequence {
        /// As stored.
        found: i64,
        /// One more than the row before.
        expected: i64,
    },
    /// The id is not the one that chain and sequence give.
    #[error("id mismatch: expected {expected}")]
    Id {
        /// The id that chain and sequence give.
        expected: i64,
    },
    /// The row is of another chain or study than the chain it stands in.
    #[error("row belongs to another chain")]
    Foreign,
    /// A format this verifier does not know.
    #[error("unknown format {format}")]
    Format {
        /// As stored.
        format: i32,
    },
    /// The chain ends before its recorded head.
    #[error("the chain ends here, but its head is at sequence {head}: rows were cut")]
    CutTail {
        /// Where the head says that the chain ends.
        head: i64,
    },
    /// The chain's last row is not the one its head names.
    #[error("the head names hash {head}, the last row has another")]
    Head {
        /// The hash that the head names.
        head: String,
    },
}

/// Reads one chain row by row; memory does not grow with it.
pub struct ChainVerifier {
    chain: i64,
    study: Option<uuid::Uuid>,
    sequence: i64,
    last_id: i64,
    last_hash: String,
}

impl ChainVerifier {
    /// A verifier at the beginning of `chain`, whose rows belong to `study` (none for the system's).
    #[must_use]
    pub fn new(chain: i64, study: Option<uuid::Uuid>) -> Self {
        Self { chain, study, sequence: 0, last_id: 0, last_hash: "0".repeat(64) }
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// The mismatch, with the row's id.
    pub fn push(&mut self, row: &AuditRow) -> Result<(), Break> {
        match self.mismatch(row) {
            Some(mismatch) => Err(Break { id: row.id, chain: self.chain, sequence: row.sequence, mismatch }),
            None => {
                self.sequence = row.sequence;
                self.last_id = row.id;
                row.hash.clone_into(&mut self.last_hash);
                Ok(())
            }
        }
    }

    /// Compares the end with the chain's recorded head.
    ///
    /// # Errors
    /// A cut or exchanged tail, under the last row's id.
    pub fn finish(self, head_sequence: i64, head_hash: &str) -> Result<i64, Break> {
        let at = |mismatch| Break { id: self.last_id, chain: self.chain, sequence: self.sequence, mismatch };
        if self.sequence != head_sequence {
            return Err(at(Mismatch::CutTail { head: head_sequence }));
        }
        if self.last_hash != head_hash {
            return Err(at(Mismatch::Head { head: head_hash.to_owned() }));
        }
        Ok(self.sequence)
    }

    fn mismatch(&self, row: &AuditRow) -> Option<Mismatch> {
        if row.format != 1 {
            return Some(Mismatch::Format { format: row.format });
        }
        if row.chain != self.chain || row.study_id != self.study {
            return Some(Mismatch::Foreign);
        }
        let expected = self.sequence + 1;
        if row.sequence != expected {
            return Some(Mismatch::Sequence { found: row.sequence, expected });
        }
        let id = self.chain * ID_STRIDE + expected;
        if row.id != id {
            return Some(Mismatch::Id { expected: id });
        }
        if row.previous_hash != self.last_hash {
            return Some(Mismatch::PreviousHash {
                stored: row.previous_hash.clone(),
                expected: self.last_hash.clone(),
            });
        }
        let recomputed = recompute(row);
        (recomputed != row.hash).then(|| Mismatch::Hash { stored: row.hash.clone(), recomputed })
    }
}

/// Format 1: each column as `<length in bytes>:<bytes>\n`, after a line that names the format.
fn recompute(row: &AuditRow) -> String {
    let time = row.occurred_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let study = row.study_id.map(|id| id.to_string()).unwrap_or_default();
    let mut hasher = Sha256::new();
    hasher.update(b"metricis-audit-1\n");
    for part in [
        row.id.to_string().as_str(),
        &row.chain.to_string(),
        &study,
        &row.sequence.to_string(),
        &time,
        &row.actor_kind,
        &row.actor_id,
        &row.action,
        &row.object_kind,
        &row.object_id,
        &row.detail,
        &row.previous_hash,
    ] {
        hasher.update(format!("{}:", part.len()).as_bytes());
        hasher.update(part.as_bytes());
        hasher.update(b"\n");
    }
    hex::encode(hasher.finalize())
}
