//! The stream of changes: topics of one study's chain, whichever process wrote them, to whoever may still watch.

use std::time::Duration;

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::StudyId;
use metricis_server::ChangeTimes;
use metricis_store::testing::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::ask::{Ask, Events, Persona, det_body, signed_det};
use crate::world::{SECRET, World};

const SOON: Duration = Duration::from_millis(1);
const NEVER: Duration = Duration::from_secs(86_400);
/// Nothing happens by itself; a stream more than two rows behind is told everything.
const QUIET: ChangeTimes = ChangeTimes { look: NEVER, sign: NEVER, recheck: NEVER, waiting: 256, resumes_within: 2 };

async fn world_with(engine: Engine, times: ChangeTimes) -> World {
    World::with(engine, |settings| settings.change_times = times).await
}

async fn world(engine: Engine) -> World {
    world_with(engine, ChangeTimes { look: SOON, ..QUIET }).await
}

async fn listen(world: &World, persona: Persona, since: Option<&str>) -> Events {
    let token = world.token_of(persona).expect("a token");
    let study = if persona == Persona::Cleo { world.other } else { world.study };
    let ask = Ask::get(format!("/api/studies/{study}/changes")).token(&token);
    let ask = match since {
        Some(id) => ask.header("last-event-id", id),
        None => ask,
    };
    ask.listen(world.router.clone()).await
}

/// What another process does: nothing of it goes through this one's server.
async fn elsewhere(world: &World, study: StudyId, action: Action) {
    let tx = world.tx().await;
    tx.commit(Entry::study(study, Actor::System, action)).await.expect("a commit");
}

fn breaker(study: StudyId) -> Action {
    Action::ResetBreaker { study, failures: 5 }
}

async fn change(events: &mut Events) -> (String, Value) {
    let text = events.next().await.expect("the stream goes on");
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    assert_eq!(field("event: "), "change", "{text}");
    (field("id: "), serde_json::from_str(&field("data: ")).expect("JSON"))
}

#[rstest]
#[tokio::test]
async fn a_change_of_the_study_is_told_by_topic_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let mut events = listen(&world, Persona::Ben, None).await;
    assert_eq!(events.next().await.as_deref(), Some("id: 1\n: listening"));
    elsewhere(&world, world.other, breaker(world.other)).await;
    world.send(signed_det(det_body(&[("record", "secret-record")]), SECRET)).await.ok();
    let (id, told) = change(&mut events).await;
    assert_eq!((id.as_str(), told), ("2", json!({ "sequence": 2, "topics": ["events", "audit"] })));
    elsewhere(&world, world.study, breaker(world.study)).await;
    assert_eq!(change(&mut events).await.1, json!({ "sequence": 3, "topics": ["breaker", "board", "audit"] }));
}

#[rstest]
#[tokio::test]
async fn a_stream_goes_on_where_it_ended(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    elsewhere(&world, world.study, breaker(world.study)).await;
    elsewhere(&world, world.study, Action::RetireWebhookSecret { study: world.study }).await;
    let mut resumed = listen(&world, Persona::Ben, Some("1")).await;
    let topics = json!(["breaker", "redcap", "board", "audit"]);
    assert_eq!(change(&mut resumed).await.1, json!({ "sequence": 3, "topics": topics }));
    let mut current = listen(&world, Persona::Ben, Some("3")).await;
    assert_eq!(current.next().await.as_deref(), Some("id: 3\n: listening"), "nothing was missed");
    for unreadable in ["4", "-1", "yesterday"] {
        let mut lost = listen(&world, Persona::Ben, Some(unreadable)).await;
        let told = change(&mut lost).await.1;
        assert_eq!((&told["sequence"], told["topics"].as_array().map(Vec::len)), (&json!(3), Some(9)), "{unreadable}");
    }
}

#[rstest]
#[tokio::test]
async fn a_stream_too_far_behind_is_told_everything(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    for _ in 0..3 {
        elsewhere(&world, world.study, breaker(world.study)).await;
    }
    for (since, topics) in [("2", 3), ("1", 9)] {
        let mut resumed = listen(&world, Persona::Ben, Some(since)).await;
        let told = change(&mut resumed).await.1;
        assert_eq!((&told["sequence"], told["topics"].as_array().map(Vec::len)), (&json!(4), Some(topics)), "{since}");
    }
}

