//! `/projects/{id}`: what is in it, a new record, "break REDCap".
//! Invariant: what is shown of a project's misbehavior is what is in force at this moment, the whole server's included.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html::{encode, escape, ok, options, page, refused, tabs};
use crate::fault::catalog::CATALOG;
use crate::fault::{Fault, Order};
use crate::sim::{Scope, Sim};
use crate::state::{Project, World};

pub(super) const NO_PROJECT: &str = "There is no such project.";

pub(super) async fn show(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Response {
    let world = sim.world();
    let Some(project) = world.projects.get(&project_id) else {
        return refused(StatusCode::NOT_FOUND, NO_PROJECT);
    };
    let body = [
        tabs(project_id, ""),
        fault_notice(&world, project),
        facts(project),
        add_form(project),
        break_form(project),
        remove_form(project),
    ];
    ok(page(&project.definition.title, &[("/".into(), "Projects".into())], &body.concat()))
}

/// What is broken, in a sentence; nothing while all is well.
pub(super) fn fault_notice(world: &World, project: &Project) -> String {
    let titles = |orders: Vec<&Order>| {
        let title = |order: &&Order| match order.to_string() {
            text if text == order.fault.to_string() => escape(&order.fault.title()),
            text => format!("{} ({})", escape(&order.fault.title()), escape(&text)),
        };
        orders.iter().map(title).collect::<Vec<_>>().join("; ")
    };
    let (server, own) = (titles(world.orders.iter().collect()), titles(project.orders.iter().collect()));
    let sentences = [("The whole server is broken", server), ("The API is broken", own)];
    let notice = |(whose, what): (&str, String)| match what.is_empty() {
        true => String::new(),
        false => format!("<p class=\"notice bad\" role=\"status\">{whose}: {what}.</p>"),
    };
    sentences.into_iter().map(notice).collect()
}

fn facts(project: &Project) -> String {
    let (id, definition) = (project.id, &project.definition);
    let records = match project.records.len() {
        0 => "no records yet".to_owned(),
        1 => "1 record".to_owned(),
        many => format!("{many} records"),
    };
    format!(
        "<p>Project id {id} · <a href=\"/projects/{id}/dashboard\">{records}</a> · {} forms · {} fields{} · {} API calls</p>",
        definition.forms.len(),
        definition.fields.len(),
        if definition.longitudinal { format!(" · {} events", definition.events.len()) } else { String::new() },
        project.api_calls,
    )
}

pub(super) fn add_form(project: &Project) -> String {
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
         <button>Refuse</button></form><form class=\"actions\" {action}><label>Or write an order <input type=\"text\" name=\"fault\" \
         placeholder=\"gateway:504 on record/export over 100 after 1 times 2\" autocomplete=\"off\"></label><button>Break</button></form>"
    )
}

fn remove_form(project: &Project) -> String {
    format!(
        "<h2>Remove</h2><form action=\"/projects/{}/remove\" method=\"post\"><label class=\"check\"><input type=\"checkbox\" \
         name=\"yes\" value=\"1\" required> The project goes with its records, log and tokens</label>\
         <button>Remove this project</button></form>",
        project.id
    )
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
        return refused(StatusCode::NOT_FOUND, NO_PROJECT);
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
    let order = match choice.fault.trim() {
        "" => Ok(None),
        text => text.parse().map(Some),
    };
    match order.map(|order| sim.set_order(Scope::Project(project_id), order)) {
        Ok(Ok(())) => Redirect::to(&format!("/projects/{project_id}")).into_response(),
        Ok(Err(error)) => refused(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

#[derive(Deserialize)]
pub(super) struct Removal {
    #[serde(default)]
    yes: String,
}

pub(super) async fn remove(State(sim): State<Sim>, Path(project_id): Path<u32>, Form(sent): Form<Removal>) -> Response {
    if sent.yes.is_empty() {
        return refused(StatusCode::BAD_REQUEST, "Nothing was removed: tick the box that says what goes.");
    }
    match sim.remove_project(project_id) {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}
