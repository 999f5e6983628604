//! `audit verify`: recomputes every chain from the columns that people read.

use metricis_core::Clock;
use metricis_core::audit::Break;
use serde::Serialize;

use super::{no_study, open, settings};
use crate::args::{Args, Audit};
use crate::clock::SystemClock;
use crate::output::{CliError, show};

#[derive(Serialize)]
struct ChainReport {
    chain: i64,
    of: String,
    rows: i64,
    valid_through: Option<i64>,
    broken: Option<Break>,
}

pub async fn run(args: &Args, command: &Audit) -> Result<(), CliError> {
    let Audit::Verify { study } = command;
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let snapshot = store.read(SystemClock.now()).await?;
    let only = match study {
        Some(code) => Some(snapshot.study_by_code(code).await?.ok_or_else(|| no_study(code))?.id.0),
        None => None,
    };
    let mut reports = vec![];
    for head in snapshot.audit_heads().await? {
        if only.is_some() && head.study_id != only {
            continue;
        }
        let verified = snapshot.verify_chain(&head).await?;
        reports.push(ChainReport {
            chain: head.chain,
            of: head.study_id.map_or_else(|| "system".to_owned(), |id| format!("study {id}")),
            rows: head.head_sequence,
            valid_through: verified.as_ref().ok().copied(),
            broken: verified.err(),
        });
    }
    show(args.json, &reports, |reports| reports.iter().map(describe).collect::<Vec<_>>().join("\n"))?;
    if reports.iter().all(|report| report.broken.is_none()) { Ok(()) } else { Err(CliError::No(String::new())) }
}

fn describe(report: &ChainReport) -> String {
    match &report.broken {
        None => format!("chain valid through row {} ({}, chain {})", report.rows, report.of, report.chain),
        Some(broken) => format!("chain BROKEN ({}): {broken}", report.of),
    }
}
