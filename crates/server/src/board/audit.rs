//! Row 14: the study's chain and the system's, recomputed from the rows that people read, and the results against them.

use metricis_core::action::Chain;
use metricis_store::StoredStudy;

use super::{Finding, Flaw};
use crate::AppState;

const STOP: &str =
    "stop: this is a sign of tampering; `metricis audit verify` names the row or the session, escalate to security";

/// Row 14: both chains are whole, and every stored result is the one that was submitted.
pub(super) async fn chains_valid(app: &AppState, study: &StoredStudy) -> Finding {
    let db = app.store.read(app.now()).await?;
    let mut seen = vec![];
    for (name, owner) in [("study", Chain::Study(study.id)), ("system", Chain::System)] {
        for verdict in db.verify_audit(Some(owner)).await? {
            let (broken, altered) = (verdict.chain_flaws(), verdict.result_flaws());
            let broken = (!broken.is_empty()).then(|| format!("{name} chain broken at {}", broken.join("; ")));
            let altered =
                (!altered.is_empty()).then(|| format!("results are not what was submitted: {}", altered.join("; ")));
            let wrong: Vec<String> = broken.into_iter().chain(altered).collect();
            if !wrong.is_empty() {
                return Err(Flaw::new(wrong.join("; "), STOP));
            }
            match verdict.valid_through {
                Some(through @ 1..) => seen.push(format!("{name} chain valid through row {through}")),
                _ => {
                    return Err(Flaw::new(
                        format!("the {name}'s chain is empty: not even its beginning is in it"),
                        STOP,
                    ));
                }
            }
        }
    }
    Ok(seen.join("; "))
}
