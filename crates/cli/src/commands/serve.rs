//! `serve` and `worker`: the long-running processes, and what both need to start and to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use metricis_core::Clock;
use metricis_core::breaker::BreakerSettings;
use metricis_core::budget::BudgetSettings;
use metricis_core::ids::ProcessId;
use metricis_server::{AppState, ServerSettings};
use metricis_store::{NewProcess, Operational, Store};
use metricis_worker::{Worker, WorkerSettings};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{open, settings};
use crate::args::Args;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::logging;
use crate::output::CliError;

/// How often a process says that it lives, in seconds.
const HEARTBEAT_S: u64 = 5;

/// `metricis serve`.
pub async fn serve(args: &Args, listen: SocketAddr, with_worker: bool) -> Result<(), CliError> {
    let settings = settings(args)?;
    logging::start(&settings.environment, "info");
    let store = open_to_serve(&settings).await?;
    let listener = bind(listen).await?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    let mut processes = Processes::new(store, &settings, format!("http://{listen}"));
    tracing::info!(%listen, with_worker, environment = settings.environment.as_str(), "metricis serves");
    if with_worker {
        processes.start_worker(&settings, stop.clone())?;
    }
    processes.start_server(listener, stop).await?;
    processes.wait().await
}

/// `metricis worker`.
pub async fn worker(args: &Args) -> Result<(), CliError> {
    let settings = settings(args)?;
    logging::start(&settings.environment, "info");
    let store = open_to_serve(&settings).await?;
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    let mut processes = Processes::new(store, &settings, String::new());
    tracing::info!(environment = settings.environment.as_str(), "metricis works");
    processes.start_worker(&settings, stop)?;
    processes.wait().await
}

/// Opens the database for a process that serves: migrated when it is the embedded one, as a harmless role in production.
///
/// # Errors
/// Unavailable; a schema that is not at its head; a role that must not serve.
pub async fn open_to_serve(settings: &Settings) -> Result<Store, CliError> {
    if !settings.database.is_postgres() {
        let store = Store::open(&settings.database, &metricis_store::StoreOptions::default()).await?;
        store.migrate_up(None).await?;
        return Ok(store);
    }
    let store = open(settings).await?;
    if settings.environment.is_production()
        && let Some(problem) = store.role_problem().await?
    {
        return Err(CliError::Usage(problem.to_string()));
    }
    Ok(store)
}

/// Listens on an address.
///
/// # Errors
/// Usage, saying what holds the address.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(listen)
        .await
        .map_err(|error| CliError::Usage(format!("cannot listen on {listen}: {error}; choose another with --listen")))
}

/// Cancels `stop` at SIGINT or SIGTERM.
pub fn stop_on_signal(stop: CancellationToken) {
    tokio::spawn(async move {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(error) => return tracing::error!(%error, "cannot listen for SIGTERM"),
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        stop.cancel();
    });
}

/// The parts that run in this process, and the state that they share.
pub struct Processes {
    store: Store,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
    /// The HTTP side.
    pub state: AppState,
    running: Vec<JoinHandle<Result<(), CliError>>>,
    template: NewProcess,
}

