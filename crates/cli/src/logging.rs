//! Logs: one JSON object a line in production, short lines elsewhere; to standard error, the demo's also to a file.
//!
//! Invariant: a log that cannot be written stops nothing, so the subscriber never complains of its own errors: it would on the
//! same closed standard error, and panic.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use metricis_core::environment::Environment;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Starts logging. `default` applies when `METRICIS_LOG` is not set.
pub fn start(environment: &Environment, default: &str) {
    let filter = EnvFilter::try_from_env("METRICIS_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second start, as in tests, keeps the first.
    let _ = if environment.is_production() {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        lines.compact().with_target(false).try_init()
    };
}

/// Starts the demo's logging: warnings and worse as JSON lines at the end of `path`; to standard error what `METRICIS_LOG` asks for.
///
/// # Errors
/// The file cannot be written.
pub fn start_with_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::options().create(true).append(true).open(path)?;
    let kept = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(Mutex::new(file));
    let shown = EnvFilter::try_from_env("METRICIS_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    let lines = tracing_subscriber::fmt::layer().compact().with_target(false).with_writer(std::io::stderr);
    let both =
        tracing_subscriber::registry().with(kept.with_filter(EnvFilter::new("warn"))).with(lines.with_filter(shown));
    // A second start, as in tests, keeps the first.
    let _ = both.try_init();
    Ok(())
}
