//! What a test's own thread logs, as the JSON lines that an operator would see.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Collects from its making to its end. Tests run on one thread each, their tasks included.
pub struct Log {
    lines: Buffer,
    _guard: DefaultGuard,
}

impl Log {
    pub fn capture() -> Self {
        let lines = Buffer::default();
        let subscriber =
            tracing_subscriber::fmt().json().with_writer(lines.clone()).with_max_level(tracing::Level::DEBUG);
        Self { lines, _guard: tracing::subscriber::set_default(subscriber.finish()) }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("UTF-8")
    }

    /// The fields of each line at `ERROR` whose field `name` has this value.
    pub fn errors_with(&self, name: &str, value: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
        let errors = lines.filter(|line| line["level"] == "ERROR").map(|mut line| line["fields"].take());
        errors.filter(|fields| fields[name] == value).collect()
    }
}
