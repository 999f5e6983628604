//! Orders to misbehave: for one call, some calls, one project or the whole server; from tests, over HTTP, by a header.

use metricis_redcap_sim::Scope;
use serde_json::{Value, json};

use crate::server::{Project, Server};

const VERSION: [(&str, &str); 2] = [("content", "version"), ("format", "json")];

impl Project<'_> {
    fn order(&self, text: &str) {
        self.server.sim.give_order(Scope::Project(self.id()), text.parse().unwrap()).unwrap();
    }

    fn in_force(&self) -> Vec<String> {
        self.server.sim.orders_in_force(Scope::Project(self.id())).unwrap()
    }

    async fn statuses<const N: usize>(&self) -> [u16; N] {
        let mut statuses = [0; N];
        for status in &mut statuses {
            *status = self.call(&VERSION).await.0;
        }
        statuses
    }

    /// Status, headers' lengths and the bytes that arrive, or the error of the transfer.
    async fn transfer(&self, content: &str) -> (Option<u64>, reqwest::Result<Vec<u8>>) {
        let form = [("token", self.handle.token.as_str()), ("content", content), ("format", "json")];
        let answer = self.server.http.post(format!("{}/api/", self.server.base)).form(&form).send().await.unwrap();
        (answer.content_length(), answer.bytes().await.map(|bytes| bytes.to_vec()))
    }
}

#[tokio::test]
async fn an_order_for_some_calls_strikes_those_and_is_gone() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.order("gateway:504 on version after 1 times 2");
    project.json(&[("content", "metadata")]).await;
    assert_eq!(project.statuses().await, [200, 504, 504, 200]);
    assert!(project.in_force().is_empty());
}

#[tokio::test]
async fn a_big_call_runs_out_of_memory_and_a_small_one_does_not() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.import(&json!([{"record_id": "1"}, {"record_id": "2"}, {"record_id": "3"}]), &[]).await;
    project.order("memory500 on record over 2");
    let export = async |records: &str| project.call(&[("content", "record"), ("records", records)]).await;
    assert_eq!(export("").await, (500, "ERROR: REDCap ran out of memory!".into()), "all three are asked for");
    assert_eq!(export("1,2,3").await.0, 500);
    assert_eq!(export("1,2").await.0, 200);
    assert_eq!(project.import(&json!([{"record_id": "7"}, {"record_id": "8"}]), &[]).await.0, 200);
    assert_eq!(project.import(&json!([{"record_id": "1"}, {"record_id": "2"}, {"record_id": "9"}]), &[]).await.0, 500);
}

#[tokio::test]
async fn an_order_for_the_server_holds_for_every_project_and_token() {
    let server = Server::start().await;
    let (one, other) = (server.sponsor_study(), server.sponsor_study());
    server.sim.give_order(Scope::Server, "offline".parse().unwrap()).unwrap();
    for project in [&one, &other] {
        let (status, page) = project.call(&VERSION).await;
        assert!(status == 503 && page.contains("REDCap is currently offline"), "{page}");
    }
    let stranger = server.http.post(format!("{}/api/", server.base)).form(&[("token", "x")]).send().await.unwrap();
    assert_eq!(stranger.status(), 503);
    server.sim.set_order(Scope::Server, None).unwrap();
    assert_eq!(one.statuses().await, [200]);
}

#[tokio::test]
async fn one_request_orders_its_own_fault_by_a_header() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let call = async |order: &str| {
        let form = [("token", project.handle.token.as_str()), ("content", "version"), ("format", "json")];
        let request = server.http.post(format!("{}/api/", server.base)).header("X-Sim-Fault", order).form(&form);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(call("empty500").await, (500, String::new()));
    assert_eq!(call("empty500 on metadata").await, (200, "14.9.1".into()));
    let (status, body) = call("nonsense").await;
    assert_eq!(status, 400);
    assert!(body.starts_with("{\"error\":\"x-sim-fault: 'nonsense' is no fault; write one of"), "{body}");
    assert_eq!(project.statuses().await, [200]);
}

