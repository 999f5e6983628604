//! The story, in the order in which a study lives it.

use serde_json::json;

use super::api::{Api, said};
use super::narrator::promise;
use super::stage::{DEFAULTS, Stage};
use super::{board, enrol, failure, setup};
use crate::output::CliError;

/// What the story has brought about so far.
pub struct Cast {
    /// The study's owner.
    pub ada: Api,
    /// The participant.
    pub pia: Api,
    /// The participant's id.
    pub participant: String,
    /// The visit that results belong to.
    pub visit: String,
    /// Its REDCap event.
    pub event: String,
}

/// Tells everything.
///
/// # Errors
/// The first step that is not as promised.
pub async fn tell(stage: &mut Stage) -> Result<Cast, CliError> {
    stage.narrator.aside(&format!("Metricis, the main job on {}.", stage.script.title));
    let cooldown = DEFAULTS.iter().find(|(name, _)| name.ends_with("COOLDOWN_SECONDS")).map_or("2", |(_, value)| value);
    stage.narrator.aside(&format!(
        "The breaker's cooldown is set to {cooldown} s for this demo (default 60), and request limits are raised."
    ));
    stage.narrator.chapter("A study is set up");
    let ada = open_study(stage).await?;
    stage.narrator.chapter("A participant enrols");
    let cast = enrol::tell(stage, ada).await?;
    stage.narrator.chapter("REDCap breaks and returns");
    failure::tell(stage, &cast).await?;
    stage.narrator.chapter("The schedule moves, and the account is proven");
    anchor_moves(stage, &cast).await?;
    chain_verifies(stage, &cast).await?;
    board::tell(stage, &cast).await?;
    Ok(cast)
}

/// Runs a step of the narrator whose work borrows the stage.
macro_rules! step {
    ($stage:expr, $promise:expr, $work:expr) => {{
        let mut narrator = $stage.narrator.clone();
        let outcome = narrator.step($promise, $work).await;
        $stage.narrator = narrator;
        outcome?
    }};
}
pub(super) use step;

async fn open_study(stage: &mut Stage) -> Result<Api, CliError> {
    step!(stage, "a REDCap simulator comes up with the project", async {
        let health = stage.api.get("/api/health").await?;
        Ok(format!(
            "{}/  project {} · Metricis {} at {}",
            stage.redcap,
            stage.project.project_id,
            said(&health["version"]),
            stage.address
        ))
    });
    let ada = setup::sign_in(stage).await?;
    step!(stage, "the owner connects the study to REDCap", setup::configure(stage, &ada));
    let sites = "each data access group becomes a site";
    if stage.script.dag.is_some() {
        step!(stage, sites, setup::create_sites(stage, &ada));
    } else {
        stage.narrator.not_applicable(sites, "this project has no data access groups");
    }
    let path = format!("/api/studies/{}/redcap/sync-events", stage.study);
    step!(stage, "events sync: the first run creates visit windows", async {
        let synced = ada.post(&path, &json!({})).await?;
        promise(synced["success"] == true && synced["created"].as_i64() > Some(0), || synced.to_string())?;
        Ok(format!("success={} created={} updated={}", synced["success"], synced["created"], synced["updated"]))
    });
    step!(stage, "events sync again: nothing new", async {
        let synced = ada.post(&path, &json!({})).await?;
        promise(synced["created"] == 0 && synced["updated"].as_i64() > Some(0), || synced.to_string())?;
        Ok(format!("success={} created={} updated={}", synced["success"], synced["created"], synced["updated"]))
    });
    Ok(ada)
}

async fn anchor_moves(stage: &mut Stage, cast: &Cast) -> Result<(), CliError> {
    let base = format!("/api/studies/{}/participants/{}", stage.study, cast.participant);
    step!(stage, "the anchor date moves: the plan first, then the same plan applied", async {
        let before = cast.ada.get(&base).await?;
        let anchor = before["participant"]["enrollment_date"].as_str().unwrap_or_default().to_owned();
        let date: chrono::NaiveDate =
            anchor.parse().map_err(|_| CliError::No(format!("{anchor:?} is no anchor date")))?;
        let to = date + chrono::Duration::days(3);
        let mut order = json!({ "date": to, "reason": "consent was signed three days later", "dry_run": true });
        let plan = cast.ada.post(&format!("{base}/anchor"), &order).await?;
        order["dry_run"] = json!(false);
        let applied = cast.ada.post(&format!("{base}/anchor"), &order).await?;
        promise(plan["plan"]["counts"] == applied["plan"]["counts"], || format!("planned {plan}, applied {applied}"))?;
        let after = cast.ada.get(&base).await?;
        let current =
            after["versions"].as_array().and_then(|all| all.iter().find(|version| version["is_current"] == true));
        promise(current.is_some_and(|version| version["version_number"] == 2), || after["versions"].to_string())?;
        Ok(format!("{anchor} → {to}; version 2; {}", applied["plan"]["counts"]))
    });
    Ok(())
}

async fn chain_verifies(stage: &mut Stage, cast: &Cast) -> Result<(), CliError> {
    step!(stage, "the audit chain verifies", async {
        let verified = cast.ada.get(&format!("/api/studies/{}/audit/verify", stage.study)).await?;
        promise(verified["valid"] == true, || verified.to_string())?;
        Ok(format!("chain valid through row {}", verified["valid_through"]))
    });
    Ok(())
}
