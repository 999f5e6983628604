//! One check for all who look at a study's board within a few seconds.
//!
//! Invariants: what is shared was checked after the last recorded change of the study; a process runs a few checks at once and no more,
//! however many people look.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::Duration;
use metricis_core::ids::StudyId;
use tokio::sync::{Mutex as Turn, Semaphore};

use super::{Board, check};
use crate::AppState;
use crate::problem::Problem;

/// For so long a check is shown to others.
const SHARED_FOR_S: i64 = 5;
/// Checks of different studies that run at once.
const AT_ONCE: usize = 4;

/// The last check of each study that somebody has looked at.
pub(crate) struct Boards {
    checked: Mutex<HashMap<StudyId, Arc<Turn<Option<Checked>>>>>,
    at_once: Semaphore,
}

struct Checked {
    /// Sequence of the study's chain before the check.
    since: i64,
    board: Arc<Board>,
}

impl Boards {
    pub(crate) fn new() -> Self {
        Self { checked: Mutex::default(), at_once: Semaphore::new(AT_ONCE) }
    }

    fn of(&self, study: StudyId) -> Arc<Turn<Option<Checked>>> {
        Arc::clone(self.checked.lock().unwrap_or_else(PoisonError::into_inner).entry(study).or_default())
    }
}

impl AppState {
    /// The board of a study, checked a few seconds ago at most.
    ///
    /// # Errors
    /// Whatever the database says.
    pub(crate) async fn look_at_board(&self, study: StudyId) -> Result<Arc<Board>, Problem> {
        let place = self.boards.of(study);
        // Who comes while a check runs waits for it here.
        let mut last = place.lock().await;
        let (_, since) = self.store.read(self.now()).await?.chain_end(study).await?;
        let fresh = |checked: &&Checked| {
            checked.since == since && self.now() < checked.board.checked_at + Duration::seconds(SHARED_FOR_S)
        };
        if let Some(checked) = last.as_ref().filter(fresh) {
            return Ok(Arc::clone(&checked.board));
        }
        let _running = self.boards.at_once.acquire().await.map_err(Problem::internal)?;
        let board = Arc::new(check(self, study).await);
        *last = Some(Checked { since, board: Arc::clone(&board) });
        Ok(board)
    }
}
