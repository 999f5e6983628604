//! `/projects/{id}/dashboard`: the record status dashboard, every record by events and forms, each cell a way into the form.
//! Invariant: states only, no answer of anybody; however large the project is, a page has a bounded number of cells.

use std::fmt::Write;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::html::{Part, encode, escape, ok, options, page, refused, scroll, tabs};
use super::project::{NO_PROJECT, add_form, fault_notice};
use super::record::address;
use crate::project::definition::{COMPLETE_LABELS, Definition, Event, Form};
use crate::sim::Sim;
use crate::state::Project;
use crate::state::records::{Place, Record, Repeat};

/// As many records and as many cells as one page has at most.
const RECORDS: usize = 100;
const CELLS: usize = 10_000;

#[derive(Deserialize)]
pub(super) struct Wanted {
    arm: Option<u32>,
    /// Part of a record's name.
    #[serde(default)]
    find: String,
    part: Option<usize>,
}

/// One column: a form at an event.
struct Column<'a> {
    index: usize,
    event: &'a Event,
    form: &'a Form,
}

pub(super) async fn show(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let world = sim.world();
    let Some(project) = world.projects.get(&project_id) else {
        return refused(StatusCode::NOT_FOUND, NO_PROJECT);
    };
    let trail =
        [("/".into(), "Projects".into()), (format!("/projects/{project_id}"), project.definition.title.clone())];
    let body =
        [tabs(project_id, "/dashboard"), fault_notice(&world, project), listed(project, &wanted), add_form(project)];
    ok(page("Record status", &trail, &body.concat()))
}

fn listed(project: &Project, wanted: &Wanted) -> String {
    let arm = wanted.arm.unwrap_or_else(|| project.definition.arms.first().map_or(1, |arm| arm.num));
    let columns = columns(&project.definition, arm);
    let found = project.records.iter().filter(|(_, record)| is_in(project, record, arm));
    let found = found.filter(|(id, _)| id.contains(wanted.find.trim()));
    let found: Vec<(&str, &Record)> = found.collect();
    let size = (CELLS / columns.len().max(1)).clamp(1, RECORDS);
    let part = Part::new(wanted.part, size, found.len());
    let links = part.links(|number| {
        format!("/projects/{}/dashboard?arm={arm}&find={}&part={number}", project.id, encode(wanted.find.trim()))
    });
    let rows: String =
        found.iter().skip(part.skip()).take(size).map(|(id, record)| row(project, id, record, &columns)).collect();
    let table = match rows.is_empty() {
        true => "<p>No record.</p>".to_owned(),
        false => scroll(
            "Records by form",
            &format!("<table class=\"grid\">{}<tbody>{rows}</tbody></table>", head(project, &columns)),
        ),
    };
    format!(
        "{}<p>{} of {} records.</p>{table}{links}{LEGEND}",
        choice(project, wanted, arm),
        found.len(),
        project.records.len()
    )
}

/// A record is in the arms in which it has a row.
fn is_in(project: &Project, record: &Record, arm: u32) -> bool {
    let events = &project.definition.events;
    record.rows.keys().any(|place| events.get(place.event).is_some_and(|event| event.arm == arm))
}

const LEGEND: &str = "<p class=\"legend\"><span class=\"s0\">●</span> incomplete <span class=\"s1\">◐</span> unverified \
    <span class=\"s2\">✔</span> complete <span>○</span> not started</p>";

fn choice(project: &Project, wanted: &Wanted, arm: u32) -> String {
    let arms: Vec<(String, String)> =
        project.definition.arms.iter().map(|arm| (arm.num.to_string(), format!("{}: {}", arm.num, arm.name))).collect();
    let arms = match arms.len() {
        0 | 1 => String::new(),
        _ => {
            let arms = options(arms.iter().map(|(num, name)| (num.as_str(), name.as_str())), &arm.to_string());
            format!("<label>Arm <select name=\"arm\">{arms}</select></label>")
        }
    };
    format!(
        "<form class=\"actions\"><label>Record <input type=\"text\" name=\"find\" value=\"{}\"></label>{arms}<button>Show</button></form>",
        escape(wanted.find.trim())
    )
}

