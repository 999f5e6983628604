//! Every operation × every persona → its status. An operation that is missing here fails the suite.
//!
//! Columns: nobody, pia (participant), gus (global admin), cleo (another study's owner), ben (coordinator), ada (owner), asked
//! in this order on a fresh world, so that refusals come before what changes anything.

use std::collections::{BTreeMap, BTreeSet};

use metricis_core::ids::{EventId, FlagId, JobId, ParticipantId, ProcessId, StudyId};
use metricis_core::words::FlagKind;
use metricis_server::openapi;
use metricis_store::testing::Engine;
use metricis_store::{JobKind, NewFlag};
use rstest::rstest;
use serde_json::{Value, json};
use utoipa::openapi::path::Operation;
use uuid::Uuid;

use crate::ask::{Ask, Persona, det_body, signed_det};
use crate::world::{SECRET, World};

/// Operations that somebody who is not signed in may reach. This list only shrinks.
const OPEN: &[&str] = &[
    "create_test_participant_link",
    "get_health",
    "get_openapi",
    "open_participant_session",
    "receive_det",
    "show_settings",
    "sign_in",
    "start_console_session",
    "test_det",
];

#[rustfmt::skip]
const MATRIX: &[(&str, [u16; 6])] = &[
    ("get_health",                   [200, 200, 200, 200, 200, 200]),
    ("get_metrics",                  [401, 401, 401, 401, 401, 401]),
    ("get_openapi",                  [200, 200, 200, 200, 200, 200]),
    ("sign_in",                      [401, 401, 401, 401, 401, 401]),
    ("open_participant_session",     [401, 401, 401, 401, 401, 401]),
    ("end_participant_session",      [401, 204, 401, 401, 401, 401]),
    ("start_console_session",        [401, 401, 401, 401, 401, 401]),
    ("get_console_session",          [401, 401, 200, 200, 200, 200]),
    ("end_console_session",          [401, 401, 401, 401, 401, 401]),
    ("revoke_own_tokens",            [401, 401, 204, 204, 204, 204]),
    ("get_signed_in_user",           [401, 401, 200, 200, 200, 200]),
    ("receive_det",                  [415, 415, 415, 415, 415, 415]),
    ("test_det",                     [415, 415, 415, 415, 415, 415]),
    ("show_settings",                [200, 200, 200, 200, 200, 200]),
    ("create_test_participant_link", [200, 200, 200, 200, 200, 200]),
    ("list_studies",                 [401, 401, 200, 200, 200, 200]),
    ("get_study",                    [401, 401, 404, 404, 200, 200]),
    ("get_dashboard",                [401, 401, 404, 404, 200, 200]),
    ("get_today",                    [401, 401, 404, 404, 200, 200]),
    ("watch_changes",                [401, 401, 404, 404, 200, 200]),
    ("set_study_status",             [401, 401, 404, 404, 403, 409]),
    ("list_members",                 [401, 401, 404, 404, 200, 200]),
    ("grant_study_role",             [401, 401, 404, 404, 403, 200]),
    ("list_sites",                   [401, 401, 404, 404, 200, 200]),
    ("create_site",                  [401, 401, 404, 404, 403, 200]),
    ("set_study_settings",           [401, 401, 404, 404, 403, 200]),
    ("get_redcap_config",            [401, 401, 404, 404, 200, 200]),
    ("set_redcap_connection",        [401, 401, 404, 404, 403, 200]),
    ("set_webhook_secret",           [401, 401, 404, 404, 403, 200]),
    ("retire_webhook_secret",        [401, 401, 404, 404, 403, 409]),
    ("set_redcap_settings",          [401, 401, 404, 404, 403, 200]),
    ("sync_events",                  [401, 401, 404, 404, 403, 202]),
    ("test_connection",              [401, 401, 404, 404, 403, 202]),
    ("push_dictionary",              [401, 401, 404, 404, 403, 202]),
    ("init_project",                 [401, 401, 404, 404, 403, 202]),
    ("delete_form",                  [401, 401, 404, 404, 403, 202]),
    ("import_participants",          [401, 401, 404, 404, 403, 202]),
    ("refresh_survey_links",         [401, 401, 404, 404, 403, 202]),
    ("get_job",                      [401, 401, 404, 404, 200, 200]),
    ("reset_breaker",                [401, 401, 404, 404, 403, 200]),
    ("list_participants",            [401, 401, 404, 404, 200, 200]),
    ("get_matrix",                   [401, 401, 404, 404, 200, 200]),
    ("download_participants",        [401, 401, 404, 404, 200, 200]),
    ("download_visits",              [401, 401, 404, 404, 200, 200]),
    ("get_participant",              [401, 401, 404, 404, 200, 200]),
    ("move_participant_anchor",      [401, 401, 404, 404, 200, 200]),
    ("record_consent",               [401, 401, 404, 404, 200, 409]),
    ("create_participant_link",      [401, 401, 404, 404, 200, 200]),
    ("withdraw_participant",         [401, 401, 404, 404, 200, 409]),
    ("list_sessions",                [401, 401, 404, 404, 200, 200]),
    ("sync_sessions",                [401, 401, 404, 404, 200, 200]),
    ("list_webhook_events",          [401, 401, 404, 404, 200, 200]),
    ("list_stuck_webhook_events",    [401, 401, 404, 404, 200, 200]),
    ("get_webhook_event",            [401, 401, 404, 404, 200, 200]),
    ("replay_webhook_event",         [401, 401, 404, 404, 200, 409]),
    ("get_reconcile",                [401, 401, 404, 404, 200, 200]),
    ("reconcile",                    [401, 401, 404, 404, 202, 409]),
    ("list_flags",                   [401, 401, 404, 404, 200, 200]),
    ("resolve_flag",                 [401, 401, 404, 404, 200, 409]),
    ("list_audit_rows",              [401, 401, 404, 404, 200, 200]),
    ("verify_audit_chain",           [401, 401, 404, 404, 200, 200]),
    ("check_cutover",                [401, 401, 404, 404, 200, 200]),
    ("get_data_status",              [401, 200, 401, 401, 401, 401]),
    ("list_tasks",                   [401, 200, 401, 401, 401, 401]),
    ("get_schedule",                 [401, 200, 401, 401, 401, 401]),
    ("list_own_sessions",            [401, 200, 401, 401, 401, 401]),
    ("submit_session",               [401, 201, 401, 401, 401, 401]),
    ("give_consent",                 [401, 409, 401, 401, 401, 401]),
];

