//! What this process works on, as it knows itself. The database may think of more: when the answer to a claim's COMMIT is lost,
//! or an end could not be written down, a piece is in this process's name and nobody works on it.
//!
//! ```text
//!   claim:   hold ─► COMMIT ─► work ─► the end is written ─► let go
//!   reaper:  what the database has in our name ─► what we hold ─► the difference is nobody's
//! ```
//!
//! Invariant: a piece is held before its claim commits and until its end has committed, so that in the reaper's order – first
//! the database, then this – a piece that is worked on is never in the difference.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use metricis_core::ids::{EventId, JobId, StudyId};

/// One claimed piece.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    Event(EventId),
    Job(JobId),
    Reread(StudyId, String, i64),
}

/// The pieces that a process holds. Clones are handles on the same ones.
#[derive(Clone, Default)]
pub(crate) struct Held(Arc<Mutex<HashSet<Piece>>>);

/// Holds a piece until it is dropped.
pub(crate) struct Hold {
    held: Held,
    piece: Piece,
}

impl Held {
    pub(crate) fn hold(&self, piece: Piece) -> Hold {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(piece.clone());
        Hold { held: self.clone(), piece }
    }

    pub(crate) fn has(&self, piece: &Piece) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(piece)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.held.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_held_until_its_hold_is_dropped() {
        let held = Held::default();
        let piece = Piece::Reread(StudyId(uuid::Uuid::nil()), "7".to_owned(), 1);
        let hold = held.clone().hold(piece.clone());
        assert!(held.has(&piece) && !held.has(&Piece::Reread(StudyId(uuid::Uuid::nil()), "7".to_owned(), 2)));
        drop(hold);
        assert!(!held.has(&piece));
    }
}
