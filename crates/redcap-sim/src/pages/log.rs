//! `/projects/{id}/log`: the logging page, newest first.
//! Invariant: what is shown is what was written at the time, in the server's own time.

use std::fmt::Write;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::html::{Part, encode, escape, ok, page, refused, scroll, tabs};
use super::project::NO_PROJECT;
use crate::sim::Sim;
use crate::state::log::LogEntry;

/// As many lines as one page lists.
const LISTED: usize = 200;

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// Part of a user's name, of an action or of its details.
    #[serde(default)]
    find: String,
    part: Option<usize>,
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
    let find = wanted.find.trim();
    let found: Vec<&LogEntry> = project.log.iter().rev().filter(|entry| has(entry, find)).collect();
    let part = Part::new(wanted.part, LISTED, found.len());
    let mut rows = String::new();
    for entry in found.iter().skip(part.skip()).take(LISTED) {
        let (at, user) = (world.clock.text(entry.at), escape(&entry.username));
        // Writing to a String cannot fail.
        let (action, details) = (escape(&entry.action), escape(&entry.details));
        let _ = write!(
            rows,
            "<tr><td class=\"time\">{at}</td><td>{user}</td><td>{action}</td><td class=\"details\">{details}</td></tr>"
        );
    }
    let table = match rows.is_empty() {
        true => "<p>Nothing.</p>".to_owned(),
        false => scroll(
            "Log",
            &format!(
                "<table class=\"stack\"><thead><tr><th scope=\"col\">Time ({})</th><th scope=\"col\">User</th><th scope=\"col\">Action</th><th scope=\"col\">Details</th></tr></thead>\
                 <tbody>{rows}</tbody></table>",
                world.clock.zone.name()
            ),
        ),
    };
    let links = part.links(|number| format!("/projects/{project_id}/log?find={}&part={number}", encode(find)));
    let form = format!(
        "<form class=\"actions\"><label>User, action or details <input type=\"text\" name=\"find\" value=\"{}\"></label><button>Show</button></form>",
        escape(find)
    );
    let count = format!("<p>{} of {} lines.</p>", found.len(), project.log.len());
    let trail =
        [("/".into(), "Projects".into()), (format!("/projects/{project_id}"), project.definition.title.clone())];
    ok(page("Logging", &trail, &[tabs(project_id, "/log"), form, count, table, links].concat()))
}

fn has(entry: &LogEntry, find: &str) -> bool {
    [&entry.username, &entry.action, &entry.details].iter().any(|text| text.contains(find))
}
