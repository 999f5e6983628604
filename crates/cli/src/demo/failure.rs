//! REDCap breaks: the failure is loud, the breaker opens, nothing substitutes; it returns, and a person re-syncs.

use metricis_redcap_sim::Fault;
use serde_json::{Value, json};

use super::api::said;
use super::enrol::{read_back, submission};
use super::narrator::promise;
use super::stage::Stage;
use super::story::{Cast, step};
use crate::output::CliError;

/// Tells it.
///
/// # Errors
/// The first step that is not as promised.
pub async fn tell(stage: &mut Stage, cast: &Cast) -> Result<(), CliError> {
    let threshold = stage.settings.breaker.failure_threshold;
    // The duplicate's re-read calls REDCap too: met by the fault, it would be one failure more than the story tells.
    let settled = |dashboard: &Value| dashboard["rereads_waiting"] == 0;
    cast.ada.wait_for(&format!("/api/studies/{}/dashboard", stage.study), "end of the re-read", settled).await?;
    set_fault(stage, Some(Fault::Down))?;
    step!(stage, "REDCap is broken: the sync fails loudly", loud(stage, cast));
    step!(stage, &format!("{threshold} failures in a row open the breaker"), breaker_opens(stage, cast, threshold));
    step!(stage, "the next sync never touches REDCap", short_circuit(stage, cast));
    set_fault(stage, None)?;
    step!(stage, "REDCap returns, the cooldown passes, a person re-syncs", resync(stage, cast));
    Ok(())
}

fn set_fault(stage: &Stage, fault: Option<Fault>) -> Result<(), CliError> {
    stage.sim.set_fault(stage.project.project_id, fault).map_err(|error| CliError::No(error.to_string()))
}

/// Submits a session and returns it once its sync has ended.
async fn submit_and_wait(stage: &Stage, cast: &Cast, key: &str, median: f64) -> Result<Value, CliError> {
    let sent = cast.pia.post("/api/portal/sessions", &submission(stage, cast, key, median)).await?;
    let path = format!("/api/studies/{}/sessions", stage.study);
    let mine = |answer: &Value| {
        let all = answer["sessions"].as_array()?;
        all.iter().find(|one| one["id"] == sent["id"] && one["sync_status"] != "pending").cloned()
    };
    let answer = cast.ada.wait_for(&path, "end of the sync", |answer| mine(answer).is_some()).await?;
    mine(&answer).ok_or_else(|| CliError::No("the session has gone".to_owned()))
}

async fn loud(stage: &Stage, cast: &Cast) -> Result<String, CliError> {
    let session = submit_and_wait(stage, cast, "broken-1", 301.5).await?;
    promise(session["sync_error_type"] == "api_error", || session.to_string())?;
    let line = super::log::sync_failure(&stage.log, &session["id"]).await?;
    promise(line["error_type"] == session["sync_error_type"], || line.to_string())?;
    let status = cast.pia.get("/api/portal/data-status").await?;
    promise(status["has_failed_sync"] == true, || status.to_string())?;
    let dashboard = cast.ada.get(&format!("/api/studies/{}/dashboard", stage.study)).await?;
    promise(dashboard["failed_syncs"] == 1, || dashboard.to_string())?;
    let kept = read_back(stage, cast)?;
    promise(kept == "251.5", || format!("REDCap changed to {kept}"))?;
    Ok(format!(
        "log: {} {} error_type={} requires_investigation={} fallback_used={}\n\
         tile Failed Sync 1 · portal: {}\nREDCap still has the former result; nothing was substituted",
        said(&line["severity"]),
        said(&line["source"]),
        said(&line["error_type"]),
        line["requires_investigation"],
        line["fallback_used"],
        said(&status["banner"])
    ))
}

async fn breaker_opens(stage: &Stage, cast: &Cast, threshold: u32) -> Result<String, CliError> {
    for number in 2..=threshold {
        let session = submit_and_wait(stage, cast, &format!("broken-{number}"), 300.5 + f64::from(number)).await?;
        promise(session["sync_error_type"] == "api_error", || session.to_string())?;
    }
    let dashboard = cast.ada.get(&format!("/api/studies/{}/dashboard", stage.study)).await?;
    promise(dashboard["breaker"]["state"] == "open", || dashboard["breaker"].to_string())?;
    Ok(format!(
        "breaker {} after {threshold} failures; tile Failed Sync {}",
        said(&dashboard["breaker"]["state"]),
        dashboard["failed_syncs"]
    ))
}

async fn short_circuit(stage: &Stage, cast: &Cast) -> Result<String, CliError> {
    let before = stage.sim.api_calls(stage.project.project_id);
    let session = submit_and_wait(stage, cast, "broken-last", 310.5).await?;
    let after = stage.sim.api_calls(stage.project.project_id);
    promise(session["sync_error_type"] == "circuit_open", || session.to_string())?;
    promise(before == after, || format!("REDCap was called {} time(s)", after - before))?;
    Ok(format!(
        "error_type {} · REDCap calls before and after: {before} and {after}",
        said(&session["sync_error_type"])
    ))
}

async fn resync(stage: &Stage, cast: &Cast) -> Result<String, CliError> {
    let wait = std::time::Duration::from_secs(u64::from(stage.settings.breaker.cooldown_s));
    tokio::time::sleep(wait + std::time::Duration::from_millis(300)).await;
    let answer = cast.ada.post(&format!("/api/studies/{}/sync", stage.study), &json!({})).await?;
    promise(answer["success"] == true, || answer.to_string())?;
    let status = cast.pia.get("/api/portal/data-status").await?;
    promise(status["has_failed_sync"] == false, || status.to_string())?;
    let dashboard = cast.ada.get(&format!("/api/studies/{}/dashboard", stage.study)).await?;
    promise(dashboard["breaker"]["state"] == "closed", || dashboard["breaker"].to_string())?;
    let stored = read_back(stage, cast)?;
    promise(stored == "310.5", || format!("REDCap has {stored}, not the latest result"))?;
    Ok(format!(
        "synced {} · breaker {} · has_failed_sync false · REDCap has the latest result, 310.5",
        answer["synced"],
        said(&dashboard["breaker"]["state"])
    ))
}
