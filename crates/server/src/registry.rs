//! This server in the registry of processes, seen every few seconds: what the board's first row looks at.

use std::time::Duration;

use metricis_core::ids::ProcessId;
use metricis_store::{NewProcess, Operational, StoreError, migration};
use tokio::task::JoinHandle;

use crate::AppState;

const SEEN_EVERY: Duration = Duration::from_secs(5);

/// A server that is in the registry.
pub(crate) struct Registered {
    id: ProcessId,
    heartbeat: JoinHandle<()>,
}

impl Registered {
    pub(crate) async fn enter(state: &AppState) -> Result<Self, StoreError> {
        let now = state.now();
        let process = NewProcess {
            id: ProcessId::at(now),
            role: "server".to_owned(),
            environment: state.settings.environment.as_str().to_owned(),
            dev_mode: state.settings.dev_mode,
            version: state.settings.version.clone(),
            migration_head: migration::required_head(),
            key_fingerprint: state.settings.key_fingerprint.clone(),
        };
        let tx = state.store.write(now).await?;
        tx.register_process(&process).await?;
        tx.commit_operational(Operational::ProcessRegistry).await?;
        let id = process.id;
        let beating = state.clone();
        let heartbeat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SEEN_EVERY).await;
                if let Err(error) = beat(&beating, id).await {
                    tracing::warn!(%error, "heartbeat not written");
                }
            }
        });
        Ok(Self { id, heartbeat })
    }

    pub(crate) async fn leave(self, state: &AppState) {
        self.heartbeat.abort();
        let left = async {
            let tx = state.store.write(state.now()).await?;
            tx.stop_process(self.id).await?;
            tx.commit_operational(Operational::ProcessRegistry).await
        };
        if let Err(error) = left.await {
            tracing::warn!(%error, "the registry still shows this process until it is no longer seen");
        }
    }
}

async fn beat(state: &AppState, id: ProcessId) -> Result<(), StoreError> {
    let tx = state.store.write(state.now()).await?;
    tx.see_process(id).await?;
    tx.commit_operational(Operational::ProcessRegistry).await
}
