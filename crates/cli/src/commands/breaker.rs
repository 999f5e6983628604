//! `breaker show|reset STUDY`.

use metricis_core::Clock;
use metricis_core::action::{Action, Entry};

use super::{lock_study_by_code, no_study, open, operator, settings};
use crate::args::{Args, Breaker};
use crate::clock::SystemClock;
use crate::output::{CliError, show};

pub async fn run(args: &Args, command: &Breaker) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    match command {
        Breaker::Show { study: code } => {
            let snapshot = store.read(SystemClock.now()).await?;
            let study = snapshot.study_by_code(code).await?.ok_or_else(|| no_study(code))?;
            let columns = snapshot.breaker(study.id).await?.columns();
            let shown = serde_json::json!({
                "study": code, "state": columns.state, "consecutive_failures": columns.consecutive_failures,
                "opened_at": columns.opened_at, "enabled": settings.breaker.enabled,
            });
            show(args.json, &shown, |_| {
                format!("breaker of {code}: {}, {} consecutive failure(s)", columns.state, columns.consecutive_failures)
            })
        }
        Breaker::Reset { study: code } => {
            let tx = store.write(SystemClock.now()).await?;
            let study = lock_study_by_code(&tx, code).await?.id;
            let breaker = tx.lock_breaker(study).await?;
            let failures = breaker.columns().consecutive_failures;
            tx.save_breaker(study, &breaker.reset()).await?;
            tx.commit(Entry::study(study, operator(), Action::ResetBreaker { study, failures })).await?;
            show(args.json, &serde_json::json!({ "study": code, "state": "closed" }), |_| {
                format!("breaker of {code} is closed")
            })
        }
    }
}
