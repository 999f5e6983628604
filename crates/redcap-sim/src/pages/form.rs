//! `/projects/{id}/records/{record}/form`: one form of one record, which a person fills in and saves.
//! Invariant: a save goes through [`Sim::save_form`] and shows what became of its DET.

use axum::Form as Urlencoded;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::answers::{Sent, answers, sent_value};
use super::controls::{Values, controls};
use super::html::{escape, ok, options, page, refused};
use super::record::address;
use crate::SimError;
use crate::det::DetDelivery;
use crate::project::definition::{Event, Form};
use crate::save::SaveForm;
use crate::sim::Sim;
use crate::state::check::Refusal;
use crate::state::records::{Place, Repeat};
use crate::state::{Project, SurveyTarget};

/// The name under which the pages save when nobody gives one.
const PERSON: &str = "coordinator";

#[derive(Deserialize)]
pub(super) struct Which {
    /// Unique event name; a classic project needs none.
    event: Option<String>,
    instrument: String,
    instance: Option<u32>,
    /// Group for a record that does not exist yet.
    dag: Option<String>,
    /// The delivery to report after a save; 0 when the project has no DET URL.
    saved: Option<u64>,
}

/// A form that exists, at an event that has it.
struct Opened<'a> {
    project: &'a Project,
    event: &'a Event,
    form: &'a Form,
    place: Place,
}

fn open<'a>(project: &'a Project, which: &Which) -> Option<Opened<'a>> {
    let definition = &project.definition;
    let form = definition.form(&which.instrument)?;
    let index = match which.event.as_deref() {
        Some(name) => definition.event_index(name)?,
        None => 0,
    };
    let event = definition.events.get(index).filter(|event| event.forms.contains(&form.name))?;
    let instance = which.instance.unwrap_or(1);
    let repeat = if event.repeating {
        Repeat::Event { instance }
    } else if definition.repeating_form(index, &form.name).is_some() {
        Repeat::Form { form: form.name.clone(), instance }
    } else {
        Repeat::No
    };
    Some(Opened { project, event, form, place: Place { event: index, repeat } })
}

const NO_FORM: &str = "There is no such form at this event.";

pub(super) async fn show(
    State(sim): State<Sim>,
    Path((project_id, id)): Path<(u32, String)>,
    Query(which): Query<Which>,
) -> Response {
    let world = sim.world();
    let Some(opened) = world.projects.get(&project_id).and_then(|project| open(project, &which)) else {
        return refused(StatusCode::NOT_FOUND, NO_FORM);
    };
    let row = opened.project.records.get(&id).and_then(|record| record.rows.get(&opened.place));
    let values = row.map_or_else(Values::new, |row| row.values.clone());
    let notice = which.saved.map_or(String::new(), |number| outcome(opened.project, number));
    let record = opened.project.records.get(&id);
    let dag = record.and_then(|record| record.group.as_deref()).or(which.dag.as_deref());
    ok(render(&opened, &id, &Shown { values: &values, user: PERSON, dag }, &notice))
}

/// What the controls hold.
struct Shown<'a> {
    values: &'a Values,
    user: &'a str,
    dag: Option<&'a str>,
}

fn render(opened: &Opened<'_>, id: &str, shown: &Shown<'_>, notice: &str) -> String {
    let (project, form) = (opened.project, opened.form);
    let Shown { values, user, dag } = *shown;
    let is_new = !values.contains_key(&format!("{}_complete", form.name));
    let fields = project.definition.fields.iter().skip(1).filter(|field| field.form == form.name);
    let complete = values.get(&format!("{}_complete", form.name)).map_or("0", String::as_str);
    let states = options([("0", "Incomplete"), ("1", "Unverified"), ("2", "Complete")], complete);
    let event =
        if project.definition.longitudinal { project.definition.event_title(opened.event) } else { String::new() };
    let instance = opened.place.repeat.instance().map_or(String::new(), |n| format!(" · instance {n}"));
    let body = format!(
        "<p>Record <strong>{}</strong>{} {}{instance}</p>{notice}{}<form method=\"post\">{}<div class=\"field\">\
         <label>Complete? <select name=\"__complete\">{states}</select></label></div><div class=\"field\">\
         <label>Saved by <input type=\"text\" name=\"__user\" value=\"{}\"></label></div>{}\
         <p><button class=\"main\">Save</button></p></form>",
        escape(id),
        if project.records.contains(id) { "" } else { " (new)" },
        escape(&event),
        survey_form(opened, id),
        controls(fields, values, is_new),
        escape(user),
        groups(project, dag),
    );
    let mut trail =
        vec![("/".into(), "Projects".into()), (format!("/projects/{}", project.id), project.definition.title.clone())];
    if project.records.contains(id) {
        trail.push((format!("/projects/{}/records/{}", project.id, super::html::encode(id)), format!("Record {id}")));
    }
    page(&form.label, &trail, &body)
}

