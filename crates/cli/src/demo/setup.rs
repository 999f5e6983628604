//! The study as an operator and its owner set it up: account and study at the command line, the rest through the API.

use std::collections::BTreeMap;

use metricis_core::Clock;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::{StudyId, UserId};
use metricis_core::words::GlobalRole;
use metricis_store::{Entries, NewUser, Store};
use serde_json::{Value, json};

use super::api::Api;
use super::script::TASK;
use super::stage::Stage;
use crate::clock::SystemClock;
use crate::commands::study::insert_study;
use crate::config::generate_secret;
use crate::output::CliError;

/// Creates the study and its owner; returns how the owner signs in.
///
/// # Errors
/// Whatever the database says.
pub async fn create_study(
    store: &Store,
    code: &str,
    title: &str,
    actor: Actor,
) -> Result<(StudyId, (String, String)), CliError> {
    let email = format!("ada.{}@demo.example", code.to_lowercase());
    let password = generate_secret();
    let password_hash = metricis_server::password::hash(password.clone().into())
        .await
        .map_err(|error| CliError::No(format!("the password cannot be hashed: {error}")))?;
    let tx = store.write(SystemClock.now()).await?;
    let (user, role) = (UserId::at(tx.now()), GlobalRole::Researcher);
    tx.insert_user(&NewUser { id: user, email: email.clone(), role, password_hash }).await?;
    let (study, entries) = insert_study(&tx, code, &format!("Demo on {title}"), user, &actor).await?;
    tx.commit(Entries::of(Entry::system(actor, Action::CreateUser { user, role }), entries)).await?;
    Ok((study, (email, password)))
}

/// Signs the owner in.
///
/// # Errors
/// What the server said instead.
pub async fn sign_in(stage: &Stage) -> Result<Api, CliError> {
    let (email, password) = &stage.owner;
    let answer = stage.api.post("/api/auth/login", &json!({ "email": email, "password": password })).await?;
    let token = answer["access_token"].as_str().ok_or_else(|| CliError::No("no access token came".to_owned()))?;
    Ok(stage.api.with_token(token))
}

/// Connects the study to the simulator's project and tells that project where its DETs go.
///
/// # Errors
/// What the server said instead.
pub async fn configure(stage: &mut Stage, ada: &Api) -> Result<String, CliError> {
    let base = format!("/api/studies/{}", stage.study);
    let project = &stage.project;
    let connection = json!({
        "api_url": format!("{}/api/", stage.redcap), "project_id": project.project_id.to_string(), "api_token": project.token,
    });
    ada.put(&format!("{base}/redcap/connection"), &connection).await?;
    let secret = generate_secret();
    ada.put(&format!("{base}/redcap/webhook-secret"), &json!({ "secret": secret })).await?;
    let dictionary = dictionary(stage).await?;
    let instrument = instrument(stage, &dictionary)?;
    let (result_instrument, fields) = result_mapping(stage, &dictionary, &instrument)?;
    stage.script.instrument = Some(instrument.clone());
    stage.script.result_fields = Some(fields.clone());
    let mut settings = json!({
        "record_id_field": "external_id", "anchor_date_field": stage.script.anchor_field,
        "enrollment_instrument": instrument,
        "redcap_field_mapping": { TASK: { "instrument": result_instrument, "fields": fields } },
    });
    if let (Some(mapping), Some(settings)) = (&stage.script.participant_mapping, settings.as_object_mut()) {
        settings.insert("participant_field_mapping".to_owned(), mapping.clone());
    }
    ada.put(&format!("{base}/redcap/settings"), &settings).await?;
    let study = json!({
        "constraints": { "consent_mode": "implied", "require_consent_for_scheduling": true, "require_consent_for_messaging": true },
        "time_zone": "Europe/Zurich",
    });
    ada.put(&format!("{base}/settings"), &study).await?;
    let det = format!("{}/api/webhooks/redcap/det?token={secret}", stage.address);
    stage.sim.set_det_url(project.project_id, Some(det)).map_err(|error| CliError::No(error.to_string()))?;
    Ok(format!(
        "token and webhook secret are stored sealed; `{instrument}` enrols, results go to `{result_instrument}`"
    ))
}

/// Gives each data access group of the sponsor study its site.
///
/// # Errors
/// What the server said instead.
pub async fn create_sites(stage: &Stage, ada: &Api) -> Result<String, CliError> {
    for (code, name, dag) in [("NORTH", "Site North", "site_north"), ("SOUTH", "Site South", "site_south")] {
        let site = json!({ "code": code, "name": name, "redcap_dag": dag });
        ada.post(&format!("/api/studies/{}/sites", stage.study), &site).await?;
    }
    Ok("site_north → NORTH, site_south → SOUTH".to_owned())
}

/// The project's dictionary, read as any API client would.
async fn dictionary(stage: &Stage) -> Result<Vec<Value>, CliError> {
    let form = [("token", stage.project.token.as_str()), ("content", "metadata"), ("format", "json")];
    let sent = stage.http.post(format!("{}/api/", stage.redcap)).form(&form).send().await;
    let answer = sent.map_err(|error| CliError::Unavailable(error.without_url().to_string()))?;
    answer.json().await.map_err(|error| CliError::No(error.without_url().to_string()))
}

fn text<'a>(field: &'a Value, key: &str) -> &'a str {
    field[key].as_str().unwrap_or_default()
}

/// The form that holds the anchor field, unless another was named.
fn instrument(stage: &Stage, dictionary: &[Value]) -> Result<String, CliError> {
    let anchor = &stage.script.anchor_field;
    let holder = dictionary.iter().find(|field| text(field, "field_name") == anchor);
    let holder = holder.map(|field| text(field, "form_name").to_owned());
    let missing =
        || CliError::Usage(format!("the project has no field {anchor:?}; name its enrolment date with --anchor-field"));
    stage.script.instrument.clone().or(holder).ok_or_else(missing)
}

/// Where the task's results go: as the script says, else one numeric field, preferably of a form that does not enrol.
fn result_mapping(
    stage: &Stage,
    dictionary: &[Value],
    enrolment: &str,
) -> Result<(String, BTreeMap<String, String>), CliError> {
    if let Some(fields) = stage.script.result_fields.clone() {
        return Ok((TASK.to_owned(), fields));
    }
    let numeric = |field: &&Value| text(field, "text_validation_type_or_show_slider_number").starts_with("number");
    let named = |field: &&Value| stage.script.result_field.as_deref() == Some(text(field, "field_name"));
    let elsewhere = |field: &&Value| numeric(field) && text(field, "form_name") != enrolment;
    let found = match stage.script.result_field {
        Some(_) => dictionary.iter().find(named),
        None => dictionary.iter().find(elsewhere).or_else(|| dictionary.iter().find(numeric)),
    };
    let missing = || CliError::Usage("the project has no such numeric field; name one with --result-field".to_owned());
    let field = found.ok_or_else(missing)?;
    let fields = BTreeMap::from([("median_ms".to_owned(), text(field, "field_name").to_owned())]);
    Ok((text(field, "form_name").to_owned(), fields))
}