#[tokio::test]
async fn who_asks_too_often_is_banned_until_somebody_lifts_it() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let start = server.sim.now();
    project.order("ban:2");
    assert_eq!(project.statuses().await, [200, 200, 403]);
    server.sim.set_clock(start + chrono::TimeDelta::days(2));
    let (status, page) = project.call(&VERSION).await;
    assert!(status == 403 && page.contains("has been banned"), "{page}");
    server.sim.set_order(Scope::Project(project.id()), None).unwrap();
    project.order("ban:2:close");
    assert_eq!(project.statuses().await, [200, 200], "the ban is lifted and the count begins anew");
    let error = project.send(&VERSION).await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
}

#[tokio::test]
async fn two_requests_a_minute_apart_are_no_rush() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let start = server.sim.now();
    project.order("ban:2");
    assert_eq!(project.statuses().await, [200, 200]);
    server.sim.set_clock(start + chrono::TimeDelta::minutes(2));
    assert_eq!(project.statuses().await, [200, 200]);
}

#[tokio::test]
async fn pages_come_instead_of_answers() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let cases = [
        ("gateway:403", 403, "<h1>403 Forbidden</h1>"),
        ("gateway:411", 411, "<h1>411 Length Required</h1>"),
        ("database200", 200, "combination could not connect"),
        ("sso:200", 200, "<h1>Sign in with"),
        ("offline:200", 200, "REDCap is currently offline"),
        ("memory500", 500, "ERROR: REDCap ran out of memory!"),
    ];
    for (text, status, part) in cases {
        project.order(&format!("{text} times 1"));
        let (got, body) = project.call(&VERSION).await;
        assert!(got == status && body.contains(part), "{text}: {got} {body}");
    }
    project.order("sso:301 times 1");
    let form = [("token", project.handle.token.as_str()), ("content", "version")];
    let away = server.http.post(format!("{}/api/", server.base)).form(&form).send().await.unwrap();
    assert_eq!((away.status().as_u16(), away.headers()["location"].to_str().unwrap()), (301, "/sim/sign-in"));
    let (status, page) = server.get("/sim/sign-in").await;
    assert!(status == 200 && page.contains("<h1>Sign in with"), "who follows the redirect lands on a page");
}

#[tokio::test]
async fn lengths_lie_and_answers_drip_or_stand_behind_noise() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let (length, right) = project.transfer("metadata").await;
    let right = right.unwrap();
    assert_eq!(length, Some(right.len() as u64));

    project.order("length:short times 1");
    let (length, half) = project.transfer("metadata").await;
    let half = half.unwrap();
    assert!(length == Some(half.len() as u64) && half == right[..right.len() / 2], "it looks complete and is not");

    project.order("length:long times 1");
    let (length, broken) = project.transfer("metadata").await;
    assert!(length > Some(right.len() as u64) && broken.is_err(), "the transfer ends early");

    project.order("drip:40 times 1");
    assert_eq!(project.transfer("metadata").await.1.unwrap(), right, "slowly, but whole");

    for (order, before) in [("noise", "\u{feff}\n\n"), ("noise:sql", "select * from redcap_projects")] {
        project.order(&format!("{order} times 1"));
        let noisy = project.transfer("metadata").await.1.unwrap();
        assert!(noisy.starts_with(before.as_bytes()) && noisy.ends_with(&right), "{order}");
    }
}

#[tokio::test]
async fn a_stale_date_range_misses_what_has_just_changed() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let noon = "2026-05-04T12:00:00Z".parse().unwrap();
    server.sim.set_clock(noon);
    project.import(&json!([{"record_id": "1"}]), &[]).await;
    project.order("stale-range:30");
    let changed = async || {
        let range = [("content", "record"), ("fields", "record_id"), ("dateRangeBegin", "2026-05-04 11:59:00")];
        project.json(&range).await.as_array().unwrap().len()
    };
    assert_eq!(changed().await, 0);
    assert_eq!(
        project.json(&[("content", "record")]).await.as_array().unwrap().len(),
        1,
        "without a range it is there"
    );
    server.sim.set_clock(noon + chrono::TimeDelta::minutes(1));
    assert_eq!(changed().await, 1);
}