/// A body that the operation accepts.
async fn body_of(world: &World, operation: &str) -> Option<Value> {
    Some(match operation {
        "sign_in" | "start_console_session" => json!({ "email": "ada@example.org", "password": "wrong" }),
        "open_participant_session" => json!({ "code": "unknown" }),
        "create_test_participant_link" => json!({ "study": "NBK", "participant": "P-332-1" }),
        "set_study_status" => json!({ "status": "paused" }),
        "grant_study_role" => json!({ "email": "cleo@example.org", "role": "monitor" }),
        "create_site" => json!({ "code": "NORTH", "name": "Site North", "redcap_dag": "site_north" }),
        "set_study_settings" => json!({ "time_zone": "Europe/Berlin" }),
        "set_redcap_connection" => json!({ "api_url": "https://redcap.example.edu/api/", "project_id": "18" }),
        "set_webhook_secret" => json!({ "secret": "the-next-webhook-secret-of-the-study-0002" }),
        "set_redcap_settings" => json!({ "anchor_date_field": "enroll_date" }),
        "move_participant_anchor" => json!({ "date": "2026-03-09", "reason": "moved", "dry_run": true }),
        "record_consent" => json!({ "mode": "manual" }),
        "withdraw_participant" => json!({ "reason": "moved away" }),
        "sync_sessions" | "reconcile" => json!({}),
        "resolve_flag" => json!({ "resolution": "dismissed", "reason": "seen in REDCap" }),
        "push_dictionary" => {
            json!({ "dictionary": "field_name,form_name,field_type\nrecord_id,enrollment,text", "dry_run": true })
        }
        "init_project" | "import_participants" => json!({ "dry_run": true }),
        "delete_form" => json!({ "form": "contact", "dry_run": true }),
        "submit_session" => world.submission("k").await,
        _ => return None,
    })
}

/// Objects of one study, as paths name them.
struct Ids {
    study: StudyId,
    participant: ParticipantId,
    event: EventId,
    job: JobId,
    flag: FlagId,
}

impl Ids {
    async fn of(world: &World, study: StudyId, participant: ParticipantId, project: &str, secret: &str) -> Self {
        let body = det_body(&[("project_id", project)]);
        let event = world.send(signed_det(body, secret)).await.ok();
        let event: EventId = event["event_id"].as_str().expect("an id").parse().expect("an id");
        let (tx, process) = (world.tx().await, ProcessId::at(world.now()));
        tx.claim_event(process, usize::MAX).await.expect("an answer").expect("an event");
        tx.fail_event(event, process, "REDCap answered 503").await.expect("processing");
        let job = tx.enqueue_job(study, &JobKind::TestConnection).await.expect("a job");
        let flag = NewFlag {
            id: FlagId::at(world.now()),
            study,
            kind: FlagKind::DagMoved,
            record_id: "332-1".to_owned(),
            was: None,
            became: Some("site_north".to_owned()),
            participant: Some(participant),
            redcap_at: None,
        };
        tx.insert_flag(&flag).await.expect("a flag");
        world.done(tx).await;
        Self { study, participant, event, job, flag: flag.id }
    }

