//! Prometheus's text format: names, help, type, labels, values.
//!
//! Invariant: a name's help and type stand there once, before its values, and a label's value cannot break out of its quotes.

use std::fmt::{Display, Write};

use metricis_core::Timestamp;

/// A text under way.
pub(crate) struct Exposition {
    now: Timestamp,
    text: String,
    /// The name whose values are being written.
    name: &'static str,
}

type Labels<'a> = &'a [(&'a str, &'a str)];

impl Exposition {
    pub(crate) const fn at(now: Timestamp) -> Self {
        Self { now, text: String::new(), name: "" }
    }

    pub(crate) fn gauge(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: i64) {
        self.value(name, "gauge", help, labels, value);
    }

    pub(crate) fn counter(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: i64) {
        self.value(name, "counter", help, labels, value);
    }

    /// A number of milliseconds, in seconds.
    pub(crate) fn milliseconds(&mut self, name: &'static str, help: &str, labels: Labels<'_>, value: u64) {
        self.value(name, "gauge", help, labels, format_args!("{}.{:03}", value / 1000, value % 1000));
    }

    /// The seconds since a moment; none are zero.
    pub(crate) fn age(&mut self, name: &'static str, help: &str, labels: Labels<'_>, since: Option<Timestamp>) {
        let age = since.map_or(0, |since| self.now.signed_duration_since(since).num_seconds().max(0));
        self.value(name, "gauge", help, labels, age);
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn value(&mut self, name: &'static str, kind: &str, help: &str, labels: Labels<'_>, value: impl Display) {
        if self.name != name {
            self.name = name;
            self.line(format_args!("# HELP {name} {help}"));
            self.line(format_args!("# TYPE {name} {kind}"));
        }
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn line(&mut self, line: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{line}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_introduced_once_and_a_label_stays_in_its_quotes() {
        let now = Timestamp::from_timestamp(1_780_000_000, 0).expect("a moment");
        let mut text = Exposition::at(now);
        text.gauge("up", "Up", &[], 1);
        text.counter("calls_total", "Calls", &[("host", "a\"b\\c\nd"), ("end", "x")], 2);
        text.counter("calls_total", "Calls", &[("host", "e")], 3);
        text.milliseconds("wait_seconds", "Wait", &[], 1_050);
        text.age("age_seconds", "Age", &[], Some(now - chrono::Duration::seconds(90)));
        text.age("age_seconds", "Age", &[("kind", "none")], None);
        let expected = "# HELP up Up\n# TYPE up gauge\nup 1\n# HELP calls_total Calls\n# TYPE calls_total counter\n\
            calls_total{host=\"a\\\"b\\\\c\\nd\",end=\"x\"} 2\ncalls_total{host=\"e\"} 3\n\
            # HELP wait_seconds Wait\n# TYPE wait_seconds gauge\nwait_seconds 1.050\n\
            # HELP age_seconds Age\n# TYPE age_seconds gauge\nage_seconds 90\nage_seconds{kind=\"none\"} 0\n";
        assert_eq!(text.finish(), expected);
    }
}
