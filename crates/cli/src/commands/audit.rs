//! `audit verify`: recomputes every chain from the columns that people read, and compares the stored results with it.

use metricis_core::Clock;
use metricis_core::action::Chain;
use metricis_store::ResultsReport;
use metricis_store::audit::ChainVerdict;

use super::{no_study, open, settings};
use crate::args::{Args, Audit};
use crate::clock::SystemClock;
use crate::output::{CliError, show};

pub async fn run(args: &Args, command: &Audit) -> Result<(), CliError> {
    let Audit::Verify { study } = command;
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let snapshot = store.read(SystemClock.now()).await?;
    let only = match study {
        Some(code) => Some(Chain::Study(snapshot.study_by_code(code).await?.ok_or_else(|| no_study(code))?.id)),
        None => None,
    };
    let verdicts = snapshot.verify_audit(only).await?;
    show(args.json, &verdicts, |verdicts| verdicts.iter().map(describe).collect::<Vec<_>>().join("\n"))?;
    if verdicts.iter().all(|verdict| verdict.flaws().is_empty()) { Ok(()) } else { Err(CliError::No(String::new())) }
}

fn describe(verdict: &ChainVerdict) -> String {
    let mut lines = vec![];
    if let (Some(chain), Some(through)) = (verdict.chain, verdict.valid_through) {
        let results = verdict.results.as_ref().map(count_results).unwrap_or_default();
        lines.push(format!("chain valid through row {through} ({}, chain {chain}){results}", verdict.of));
    }
    lines.extend(verdict.flaws().iter().map(|flaw| format!("BROKEN ({}): {flaw}", verdict.of)));
    lines.join("\n")
}

fn count_results(results: &ResultsReport) -> String {
    let mut text = format!("; results as submitted: {}", results.intact);
    if results.not_covered > 0 {
        text.push_str(&format!(", not covered: {} (submitted before results had a digest)", results.not_covered));
    }
    text
}