    fn path(&self, template: &str) -> String {
        template
            .replace("{study_id}", &self.study.to_string())
            .replace("{participant_id}", &self.participant.to_string())
            .replace("{event_id}", &self.event.to_string())
            .replace("{job_id}", &self.job.to_string())
            .replace("{flag_id}", &self.flag.to_string())
    }
}

struct Mounted {
    method: &'static str,
    path: String,
}

/// Every operation of the document by its id.
fn operations() -> BTreeMap<String, Mounted> {
    let mut found = BTreeMap::new();
    for (path, item) in openapi().paths.paths {
        let methods: [(&'static str, Option<Operation>); 5] =
            [("GET", item.get), ("POST", item.post), ("PUT", item.put), ("DELETE", item.delete), ("PATCH", item.patch)];
        for (method, operation) in methods.into_iter().filter_map(|(method, found)| Some((method, found?))) {
            let id = operation.operation_id.expect("every operation has an id");
            let former = found.insert(id.clone(), Mounted { method, path: path.clone() });
            assert!(former.is_none(), "the id {id} stands twice");
        }
    }
    found
}

async fn ask(world: &World, operation: &str, mounted: &Mounted, path: String, persona: Persona) -> u16 {
    let ask = Ask::new(mounted.method, path);
    let ask = match body_of(world, operation).await {
        Some(body) => ask.json(body),
        None => ask,
    };
    world.send_as(persona, ask).await.status.as_u16()
}

async fn world_with_objects(engine: Engine) -> (World, Ids, Ids) {
    let world = World::new(engine).await;
    let stranger = world.add_participant(world.other, "1").await;
    let own = Ids::of(&world, world.study, world.pia, "18", SECRET).await;
    let others = Ids::of(&world, world.other, stranger, "19", &format!("{SECRET}-of-another")).await;
    (world, own, others)
}

#[test]
fn every_operation_stands_in_the_matrix() {
    let listed: BTreeSet<String> = MATRIX.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    assert_eq!(listed, operations().into_keys().collect());
    assert_eq!(listed.len(), MATRIX.len(), "each once");
    let open: BTreeSet<&str> =
        MATRIX.iter().filter(|(_, row)| row[0] != 401).map(|(operation, _)| *operation).collect();
    let open_by_credentials = ["sign_in", "start_console_session", "open_participant_session"];
    assert_eq!(open.into_iter().chain(open_by_credentials).collect::<BTreeSet<_>>(), OPEN.iter().copied().collect());
}

#[rstest]
#[tokio::test]
async fn each_persona_gets_what_the_matrix_says(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let operations = operations();
    for (operation, expected) in MATRIX {
        let (world, own, _) = world_with_objects(engine).await;
        let mounted = &operations[*operation];
        for (persona, expected) in Persona::ALL.into_iter().zip(expected) {
            let status = ask(&world, operation, mounted, own.path(&mounted.path), persona).await;
            assert_eq!(status, *expected, "{operation} as {persona:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_is_unknown_or_another_studys_is_not_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let (world, own, others) = world_with_objects(engine).await;
    let nothing = Uuid::from_u128(7);
    let unknown = Ids {
        study: StudyId(nothing),
        participant: ParticipantId(nothing),
        event: EventId(nothing),
        job: JobId(nothing),
        flag: FlagId(nothing),
    };
    let within_own = |ids: &Ids| Ids { study: own.study, ..*ids };
    for (operation, mounted) in operations().iter().filter(|(_, mounted)| mounted.path.contains("{study_id}")) {
        let mut strangers = vec![unknown.path(&mounted.path), others.path(&mounted.path)];
        strangers.push(own.path(&mounted.path).replace(&own.study.to_string(), "not-an-id"));
        if mounted.path.matches('{').count() > 1 {
            strangers.extend([within_own(&unknown).path(&mounted.path), within_own(&others).path(&mounted.path)]);
        }
        for path in strangers {
            let status = ask(&world, operation, mounted, path.clone(), Persona::Ada).await;
            assert_eq!(status, 404, "{operation} {path}");
        }
    }
    assert_eq!(world.actions(10).await, ["receive_det", "create_study"], "nothing was changed");
}
