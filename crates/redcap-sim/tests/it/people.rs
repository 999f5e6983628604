//! The pages that a person reads: record status, log, deliveries, the API's people; and a survey that takes two sittings.

use axum::http::StatusCode;
use serde_json::json;

use crate::pages::{submit, with_receiver};
use crate::server::{SPONSOR_STUDY, Server};

#[tokio::test]
async fn the_dashboard_shows_the_state_of_every_form_and_leads_there() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let rows = json!([
        {"record_id": "<i>9</i>", "redcap_event_name": "baseline_arm_1", "enrollment_complete": "2", "contact_complete": "1",
         "redcap_data_access_group": "site_north"},
        {"record_id": "<i>9</i>", "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": "adverse_event",
         "redcap_repeat_instance": "1", "ae_term": "x", "adverse_event_complete": "2"},
        {"record_id": "<i>9</i>", "redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": "adverse_event",
         "redcap_repeat_instance": "2", "ae_term": "y", "adverse_event_complete": "0"},
        {"record_id": "10", "redcap_event_name": "baseline_arm_2", "enrollment_complete": "0"}
    ]);
    assert_eq!(project.import(&rows, &[]).await.0, 200);
    let page = server.get(&format!("/projects/{}/dashboard", project.id())).await.1;
    for part in [
        "aria-label=\"Enrollment, Baseline: Complete\"",
        "aria-label=\"Contact, Baseline: Unverified\"",
        "aria-label=\"Adverse Event, Baseline: Incomplete, 2 instances\"",
        "aria-label=\"Wellbeing, Week 8: Not started\"",
        ">&lt;i&gt;9&lt;/i&gt;</a>",
        "1 of 2 records.",
        "<td>site_north</td>",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    let other = server.get(&format!("/projects/{}/dashboard?arm=2&find=10", project.id())).await.1;
    assert!(
        other.contains("aria-label=\"Enrollment, Baseline: Incomplete\"") && other.contains("1 of 2 records."),
        "{other}"
    );
    let cell = other.split("href=\"").find(|part| part.contains("instrument=enrollment")).unwrap();
    let to = cell.split('"').next().unwrap().replace("&amp;", "&");
    assert!(server.get(&to).await.1.contains("<h1>Enrollment</h1>"), "{to}");
}

#[tokio::test]
async fn a_long_list_comes_in_parts() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let rows: Vec<_> = (1..=250).map(|n| json!({"record_id": n.to_string()})).collect();
    project.import(&json!(rows), &[]).await;
    let part = async |query: &str| server.get(&format!("/projects/{}/dashboard{query}", project.id())).await.1;
    let has = |page: &str, record: u32| page.contains(&format!(">{record}</a></th>"));
    let first = part("").await;
    assert!(has(&first, 1) && has(&first, 100) && !has(&first, 101) && first.contains("Part 1 of 3"), "{first}");
    let last = part("?part=3").await;
    assert!(has(&last, 250) && !has(&last, 200) && !last.contains("Next"), "{last}");
    assert!(has(&part("?part=99").await, 250), "beyond the end is the last part");
    let log = server.get(&format!("/projects/{}/log?find=record", project.id())).await.1;
    assert!(log.contains("Part 1 of 2") && log.contains("record (API) 250"), "{log}");
    assert!(!server.get(&format!("/projects/{}/log?find=nobody", project.id())).await.1.contains("(API)"));
}

#[tokio::test]
async fn deliveries_show_what_was_posted_and_the_button_tests_the_url() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let receiver = with_receiver(&project, StatusCode::FORBIDDEN).await;
    let form = format!("/projects/{}/records/%C3%84-07/form?event=baseline_arm_1&instrument=contact", project.id());
    submit(&server, &form, &[("contact_name", "Ada"), ("__dag", "site_north"), ("__complete", "2")]).await;
    let page = server.get(&format!("/projects/{}/det", project.id())).await.1;
    for part in ["record=Ä-07", "redcap_data_access_group=site_north", "contact_complete=2", ">403<"] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!page.contains("s3cret") && !page.contains("Ada"));
    let (status, _, tested) = submit(&server, &format!("/projects/{}/det-test", project.id()), &[]).await;
    assert!(status == 200 && tested.contains("The URL answered with 403."), "{tested}");
    assert_eq!(receiver.received().len(), 2);
    assert!(tested.contains("Deliveries (1)"), "a test is no delivery");
}

