//! Row 8: the same DET twice, through the writer's own statements, rolled back.

use chrono::Duration;
use metricis_core::intake::{DetForm, natural_key};
use metricis_store::StoredStudy;
use metricis_store::intake::{NewDet, probe_idempotency};

use super::{Finding, Flaw};
use crate::AppState;
use crate::fresh::uuid_at;
use crate::probe::INSTRUMENT;

/// The body of a DET that REDCap could have sent for this study, of a record that does not exist.
pub(super) fn probe_body(app: &AppState, study: &StoredStudy) -> Result<Vec<u8>, Flaw> {
    let redcap = &study.config.redcap;
    let (Some(project_id), Some(origin)) = (&redcap.project_id, &redcap.api_origin) else {
        return Err(Flaw::new("the study is not connected to a REDCap project", "set the study's REDCap connection"));
    };
    let pairs = [
        ("project_id", project_id.clone()),
        ("redcap_url", format!("{origin}/")),
        ("username", "go-no-go".to_owned()),
        ("record", format!("probe-{}", uuid_at(app.now()))),
        ("instrument", INSTRUMENT.to_owned()),
    ];
    let complete = format!("{INSTRUMENT}_complete");
    Ok(form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .append_pair(&complete, "0")
        .finish()
        .into_bytes())
}

/// Row 8: the second arrival is a duplicate of the first.
pub(super) async fn det_idempotent(app: &AppState, study: &StoredStudy) -> Finding {
    let body = probe_body(app, study)?;
    let form = DetForm::parse(&body)
        .map_err(|refusal| Flaw { evidence: format!("the probe cannot be sent: {refusal}"), remedy: None })?;
    let det = NewDet { study: study.id, natural_key: natural_key(&form), form, request: None };
    let window = Duration::seconds(i64::from(app.settings.idempotency_ttl_s));
    let probed = probe_idempotency(&app.store, app.now(), window, &det).await?;
    match probed.is_idempotent() {
        true => Ok(format!(
            "one DET written twice: the second became a duplicate of the first; rolled back (window {} s)",
            app.settings.idempotency_ttl_s
        )),
        false => Err(Flaw::new(
            "one DET written twice became two originals",
            "look at REDCAP_DET_IDEMPOTENCY_TTL_SECONDS and at the table det_keys",
        )),
    }
}
