//! Finds the studies that a DET may belong to, through `ix_studies_redcap_project_id`.
//!
//! Callers that ask while a query runs share the next one, so that a burst costs a handful of queries.
//!
//! What was found, now or some time ago, is a guess and nothing more: the writer reads the same rows again in the transaction that
//! stores the delivery, when no other can change them any more, and refuses what was proven against others. So a rotated secret counts
//! from its commit on.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use metricis_core::ids::StudyId;
use sea_orm::{FromQueryResult, Value};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::sql::{self, Piece};
use crate::{Result, Store, StoreError};

/// How many callers may wait at once; more wait for their turn to wait.
const QUEUE: usize = 4_096;
/// How many share one query.
const GROUP: usize = 256;

/// A study that may have sent a DET.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The study.
    pub study: StudyId,
    /// `scheme://host[:port]` of its REDCap.
    pub api_origin: Option<String>,
    /// Its sealed secrets, the current one first.
    pub sealed_secrets: Vec<String>,
}

/// The studies of a project, by their ids.
pub type Candidates = Arc<[Candidate]>;

/// Candidates by project id.
pub(super) type Found = HashMap<String, Candidates>;

#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) project_id: String,
    pub(super) api_origin: Option<String>,
    pub(super) webhook_secret: Option<String>,
    pub(super) webhook_secret_previous: Option<String>,
}

struct Asked {
    project_id: String,
    answer: oneshot::Sender<Result<Candidates>>,
}

/// The shared look-up; clones ask the same task.
#[derive(Clone)]
pub struct StudyLookup {
    asked: mpsc::Sender<Asked>,
    found: Arc<Mutex<Found>>,
}

impl StudyLookup {
    /// Starts the task; it ends with its last handle.
    #[must_use]
    pub fn spawn(store: Store) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Asked>(QUEUE);
        let found = Arc::new(Mutex::new(Found::new()));
        let remembered = Arc::clone(&found);
        tokio::spawn(async move {
            let mut group = Vec::new();
            while receiver.recv_many(&mut group, GROUP).await > 0 {
                answer_all(&store, std::mem::take(&mut group), &remembered).await;
            }
        });
        Self { asked: sender, found }
    }

    /// What the last look-up of this project found: a guess that only the writer's own look can confirm.
    #[must_use]
    pub fn remembered(&self, project_id: &str) -> Option<Candidates> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(project_id).map(Arc::clone)
    }

    /// The studies, not completed, whose REDCap project has this id.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn candidates(&self, project_id: &str) -> Result<Candidates> {
        let gone = || StoreError::Unavailable("the study look-up has stopped".to_owned());
        let (answer, wait) = oneshot::channel();
        let asked = Asked { project_id: project_id.to_owned(), answer };
        self.asked.send(asked).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }
}

async fn answer_all(store: &Store, group: Vec<Asked>, remembered: &Mutex<Found>) {
    let found = find(store, &group).await;
    if let Ok(found) = &found {
        remember(&mut remembered.lock().unwrap_or_else(PoisonError::into_inner), &group, found);
    }
    for asked in group {
        let answer =
            found.as_ref().map_err(Clone::clone).map(|all| all.get(&asked.project_id).cloned().unwrap_or_default());
        // A caller that has hung up wants no answer.
        let _ = asked.answer.send(answer);
    }
}

/// A project without a study is not remembered, so that made-up project ids take no room.
fn remember(remembered: &mut Found, group: &[Asked], found: &Found) {
    for asked in group {
        match found.get(&asked.project_id) {
            Some(candidates) => remembered.insert(asked.project_id.clone(), Arc::clone(candidates)),
            None => remembered.remove(&asked.project_id),
        };
    }
}

async fn find(store: &Store, group: &[Asked]) -> Result<Found> {
    let projects: BTreeSet<&str> = group.iter().map(|asked| asked.project_id.as_str()).collect();
    let read = candidates_of(&projects);
    Ok(collect(sql::all::<_, Row>(&store.db, store.dialect, &read.text, read.args).await?))
}

/// Reads the studies of `projects`.
pub(super) fn candidates_of(projects: &BTreeSet<&str>) -> Piece {
    let list = (1..=projects.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(",");
    let text = format!(
        "SELECT id, config->'redcap'->>'project_id' AS project_id, config->'redcap'->>'api_origin' AS api_origin, \
         config->'redcap'->>'webhook_secret' AS webhook_secret, \
         config->'redcap'->>'webhook_secret_previous' AS webhook_secret_previous \
         FROM studies WHERE integration_mode = 'redcap' AND status <> 'completed' \
         AND config->'redcap'->>'project_id' IN ({list})"
    );
    Piece { text, args: projects.iter().map(|project| Value::from(*project)).collect() }
}

pub(super) fn collect(mut rows: Vec<Row>) -> Found {
    rows.sort_by_key(|row| row.id);
    let mut found: HashMap<String, Vec<Candidate>> = HashMap::new();
    for row in rows {
        let sealed_secrets = [row.webhook_secret, row.webhook_secret_previous].into_iter().flatten().collect();
        let candidate = Candidate { study: StudyId(row.id), api_origin: row.api_origin, sealed_secrets };
        found.entry(row.project_id).or_default().push(candidate);
    }
    found.into_iter().map(|(project, candidates)| (project, candidates.into())).collect()
}
