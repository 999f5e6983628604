//! Each way to misbehave, as a client meets it on the wire.

use metricis_redcap_sim::Fault;
use serde_json::json;

use crate::server::{Project, Server};

const VERSION: [(&str, &str); 2] = [("content", "version"), ("format", "json")];

impl Project<'_> {
    fn break_with(&self, fault: &str) {
        self.server.sim.set_fault(self.id(), Some(fault.parse().unwrap())).unwrap();
    }

    fn repair(&self) {
        self.server.sim.set_fault(self.id(), None).unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_down_closes_the_connection_without_an_answer() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.break_with("down");
    let error = project.send(&VERSION).await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(server.sim.api_calls(project.id()), 1, "it arrived all the same");
    project.repair();
    assert_eq!(project.call(&VERSION).await, (200, "14.9.1".into()));
    assert_eq!(server.sim.api_calls(project.id()), 2);
}

#[tokio::test]
async fn a_cut_connection_breaks_inside_the_answer() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.break_with("cut");
    let form = [("token", project.handle.token.as_str()), ("content", "metadata"), ("format", "json")];
    let mut answer = server.http.post(format!("{}/api/", server.base)).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().unwrap().starts_with(b"[{\"field_name\":\"record_id\""));
    let rest = async {
        while let Some(_chunk) = answer.chunk().await? {}
        Ok::<(), reqwest::Error>(())
    };
    assert!(rest.await.is_err());
}

#[tokio::test]
async fn statuses_and_bodies_of_broken_servers() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    let cases = [
        ("status:507", 507, "<html>"),
        ("gateway:504", 504, "<h1>504 Gateway Timeout</h1>"),
        ("html200", 200, "multiple browser tabs of the same REDCap page"),
        ("memory200", 200, "REDCap ran out of server memory."),
        ("token", 403, "{\"error\":\"You do not have permissions to use the API\"}"),
        ("empty500", 500, ""),
        ("slow:1", 200, "14.9.1"),
    ];
    for (fault, status, part) in cases {
        project.break_with(fault);
        let (got, body) = project.call(&VERSION).await;
        assert_eq!(got, status, "{fault}");
        assert!(if part.is_empty() { body.is_empty() } else { body.contains(part) }, "{fault}: {body}");
    }
    assert_eq!(server.sim.api_calls(project.id()), 7);
}

#[tokio::test]
async fn a_fault_breaks_its_project_only() {
    let server = Server::start().await;
    let (broken, sound) = (server.sponsor_study(), server.sponsor_study());
    broken.break_with("empty500");
    assert_eq!(broken.call(&VERSION).await.0, 500);
    assert_eq!(sound.call(&VERSION).await.0, 200);
    assert_eq!((server.sim.api_calls(broken.id()), server.sim.api_calls(sound.id())), (1, 1));
}

#[tokio::test]
async fn a_refused_field_spoils_its_import_and_no_other() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.break_with("validation:rt_mean_ms");
    let row = |field: &str| json!([{"record_id": "1", "redcap_event_name": "week_1_arm_1", field: "250"}]);
    let (status, body) = project.import(&row("rt_mean_ms"), &[]).await;
    assert_eq!(status, 400);
    assert!(
        body.starts_with("{\"error\":\"\\\"1\\\",\\\"rt_mean_ms\\\",\\\"250\\\",\\\"The value you provided could not"),
        "{body}"
    );
    assert_eq!(project.import(&row("rt_sd_ms"), &[]).await.0, 200);
    assert_eq!(server.sim.value(project.id(), "1", "week_1_arm_1", "rt_mean_ms"), None);
}

#[tokio::test]
async fn lost_rows_are_lost_in_silence() {
    let server = Server::start().await;
    let project = server.sponsor_study();
    project.import(&json!([{"record_id": "1"}, {"record_id": "2"}]), &[]).await;
    server.sim.set_fault(project.id(), Some(Fault::LostRows)).unwrap();
    let rows = project.json(&[("content", "record"), ("fields", "record_id")]).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
    let import = project.import(&json!([{"record_id": "3"}, {"record_id": "4"}]), &[("returnContent", "ids")]).await;
    assert_eq!(import, (200, "[\"3\"]".into()));
    let alone = project.import(&json!([{"record_id": "5"}]), &[]).await;
    assert_eq!(alone, (200, "{\"count\":0}".into()));
    project.repair();
    let rows = project.json(&[("content", "record"), ("fields", "record_id")]).await;
    assert_eq!(rows.as_array().unwrap().len(), 3);
}
