//! Row 14: the study's chain and the system's, recomputed from the rows that people read.

use metricis_store::StoredStudy;

use super::{Finding, Flaw};
use crate::AppState;

/// Row 14: both chains are whole.
pub(super) async fn chains_valid(app: &AppState, study: &StoredStudy) -> Finding {
    let db = app.store.read(app.now()).await?;
    let heads = db.audit_heads().await?;
    let mut seen = vec![];
    for (name, owner) in [("study", Some(study.id.0)), ("system", None)] {
        let head = heads.iter().find(|head| head.study_id == owner);
        let head = head.ok_or_else(|| Flaw { evidence: format!("the {name}'s chain is missing"), remedy: None })?;
        match db.verify_chain(head).await? {
            Ok(through) => seen.push(format!("{name} chain valid through row {through}")),
            Err(found) => {
                let stop =
                    "stop: a break is a sign of tampering; `metricis audit verify` names the row, escalate to security";
                return Err(Flaw::new(format!("{name} chain broken at {found}"), stop));
            }
        }
    }
    Ok(seen.join("; "))
}
