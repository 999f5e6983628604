//! The four high-risk operations against the simulator: previewed, ordered, refused, broken off.

mod delete_form;
mod failures;
mod import_participants;
mod init_project;
mod push_dictionary;

use metricis_core::operation::{FieldRow, Order, dictionary_to_csv};
use metricis_core::words::JobState;
use metricis_redcap::{ApiUrl, Client, http_client};
use metricis_redcap_sim::Scope;
use metricis_store::{JobKind, StoredJob};
use serde_json::{Value, json};

use crate::world::World;

/// What the tests ask the simulator by themselves.
pub fn client(world: &World, base: &str) -> Client {
    let url = ApiUrl::parse(base).expect("an address");
    let http = http_client("metricis/test").expect("a client");
    Client::new(http, url, world.project.token.clone().into(), std::time::Duration::from_secs(20))
}

pub async fn address(world: &World) -> String {
    let study = world.read().await.study(world.study).await.expect("an answer").expect("the study");
    study.config.redcap.api_url.expect("an address")
}

/// The dictionary that REDCap has.
pub async fn dictionary(world: &World) -> Vec<FieldRow> {
    let fields = client(world, &address(world).await).metadata().await.expect("a dictionary");
    let row = |field| {
        let columns = serde_json::to_value(field).expect("JSON");
        FieldRow::read(|column| columns[column].as_str().expect("text").to_owned())
    };
    fields.into_iter().map(row).collect()
}

/// A field with some of its columns changed.
pub fn with(row: &FieldRow, changes: &[(&str, &str)]) -> FieldRow {
    let changed = |column: &str| changes.iter().find(|(name, _)| *name == column).map(|(_, text)| (*text).to_owned());
    FieldRow::read(|column| changed(column).unwrap_or_else(|| row.get(column).to_owned()))
}

pub fn text_field(name: &str, form: &str) -> FieldRow {
    with(
        &FieldRow::default(),
        &[("field_name", name), ("form_name", form), ("field_type", "text"), ("field_label", name)],
    )
}

pub fn push(rows: &[FieldRow], order: Order) -> JobKind {
    JobKind::PushDictionary { dictionary: dictionary_to_csv(rows), order }
}

/// What a preview shows.
pub async fn preview(world: &World, kind: JobKind) -> Value {
    let job = world.job(kind).await;
    assert_eq!((job.state, job.error), (JobState::Done, None));
    let shown = job.result.expect("a result");
    assert_eq!(shown["dry_run"], json!(true));
    shown
}

/// The order to do what a preview shows.
pub fn order(shown: &Value) -> Order {
    Order::Apply(shown["digest"].as_str().expect("a digest").to_owned())
}

pub async fn done(world: &World, kind: JobKind) -> Value {
    let job = world.job(kind).await;
    assert_eq!((job.state, job.error), (JobState::Done, None));
    let answer = job.result.expect("a result");
    assert_eq!((&answer["success"], &answer["dry_run"]), (&json!(true), &json!(false)));
    answer
}

/// Why a job failed.
pub fn error_of(job: StoredJob) -> String {
    assert_eq!(job.state, JobState::Failed);
    job.error.expect("a reason")
}

/// Orders the simulator to misbehave.
pub fn misbehave(world: &World, order: Option<&str>) {
    let order = order.map(|text| text.parse().expect("an order"));
    world.sim.set_order(Scope::Project(world.project.project_id), order).expect("the project");
}
