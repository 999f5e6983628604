//! After the story: a second participant who has a task to do today, and the link by which a person becomes them.

use metricis_redcap_sim::SaveForm;
use serde_json::{Value, json};

use super::api::said;
use super::stage::Stage;
use super::story::Cast;
use crate::output::CliError;

/// Somebody whom the person at the screen can be.
pub struct Guest {
    /// The participant code.
    pub code: String,
    /// Their one-time link.
    pub link: String,
}

/// Enrols them today and makes their link.
///
/// # Errors
/// REDCap or the server did not do their part.
pub async fn invite(stage: &Stage, cast: &Cast) -> Result<Guest, CliError> {
    let base = format!("/api/studies/{}", stage.study);
    let today = cast.ada.get(&format!("{base}/dashboard")).await?["today"].as_str().unwrap_or_default().to_owned();
    let mut values = stage.script.values.clone();
    values.insert(stage.script.anchor_field.clone(), today);
    if let Some(code) = values.get_mut("participant_code") {
        *code = "NORTH-002".to_owned();
    }
    let record = "332-2".to_owned();
    let save = SaveForm {
        record: record.clone(),
        event: None,
        instrument: stage.script.instrument.clone().unwrap_or_default(),
        repeat_instance: None,
        values,
        complete: 2,
        user: "jsmith".to_owned(),
        dag: stage.script.dag.clone(),
    };
    let saved = stage.sim.save_form(stage.project.project_id, save).await;
    saved.map_err(|error| CliError::No(error.to_string()))?;
    let named = |answer: &Value| {
        answer["participants"].as_array()?.iter().find(|one| one["external_id"] == record.as_str()).cloned()
    };
    let path = format!("{base}/participants");
    let listed = cast.ada.wait_for(&path, "second participant", |answer| named(answer).is_some()).await?;
    let found = named(&listed).unwrap_or_default();
    let link = cast.ada.post(&format!("{path}/{}/link", said(&found["id"])), &json!({})).await?;
    Ok(Guest { code: said(&found["participant_code"]), link: said(&link["url"]) })
}
