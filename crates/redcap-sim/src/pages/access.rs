//! `/projects/{id}/api`: who may call the API, a token for one more person, and how a client is pointed at it.
//! Invariant: a token stands only on the page that answers its making.

use std::fmt::Write;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::html::{escape, ok, options, page, refused, scroll, tabs};
use super::project::NO_PROJECT;
use crate::sim::Sim;
use crate::state::ApiUser;

pub(super) async fn show(State(sim): State<Sim>, Path(project_id): Path<u32>) -> Response {
    render(&sim, project_id, "")
}

fn render(sim: &Sim, project_id: u32, notice: &str) -> Response {
    let world = sim.world();
    let Some(project) = world.projects.get(&project_id) else {
        return refused(StatusCode::NOT_FOUND, NO_PROJECT);
    };
    let mut rows = String::new();
    for user in &project.users {
        let (name, dag) = (escape(&user.username), escape(user.dag.as_deref().unwrap_or("")));
        let token = if user.token.is_some() { "has one" } else { "none" };
        let _ = write!(rows, "<tr><th scope=\"row\">{name}</th><td>{dag}</td><td>{token}</td></tr>");
    }
    let people = scroll(
        "People",
        &format!(
            "<table><thead><tr><th scope=\"col\">User</th><th scope=\"col\">Confined to the group</th><th scope=\"col\">Token</th></tr>\
             </thead><tbody>{rows}</tbody></table>"
        ),
    );
    let groups = project.definition.groups.iter().map(|group| (group.unique_name.as_str(), group.name.as_str()));
    let groups = options([("", "none")].into_iter().chain(groups), "");
    let add = format!(
        "<h2>One more token</h2><form class=\"actions\" action=\"/projects/{project_id}/users\" method=\"post\"><label>User \
         <input type=\"text\" name=\"username\" required autocomplete=\"off\"></label><label>Data access group <select name=\"dag\">\
         {groups}</select></label><button>Make a token</button></form>"
    );
    let base = escape(&world.base_url);
    let how = format!(
        "<h2>Pointing a client at it</h2><pre>API URL  {base}api/\n\n# PyCap\nimport redcap\n\
         project = redcap.Project(\"{base}api/\", TOKEN)\nproject.export_records()\n\n# anything\n\
         curl -d token=TOKEN -d content=record -d format=json {base}api/</pre>"
    );
    let trail =
        [("/".into(), "Projects".into()), (format!("/projects/{project_id}"), project.definition.title.clone())];
    ok(page("API", &trail, &[tabs(project_id, "/api"), notice.to_owned(), people, add, how].concat()))
}

#[derive(Deserialize)]
pub(super) struct NewUser {
    username: String,
    #[serde(default)]
    dag: String,
}

pub(super) async fn add_user(
    State(sim): State<Sim>,
    Path(project_id): Path<u32>,
    Form(new): Form<NewUser>,
) -> Response {
    let name = new.username.trim();
    if name.is_empty() {
        return refused(StatusCode::BAD_REQUEST, "A token belongs to somebody: the user has no name.");
    }
    let user = ApiUser { dag: Some(new.dag).filter(|dag| !dag.is_empty()), ..ApiUser::with_all_rights(name) };
    match sim.add_user(project_id, user) {
        Ok(token) => render(&sim, project_id, &made(name, &token)),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// The one time that a token is shown.
pub(super) fn made(username: &str, token: &str) -> String {
    format!(
        "<p class=\"notice good\" role=\"status\">The token of {} is <code>{token}</code>. It is shown this once.</p>",
        escape(username)
    )
}