fn columns(definition: &Definition, arm: u32) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    for (index, event) in definition.events.iter().enumerate().filter(|(_, event)| event.arm == arm) {
        let own = definition.forms.iter().filter(|form| event.forms.contains(&form.name));
        columns.extend(own.map(|form| Column { index, event, form }));
    }
    columns
}

fn head(project: &Project, columns: &[Column<'_>]) -> String {
    let grouped = !project.definition.groups.is_empty();
    let group = if grouped { "<th rowspan=\"2\" scope=\"col\">Group</th>" } else { "" };
    let mut events = format!("<tr><th rowspan=\"2\" scope=\"col\">Record</th>{group}");
    for of_event in columns.chunk_by(|a, b| a.index == b.index) {
        let name = if project.definition.longitudinal { escape(&of_event[0].event.name) } else { "Forms".to_owned() };
        let _ = write!(events, "<th colspan=\"{}\" scope=\"colgroup\">{name}</th>", of_event.len());
    }
    let forms: String = columns.iter().map(|c| format!("<th scope=\"col\">{}</th>", escape(&c.form.label))).collect();
    format!("<thead>{events}</tr><tr>{forms}</tr></thead>")
}

fn row(project: &Project, id: &str, record: &Record, columns: &[Column<'_>]) -> String {
    let group = record.group.as_deref().map_or(String::new(), escape);
    let group = if project.definition.groups.is_empty() { String::new() } else { format!("<td>{group}</td>") };
    let (pid, name) = (project.id, escape(id));
    let mut row =
        format!("<tr><th scope=\"row\"><a href=\"/projects/{pid}/records/{}\">{name}</a></th>{group}", encode(id));
    for column in columns {
        let _ = write!(row, "<td>{}</td>", cell(project, id, record, column));
    }
    row + "</tr>"
}

fn cell(project: &Project, id: &str, record: &Record, column: &Column<'_>) -> String {
    let (event, form) = (column.event, column.form);
    let of_form = project.definition.repeating_form(column.index, &form.name).is_some();
    let form_of_rows = of_form.then_some(form.name.as_str());
    let repeats = of_form || event.repeating;
    let states: Vec<Option<usize>> = match repeats {
        false => vec![state(record, &Place { event: column.index, repeat: Repeat::No }, form)],
        true => {
            let own = |place: &&Place| {
                place.event == column.index && place.repeat.form() == form_of_rows && place.repeat != Repeat::No
            };
            record.rows.keys().filter(own).map(|place| state(record, place, form)).collect()
        }
    };
    let worst = states.iter().copied().min().flatten();
    let (sign, word) = match worst {
        Some(0) => ("●", COMPLETE_LABELS[0]),
        Some(1) => ("◐", COMPLETE_LABELS[1]),
        Some(_) => ("✔", COMPLETE_LABELS[2]),
        None => ("○", "Not started"),
    };
    let class = worst.map_or(String::new(), |state| format!(" class=\"s{}\"", state.min(2)));
    let count = if states.len() > 1 { format!("<small>{}</small>", states.len()) } else { String::new() };
    let many = if states.len() > 1 { format!(", {} instances", states.len()) } else { String::new() };
    let to = match states.len() {
        0 | 1 => address(project.id, id, event, &form.name, repeats.then_some(1)),
        _ => format!("/projects/{}/records/{}", project.id, encode(id)),
    };
    let name = format!("{}, {}: {word}{many}", escape(&form.label), escape(&event.name));
    format!("<a{class} href=\"{}\" aria-label=\"{name}\" title=\"{name}\">{sign}{count}</a>", escape(&to))
}

fn state(record: &Record, place: &Place, form: &Form) -> Option<usize> {
    record.rows.get(place)?.values.get(&format!("{}_complete", form.name))?.parse().ok()
}
