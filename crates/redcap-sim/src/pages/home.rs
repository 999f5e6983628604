//! `/`: the projects of this server, and a new one from REDCap's project XML.
//! Invariant: shows counts and states only, no answer of anybody.

use std::fmt::Write;

use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::access::made;
use super::html::{escape, ok, page, refused, scroll};
use crate::sim::{ProjectOptions, Sim};
use crate::state::add::API_USERNAME;

pub(super) async fn show(State(sim): State<Sim>) -> Response {
    ok(render(&sim, ""))
}

fn render(sim: &Sim, notice: &str) -> String {
    let world = sim.world();
    let mut rows = String::new();
    for project in world.projects.values() {
        let broken = world.orders.iter().chain(project.orders.iter()).next();
        let state = broken.map_or("<span class=\"s2\">answers</span>".to_owned(), |order| {
            format!("<strong class=\"s0\">{}</strong>", escape(&order.fault.title()))
        });
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr><th scope=\"row\"><a href=\"/projects/{id}\">{title}</a></th><td>{id}</td><td>{records}</td><td>{calls}</td><td>{state}</td></tr>",
            id = project.id,
            title = escape(&project.definition.title),
            records = project.records.len(),
            calls = project.api_calls,
        );
    }
    let heads =
        ["Project", "Id", "Records", "API calls", "API"].map(|head| format!("<th scope=\"col\">{head}</th>")).concat();
    let table = match rows.is_empty() {
        true => "<p>There are no projects yet.</p>".to_owned(),
        false => scroll("Projects", &format!("<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")),
    };
    let kept = match sim.is_kept() {
        true => "What is here is kept in a file.",
        false => "Everything here is gone when it stops.",
    };
    let body = format!("{notice}<p>A simulated REDCap for tests. {kept}</p>{table}{ADD}");
    page("Projects", &[], &body)
}

const ADD: &str = "<h2>Add a project</h2><form class=\"actions\" action=\"/projects\" method=\"post\" enctype=\"multipart/form-data\">\
    <label>Project XML, as REDCap exports it <input type=\"file\" name=\"xml\" accept=\".xml,text/xml\" required></label>\
    <button class=\"main\">Add</button></form>";

pub(super) async fn add(State(sim): State<Sim>, mut parts: Multipart) -> Response {
    let mut xml = None;
    while let Ok(Some(part)) = parts.next_field().await {
        if part.name() == Some("xml") {
            xml = part.text().await.ok();
        }
    }
    let Some(xml) = xml.filter(|xml| !xml.trim().is_empty()) else {
        return refused(StatusCode::BAD_REQUEST, "Choose a project's XML file, as REDCap exports it.");
    };
    match sim.add_project_xml(&xml, ProjectOptions::default()) {
        Ok(project) => ok(render(&sim, &made(API_USERNAME, &project.token))),
        Err(error) => refused(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    }
}
