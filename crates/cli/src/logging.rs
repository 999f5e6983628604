//! Logs: one JSON object a line in production, short lines elsewhere; to standard error, the demo's also to a file.
//!
//! Invariants: a log that cannot be written stops nothing, so the subscriber never complains of its own errors: it would on the
//! same closed standard error, and panic. In production nothing but such lines goes to standard error: a panic and the
//! reason for which the program ends are lines too.

mod line;

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use metricis_core::Clock;
use metricis_core::environment::Environment;
use metricis_core::ids::ProcessId;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::clock::SystemClock;
use crate::output::CliError;
use line::JsonLines;

/// How a long-running program logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logging {
    /// JSON, a line each: for machines.
    Json,
    /// Short lines: for a person who watches.
    Short,
}

/// Starts logging. `default` applies when `METRICIS_LOG` is not set.
pub fn start(environment: &Environment, default: &str) -> Logging {
    let filter = EnvFilter::try_from_env("METRICIS_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second start, as in tests, keeps the first.
    if environment.is_production() {
        let _ = lines.json().event_format(json_lines()).try_init();
        std::panic::set_hook(Box::new(log_panic));
        return Logging::Json;
    }
    let _ = lines.compact().with_target(false).try_init();
    Logging::Short
}

impl Logging {
    /// The reason for which the program ends, in the form of its log. Where that is JSON it is logged here, in one line, and
    /// what is given back has nothing left to print.
    pub fn last_word(self, error: CliError) -> CliError {
        if self == Self::Short || error.to_string().is_empty() {
            return error;
        }
        tracing::error!(%error, "metricis ends");
        error.silent()
    }
}

fn json_lines() -> JsonLines {
    JsonLines::new(ProcessId::at(SystemClock.now()).to_string())
}

/// The payload of a panic may quote anything, a participant's answer too: the place is what is logged.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a defect: the program panicked");
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
    let kept = tracing_subscriber::fmt::layer().json().event_format(json_lines()).with_writer(Mutex::new(file));
    let shown = EnvFilter::try_from_env("METRICIS_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    let lines = tracing_subscriber::fmt::layer().compact().with_target(false).with_writer(std::io::stderr);
    let both =
        tracing_subscriber::registry().with(kept.with_filter(EnvFilter::new("warn"))).with(lines.with_filter(shown));
    // A second start, as in tests, keeps the first.
    let _ = both.try_init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::line::tests::lines_of;
    use super::*;

    #[test]
    fn a_panic_in_production_is_a_line_with_its_request_and_its_place_and_without_its_payload() {
        assert_eq!(start(&Environment::new("production"), "info"), Logging::Json);
        let lines = lines_of(|| {
            let _request = tracing::error_span!("request", request_id = "request-1").entered();
            let ended = catch_unwind(AssertUnwindSafe(|| panic!("the answer was {:?}", "severe")));
            assert!(ended.is_err());
        });
        // Other tests of this process panic as they always did.
        drop(std::panic::take_hook());
        let [line] = lines.as_slice() else { panic!("not one line: {lines:?}") };
        assert_eq!((&line["level"], &line["request_id"]), (&"ERROR".into(), &"request-1".into()));
        assert!(line["place"].as_str().is_some_and(|place| place.contains("logging.rs:")), "{line}");
        assert!(!line.to_string().contains("severe"), "{line}");
    }
}