#[tokio::test]
async fn programs_order_over_http() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let post = async |path: &str, fault: &str| {
        let request = server.http.post(format!("{}{path}", server.base)).json(&json!({ "fault": fault }));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let path = format!("/sim/projects/{}/faults", project.id());
    assert_eq!(post(&path, "cut times 2").await, (201, "{\"faults\":[\"cut times 2\"]}".into()));
    assert_eq!(post(&path, "lost-rows on record/import").await.0, 201);
    assert!(project.send(&VERSION).await.is_err(), "it is cut");
    let left = r#"{"faults":["cut times 1","lost-rows on record/import"]}"#;
    assert_eq!(server.get(&path).await, (200, left.into()));
    let (status, refused) = post(&path, "lost-rows on log").await;
    assert!(status == 422 && refused.contains("'lost-rows' can only be noticed on record"), "{refused}");
    assert_eq!(server.http.delete(format!("{}{path}", server.base)).send().await.unwrap().status(), 204);
    assert!(project.in_force().is_empty());

    assert_eq!(post("/sim/faults", "sso").await.0, 201);
    assert_eq!(project.statuses().await, [302]);
    let known: Value = serde_json::from_str(&server.get("/sim/faults").await.1).unwrap();
    assert_eq!(known["faults"], json!(["sso:302"]));
    assert!(known["kinds"].as_array().unwrap().iter().any(|kind| kind["write"] == "ban:N[:403|:close]"));
    assert_eq!(server.http.delete(format!("{}/sim/faults", server.base)).send().await.unwrap().status(), 204);
    assert_eq!(project.statuses().await, [200]);
    assert_eq!(post("/sim/projects/9999/faults", "cut").await.0, 404);
}

#[tokio::test]
async fn the_clock_is_set_and_writes_in_the_servers_zone() {
    let options = metricis_redcap_sim::SimOptions { zone: chrono_tz::Europe::Zurich, ..Default::default() };
    let server = Server::with(options).await;
    let project = server.sponsor_study();
    let set = server.http.post(format!("{}/sim/clock", server.base)).json(&json!({"now": "2026-10-25T00:30:00Z"}));
    let shown: Value = set.send().await.unwrap().json().await.unwrap();
    assert_eq!((&shown["zone"], &shown["server_time"]), (&json!("Europe/Zurich"), &json!("2026-10-25 02:30:00")));
    project.import(&json!([{"record_id": "1"}]), &[]).await;
    let changed_since = async |begin: &str| {
        let range = [("content", "record"), ("fields", "record_id"), ("dateRangeBegin", begin)];
        project.json(&range).await.as_array().unwrap().len()
    };
    assert_eq!(changed_since("2026-10-25 02:29:00").await, 1, "the range is in the server's time");
    assert_eq!(changed_since("2026-10-25 02:31:00").await, 0);
}

#[tokio::test]
async fn the_logs_times_are_off_by_an_hour_in_answers_and_in_filters() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    server.sim.set_clock("2026-10-25T12:30:00Z".parse().unwrap());
    project.import(&json!([{"record_id": "1"}]), &[]).await;
    let log = async |more: &[(&str, &str)]| {
        let mut call = vec![("content", "log"), ("logtype", "record_add")];
        call.extend_from_slice(more);
        project.json(&call).await
    };
    assert_eq!(log(&[]).await[0]["timestamp"], "2026-10-25 12:30");
    project.order("dst-log");
    assert_eq!(log(&[]).await[0]["timestamp"], "2026-10-25 11:30");
    assert_eq!(log(&[("beginTime", "2026-10-25 12:00")]).await, json!([]), "who asks since noon misses it");
    assert_eq!(log(&[("endTime", "2026-10-25 12:00")]).await[0]["record"], "1");
}

#[test]
fn the_page_for_strangers_lists_every_fault_in_its_own_words() {
    let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/SIMULATOR.md"));
    for (form, meaning) in metricis_redcap_sim::fault_kinds() {
        let row = format!("| `{}` | {meaning} |", form.replace('|', "\\|"));
        assert!(page.contains(&row), "docs/SIMULATOR.md lacks {row}");
    }
}