impl Processes {
    /// Prepares everything; starts nothing but the DET writer.
    pub fn new(store: Store, settings: &Settings, listening: String) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let wake = Arc::new(Notify::new());
        let public_url = settings.public_url.clone().unwrap_or(listening);
        let server = server_settings(settings, public_url);
        let state = AppState::new(store.clone(), settings.sealer.clone(), Arc::clone(&clock), server, Arc::clone(&wake));
        let template = NewProcess {
            id: ProcessId::at(clock.now()),
            role: "server".to_owned(),
            environment: settings.environment.as_str().to_owned(),
            dev_mode: settings.dev_mode,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            migration_head: metricis_store::migration::required_head(),
            key_fingerprint: settings.key_fingerprint.clone(),
        };
        Self { store, clock, wake, state, running: vec![], template }
    }

    /// Serves HTTP until `stop`, then drains what was accepted.
    ///
    /// # Errors
    /// Unavailable, when the process cannot be registered.
    pub async fn start_server(&mut self, listener: TcpListener, stop: CancellationToken) -> Result<(), CliError> {
        let tx = self.store.write(self.clock.now()).await?;
        tx.register_process(&self.template).await?;
        tx.commit_operational(Operational::ProcessRegistry).await?;
        let id = self.template.id;
        let (store, clock, state) = (self.store.clone(), Arc::clone(&self.clock), self.state.clone());
        tokio::spawn(heartbeat(store.clone(), Arc::clone(&clock), id, stop.clone()));
        self.running.push(tokio::spawn(async move {
            let served = metricis_server::serve(listener, state.clone(), stop).await;
            state.shutdown().await;
            let tx = store.write(clock.now()).await?;
            tx.stop_process(id).await?;
            tx.commit_operational(Operational::ProcessRegistry).await?;
            served.map_err(|error| CliError::Unavailable(format!("the server stopped: {error}")))
        }));
        Ok(())
    }

    /// Runs the jobs until `stop`.
    ///
    /// # Errors
    /// Unavailable, when no HTTP client can be made.
    pub fn start_worker(&mut self, settings: &Settings, stop: CancellationToken) -> Result<(), CliError> {
        let http = metricis_worker::http_client().map_err(|error| CliError::Unavailable(error.to_string()))?;
        let (store, clock, wake) = (self.store.clone(), Arc::clone(&self.clock), Arc::clone(&self.wake));
        let worker = Worker::new(store, settings.sealer.clone(), clock, http, worker_settings(settings), wake);
        self.running.push(tokio::spawn(async move {
            worker.run(stop).await;
            Ok(())
        }));
        Ok(())
    }

    /// Waits for every part to end.
    ///
    /// # Errors
    /// The first that failed.
    pub async fn wait(self) -> Result<(), CliError> {
        for part in self.running {
            part.await.map_err(|error| CliError::Unavailable(format!("a part of the process failed: {error}")))??;
        }
        Ok(())
    }
}

async fn heartbeat(store: Store, clock: Arc<dyn Clock>, id: ProcessId, stop: CancellationToken) {
    let mut beat = tokio::time::interval(std::time::Duration::from_secs(HEARTBEAT_S));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = beat.tick() => {}
        }
        let seen = async {
            let tx = store.write(clock.now()).await?;
            tx.see_process(id).await?;
            tx.commit_operational(Operational::ProcessRegistry).await
        };
        if let Err(error) = seen.await {
            tracing::warn!(%error, "this process could not say that it lives");
        }
    }
}

fn server_settings(settings: &Settings, public_url: String) -> ServerSettings {
    ServerSettings {
        environment: settings.environment.clone(),
        dev_mode: settings.dev_mode,
        jwt_secret: settings.jwt_secret.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        rate_limit_per_minute: settings.rate_limit_per_minute,
        auth_rate_limit_per_minute: settings.auth_rate_limit_per_minute,
        det_rate_limit_per_minute: settings.det_rate_limit_per_minute,
        det_test_rate_limit_per_minute: settings.det_test_rate_limit_per_minute,
        idempotency_ttl_s: settings.det_idempotency_ttl_s,
        redis_url: settings.redis_url.clone(),
        breaker: settings.breaker.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        public_url,
        participant_session_minutes: 60,
        access_token_minutes: 60,
    }
}

fn worker_settings(settings: &Settings) -> WorkerSettings {
    let breaker: BreakerSettings = settings.breaker.clone();
    WorkerSettings {
        breaker,
        budget: BudgetSettings { per_minute: settings.outbound_per_minute, ..BudgetSettings::default() },
        call_timeout_s: settings.call_timeout_s,
        digest_key: settings.session_secret.clone(),
        environment: settings.environment.as_str().to_owned(),
        dev_mode: settings.dev_mode,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        key_fingerprint: settings.key_fingerprint.clone(),
        ..WorkerSettings::default()
    }
}
