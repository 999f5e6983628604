//! A line of the log as JSON, and the id under which it is found.
//!
//! ```text
//!   in a request ─────────► that request's id
//!   in a worker's turn ───► the id of the event or job
//!   anywhere else ────────► the id of this run of the program, chosen when logging starts
//! ```
//!
//! Invariant: every line has a `request_id`. It is put on here, where all lines pass, from the nearest span that has one; no
//! caller can forget it.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields, format};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

const NAME: &str = "request_id";

/// Writes lines for one run of the program.
pub(super) struct JsonLines {
    format: Format<Json, SystemTime>,
    run: String,
}

impl JsonLines {
    /// `run` stands where there is neither a request nor a turn.
    pub(super) fn new(run: String) -> Self {
        let format = format().json().flatten_event(true).with_current_span(true).with_span_list(false);
        Self { format, run }
    }
}

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let nearest = context.event_scope().and_then(|mut spans| spans.find_map(|span| id_of(&span)));
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let rest = line.strip_prefix('{').ok_or(fmt::Error)?;
        write!(writer, "{{\"{NAME}\":{},{rest}", nearest.unwrap_or_else(|| self.run.clone().into()))
    }
}

fn id_of<S: for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> Option<Value> {
    let extensions = span.extensions();
    let fields = extensions.get::<FormattedFields<JsonFields>>()?;
    serde_json::from_str::<Map<String, Value>>(fields).ok()?.remove(NAME)
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("the log").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What `work` logs.
    pub(in crate::logging) fn lines_of(work: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt()
            .json()
            .event_format(JsonLines::new("this-run".to_owned()))
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(lines.finish(), work);
        let text = String::from_utf8(kept.0.lock().expect("the log").clone()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn the_nearest_span_with_an_id_names_the_line_and_else_the_run() {
        let lines = lines_of(|| {
            tracing::info!("outside");
            let _request = tracing::error_span!("request", request_id = %"a \"quoted\" id", method = "GET").entered();
            tracing::info!(n = 1, "inside");
            let _deeper = tracing::error_span!("query", rows = 3).entered();
            tracing::info!("deeper");
            let _turn = tracing::error_span!("turn", request_id = "turn").entered();
            tracing::info!("in a turn");
        });
        let ids: Vec<_> = lines.iter().map(|line| line["request_id"].as_str().expect("an id")).collect();
        assert_eq!(ids, ["this-run", "a \"quoted\" id", "a \"quoted\" id", "turn"]);
        assert_eq!((&lines[1]["n"], &lines[1]["message"]), (&1.into(), &"inside".into()));
        assert_eq!(lines[1]["span"]["method"], "GET");
    }
}
