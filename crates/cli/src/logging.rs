//! Logs: one JSON object a line in production, short lines elsewhere; always to standard error.

use metricis_core::environment::Environment;
use tracing_subscriber::EnvFilter;

/// Starts logging. `default` applies when `METRICIS_LOG` is not set.
pub fn start(environment: &Environment, default: &str) {
    let filter = EnvFilter::try_from_env("METRICIS_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as in tests, keeps the first.
    let _ = if environment.is_production() {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        lines.compact().with_target(false).try_init()
    };
}
