//! The report of the regression suites (checklist §1, row 15): what it must show, and for how long it stands.
//!
//! Invariant: a report is judged by what is in it, case by case. A group that is missing or too small, or any test that did not
//! pass, is no proof; neither is a report of another version or an old one.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// A report older than this proves nothing any more, in days.
pub const STANDS_FOR_DAYS: i64 = 30;

/// A group of tests that stands for a suite of the checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name: a part of the path of each of its cases.
    pub name: &'static str,
    /// The suite in the checklist.
    pub checklist: &'static str,
    /// Cases that it has at least.
    pub least: usize,
}

const fn group(name: &'static str, checklist: &'static str, least: usize) -> Group {
    Group { name, checklist, least }
}

/// The groups that a report must show: the suites of row 15, and those of the rows that name one.
pub const GROUPS: &[Group] = &[
    group("webhook_idempotency", "test_webhook_idempotency.py", 7),
    group("webhook_secret_encryption", "test_redcap_*.py", 4),
    group("redcap_project_id_lookup", "test_redcap_*.py", 4),
    group("redcap_config", "test_redcap_*.py", 4),
    group("redcap_lifecycle", "test_redcap_*.py, §6.3", 10),
    group("production_gating", "test_production_gating.py", 25),
    group("anchor", "test_anchor_shift_reconciliation.py", 12),
    group("schedules", "test_schedule_versioning_atomicity.py", 4),
    group("portal", "test_portal_redcap_ingestion.py", 12),
    group("consent", "test_compliance_invariants.py: consent gate", 4),
    group("faults", "test_compliance_invariants.py: sync no-fallback", 20),
    group("board", "test_compliance_invariants.py: integration mode, time simulation, dev mode", 15),
    group("audit", "test_compliance_invariants.py: audit log", 20),
];

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its path, `a::b::c`.
    pub path: String,
    /// Whether it passed, at the first attempt.
    pub passed: bool,
}

/// What stands in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When the run began.
    pub run_at: DateTime<Utc>,
    /// Every test.
    pub cases: Vec<Case>,
    /// SHA-256 of the report's bytes, in hex.
    pub sha256: String,
}

/// What is kept of a report that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteEvidence {
    /// The version of the program that was tested, with the digest of its sources: `0.1.0+0123456789ab`.
    pub version: String,
    /// When the run began.
    pub run_at: DateTime<Utc>,
    /// Tests that passed: all of them.
    pub cases: usize,
    /// How many of each group.
    pub groups: BTreeMap<String, usize>,
    /// SHA-256 of the report's bytes, in hex.
    pub sha256: String,
}

impl Report {
    /// Accepts the report for a version of the program, now.
    ///
    /// # Errors
    /// Everything that speaks against it.
    pub fn accept(&self, version: &str, now: DateTime<Utc>) -> Result<SuiteEvidence, Vec<String>> {
        let failed = self.cases.iter().filter(|case| !case.passed).map(|case| format!("{} did not pass", case.path));
        let evidence = SuiteEvidence {
            version: version.to_owned(),
            run_at: self.run_at,
            cases: self.cases.len(),
            groups: GROUPS.iter().map(|group| (group.name.to_owned(), self.count(group))).collect(),
            sha256: self.sha256.clone(),
        };
        let flaws: Vec<String> = failed.chain(evidence.flaws(version, now)).collect();
        if flaws.is_empty() { Ok(evidence) } else { Err(flaws) }
    }

    fn count(&self, group: &Group) -> usize {
        let of_group = |case: &&Case| case.passed && case.path.split("::").any(|part| part == group.name);
        self.cases.iter().filter(of_group).count()
    }
}

impl SuiteEvidence {
    /// What speaks against this evidence for a version of the program, now; nothing, while it stands.
    #[must_use]
    pub fn flaws(&self, version: &str, now: DateTime<Utc>) -> Vec<String> {
        let mut flaws = vec![];
        if self.version != version {
            flaws.push(format!("the suites ran on version {}, this is {version}", self.version));
        }
        if now - self.run_at > Duration::days(STANDS_FOR_DAYS) {
            let day = self.run_at.date_naive();
            flaws.push(format!("the suites ran on {day}, more than {STANDS_FOR_DAYS} days ago"));
        }
        if self.run_at - now > Duration::minutes(5) {
            flaws.push(format!("the suites ran in the future, at {}", self.run_at));
        }
        for group in GROUPS {
            let found = self.groups.get(group.name).copied().unwrap_or(0);
            if found < group.least {
                let Group { name, checklist, least } = group;
                flaws.push(format!("group {name} ({checklist}) has {found} passed case(s) of at least {least}"));
            }
        }
        flaws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "0.1.0+0123456789ab";

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_442_000, 0).expect("a moment")
    }

    fn report() -> Report {
        let cases = GROUPS.iter().flat_map(|group| {
            let path = |n| format!("metricis-server::api::{}::case_{n}", group.name);
            (0..group.least).map(move |n| Case { path: path(n), passed: true })
        });
        Report { run_at: now(), cases: cases.collect(), sha256: "ab".to_owned() }
    }

    fn flaws(change: impl FnOnce(&mut Report)) -> Vec<String> {
        let mut report = report();
        change(&mut report);
        report.accept(VERSION, now()).expect_err("no proof")
    }

    #[test]
    fn a_whole_report_is_accepted_and_stands_for_a_while() {
        let evidence = report().accept(VERSION, now()).expect("accepted");
        assert_eq!((evidence.cases, evidence.groups["redcap_lifecycle"]), (report().cases.len(), 10));
        let days = |days| evidence.flaws(VERSION, now() + Duration::days(days));
        assert_eq!(days(STANDS_FOR_DAYS), Vec::<String>::new());
        assert_eq!(days(31), ["the suites ran on 2026-03-02, more than 30 days ago"]);
        let other = evidence.flaws("0.1.0+ba9876543210", now());
        assert_eq!(other, ["the suites ran on version 0.1.0+0123456789ab, this is 0.1.0+ba9876543210"]);
    }

    #[test]
    fn every_group_is_needed_whole() {
        for group in GROUPS {
            let missing = flaws(|report| {
                let part = format!("::{}::", group.name);
                let one = report.cases.iter().position(|case| case.path.contains(&part)).expect("a case");
                report.cases.remove(one);
            });
            let Group { name, checklist, least } = group;
            let found = least - 1;
            assert_eq!(missing, [format!("group {name} ({checklist}) has {found} passed case(s) of at least {least}")]);
        }
    }

    #[test]
    fn a_case_that_did_not_pass_spoils_the_report_in_whatever_group() {
        let spoiled = flaws(|report| {
            report.cases.push(Case { path: "metricis-store::tx::x".to_owned(), passed: false });
        });
        assert_eq!(spoiled, ["metricis-store::tx::x did not pass"]);
    }

    #[test]
    fn a_report_of_tomorrow_is_refused() {
        assert!(flaws(|report| report.run_at += Duration::days(1))[0].starts_with("the suites ran in the future"));
    }
}
