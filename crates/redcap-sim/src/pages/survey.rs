//! `/surveys/?s=…`: a survey as a participant sees it, reached by the link that the API gives out.
//! Invariant: a submitted survey is saved as complete by the survey respondent and cannot be opened again; one saved for
//! later is partial and shows what was answered.

use axum::Form as Urlencoded;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::answers::{Sent, answers, sent_value};
use super::controls::{Values, controls};
use super::html::{escape, ok, page, refused};
use crate::SimError;
use crate::save::{SURVEY_RESPONDENT, SaveForm};
use crate::sim::Sim;
use crate::state::records::Row;
use crate::state::{Project, SurveyTarget, World};

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    s: String,
}

const LATER: &str =
    "<p class=\"notice good\" role=\"status\">Your answers have been saved. Come back by the same link to finish.</p>";

const NO_SURVEY: &str = "This survey link is not valid or no longer active.";

fn find<'a>(world: &'a World, link: &Link) -> Option<(&'a Project, &'a SurveyTarget)> {
    let target = world.site.survey(&link.s)?;
    let project = world.projects.get(&target.project_id)?;
    project.records.contains(&target.record).then_some((project, target))
}

/// The rows that the survey may fill: one of its own per instance where the form repeats, else the event's.
fn rows<'a>(project: &'a Project, target: &'a SurveyTarget) -> impl Iterator<Item = &'a Row> {
    let event = project.definition.event_index(&target.event);
    let repeats = event.is_some_and(|event| project.definition.repeating_form(event, &target.instrument).is_some());
    let form = repeats.then_some(target.instrument.as_str());
    let rows = project.records.get(&target.record).into_iter().flat_map(|record| &record.rows);
    let own = rows.filter(move |(place, _)| {
        let instance = place.repeat.instance().is_none_or(|instance| instance == target.instance.unwrap_or(1));
        event == Some(place.event) && place.repeat.form() == form && instance
    });
    own.map(|(_, row)| row)
}

fn is_done(project: &Project, target: &SurveyTarget) -> bool {
    let complete = format!("{}_complete", target.instrument);
    rows(project, target).any(|row| row.values.get(&complete).is_some_and(|value| value == "2"))
}

fn title(project: &Project, target: &SurveyTarget) -> String {
    let form = project.definition.form(&target.instrument);
    form.and_then(|form| form.survey.clone()).unwrap_or_else(|| "Survey".into())
}

fn render(project: &Project, target: &SurveyTarget, values: &Values, notice: &str) -> String {
    let fields = project.definition.fields.iter().skip(1).filter(|field| field.form == target.instrument);
    let controls = controls(fields, values, values.is_empty());
    let body = format!(
        "{notice}<form method=\"post\">{controls}<p class=\"actions\"><button class=\"main\">Submit</button>\
         <button name=\"__later\" value=\"1\">Save &amp; return later</button></p></form>"
    );
    page(&title(project, target), &[], &body)
}

/// What was saved before it was submitted.
fn begun(project: &Project, target: &SurveyTarget) -> Values {
    rows(project, target).next().map_or_else(Values::new, |row| row.values.clone())
}

pub(super) async fn show(State(sim): State<Sim>, Query(link): Query<Link>) -> Response {
    let world = sim.world();
    match find(&world, &link) {
        None => refused(StatusCode::NOT_FOUND, NO_SURVEY),
        Some((project, target)) if is_done(project, target) => ok(page(
            &title(project, target),
            &[],
            "<p class=\"notice good\">You have already completed this survey.</p>",
        )),
        Some((project, target)) => ok(render(project, target, &begun(project, target), "")),
    }
}

pub(super) async fn submit(
    State(sim): State<Sim>,
    Query(link): Query<Link>,
    Urlencoded(sent): Urlencoded<Sent>,
) -> Response {
    let (project_id, save) = {
        let world = sim.world();
        match find(&world, &link) {
            Some((project, target)) if !is_done(project, target) => (project.id, save_of(project, target, &sent)),
            _ => return refused(StatusCode::NOT_FOUND, NO_SURVEY),
        }
    };
    let (values, later) = (save.values.clone(), save.complete == 0);
    match sim.save_form(project_id, save).await {
        Ok(_) if later => ok(page("Saved for later", &[], LATER)),
        Ok(_) => {
            ok(page("Thank you", &[], "<p class=\"notice good\" role=\"status\">Your answers have been saved.</p>"))
        }
        Err(SimError::Refused(refusals)) => {
            let reasons: String = refusals.iter().map(|r| format!("<li>{}</li>", escape(&r.message))).collect();
            let notice = format!("<div class=\"notice bad\" role=\"alert\">Not saved.<ul>{reasons}</ul></div>");
            let world = sim.world();
            match find(&world, &link) {
                Some((project, target)) => ok(render(project, target, &values, &notice)),
                None => refused(StatusCode::NOT_FOUND, NO_SURVEY),
            }
        }
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn save_of(project: &Project, target: &SurveyTarget, sent: &Sent) -> SaveForm {
    SaveForm {
        record: target.record.clone(),
        event: Some(target.event.clone()),
        instrument: target.instrument.clone(),
        repeat_instance: target.instance,
        values: answers(project.definition.fields_of(&target.instrument), sent),
        // A page that is saved on the way is partial, and fires a DET like the last one.
        complete: if sent_value(sent, "__later").is_empty() { 2 } else { 0 },
        user: SURVEY_RESPONDENT.to_owned(),
        dag: None,
    }
}
