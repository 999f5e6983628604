//! `/projects/{id}`: its records, a new record, "break REDCap", the DET and what it came to.
//! Invariant: the DET URL is never put back into the page; a new one is typed whole.

use std::fmt::Write;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html::{encode, escape, ok, options, page, refused};
use crate::ambient::Clock;
use crate::det::masked_text;
use crate::fault::Fault;
use crate::fault::catalog::CATALOG;
use crate::sim::{Scope, Sim};
use crate::state::Project;

/// As many records and deliveries as one page lists.
const LISTED: usize = 500;

pub(super) async fn show(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Response {
    let world = sim.world();
    let Some(project) = world.projects.get(&project_id) else {
        return refused(StatusCode::NOT_FOUND, "There is no such project.");
    };
    let body = [
        fault_notice(project),
        records(project, world.clock),
        add_form(project),
        break_form(project),
        det(project, &world.base_url, world.clock),
        log(project, world.clock),
    ];
    ok(page(&project.definition.title, &[("/".into(), "Projects".into())], &body.concat()))
}

fn fault_notice(project: &Project) -> String {
    project.orders.iter().next().map_or(String::new(), |order| {
        format!("<p class=\"notice bad\" role=\"status\">The API is broken: {}.</p>", escape(&order.fault.title()))
    })
}

fn records(project: &Project, clock: Clock) -> String {
    let mut rows = String::new();
    for (id, record) in project.records.iter().take(LISTED) {
        let saved = record.rows.values().flat_map(|row| row.values.iter());
        let complete = saved.filter(|(name, value)| name.ends_with("_complete") && *value == "2").count();
        let _ = write!(
            rows,
            "<tr><td><a href=\"/projects/{}/records/{}\">{}</a></td><td>{}</td><td>{complete}</td><td>{}</td></tr>",
            project.id,
            encode(id),
            escape(id),
            escape(record.group.as_deref().unwrap_or("")),
            clock.text(record.modified),
        );
    }
    let count = project.records.len();
    let table = if rows.is_empty() {
        "<p>No records yet.</p>".to_owned()
    } else {
        format!(
            "<div class=\"scroll\"><table><thead><tr><th>Record</th><th>Group</th><th>Complete forms</th><th>Changed (UTC)</th>\
             </tr></thead><tbody>{rows}</tbody></table></div>"
        )
    };
    let rest = if count > LISTED { format!("<p>The first {LISTED} are listed.</p>") } else { String::new() };
    format!("<h2>Records ({count})</h2>{table}{rest}")
}

fn add_form(project: &Project) -> String {
    let definition = &project.definition;
    let arms: Vec<(String, String)> =
        definition.arms.iter().map(|arm| (arm.num.to_string(), format!("{}: {}", arm.num, arm.name))).collect();
    let arm = if definition.longitudinal {
        let arms = options(arms.iter().map(|(num, name)| (num.as_str(), name.as_str())), "1");
        format!("<label>Arm <select name=\"arm\">{arms}</select></label>")
    } else {
        String::new()
    };
    let group = if definition.groups.is_empty() {
        String::new()
    } else {
        let none = [("", "none")].into_iter();
        let groups = none.chain(definition.groups.iter().map(|g| (g.unique_name.as_str(), g.name.as_str())));
        format!("<label>Data access group <select name=\"dag\">{}</select></label>", options(groups, ""))
    };
    format!(
        "<h2>Add a record</h2><form class=\"actions\" action=\"/projects/{}/add\"><label>Name \
         <input type=\"text\" name=\"record\" placeholder=\"next: {}\"></label>{arm}{group}<button class=\"main\">Add</button></form>",
        project.id,
        escape(&project.records.next_name(None)),
    )
}

fn break_form(project: &Project) -> String {
    let action = format!("action=\"/projects/{}/fault\" method=\"post\"", project.id);
    // Every kind as the catalog writes it, except the one that needs a field.
    let faults = CATALOG.iter().map(|kind| kind.example).filter(|text| !text.starts_with("validation"));
    let faults = faults.filter_map(|text| Some((text, text.parse::<Fault>().ok()?)));
    let buttons: String = faults
        .map(|(text, fault)| format!("<button name=\"fault\" value=\"{text}\">{}</button>", escape(&fault.title())))
        .collect();
    let fields = project.definition.fields.iter().skip(1).filter(|field| field.holds_data());
    let fields: Vec<(String, &str)> =
        fields.map(|field| (format!("validation:{}", field.name), field.name.as_str())).collect();
    let fields = options(fields.iter().map(|(value, name)| (value.as_str(), *name)), "");
    format!(
        "<h2>Break REDCap</h2><form class=\"actions\" {action}><button class=\"main\" name=\"fault\" value=\"\">Repair</button>\
         {buttons}</form><form class=\"actions\" {action}><label>Refuse values of <select name=\"fault\">{fields}</select></label>\
         <button>Refuse</button></form>"
    )
}

fn det(project: &Project, base_url: &str, clock: Clock) -> String {
    let shown = project.det_url.as_deref().map(|url| masked_text(url, base_url));
    let mut rows = String::new();
    for delivery in project.deliveries.iter().rev().take(LISTED) {
        let outcome = match (delivery.status, &delivery.error) {
            (Some(status), _) => format!("<span class=\"{}\">{status}</span>", if status < 300 { "s2" } else { "s0" }),
            (None, error) => format!("<span class=\"s0\">{}</span>", escape(error.as_deref().unwrap_or("no answer"))),
        };
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{} {}</td><td>{outcome}</td></tr>",
            clock.text(delivery.at),
            escape(&delivery.record),
            escape(delivery.event.as_deref().unwrap_or("")),
            escape(&delivery.instrument),
        );
    }
    let table = if rows.is_empty() {
        "<p>Nothing has been delivered yet.</p>".to_owned()
    } else {
        format!(
            "<div class=\"scroll\"><table><thead><tr><th>Time (UTC)</th><th>Record</th><th>Form</th><th>Answer</th></tr></thead>\
             <tbody>{rows}</tbody></table></div>"
        )
    };
    format!(
        "<h2>Data Entry Trigger</h2><p>Goes to: <strong>{}</strong></p><form class=\"actions\" action=\"/projects/{}/det-url\" \
         method=\"post\"><label>New URL (blank: none) <input type=\"text\" name=\"url\" inputmode=\"url\" autocomplete=\"off\"></label>\
         <button>Set</button></form>{table}",
        escape(shown.as_deref().unwrap_or("nowhere")),
        project.id,
    )
}

