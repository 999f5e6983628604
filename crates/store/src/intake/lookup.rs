//! Finds the studies that a DET may belong to, through `ix_studies_redcap_project_id`.
//!
//! Callers that ask while a query runs share the next one, so that a burst costs a handful of queries and none of them
//! answers from a cache: a rotated secret counts from its commit on.

use std::collections::HashMap;

use metricis_core::ids::StudyId;
use sea_orm::{FromQueryResult, Value};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{Result, Store, StoreError, sql};

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

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    project_id: String,
    api_origin: Option<String>,
    webhook_secret: Option<String>,
    webhook_secret_previous: Option<String>,
}

struct Asked {
    project_id: String,
    answer: oneshot::Sender<Result<Vec<Candidate>>>,
}

/// The shared look-up; clones ask the same task.
#[derive(Clone)]
pub struct StudyLookup(mpsc::Sender<Asked>);

impl StudyLookup {
    /// Starts the task; it ends with its last handle.
    #[must_use]
    pub fn spawn(store: Store) -> Self {
        let (sender, mut receiver) = mpsc::channel::<Asked>(QUEUE);
        tokio::spawn(async move {
            let mut group = Vec::new();
            while receiver.recv_many(&mut group, GROUP).await > 0 {
                answer_all(&store, std::mem::take(&mut group)).await;
            }
        });
        Self(sender)
    }

    /// The studies, not completed, whose REDCap project has this id.
    ///
    /// # Errors
    /// Unavailable.
    pub async fn candidates(&self, project_id: &str) -> Result<Vec<Candidate>> {
        let gone = || StoreError::Unavailable("the study look-up has stopped".to_owned());
        let (answer, wait) = oneshot::channel();
        let asked = Asked { project_id: project_id.to_owned(), answer };
        self.0.send(asked).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }
}

async fn answer_all(store: &Store, group: Vec<Asked>) {
    let found = find(store, &group).await;
    for asked in group {
        let answer =
            found.as_ref().map_err(Clone::clone).map(|all| all.get(&asked.project_id).cloned().unwrap_or_default());
        // A caller that has hung up wants no answer.
        let _ = asked.answer.send(answer);
    }
}

async fn find(store: &Store, group: &[Asked]) -> Result<HashMap<String, Vec<Candidate>>> {
    let mut ids: Vec<&str> = group.iter().map(|asked| asked.project_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let list = (1..=ids.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(",");
    let text = format!(
        "SELECT id, config->'redcap'->>'project_id' AS project_id, config->'redcap'->>'api_origin' AS api_origin, \
         config->'redcap'->>'webhook_secret' AS webhook_secret, \
         config->'redcap'->>'webhook_secret_previous' AS webhook_secret_previous \
         FROM studies WHERE integration_mode = 'redcap' AND status <> 'completed' \
         AND config->'redcap'->>'project_id' IN ({list})"
    );
    let args = ids.into_iter().map(Value::from).collect();
    let rows: Vec<Row> = sql::all(&store.db, store.dialect, &text, args).await?;
    let mut found: HashMap<String, Vec<Candidate>> = HashMap::new();
    for row in rows {
        let sealed_secrets = [row.webhook_secret, row.webhook_secret_previous].into_iter().flatten().collect();
        let candidate = Candidate { study: StudyId(row.id), api_origin: row.api_origin, sealed_secrets };
        found.entry(row.project_id).or_default().push(candidate);
    }
    Ok(found)
}