/// What waits for all streams is one queue: a slow one's change is pushed out of it by what happens in other studies.
#[rstest]
#[tokio::test]
async fn a_stream_that_reads_too_slowly_reads_the_chain(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world_with(engine, ChangeTimes { look: SOON, waiting: 1, ..QUIET }).await;
    let mut slow = listen(&world, Persona::Ben, None).await;
    let (mut quick, mut other) = (listen(&world, Persona::Ada, None).await, listen(&world, Persona::Cleo, None).await);
    for events in [&mut slow, &mut quick, &mut other] {
        events.next().await.expect("a greeting");
    }
    elsewhere(&world, world.study, breaker(world.study)).await;
    change(&mut quick).await;
    elsewhere(&world, world.other, breaker(world.other)).await;
    change(&mut other).await;
    let (id, told) = change(&mut slow).await;
    assert_eq!((id.as_str(), &told["topics"]), ("2", &json!(["breaker", "board", "audit"])));
}

#[rstest]
#[tokio::test]
async fn who_may_no_longer_watch_is_told_nothing_more(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let times = ChangeTimes { look: SOON, recheck: SOON, ..QUIET };
    let world = world_with(engine, times).await;
    let (mut ben, mut ada) = (listen(&world, Persona::Ben, None).await, listen(&world, Persona::Ada, None).await);
    for events in [&mut ben, &mut ada] {
        events.next().await.expect("a greeting");
    }
    world.db.tamper("DELETE FROM user_studies WHERE role = 'coordinator'").await.expect("no longer a member");
    assert_eq!(ben.next().await, None, "the role is gone");
    elsewhere(&world, world.study, breaker(world.study)).await;
    change(&mut ada).await;
    world.clock.advance(chrono::Duration::hours(2));
    assert_eq!(ada.next().await, None, "the token is over");
}

#[rstest]
#[tokio::test]
async fn a_person_has_eight_streams_at_most_beside_the_general_limit(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::with(engine, |settings| settings.rate_limit_per_minute = 1).await;
    let mut open = vec![];
    for _ in 0..8 {
        open.push(listen(&world, Persona::Ben, None).await);
    }
    let ninth = async || world.send_as(Persona::Ben, Ask::get(world.at("/changes"))).await;
    let problem = ninth().await.problem(429, "too-many-streams");
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains('8')), "{problem}");
    listen(&world, Persona::Ada, None).await;
    open.pop();
    assert_eq!(ninth().await.status, 200, "a place was given back");
    assert_eq!(world.send_as(Persona::Cleo, Ask::get(world.at("/changes"))).await.status, 404);
}

/// The ninth is refused before anything is asked of the database, which is gone.
#[rstest]
#[tokio::test]
async fn one_stream_too_many_needs_no_transaction(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world_with(engine, QUIET).await;
    let mut open = vec![];
    for _ in 0..8 {
        open.push(listen(&world, Persona::Ben, None).await);
    }
    world.db.store.clone().close().await.expect("closed");
    world.send_as(Persona::Ben, Ask::get(world.at("/changes"))).await.problem(429, "too-many-streams");
    world.send_as(Persona::Ada, Ask::get(world.at("/changes"))).await.problem(503, "unavailable");
}

#[rstest]
#[tokio::test]
async fn a_person_opens_sixty_streams_a_minute_at_most(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = world(engine).await;
    let open = async |persona| world.send_as(persona, Ask::get(world.at("/changes"))).await;
    for _ in 0..60 {
        assert_eq!(open(Persona::Ben).await.status, 200);
    }
    let refused = open(Persona::Ben).await;
    assert_eq!(refused.headers["retry-after"], "1");
    refused.problem(429, "rate-limited");
    assert_eq!(open(Persona::Ada).await.status, 200, "another person");
    world.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(open(Persona::Ben).await.status, 200);
}

#[tokio::test]
async fn a_quiet_stream_gives_signs_of_life() {
    let world = world_with(Engine::Sqlite, ChangeTimes { sign: SOON, ..QUIET }).await;
    let mut events = listen(&world, Persona::Ben, None).await;
    events.next().await.expect("a greeting");
    assert_eq!(events.next().await.as_deref(), Some(": still here"));
}