/// The way to the same form as a participant fills it in; a survey belongs to a record that exists.
fn survey_form(opened: &Opened<'_>, id: &str) -> String {
    if opened.form.survey.is_none() || !opened.project.records.contains(id) {
        return String::new();
    }
    let instance = opened.place.repeat.instance();
    let to =
        address(opened.project.id, id, opened.event, &opened.form.name, instance).replacen("/form?", "/survey?", 1);
    format!(
        "<form method=\"post\" action=\"{}\"><p><button>Open as a survey</button> as the participant sees it</p></form>",
        escape(&to)
    )
}

pub(super) async fn open_survey(
    State(sim): State<Sim>,
    Path((project_id, id)): Path<(u32, String)>,
    Query(which): Query<Which>,
) -> Response {
    let mut world = sim.world();
    let opened = world.projects.get(&project_id).and_then(|project| open(project, &which));
    let opened = opened.filter(|opened| opened.form.survey.is_some() && opened.project.records.contains(&id));
    let Some(opened) = opened else { return refused(StatusCode::NOT_FOUND, "There is no such survey.") };
    let target = SurveyTarget {
        project_id,
        record: id,
        event: opened.event.unique_name.clone(),
        instrument: opened.form.name.clone(),
        instance: opened.place.repeat.instance(),
    };
    let code = world.site.survey_code(target);
    Redirect::to(&format!("/surveys/?s={code}")).into_response()
}

fn groups(project: &Project, chosen: Option<&str>) -> String {
    if project.definition.groups.is_empty() {
        return String::new();
    }
    let groups = project.definition.groups.iter().map(|group| (group.unique_name.as_str(), group.name.as_str()));
    let groups = options([("", "as it is")].into_iter().chain(groups), chosen.unwrap_or(""));
    format!("<div class=\"field\"><label>Data access group <select name=\"__dag\">{groups}</select></label></div>")
}

fn outcome(project: &Project, number: u64) -> String {
    let delivery = project.deliveries.iter().find(|delivery| delivery.id == number);
    match delivery {
        None => "<p class=\"notice good\" role=\"status\">Saved. This project has no DET URL.</p>".into(),
        Some(DetDelivery { status: Some(status), .. }) if *status < 300 => {
            format!("<p class=\"notice good\" role=\"status\">Saved. The DET was answered with {status}.</p>")
        }
        Some(DetDelivery { status: Some(status), .. }) => format!(
            "<p class=\"notice bad\" role=\"alert\">Saved, but the DET was answered with {status}. It is not sent again.</p>"
        ),
        Some(DetDelivery { error, .. }) => format!(
            "<p class=\"notice bad\" role=\"alert\">Saved, but the DET failed: {}. It is not sent again.</p>",
            escape(error.as_deref().unwrap_or("no answer"))
        ),
    }
}

pub(super) async fn save(
    State(sim): State<Sim>,
    Path((project_id, id)): Path<(u32, String)>,
    Query(which): Query<Which>,
    Urlencoded(sent): Urlencoded<Sent>,
) -> Response {
    let text = |name: &str| Some(sent_value(&sent, name).trim().to_owned()).filter(|text| !text.is_empty());
    let (save, back) = {
        let world = sim.world();
        let Some(opened) = world.projects.get(&project_id).and_then(|project| open(project, &which)) else {
            return refused(StatusCode::NOT_FOUND, NO_FORM);
        };
        let save = SaveForm {
            record: id.clone(),
            event: Some(opened.event.unique_name.clone()),
            instrument: opened.form.name.clone(),
            repeat_instance: opened.place.repeat.instance(),
            values: answers(opened.project.definition.fields_of(&opened.form.name), &sent),
            complete: sent_value(&sent, "__complete").parse().unwrap_or(0),
            user: text("__user").unwrap_or_else(|| PERSON.into()),
            dag: text("__dag"),
        };
        (save, address(project_id, &id, opened.event, &opened.form.name, opened.place.repeat.instance()))
    };
    match sim.save_form(project_id, save.clone()).await {
        Ok(saved) => {
            let number = saved.delivery.map_or(0, |delivery| delivery.id);
            Redirect::to(&format!("{back}&saved={number}")).into_response()
        }
        Err(SimError::Refused(refusals)) => again(&sim, project_id, &which, save, &refusals),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// The form with what was typed and why it was refused.
fn again(sim: &Sim, project_id: u32, which: &Which, typed: SaveForm, refusals: &[Refusal]) -> Response {
    let world = sim.world();
    let Some(opened) = world.projects.get(&project_id).and_then(|project| open(project, which)) else {
        return refused(StatusCode::NOT_FOUND, NO_FORM);
    };
    let reasons: String =
        refusals.iter().map(|r| format!("<li>{}: {}</li>", escape(&r.field), escape(&r.message))).collect();
    let notice = format!("<div class=\"notice bad\" role=\"alert\">Not saved.<ul>{reasons}</ul></div>");
    let SaveForm { record, mut values, complete, user, dag, .. } = typed;
    values.insert(format!("{}_complete", opened.form.name), complete.to_string());
    let page = render(&opened, &record, &Shown { values: &values, user: &user, dag: dag.as_deref() }, &notice);
    (StatusCode::UNPROCESSABLE_ENTITY, axum::response::Html(page)).into_response()
}
