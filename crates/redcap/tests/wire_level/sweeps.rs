//! Reading all records in pages: what is asked, and what becomes of a server that cannot bear it or loses rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::{Form, Router, http::StatusCode, response::IntoResponse, routing::post};
use metricis_redcap::{Ask, CallError, Client, FailureClass, RecordIds, RecordQuery, Sweep, wire::Row};
use serde_json::json;

use crate::stand_in::{answering, client, serve, serve_bytes};

/// A project with two rows for each record; and how it misbehaves.
#[derive(Clone, Default)]
struct Project {
    records: Vec<String>,
    /// A page of more records than this is answered with this status and body.
    bears: Option<(usize, u16, &'static str)>,
    /// Records of which exports send nothing, so many times.
    loses: BTreeMap<String, usize>,
    /// Records that are deleted after the first listing.
    deleted: Vec<String>,
    /// Sizes of the pages asked for; 0 for a listing.
    asked: Vec<usize>,
}

type Shared = Arc<Mutex<Project>>;

async fn answer(project: Shared, form: Vec<(String, String)>) -> axum::response::Response {
    let mut project = project.lock().expect("one at a time");
    let wanted: Vec<String> =
        form.iter().filter(|(name, _)| name.starts_with("records[")).map(|(_, id)| id.clone()).collect();
    project.asked.push(wanted.len());
    if let Some((most, status, body)) = project.bears.filter(|(most, ..)| wanted.len() > *most) {
        assert!(most > 0);
        return (StatusCode::from_u16(status).expect("a status"), body).into_response();
    }
    let mut rows = vec![];
    for id in project.records.clone() {
        let listing = wanted.is_empty();
        let lost = project.loses.get_mut(&id).filter(|left| !listing && **left > 0 && wanted.contains(&id));
        if lost.map(|left| *left -= 1).is_some() || !(listing || wanted.contains(&id)) {
            continue;
        }
        for event in ["visit_1_arm_1", "visit_2_arm_1"] {
            rows.push(json!({"study_id": id, "redcap_event_name": event, "mood": "[2}"}));
        }
    }
    if wanted.is_empty() {
        let deleted = std::mem::take(&mut project.deleted);
        project.records.retain(|id| !deleted.contains(id));
    }
    json!(rows).to_string().into_response()
}

async fn serving(project: Project) -> (Client, Shared) {
    let shared = Arc::new(Mutex::new(project));
    let state = Arc::clone(&shared);
    let router = Router::new().route("/api/", post(move |Form(form)| answer(Arc::clone(&state), form)));
    (client(&serve(router).await), shared)
}

fn records(count: usize) -> Project {
    Project { records: (1..=count).map(|number| format!("S-{number}")).collect(), ..Project::default() }
}

/// Reads everything as a caller would; the rows, and the records gone.
async fn sweep(client: &Client, mut sweep: Sweep) -> Result<(Vec<Row>, Vec<String>), CallError> {
    let mut all = vec![];
    while let Some(ask) = sweep.next_ask()? {
        match ask {
            Ask::Ids => sweep.listed(client.record_ids("study_id").await?),
            Ask::Page(query) => match client.export_records(&query).await {
                Ok(rows) => all.extend(sweep.accept(rows)?),
                Err(failure) => sweep.give_way(failure)?,
            },
        }
    }
    Ok((all, sweep.gone().to_vec()))
}

fn pages_of(records: usize) -> Sweep {
    Sweep::new(RecordQuery::default(), "study_id").in_pages_of(records)
}

fn ids(rows: &[Row]) -> RecordIds {
    rows.iter().filter_map(|row| row.get("study_id")).collect()
}

#[tokio::test]
async fn every_record_is_read_once_in_pages() {
    let (client, project) = serving(records(25)).await;
    let (rows, gone) = sweep(&client, pages_of(10)).await.expect("all records");
    assert_eq!((rows.len(), ids(&rows).len(), gone.len()), (50, 25, 0));
    assert_eq!(project.lock().expect("asked").asked, [0, 10, 10, 5]);
}

#[tokio::test]
async fn an_empty_project_has_no_pages() {
    let (client, project) = serving(records(0)).await;
    assert_eq!(sweep(&client, pages_of(10)).await, Ok((vec![], vec![])));
    assert_eq!(project.lock().expect("asked").asked, [0]);
}

#[tokio::test]
async fn a_page_that_is_too_much_is_halved_and_grows_again() {
    let memory = "REDCap ran out of server memory. The request cannot be processed. Please try importing/exporting a \
                  smaller amount of data.";
    for (status, body) in
        [(200, memory), (504, "<html>Gateway Time-out</html>"), (500, ""), (200, "[{\"study_id\":\"S-1\"")]
    {
        let (client, project) = serving(Project { bears: Some((6, status, body)), ..records(120) }).await;
        let (rows, _) = sweep(&client, pages_of(20)).await.expect("all records");
        assert_eq!(ids(&rows).len(), 120, "{status} {body}");
        let asked = project.lock().expect("asked").asked.clone();
        assert_eq!(asked[..5], [0, 20, 10, 5, 5], "{status} {body}");
        // Nine records were too many already, so that the size tried again is nine, then four.
        assert!(asked.contains(&9) && !asked[3..].contains(&10), "{asked:?}");
    }
}

#[tokio::test]
async fn what_smaller_pages_do_not_help_is_a_failure() {
    for (status, body) in [(503, "<html>"), (403, "<html>blocked</html>"), (200, "<html>sign in</html>")] {
        let (client, project) = serving(Project { bears: Some((6, status, body)), ..records(20) }).await;
        let failure = sweep(&client, pages_of(20)).await.expect_err("a failure");
        assert_eq!(failure.class(), FailureClass::ApiError);
        assert_eq!(project.lock().expect("asked").asked, [0, 20], "{status}");
    }
    let (client, _) = serving(Project { bears: Some((1, 504, "")), ..records(3) }).await;
    let alone = sweep(&client, pages_of(2)).await;
    assert!(alone.is_ok(), "one record at a time: {alone:?}");
}

#[tokio::test]
async fn a_lost_record_is_asked_for_again_and_then_a_failure() {
    let losing = |times| Project { loses: BTreeMap::from([("S-7".to_owned(), times)]), ..records(12) };
    let (client, project) = serving(losing(1)).await;
    let (rows, gone) = sweep(&client, pages_of(10)).await.expect("all records at last");
    assert_eq!((ids(&rows).len(), gone.len()), (12, 0));
    assert_eq!(project.lock().expect("asked").asked, [0, 10, 2, 0, 1]);
    let (client, _) = serving(losing(2)).await;
    let failure = sweep(&client, pages_of(10)).await;
    assert_eq!(failure, Err(CallError::RowsDropped { ids: vec!["S-7".into()] }));
}

#[tokio::test]
async fn a_record_deleted_meanwhile_is_gone_and_no_failure() {
    let (client, _) = serving(Project { deleted: vec!["S-3".into()], ..records(5) }).await;
    let (rows, gone) = sweep(&client, pages_of(2)).await.expect("the others");
    assert_eq!((ids(&rows).len(), gone), (4, vec!["S-3".to_owned()]));
}

#[test]
fn rows_of_other_records_are_a_failure() {
    let mut sweep = pages_of(5);
    sweep.listed(RecordIds::from_iter(["A-1", "A-2"]));
    let row = |id| Row::from_iter([("study_id", id)]);
    assert_eq!(sweep.accept(vec![row("a-1"), row("0f3c")]), Err(CallError::StrayRows { rows: 1 }), "a hashed name");
    assert_eq!(sweep.accept(vec![Row::from_iter([("mood", "1")])]), Err(CallError::StrayRows { rows: 1 }));
    assert_eq!(sweep.accept(vec![row("a-1"), row("A-2")]).map(|rows| rows.len()), Ok(2));
}

#[test]
fn a_page_is_as_large_as_the_width_of_its_rows_and_the_servers_lists_allow() {
    let first_page = |fields: usize| {
        let fields = (0..fields).map(|number| format!("f{number}")).collect();
        let mut sweep = Sweep::new(RecordQuery { fields, ..RecordQuery::default() }, "study_id");
        sweep.listed((0..2000).map(|number| number.to_string()).collect());
        let Ok(Some(Ask::Page(query))) = sweep.next_ask() else { panic!("a page") };
        assert!(query.fields.is_empty() || query.fields[0] == "study_id", "the name is always asked for");
        (query.records.len(), query.records.len() + query.fields.len())
    };
    assert_eq!(first_page(0).0, 100, "of unknown width");
    assert_eq!(first_page(5).0, 500);
    assert_eq!(first_page(199).0, 250);
    assert!(first_page(1500).0 >= 1);
    assert!((1..=600).step_by(50).all(|fields| first_page(fields).1 <= 900), "PHP drops what exceeds 1000");
}

#[tokio::test]
async fn names_are_listed_while_the_answer_arrives_and_count_only_with_its_end() {
    let listed = answering(200, r#"[{"study_id":"1"},{"study_id":"1"},{"study_id":"Ä-2"}]"#).await;
    let names = listed.record_ids("study_id").await.expect("names");
    assert_eq!(names.iter().collect::<Vec<_>>(), ["1", "Ä-2"]);
    assert_eq!(answering(200, "[]").await.record_ids("study_id").await.map(|ids| ids.len()), Ok(0));
    for (status, body) in [
        (200, ""),
        (200, r#"{"error":"no"}"#),
        (200, r#"[{"study_id":"1"}"#),
        (200, r#"[{"study_id":"1"}]<html>"#),
        (200, r#"[{"other":"1"}]"#),
        (200, r#"[{"study_id":""}]"#),
        (200, "<html>"),
        (500, r#"[{"study_id":"1"}]"#),
    ] {
        let failure = answering(status, body).await.record_ids("study_id").await.expect_err(body);
        assert_eq!(failure.class(), FailureClass::ApiError, "{body}");
        assert!(!format!("{failure:?}").contains("study_id\":"), "{failure:?}");
    }
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{\"study_id\":\"1\"},";
    let failure = client(&serve_bytes(cut, false).await).record_ids("study_id").await;
    assert!(matches!(failure, Err(CallError::Cut { .. })), "{failure:?}");
    let noise = answering(200, "<br />\n[{\"study_id\":\"1\"}]").await.record_ids("study_id").await;
    assert_eq!(noise.map(|names| names.len()), Ok(1), "noise before it is passed over, as in every read");
}
