//! This server in the registry of processes, seen every few seconds: what the board's first row looks at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use metricis_store::{NewProcess, Operational, StoreError, migration};
use tokio::task::JoinHandle;

use crate::AppState;

const SEEN_EVERY: Duration = Duration::from_secs(5);

/// A server that is in the registry.
pub(crate) struct Registered {
    heartbeat: JoinHandle<()>,
}

impl Registered {
    /// `bound` is where the socket listens; `SERVER_URL` says otherwise where the board must go another way.
    pub(crate) async fn enter(state: &AppState, bound: SocketAddr) -> Result<Self, StoreError> {
        let address = state.settings.server_url.clone().unwrap_or_else(|| reachable(bound));
        let process = NewProcess {
            id: state.process,
            role: "server".to_owned(),
            environment: state.settings.environment.as_str().to_owned(),
            dev_mode: state.settings.dev_mode,
            version: state.settings.version.clone(),
            migration_head: migration::required_head(),
            key_fingerprint: state.settings.key_fingerprint.clone(),
            address_mark: Some(state.probe_key.mark(state.process, &address)),
            address: Some(address),
        };
        let tx = state.store.write(state.now()).await?;
        tx.register_process(&process).await?;
        tx.commit_operational(Operational::ProcessRegistry).await?;
        let beating = state.clone();
        let heartbeat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SEEN_EVERY).await;
                if let Err(error) = beat(&beating).await {
                    tracing::warn!(%error, "heartbeat not written");
                }
            }
        });
        Ok(Self { heartbeat })
    }

    pub(crate) async fn leave(self, state: &AppState) {
        self.heartbeat.abort();
        let left = async {
            let tx = state.store.write(state.now()).await?;
            tx.stop_process(state.process).await?;
            tx.commit_operational(Operational::ProcessRegistry).await
        };
        if let Err(error) = left.await {
            tracing::warn!(%error, "the registry still shows this process until it is no longer seen");
        }
    }
}

/// Who listens everywhere is asked on this machine.
fn reachable(bound: SocketAddr) -> String {
    let ip = match bound.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(ip, bound.port()))
}

async fn beat(state: &AppState) -> Result<(), StoreError> {
    let tx = state.store.write(state.now()).await?;
    tx.see_process(state.process).await?;
    tx.commit_operational(Operational::ProcessRegistry).await
}
