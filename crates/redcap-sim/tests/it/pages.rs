//! The pages and the JSON orders, as a browser without scripts and a program use them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::server::{Project, Receiver, Server};

/// Posts a form and follows the redirect; status, address and page.
pub async fn submit(server: &Server, path: &str, form: &[(&str, &str)]) -> (u16, String, String) {
    let answer = server.http.post(format!("{}{path}", server.base)).form(form).send().await.unwrap();
    let status = answer.status().as_u16();
    let Some(to) = answer.headers().get("location") else { return (status, path.into(), answer.text().await.unwrap()) };
    let to = to.to_str().unwrap().to_owned();
    let page = server.get(&to).await.1;
    (status, to, page)
}

pub async fn with_receiver(project: &Project<'_>, status: StatusCode) -> Receiver {
    let receiver = Receiver::start(status).await;
    let url = format!("http://{}/det?token=s3cret", receiver.address);
    let path = format!("/projects/{}/det-url", project.id());
    let (status, _, page) = submit(project.server, &path, &[("url", &url)]).await;
    assert_eq!(status, 303);
    assert!(page.contains("/det?token=***") && !page.contains("s3cret"));
    receiver
}

#[tokio::test]
async fn a_person_adds_a_record_fills_in_its_form_and_sees_the_det_answered() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let receiver = with_receiver(&project, StatusCode::OK).await;
    let add =
        server.http.get(format!("{}/projects/{}/add?arm=2&dag=site_north&record=%C3%84-07", server.base, project.id()));
    let to = add.send().await.unwrap().headers()["location"].to_str().unwrap().to_owned();
    let page = server.get(&to).await.1;
    for part in [
        "Enrollment",
        "(new)",
        "Baseline (Arm 2: Control)",
        "value=\"Europe/Berlin\"",
        "<option value=\"site_north\" selected>",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let answers = [
        ("enroll_date", "2025-03-10"),
        ("participant_code", "<b>SN-1</b>"),
        ("arm", "2"),
        ("timezone", "Europe/Berlin"),
        ("__complete", "2"),
        ("__user", "ben"),
        ("__dag", "site_north"),
    ];
    let (status, _, page) = submit(&server, &to, &answers).await;
    assert_eq!(status, 303);
    assert!(page.contains("The DET was answered with 200."), "{page}");
    assert!(page.contains("value=\"&lt;b&gt;SN-1&lt;/b&gt;\"") && !page.contains("<b>SN-1"));
    assert_eq!(server.sim.value(project.id(), "Ä-07", "baseline_arm_2", "enroll_date").as_deref(), Some("2025-03-10"));
    let det = receiver.received().remove(0).form;
    for pair in [
        ("record", "Ä-07"),
        ("username", "ben"),
        ("redcap_data_access_group", "site_north"),
        ("enrollment_complete", "2"),
    ] {
        assert!(det.iter().any(|(name, value)| (name.as_str(), value.as_str()) == pair), "{pair:?}");
    }
    let grid = server.get(&format!("/projects/{}/records/%C3%84-07", project.id())).await.1;
    assert!(grid.contains(">Complete</a>") && grid.contains("+ instance 1"));
}

#[tokio::test]
async fn checkboxes_times_and_repeats_survive_the_round_trip() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let path =
        |form: &str, event: &str| format!("/projects/{}/records/1/form?event={event}&instrument={form}", project.id());
    let side_effects = path("side_effects_survey", "week_1_arm_1");
    submit(&server, &side_effects, &[("se_symptoms___1", "1"), ("se_symptoms___4", "1"), ("se_interfered", "0")]).await;
    let page = submit(&server, &side_effects, &[("se_symptoms___4", "1")]).await.2;
    assert!(
        page.contains("name=\"se_symptoms___4\" value=\"1\" checked")
            && !page.contains("name=\"se_symptoms___1\" value=\"1\" checked")
    );
    assert!(page.contains("This project has no DET URL"));
    let reaction = path("reaction_time", "week_1_arm_1");
    let page = submit(&server, &reaction, &[("rt_completed_at", "2025-03-17T08:30"), ("rt_misses", "2")]).await.2;
    assert_eq!(
        server.sim.value(project.id(), "1", "week_1_arm_1", "rt_completed_at").as_deref(),
        Some("2025-03-17 08:30:00")
    );
    assert!(page.contains("value=\"2025-03-17T08:30:00\""));
    let second = format!("{}&instance=2", path("adverse_event", "baseline_arm_1"));
    submit(&server, &second, &[("ae_term", "Headache")]).await;
    let grid = server.get(&format!("/projects/{}/records/1", project.id())).await.1;
    assert!(grid.contains("#2 Incomplete") && grid.contains("+ instance 3"));
}

