//! `/projects/{id}/det`: where DETs go, the test button, and every delivery with the fields that it posted.
//! Invariant: the DET URL is never put back into the page; a new one is typed whole.

use std::fmt::Write;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::html::{Part, escape, ok, page, refused, scroll, tabs};
use super::project::{NO_PROJECT, fault_notice};
use crate::ambient::Clock;
use crate::det::{DetDelivery, DetTest, masked_text};
use crate::sim::Sim;

/// As many deliveries as one page lists.
const LISTED: usize = 200;

#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    part: Option<usize>,
}

pub(super) async fn show(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Query(wanted): Query<Wanted>,
) -> Response {
    render(&sim, project_id, &wanted, "")
}

fn render(sim: &Sim, project_id: u32, wanted: &Wanted, notice: &str) -> Response {
    let world = sim.world();
    let Some(project) = world.projects.get(&project_id) else {
        return refused(StatusCode::NOT_FOUND, NO_PROJECT);
    };
    let shown = project.det_url.as_deref().map(|url| masked_text(url, &world.base_url));
    let test = match shown {
        Some(_) => format!(
            "<form action=\"/projects/{project_id}/det-test\" method=\"post\"><p><button>Test</button> calls it once, with nothing \
             in the body</p></form>"
        ),
        None => String::new(),
    };
    let settings = format!(
        "<p>Goes to: <strong>{}</strong></p>{test}<form class=\"actions\" action=\"/projects/{project_id}/det-url\" method=\"post\">\
         <label>New URL (blank: none) <input type=\"text\" name=\"url\" inputmode=\"url\" autocomplete=\"off\"></label>\
         <button>Set</button></form>",
        escape(shown.as_deref().unwrap_or("nowhere")),
    );
    let part = Part::new(wanted.part, LISTED, project.deliveries.len());
    let listed = project.deliveries.iter().rev().skip(part.skip()).take(LISTED);
    let deliveries = deliveries(listed, world.clock);
    let links = part.links(|number| format!("/projects/{project_id}/det?part={number}"));
    let trail =
        [("/".into(), "Projects".into()), (format!("/projects/{project_id}"), project.definition.title.clone())];
    let count = format!("<h2>Deliveries ({})</h2>", project.deliveries.len());
    let faults = fault_notice(&world, project);
    let body = [tabs(project_id, "/det"), faults, notice.to_owned(), settings, count, deliveries, links];
    ok(page("Data Entry Trigger", &trail, &body.concat()))
}

fn deliveries<'a>(listed: impl Iterator<Item = &'a DetDelivery>, clock: Clock) -> String {
    let mut rows = String::new();
    for delivery in listed {
        let outcome = match (delivery.status, &delivery.error) {
            (Some(status), _) => format!("<span class=\"{}\">{status}</span>", if status < 300 { "s2" } else { "s0" }),
            (None, error) => format!("<span class=\"s0\">{}</span>", escape(error.as_deref().unwrap_or("no answer"))),
        };
        let fields: String = delivery.form.iter().map(|(k, v)| format!("{}={}\n", escape(k), escape(v))).collect();
        let _ = write!(
            rows,
            "<tr><td>{}</td><td class=\"time\">{}</td><td class=\"name\">{}</td><td>{} {}</td><td>{outcome}</td><td><details><summary>{} fields\
             </summary><pre>{fields}</pre></details></td></tr>",
            delivery.id,
            clock.text(delivery.at),
            escape(&delivery.record),
            escape(delivery.event.as_deref().unwrap_or("")),
            escape(&delivery.instrument),
            delivery.form.len(),
        );
    }
    if rows.is_empty() {
        return "<p>Nothing has been delivered yet.</p>".into();
    }
    let heads = ["#", &format!("Time ({})", clock.zone.name()), "Record", "Form", "Answer", "Posted"]
        .map(|head| format!("<th scope=\"col\">{head}</th>"));
    scroll(
        "Deliveries",
        &format!("<table class=\"stack\"><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table>", heads.concat()),
    )
}

#[derive(Deserialize)]
pub(super) struct DetUrl {
    url: String,
}

pub(super) async fn set_url(State(sim): State<Sim>, Path(project_id): Path<u32>, Form(new): Form<DetUrl>) -> Response {
    match sim.set_det_url(project_id, Some(new.url)) {
        Ok(()) => Redirect::to(&format!("/projects/{project_id}/det")).into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

pub(super) async fn test(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Response {
    match sim.test_det(project_id).await {
        Ok(outcome) => render(&sim, project_id, &Wanted::default(), &told(&outcome)),
        Err(error) => refused(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

fn told(test: &DetTest) -> String {
    match (test.status, &test.error) {
        (Some(status), _) if status < 300 => {
            format!("<p class=\"notice good\" role=\"status\">The URL answered with {status}.</p>")
        }
        (Some(status), _) => format!("<p class=\"notice bad\" role=\"alert\">The URL answered with {status}.</p>"),
        (None, error) => format!(
            "<p class=\"notice bad\" role=\"alert\">The URL did not answer: {}.</p>",
            escape(error.as_deref().unwrap_or("no answer"))
        ),
    }
}
