//! Row 15: a running system cannot run its own test suites; the report of a run is attached to the version that runs.

use metricis_core::suites::SuiteEvidence;
use metricis_store::audit::AuditFilter;

use super::live::Live;
use super::{Finding, Flaw};
use crate::AppState;

const REMEDY: &str = "run `make test` on the sources of this version, then here `metricis cutover attach-suites` with the \
                      target/suites.json that it wrote";

/// Row 15: the last report that was attached is whole, green, fresh, and of the version that every process runs.
pub(super) async fn suites_green(app: &AppState, live: &Live) -> Finding {
    let filter = AuditFilter { action: Some("attach_suites".to_owned()), ..AuditFilter::default() };
    let last = app.store.read(app.now()).await?.audit_rows_where(None, &filter, None, 1).await?.pop();
    let Some(last) = last else {
        let evidence = format!("no report of the regression suites is attached to version {}", app.settings.version);
        return Err(Flaw::new(evidence, REMEDY));
    };
    let suites: SuiteEvidence = serde_json::from_str(&last.detail)
        .map_err(|_| Flaw::new(format!("row {} of the system's audit log is no report", last.sequence), REMEDY))?;
    let mut flaws = suites.flaws(&app.settings.version, app.now());
    flaws.extend(live.processes.iter().filter(|process| process.version != suites.version).map(|process| {
        let (role, id, version) = (&process.role, process.id, &process.version);
        format!("{role} {id} runs version {version}, the suites ran on {}", suites.version)
    }));
    match flaws.is_empty() {
        true => Ok(format!(
            "{} tests passed on {} at {}; attached by {} at {} (report {}…)",
            suites.cases,
            suites.version,
            suites.run_at.format("%Y-%m-%d %H:%M UTC"),
            last.actor_id,
            last.occurred_at.format("%Y-%m-%d %H:%M UTC"),
            suites.sha256.get(..12).unwrap_or_default(),
        )),
        false => Err(Flaw::new(flaws.join("; "), REMEDY)),
    }
}
