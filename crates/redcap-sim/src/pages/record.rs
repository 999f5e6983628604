//! `/projects/{id}/records/{record}`: events by forms, each cell with its status and a way into the form; then what is stored.
//! Invariant: every form that the definition designates is reachable, every stored instance and value is listed.

use std::fmt::Write;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::html::{encode, escape, ok, page, refused, scroll, tabs};
use crate::project::definition::{COMPLETE_LABELS, Event, Form};
use crate::sim::Sim;
use crate::state::Project;
use crate::state::records::{Place, Record, Repeat};

pub(super) async fn show(State(sim): State<Sim>, Path((project_id, id)): Path<(u32, String)>) -> Response {
    let world = sim.world();
    let project = world.projects.get(&project_id);
    let Some((project, record)) = project.and_then(|project| Some((project, project.records.get(&id)?))) else {
        return refused(StatusCode::NOT_FOUND, "There is no such record.");
    };
    let trail =
        [("/".into(), "Projects".into()), (format!("/projects/{project_id}"), project.definition.title.clone())];
    let group = record.group.as_deref().map_or(String::new(), |group| format!("<p>Group: {}</p>", escape(group)));
    let delete = format!(
        "<form action=\"/projects/{project_id}/records/{}/delete\" method=\"post\"><p><button>Delete this record</button></p></form>",
        encode(&id)
    );
    let tabs = tabs(project_id, "/dashboard");
    let body = format!("{tabs}{group}{}{}{delete}", grid(project, &id, record), values(project, record));
    ok(page(&format!("Record {id}"), &trail, &body))
}

fn grid(project: &Project, id: &str, record: &Record) -> String {
    let definition = &project.definition;
    let heads: String =
        definition.forms.iter().map(|form| format!("<th scope=\"col\">{}</th>", escape(&form.label))).collect();
    let mut rows = String::new();
    for (index, event) in definition.events.iter().enumerate() {
        let title = if definition.longitudinal { definition.event_title(event) } else { String::new() };
        let _ = write!(rows, "<tr><th scope=\"row\">{}</th>", escape(&title));
        for form in &definition.forms {
            let cell =
                if event.forms.contains(&form.name) { cell(project, id, record, index, form) } else { String::new() };
            let _ = write!(rows, "<td>{cell}</td>");
        }
        rows.push_str("</tr>");
    }
    let table =
        format!("<table><thead><tr><th scope=\"col\">Event</th>{heads}</tr></thead><tbody>{rows}</tbody></table>");
    scroll("Forms by event", &table)
}

fn cell(project: &Project, id: &str, record: &Record, index: usize, form: &Form) -> String {
    let event = &project.definition.events[index];
    let repeats = project.definition.repeating_form(index, &form.name).is_some();
    if !repeats && !event.repeating {
        let place = Place { event: index, repeat: Repeat::No };
        return link(project, id, event, form, None, status(record, &place, form));
    }
    let own = |place: &&Place| place.event == index && place.repeat.form() == repeats.then_some(form.name.as_str());
    let places: Vec<&Place> = record.rows.keys().filter(own).collect();
    let listed: String = places
        .iter()
        .map(|place| link(project, id, event, form, place.repeat.instance(), status(record, place, form)) + "<br>")
        .collect();
    let next = record.next_instance(index, repeats.then_some(form.name.as_str()));
    let address = address(project.id, id, event, &form.name, Some(next));
    format!("{listed}<a href=\"{}\">+ instance {next}</a>", escape(&address))
}

/// What is stored, row by row: what was imported is seen here without opening a form.
fn values(project: &Project, record: &Record) -> String {
    let mut rows = String::new();
    for (place, row) in &record.rows {
        let title = project.definition.events.get(place.event).map(|event| project.definition.event_title(event));
        let title = title.unwrap_or_default();
        let instance = place.repeat.instance().map_or(String::new(), |instance| format!(" #{instance}"));
        for (name, value) in row.values.iter().filter(|(_, value)| !value.is_empty()) {
            let (title, name, value) = (escape(&title), escape(name), escape(value));
            let _ = write!(rows, "<tr><td>{title}{instance}</td><th scope=\"row\">{name}</th><td>{value}</td></tr>");
        }
    }
    let heads = ["Event", "Field", "Value"].map(|head| format!("<th scope=\"col\">{head}</th>")).concat();
    let table = format!("<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>");
    format!("<h2>Saved values</h2>{}", scroll("Saved values", &table))
}

/// How REDCap names a record's page.
#[derive(serde::Deserialize)]
pub(super) struct RecordHome {
    pid: u32,
    id: String,
}

pub(super) async fn redirect(Query(home): Query<RecordHome>) -> Redirect {
    Redirect::to(&format!("/projects/{}/records/{}", home.pid, encode(&home.id)))
}

/// The same page under `/redcap_v14.9.1/`, as people's links have it.
pub(super) async fn redirect_of_version(Path(version): Path<String>, home: Query<RecordHome>) -> Response {
    match version.starts_with("redcap_v") {
        true => redirect(home).await.into_response(),
        false => refused(StatusCode::NOT_FOUND, "There is no such page."),
    }
}

fn status(record: &Record, place: &Place, form: &Form) -> Option<usize> {
    let row = record.rows.get(place)?;
    row.values.get(&format!("{}_complete", form.name))?.parse().ok()
}

fn link(
    project: &Project,
    id: &str,
    event: &Event,
    form: &Form,
    instance: Option<u32>,
    status: Option<usize>,
) -> String {
    let word = status.and_then(|status| COMPLETE_LABELS.get(status)).copied().unwrap_or("not started");
    let class = status.map_or(String::new(), |status| format!(" class=\"s{status}\""));
    let number = instance.map_or(String::new(), |instance| format!("#{instance} "));
    let address = address(project.id, id, event, &form.name, instance);
    format!("<a{class} href=\"{}\">{number}{word}</a>", escape(&address))
}

pub(super) fn address(project_id: u32, record: &str, event: &Event, form: &str, instance: Option<u32>) -> String {
    let instance = instance.map_or(String::new(), |instance| format!("&instance={instance}"));
    let (record, event, form) = (encode(record), encode(&event.unique_name), encode(form));
    format!("/projects/{project_id}/records/{record}/form?event={event}&instrument={form}{instance}")
}

pub(super) async fn delete(State(sim): State<Sim>, Path((project_id, id)): Path<(u32, String)>) -> Response {
    match sim.delete_record(project_id, &id) {
        Ok(()) => Redirect::to(&format!("/projects/{project_id}")).into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}
