//! From a saved form to a result that is read back out of REDCap.

use std::collections::BTreeMap;

use metricis_core::Clock;
use metricis_redcap_sim::SaveForm;
use serde_json::{Value, json};

use super::api::{Api, said};
use super::narrator::promise;
use super::script::TASK;
use super::stage::Stage;
use super::story::{Cast, step};
use crate::clock::SystemClock;
use crate::output::CliError;

/// Tells it.
///
/// # Errors
/// The first step that is not as promised.
pub async fn tell(stage: &mut Stage, ada: Api) -> Result<Cast, CliError> {
    let mut seen = Seen::default();
    step!(
        stage,
        "a form is saved in REDCap, and its DET is stored before it is answered",
        save_form(stage, &ada, &mut seen)
    );
    step!(stage, "the participant and schedule version 1 appear", appear(stage, &ada, &mut seen));
    step!(stage, "the DET is replayed and becomes a duplicate", replay(stage, &ada, &seen));
    let pia = enter(stage, &ada, &seen).await?;
    let cast = Cast { ada, pia, participant: seen.participant, visit: seen.visit, event: seen.event };
    step!(stage, "a session is submitted, and its result is read back out of REDCap", submit(stage, &cast));
    Ok(cast)
}

#[derive(Default)]
struct Seen {
    form: Vec<(String, String)>,
    participant: String,
    visit: String,
    event: String,
}

async fn save_form(stage: &Stage, ada: &Api, seen: &mut Seen) -> Result<String, CliError> {
    // The study's day, not the clock's: where the study is, tomorrow may have begun.
    let dashboard = ada.get(&format!("/api/studies/{}/dashboard", stage.study)).await?;
    let today = dashboard["today"].as_str().unwrap_or_default().to_owned();
    let mut values: BTreeMap<String, String> = stage.script.values.clone();
    values.insert(stage.script.anchor_field.clone(), today);
    let instrument = stage.script.instrument.clone().unwrap_or_default();
    let save = SaveForm {
        record: stage.script.record.clone(),
        event: None,
        instrument: instrument.clone(),
        repeat_instance: None,
        values,
        complete: 2,
        user: "jsmith".to_owned(),
        dag: stage.script.dag.clone(),
    };
    let saved =
        stage.sim.save_form(stage.project.project_id, save).await.map_err(|error| CliError::No(error.to_string()))?;
    let delivery = saved.delivery.ok_or_else(|| CliError::No("no DET was sent".to_owned()))?;
    promise(delivery.status == Some(200), || {
        format!("the DET was answered {:?} {:?}", delivery.status, delivery.error)
    })?;
    seen.form = delivery.form.clone();
    Ok(format!("record {} · {instrument} complete · DET answered 200", saved.record))
}

async fn appear(stage: &Stage, ada: &Api, seen: &mut Seen) -> Result<String, CliError> {
    let base = format!("/api/studies/{}", stage.study);
    let ended = |event: &Value| event["status"] == "processed" || event["status"] == "failed";
    let done = |answer: &Value| answer["events"].as_array().is_some_and(|all| !all.is_empty() && all.iter().all(ended));
    let events = ada.wait_for(&format!("{base}/webhooks"), "processed event", done).await?;
    let event = &events["events"][0];
    promise(event["status"] == "processed", || {
        format!("the event ended {}: {}", event["status"], event["error_message"])
    })?;
    let found = ada.get(&format!("{base}/participants")).await?;
    let listed = &found["participants"][0];
    seen.participant = listed["id"].as_str().unwrap_or_default().to_owned();
    let detail = ada.get(&format!("{base}/participants/{}", seen.participant)).await?;
    let version = &detail["versions"][0];
    promise(version["version_number"] == 1 && version["is_current"] == true, || detail["versions"].to_string())?;
    let visits = detail["visits"].as_array().cloned().unwrap_or_default();
    let instrument = ada.get(&format!("{base}/redcap")).await?["redcap_field_mapping"][TASK]["instrument"].clone();
    let has = |visit: &&Value| visit["instruments"].as_array().is_some_and(|all| all.contains(&instrument));
    let visit =
        visits.iter().find(has).ok_or_else(|| CliError::No(format!("no visit has the instrument {instrument}")))?;
    seen.visit = visit["id"].as_str().unwrap_or_default().to_owned();
    seen.event = visit["event_name"].as_str().unwrap_or_default().to_owned();
    Ok(format!(
        "{} ({}) · anchor {} · {} visits, the first on {}",
        said(&listed["participant_code"]),
        said(&listed["status"]),
        said(&version["anchor_date_used"]),
        visits.len(),
        said(&visits[0]["scheduled_date"])
    ))
}