#[tokio::test]
async fn a_refused_value_shows_the_form_again_with_what_was_typed() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let path = format!("/projects/{}/records/1/form?event=week_1_arm_1&instrument=reaction_time", project.id());
    let (status, _, page) = submit(&server, &path, &[("rt_misses", "two"), ("rt_mean_ms", "251.5")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("rt_misses: The value you provided") && page.contains("value=\"251.5\""));
    let typed = [("rt_misses", "two"), ("__complete", "2"), ("__user", "ada"), ("__dag", "site_south")];
    let page = submit(&server, &path, &typed).await.2;
    for kept in [
        "<option value=\"2\" selected>Complete",
        "name=\"__user\" value=\"ada\"",
        "<option value=\"site_south\" selected>",
    ] {
        assert!(page.contains(kept), "{kept} is not in {page}");
    }
    assert_eq!(server.get(&format!("/projects/{}/records/1", project.id())).await.0, 404);
}

#[tokio::test]
async fn a_failed_det_is_told_in_plain_words() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let _receiver = with_receiver(&project, StatusCode::SERVICE_UNAVAILABLE).await;
    let path = format!("/projects/{}/records/1/form?event=baseline_arm_1&instrument=contact", project.id());
    let page = submit(&server, &path, &[]).await.2;
    assert!(page.contains("Saved, but the DET was answered with 503. It is not sent again."), "{page}");
}

#[tokio::test]
async fn redcap_is_broken_and_repaired_by_buttons() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let path = format!("/projects/{}/fault", project.id());
    assert!(
        submit(&server, &path, &[("fault", "gateway:502")]).await.2.contains("The API is broken: Gateway page 502.")
    );
    assert_eq!(project.call(&[("content", "version")]).await.0, 502);
    assert!(server.get("/").await.1.contains("Gateway page 502"));
    assert!(!submit(&server, &path, &[("fault", "")]).await.2.contains("The API is broken"));
    assert_eq!(project.call(&[("content", "version")]).await.0, 200);
    assert_eq!(submit(&server, &path, &[("fault", "nonsense")]).await.0, 400);
}

#[tokio::test]
async fn programs_give_the_same_orders_as_json() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let order = async |path: &str, body: Value| {
        let url = format!("{}/sim/projects/{}/{path}", server.base, project.id());
        let answer = server.http.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(order("fault", json!({"fault": "slow:5"})).await, (200, "{\"fault\":\"slow:5\"}".into()));
    assert_eq!(order("fault", json!({"fault": "nonsense"})).await.0, 422);
    assert_eq!(order("det-url", json!({"url": "http://u:pw@127.0.0.1:9/det"})).await.0, 204);
    let listed: Value = serde_json::from_str(&server.get("/sim/projects").await.1).unwrap();
    let expected = json!([{"project_id": project.id(), "title": "Sponsor study", "records": 0, "faults": ["slow:5"],
                           "api_calls": 0, "det_url": "http://***@127.0.0.1:9/det"}]);
    assert_eq!(listed, expected);
    order("det-url", json!({"url": null})).await;
    let save =
        json!({"record": "", "instrument": "contact", "values": {"contact_name": "Ada"}, "complete": 1, "user": "ada"});
    let (status, saved) = order("save", save).await;
    assert_eq!((status, saved.as_str()), (200, "{\"record\":\"1\",\"repeat_instance\":null,\"delivery\":null}"));
    let value = format!("/sim/projects/{}/value?record=1&event=baseline_arm_1&field=contact_name", project.id());
    assert_eq!(server.get(&value).await.1, "{\"value\":\"Ada\"}");
    let bad = json!({"record": "1", "instrument": "contact", "values": {"contact_email": "secret answer"}, "complete": 1, "user": "ada"});
    let (status, body) = order("save", bad).await;
    assert_eq!(status, 422);
    assert!(body.contains("contact_email") && !body.contains("secret answer"), "{body}");
}

#[tokio::test]
async fn redcaps_own_address_of_a_record_leads_to_its_page_with_what_is_stored() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let path = format!("/projects/{}/records/%C3%84-07/form?event=baseline_arm_1&instrument=enrollment", project.id());
    let saved =
        [("enroll_date", "2025-03-10"), ("participant_code", "<b>SN-1</b>"), ("__complete", "2"), ("__user", "ben")];
    assert_eq!(submit(&server, &path, &saved).await.0, 303);
    for version in ["", "/redcap_v14.9.1"] {
        let home = format!("{}{version}/DataEntry/record_home.php?pid={}&id=%C3%84-07", server.base, project.id());
        let answer = server.http.get(home).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        let (status, page) = server.get(&to).await;
        assert_eq!(status, 200, "{to}");
        assert!(page.contains("<th scope=\"row\">enroll_date</th><td>2025-03-10</td>"), "{page}");
        assert!(page.contains("<td>&lt;b&gt;SN-1&lt;/b&gt;</td>"), "{page}");
    }
    let nowhere = server.http.get(format!("{}/else/DataEntry/record_home.php?pid=1&id=1", server.base));
    assert_eq!(nowhere.send().await.unwrap().status().as_u16(), 404);
}