fn log(project: &Project, clock: Clock) -> String {
    let mut rows = String::new();
    for entry in project.log.iter().rev().take(20) {
        let (at, user, action) = (clock.text(entry.at), escape(&entry.username), escape(&entry.action));
        let _ = write!(rows, "<tr><td>{at}</td><td>{user}</td><td>{action}</td></tr>");
    }
    format!("<h2>Log</h2><div class=\"scroll\"><table><tbody>{rows}</tbody></table></div>")
}

#[derive(Deserialize)]
pub(super) struct NewRecord {
    #[serde(default)]
    record: String,
    arm: Option<u32>,
    dag: Option<String>,
}

/// Leads to the first form of the arm's first event; the record exists once that is saved, as in REDCap.
pub(super) async fn add_record(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Query(new): Query<NewRecord>,
) -> Response {
    let world = sim.world();
    let Some(project) = world.projects.get(&project_id) else {
        return refused(StatusCode::NOT_FOUND, "There is no such project.");
    };
    let name = match new.record.trim() {
        "" => project.records.next_name(None),
        name => name.to_owned(),
    };
    let arm = new.arm.unwrap_or(1);
    let event = project.definition.events.iter().find(|event| event.arm == arm && !event.forms.is_empty());
    let Some(event) = event else {
        return refused(StatusCode::NOT_FOUND, "This arm has no event with a form.");
    };
    let dag = new.dag.filter(|dag| !dag.is_empty()).map_or(String::new(), |dag| format!("&dag={}", encode(&dag)));
    let (record, event, form) = (encode(&name), encode(&event.unique_name), encode(&event.forms[0]));
    Redirect::to(&format!("/projects/{project_id}/records/{record}/form?event={event}&instrument={form}{dag}"))
        .into_response()
}

#[derive(Deserialize)]
pub(super) struct FaultChoice {
    fault: String,
}

pub(super) async fn set_fault(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Form(choice): Form<FaultChoice>,
) -> Response {
    let fault = match choice.fault.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some),
    };
    match fault.map(|fault| sim.set_order(Scope::Project(project_id), fault)) {
        Ok(Ok(())) => Redirect::to(&format!("/projects/{project_id}")).into_response(),
        Ok(Err(error)) => refused(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

#[derive(Deserialize)]
pub(super) struct DetUrl {
    url: String,
}

pub(super) async fn set_det_url(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Form(new): Form<DetUrl>,
) -> Response {
    match sim.set_det_url(project_id, Some(new.url)) {
        Ok(()) => Redirect::to(&format!("/projects/{project_id}")).into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}
