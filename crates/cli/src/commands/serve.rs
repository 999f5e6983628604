//! `serve` and `worker`: the long-running processes, and what both need to start and to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metricis_core::Clock;
use metricis_core::budget::BudgetSettings;
use metricis_server::{AppState, ServerSettings};
use metricis_store::Store;
use metricis_worker::{Worker, WorkerSettings};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{open, settings_or_new};
use crate::VERSION;
use crate::args::Args;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::logging::{self, Logging};
use crate::output::CliError;

/// However many DETs come, workers need not be told of each.
const SIGNALS_APART: Duration = Duration::from_millis(25);

/// `metricis serve`.
pub async fn serve(args: &Args, listen: SocketAddr, with_worker: bool) -> Result<(), CliError> {
    let logging = logging::start(&Settings::environment(), "info");
    let served = async {
        let settings = settings_or_new(args)?;
        let store = open_to_serve(&settings).await?;
        let listener = bind(listen).await?;
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone());
        let mut processes = Processes::new(store, &settings, &format!("http://{listen}"));
        tracing::info!(%listen, with_worker, environment = settings.environment.as_str(), "metricis serves");
        if with_worker {
            processes.start_worker(&settings, stop.clone())?;
        } else {
            processes.start_signalling(stop.clone());
        }
        processes.start_server(listener, stop);
        processes.wait().await
    };
    end(logging, served.await)
}

/// `metricis worker`.
pub async fn worker(args: &Args) -> Result<(), CliError> {
    let logging = logging::start(&Settings::environment(), "info");
    let worked = async {
        let settings = settings_or_new(args)?;
        let store = open_to_serve(&settings).await?;
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone());
        let mut processes = Processes::new(store, &settings, "");
        tracing::info!(environment = settings.environment.as_str(), "metricis works");
        processes.start_worker(&settings, stop)?;
        processes.wait().await
    };
    end(logging, worked.await)
}

/// The last line of a long-running process, however it ends.
fn end(logging: Logging, ended: Result<(), CliError>) -> Result<(), CliError> {
    if ended.is_ok() {
        tracing::info!("metricis has stopped");
    }
    ended.map_err(|error| logging.last_word(error))
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
}

impl Processes {
    /// Prepares everything; starts nothing but the DET writer. `address` is used where `PUBLIC_URL` is not set.
    pub fn new(store: Store, settings: &Settings, address: &str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let wake = Arc::new(Notify::new());
        let server = server_settings(settings, address);
        let state =
            AppState::new(store.clone(), settings.sealer.clone(), Arc::clone(&clock), server, Arc::clone(&wake));
        Self { store, clock, wake, state, running: vec![] }
    }

    /// Serves HTTP until `stop`, then drains what was accepted.
    pub fn start_server(&mut self, listener: TcpListener, stop: CancellationToken) {
        let state = self.state.clone();
        self.running.push(tokio::spawn(async move {
            let served = metricis_server::serve(listener, state, stop).await;
            served.map_err(|error| CliError::Unavailable(error.to_string()))
        }));
    }

    /// Runs the jobs until `stop`.
    ///
    /// # Errors
    /// Unavailable, when no HTTP client can be made.
    pub fn start_worker(&mut self, settings: &Settings, stop: CancellationToken) -> Result<(), CliError> {
        let agent = concat!("metricis/", env!("CARGO_PKG_VERSION"));
        let http = metricis_redcap::http_client(agent).map_err(|error| CliError::Unavailable(error.to_string()))?;
        let (store, clock, wake) = (self.store.clone(), Arc::clone(&self.clock), Arc::clone(&self.wake));
        let worker = Worker::new(store, settings.sealer.clone(), clock, http, worker_settings(settings), wake);
        self.running.push(tokio::spawn(async move {
            let worked = worker.run(stop).await;
            worked.map_err(|error| CliError::Unavailable(format!("the worker stopped: {error}")))
        }));
        Ok(())
    }

    /// Signals new work to the workers of other processes until `stop`. A lost signal costs them one look by the clock.
    pub fn start_signalling(&mut self, stop: CancellationToken) {
        let (store, wake) = (self.store.clone(), Arc::clone(&self.wake));
        self.running.push(tokio::spawn(async move {
            while store.is_postgres() {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = wake.notified() => {}
                }
                if let Err(error) = store.signal_work().await {
                    tracing::debug!(%error, "work was not signalled");
                }
                tokio::time::sleep(SIGNALS_APART).await;
            }
            Ok(())
        }));
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

fn server_settings(settings: &Settings, address: &str) -> ServerSettings {
    let (environment, jwt) = (settings.environment.clone(), settings.jwt_secret.clone());
    let session = settings.session_secret.clone();
    ServerSettings {
        session_storage: settings.session_storage,
        session_idle_minutes: settings.session_idle_minutes,
        session_absolute_hours: settings.session_absolute_hours,
        dev_mode: settings.dev_mode,
        trusted_proxies: settings.trusted_proxies.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        rate_limit_per_minute: settings.rate_limit_per_minute,
        auth_rate_limit_per_minute: settings.auth_rate_limit_per_minute,
        sign_in_lock_after: settings.sign_in_lock_after,
        sign_in_lock_minutes: settings.sign_in_lock_minutes,
        det_rate_limit_per_minute: settings.det_rate_limit_per_minute,
        det_test_rate_limit_per_minute: settings.det_test_rate_limit_per_minute,
        idempotency_ttl_s: settings.det_idempotency_ttl_s,
        redis_url: settings.redis_url.clone(),
        breaker: settings.breaker,
        outbound_per_minute: settings.outbound_per_minute,
        metrics_token: settings.metrics_token.clone(),
        version: VERSION.to_owned(),
        public_url: settings.public_url.clone().unwrap_or_else(|| address.to_owned()),
        server_url: settings.server_url.clone(),
        ..ServerSettings::new(environment, jwt, session, settings.key_fingerprint.clone())
    }
}

fn worker_settings(settings: &Settings) -> WorkerSettings {
    let (key, environment) = (settings.session_secret.clone(), settings.environment.clone());
    WorkerSettings {
        breaker: settings.breaker,
        budget: BudgetSettings { per_minute: settings.outbound_per_minute, ..BudgetSettings::default() },
        redis_url: settings.redis_url.clone(),
        call_timeout_s: settings.call_timeout_s,
        reconcile_every_min: settings.reconcile_every_min,
        dev_mode: settings.dev_mode,
        ..WorkerSettings::new(key, environment, VERSION, &settings.key_fingerprint)
    }
}