#[tokio::test]
async fn a_survey_is_opened_from_its_form_left_and_finished_with_a_det_each_time() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let receiver = with_receiver(&project, StatusCode::OK).await;
    project.import(&json!([{"record_id": "1"}]), &[]).await;
    let record = format!("/projects/{}/records/1", project.id());
    let form = format!("{record}/form?event=week_1_arm_1&instrument=side_effects_survey");
    assert!(server.get(&form).await.1.contains("Open as a survey"));
    let (status, to, page) = submit(&server, &form.replacen("/form?", "/survey?", 1), &[]).await;
    assert!(status == 303 && to.starts_with("/surveys/?s=") && page.contains("<h1>Side effects</h1>"), "{page}");

    let later = submit(&server, &to, &[("se_symptoms___4", "1"), ("__later", "1")]).await.2;
    assert!(later.contains("Come back by the same link"), "{later}");
    let again = server.get(&to).await.1;
    assert!(again.contains("name=\"se_symptoms___4\" value=\"1\" checked"), "what was answered is there: {again}");
    assert!(submit(&server, &to, &[("se_symptoms___4", "1")]).await.2.contains("Your answers have been saved."));
    assert!(server.get(&to).await.1.contains("You have already completed this survey."));

    let posted: Vec<Vec<String>> = receiver
        .received()
        .iter()
        .map(|det| {
            let said = det.form.iter().filter(|(name, _)| name == "username" || name.ends_with("_complete"));
            said.map(|(_, value)| value.clone()).collect()
        })
        .collect();
    assert_eq!(posted, [["[survey respondent]", "0"], ["[survey respondent]", "2"]]);
    let nothing = submit(&server, &format!("{record}/survey?event=week_1_arm_1&instrument=reaction_time"), &[]).await;
    assert_eq!(nothing.0, 404, "a form that is no survey has no link");
}

#[tokio::test]
async fn a_stranger_adds_a_project_and_gets_a_token_once() {
    let server = Server::start().await;
    let file = reqwest::multipart::Part::text(SPONSOR_STUDY).file_name("study.xml");
    let form = reqwest::multipart::Form::new().part("xml", file);
    let answer = server.http.post(format!("{}/projects", server.base)).multipart(form).send().await.unwrap();
    let page = answer.text().await.unwrap();
    let token = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a token").to_owned();
    let id = server.sim.projects()[0].project_id;
    let call = [("token", token.as_str()), ("content", "version")];
    assert_eq!(server.http.post(format!("{}/api/", server.base)).form(&call).send().await.unwrap().status(), 200);
    assert!(!server.get("/").await.1.contains(&token));

    let path = format!("/projects/{id}/users");
    let made = submit(&server, &path, &[("username", "<b>cleo"), ("dag", "site_north")]).await.2;
    assert!(made.contains("The token of &lt;b&gt;cleo is <code>"), "{made}");
    let api = server.get(&format!("/projects/{id}/api")).await.1;
    assert!(api.contains("&lt;b&gt;cleo") && api.contains("site_north") && !api.contains("<code>"), "{api}");
    assert_eq!(submit(&server, &path, &[("username", "eve"), ("dag", "nowhere")]).await.0, 400);
    assert_eq!(submit(&server, &format!("/projects/{id}/remove"), &[]).await.0, 400, "not by accident");
    assert_eq!(submit(&server, &format!("/projects/{id}/remove"), &[("yes", "1")]).await.0, 303);
    assert!(server.get("/").await.1.contains("There are no projects yet."));
}

#[tokio::test]
async fn an_order_is_written_on_the_page_and_told_as_it_stands() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let path = format!("/projects/{}/fault", project.id());
    let page = submit(&server, &path, &[("fault", "cut on log times 3")]).await.2;
    assert!(page.contains("The API is broken: Cuts the connection mid-answer (cut on log times 3)."), "{page}");
    server.sim.set_order(metricis_redcap_sim::Scope::Server, Some("offline".parse().unwrap())).unwrap();
    let page = server.get(&format!("/projects/{}", project.id())).await.1;
    assert!(page.contains("The whole server is broken: Offline page (503)."), "{page}");
    assert_eq!(submit(&server, &path, &[("fault", "cut on nothing")]).await.0, 400);
}