async fn replay(stage: &Stage, ada: &Api, seen: &Seen) -> Result<String, CliError> {
    let url = stage.sim.det_url(stage.project.project_id).unwrap_or_default();
    let sent = stage.http.post(url).form(&seen.form).send().await;
    let answer: Value = match sent {
        Ok(answer) => answer.json().await.unwrap_or_default(),
        Err(error) => return Err(CliError::Unavailable(error.without_url().to_string())),
    };
    promise(answer["status"] == "duplicate", || answer.to_string())?;
    let found = ada.get(&format!("/api/studies/{}/participants", stage.study)).await?;
    promise(found["participants"].as_array().map(Vec::len) == Some(1), || found.to_string())?;
    Ok(format!("duplicate of {}; still one participant", said(&answer["duplicate_of"])))
}

async fn enter(stage: &mut Stage, ada: &Api, seen: &Seen) -> Result<Api, CliError> {
    let path = format!("/api/studies/{}/participants/{}/link", stage.study, seen.participant);
    let mut token = String::new();
    step!(stage, "the participant enters by a one-time link", async {
        let link = ada.post(&path, &json!({})).await?;
        let code = json!({ "code": link["code"] });
        let session = stage.api.post("/api/auth/participant", &code).await?;
        token = session["session_token"].as_str().unwrap_or_default().to_owned();
        let again = stage.api.post("/api/auth/participant", &code).await;
        promise(again.is_err(), || "the link worked twice".to_owned())?;
        Ok("the link worked once, and not a second time".to_owned())
    });
    Ok(stage.api.with_token(&token))
}

/// A submission of the task, told apart by `key` and `median`.
pub fn submission(stage: &Stage, cast: &Cast, key: &str, median: f64) -> Value {
    let now = SystemClock.now();
    json!({
        "submission_key": key, "task": TASK, "visit_id": cast.visit, "started_at": now - chrono::Duration::minutes(4),
        "completed_at": now, "results": stage.script.results(median),
    })
}

async fn submit(stage: &Stage, cast: &Cast) -> Result<String, CliError> {
    let body = submission(stage, cast, "first", 251.5);
    let first = cast.pia.post("/api/portal/sessions", &body).await?;
    let again = cast.pia.post("/api/portal/sessions", &body).await?;
    promise(first["id"] == again["id"], || format!("sent twice, it became two sessions: {first} {again}"))?;
    let path = format!("/api/studies/{}/sessions", stage.study);
    let done = |answer: &Value| {
        answer["sessions"].as_array().is_some_and(|all| all.iter().all(|one| one["sync_status"] != "pending"))
    };
    let sessions = cast.ada.wait_for(&path, "synced session", done).await?;
    let session = &sessions["sessions"][0];
    promise(session["sync_status"] == "synced", || session.to_string())?;
    let stored = read_back(stage, cast)?;
    promise(stored == "251.5", || format!("REDCap has {stored:?}"))?;
    Ok(format!("submitted twice, stored once, synced; REDCap has {stored} in record {}", stage.script.record))
}

/// What REDCap has in the field that receives the median.
///
/// # Errors
/// Nothing is there.
pub fn read_back(stage: &Stage, cast: &Cast) -> Result<String, CliError> {
    let field =
        stage.script.result_fields.as_ref().and_then(|fields| fields.get("median_ms")).cloned().unwrap_or_default();
    let value = stage.sim.value(stage.project.project_id, &stage.script.record, &cast.event, &field);
    value.ok_or_else(|| CliError::No(format!("REDCap has nothing in {field} of {}", cast.event)))
}
