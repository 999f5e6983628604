//! `/`: the projects of this server.
//! Invariant: shows counts and states only, no answer of anybody.

use std::fmt::Write;

use axum::extract::State;
use axum::response::Response;

use super::html::{escape, ok, page};
use crate::sim::Sim;

pub(super) async fn show(State(sim): State<Sim>) -> Response {
    let world = sim.world();
    let mut rows = String::new();
    for project in world.projects.values() {
        let broken = project.orders.iter().chain(world.orders.iter()).next();
        let state = broken.map_or("<span class=\"s2\">answers</span>".to_owned(), |order| {
            format!("<strong class=\"s0\">{}</strong>", escape(&order.fault.title()))
        });
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr><td><a href=\"/projects/{id}\">{title}</a></td><td>{id}</td><td>{records}</td><td>{calls}</td><td>{state}</td></tr>",
            id = project.id,
            title = escape(&project.definition.title),
            records = project.records.len(),
            calls = project.api_calls,
        );
    }
    let body = if rows.is_empty() {
        "<p>There are no projects yet.</p>".to_owned()
    } else {
        format!(
            "<p>A REDCap in memory: everything here is gone when it stops.</p><div class=\"scroll\"><table><thead><tr>\
             <th>Project</th><th>Id</th><th>Records</th><th>API calls</th><th>API</th></tr></thead><tbody>{rows}</tbody>\
             </table></div>"
        )
    };
    ok(page("Projects", &[], &body))
}
