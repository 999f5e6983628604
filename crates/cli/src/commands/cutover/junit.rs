//! The report that the test runner writes (JUnit XML), read as far as a judgment needs it.

use chrono::{DateTime, Utc};
use metricis_core::suites::{Case, Report};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use sha2::{Digest, Sha256};

/// Reads a report.
///
/// # Errors
/// In words, when it is none.
pub fn read(xml: &str) -> Result<Report, String> {
    let mut reader = Reader::from_str(xml);
    let (mut run_at, mut cases): (Option<DateTime<Utc>>, Vec<Case>) = (None, vec![]);
    loop {
        match reader.read_event().map_err(|error| format!("is no XML: {error}"))? {
            Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                "testsuites" => run_at = attribute(&element, "timestamp")?.parse().ok(),
                "testcase" => cases.push(case(&element)?),
                // Whatever else is said of a case than its output: it failed, was skipped, or passed only when tried again.
                "failure" | "error" | "skipped" | "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" => {
                    if let Some(last) = cases.last_mut() {
                        last.passed = false;
                    }
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    let run_at = run_at.ok_or("does not say when the run began: it is no JUnit report of a test run")?;
    let sha256 = Sha256::digest(xml).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Report { run_at, cases, sha256 })
}

fn case(element: &BytesStart<'_>) -> Result<Case, String> {
    let path = format!("{}::{}", attribute(element, "classname")?, attribute(element, "name")?);
    Ok(Case { path, passed: true })
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<String, String> {
    let found = element.try_get_attribute(name).map_err(|error| format!("is no XML: {error}"))?;
    let value = found.ok_or_else(|| format!("has an element without {name:?}"))?;
    unescape(&value.value).map(Into::into).map_err(|error| format!("is no XML: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<?xml version="1.0"?><testsuites name="nextest-run" timestamp="2026-03-02T09:00:00.841+00:00">
        <testsuite name="metricis-server::api">
          <testcase name="portal::a &lt;b&gt;" classname="metricis-server::api"/>
          <testcase name="portal::b" classname="metricis-server::api"><failure type="x">boom</failure><system-out>no</system-out></testcase>
          <testcase name="portal::c" classname="metricis-server::api"><system-out>fine</system-out></testcase>
          <testcase name="portal::d" classname="metricis-server::api"><flakyFailure type="x"/></testcase>
        </testsuite></testsuites>"#;

    #[test]
    fn each_case_is_told_with_how_it_ended() {
        let report = read(XML).expect("a report");
        assert_eq!(report.run_at.to_rfc3339(), "2026-03-02T09:00:00.841+00:00");
        let seen: Vec<(&str, bool)> = report.cases.iter().map(|case| (case.path.as_str(), case.passed)).collect();
        let path = |name: &str| format!("metricis-server::api::portal::{name}");
        let expected = [(path("a <b>"), true), (path("b"), false), (path("c"), true), (path("d"), false)];
        assert_eq!(seen, expected.iter().map(|(path, passed)| (path.as_str(), *passed)).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_report_is_refused_in_words() {
        assert!(read("{}").expect_err("no report").starts_with("does not say when the run began"));
        assert!(read("<testsuites").expect_err("no report").starts_with("is no XML"));
    }
}
