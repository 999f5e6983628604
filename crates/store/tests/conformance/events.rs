//! Events: one record's are worked on one after the other, and nothing but a person leads out of `failed` or a dead claim.

use chrono::Duration;
use metricis_core::ids::{EventId, ProcessId};
use metricis_core::words::{EventEffect, EventStatus};
use metricis_store::testing::Engine;
use metricis_store::{EventFilter, LIVE_WITHIN_S, Replayed, STUCK_AFTER_MINUTES};
use rstest::rstest;

use crate::intake::{Inbox, det};
use crate::world::{World, conflict, day, done, quoted};

async fn claim(world: &World, process: ProcessId) -> Option<EventId> {
    let tx = world.tx().await;
    let event = tx.claim_event(process, usize::MAX).await.expect("an answer");
    done(tx).await;
    event.map(|event| event.id)
}

/// Why a replay is refused. Rolled back and not just dropped, so that the lock is gone when this returns.
async fn refusal(world: &World, id: EventId) -> String {
    let tx = world.tx().await;
    let reason = conflict(tx.replay_event(id).await);
    tx.roll_back().await.expect("nothing to keep");
    reason
}

#[rstest]
#[tokio::test]
async fn the_oldest_is_taken_and_a_record_is_worked_on_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let mut ids = vec![];
    for record in ["Ä-07", "Ä-07", "8"] {
        ids.push(world.add_event(record, &[]).await);
        world.advance(Duration::microseconds(1));
    }
    let tx = world.tx().await;
    let first = tx.claim_event(worker, usize::MAX).await.expect("an answer").expect("an event");
    done(tx).await;
    assert_eq!((first.id, first.status, first.record_id.as_str()), (ids[0], EventStatus::Processing, "Ä-07"));
    assert_eq!((first.claimed_at, first.claimed_by), (Some(world.now), Some(worker)));
    let form = [("record", "1"), ("instrument", "enrolment")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!((first.form, first.instrument.as_str(), first.event_name), (form.to_vec(), "enrolment", None));
    assert_eq!(claim(&world, worker).await, Some(ids[2]), "the second of the record waits");
    assert_eq!(claim(&world, worker).await, None);
    let tx = world.tx().await;
    tx.finish_event(ids[0], worker, EventEffect::Applied, Some("nothing to do")).await.expect("held");
    done(tx).await;
    assert_eq!(claim(&world, worker).await, Some(ids[1]));
    let event = world.read().await.event(ids[0]).await.expect("an answer").expect("an event");
    assert_eq!((event.status, event.processed_at), (EventStatus::Processed, Some(world.now)));
    assert_eq!(event.note.as_deref(), Some("nothing to do"));
}

#[rstest]
#[tokio::test]
async fn a_stuck_event_holds_up_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let stuck = world.add_event("7", &[]).await;
    assert_eq!(claim(&world, worker).await, Some(stuck));
    let next = world.add_event("7", &[]).await;
    let listed = async |world: &World| {
        // The worker lives, so that only the time since its claim counts.
        let tx = world.tx().await;
        tx.see_process(worker).await.expect("seen");
        done(tx).await;
        let events = world.read().await.stuck_events(world.study).await.expect("events");
        events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    world.advance(Duration::minutes(STUCK_AFTER_MINUTES));
    assert_eq!(listed(&world).await, []);
    assert_eq!(claim(&world, worker).await, None);
    world.advance(Duration::microseconds(1));
    assert_eq!(listed(&world).await, [stuck]);
    assert_eq!(claim(&world, worker).await, Some(next));
}

#[rstest]
#[tokio::test]
async fn only_who_holds_an_event_ends_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (worker, other) = (world.add_process("worker").await, world.add_process("worker").await);
    let id = world.add_event("7", &[]).await;
    conflict(world.tx().await.finish_event(id, worker, EventEffect::Applied, None).await);
    claim(&world, worker).await;
    conflict(world.tx().await.finish_event(id, other, EventEffect::Applied, None).await);
    conflict(world.tx().await.fail_event(id, other, "why").await);
    let tx = world.tx().await;
    tx.fail_event(id, worker, "group 'east' has no site").await.expect("held");
    conflict(tx.finish_event(id, worker, EventEffect::Applied, None).await);
    done(tx).await;
    let read = world.read().await;
    let event = read.event(id).await.expect("an answer").expect("an event");
    assert_eq!((event.status, event.processed_at), (EventStatus::Failed, None));
    assert_eq!(event.error_message.as_deref(), Some("group 'east' has no site"));
    assert_eq!(claim(&world, worker).await, None, "never retried by a worker");
}

#[rstest]
#[tokio::test]
async fn a_person_replays_what_failed_or_is_stuck(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    // Of the one nothing is known: only time tells.
    let (dead, worker) = (ProcessId::at(world.now), world.add_process("worker").await);
    let id = world.add_event("7", &[]).await;
    assert!(refusal(&world, id).await.contains("waits for a worker"));
    claim(&world, dead).await;
    world.advance(Duration::minutes(STUCK_AFTER_MINUTES));
    assert!(refusal(&world, id).await.contains("15 minutes"));
    world.advance(Duration::microseconds(1));
    let tx = world.tx().await;
    let replayed = Replayed { study: world.study, from: EventStatus::Processing, retry_count: 1 };
    assert_eq!(tx.replay_event(id).await, Ok(Some(replayed)));
    done(tx).await;
    conflict(world.tx().await.finish_event(id, dead, EventEffect::Applied, None).await);
    assert_eq!(claim(&world, worker).await, Some(id));
    let tx = world.tx().await;
    tx.fail_event(id, worker, "why").await.expect("held");
    let replayed = Replayed { from: EventStatus::Failed, retry_count: 2, ..replayed };
    assert_eq!(tx.replay_event(id).await, Ok(Some(replayed)));
    let event = tx.event(id).await.expect("an answer").expect("an event");
    assert_eq!((event.status, event.error_message, event.claimed_by), (EventStatus::Received, None, None));
    done(tx).await;
    claim(&world, worker).await;
    let tx = world.tx().await;
    tx.finish_event(id, worker, EventEffect::Applied, None).await.expect("held");
    done(tx).await;
    assert!(refusal(&world, id).await.contains("nothing to replay"));
    let original = ("duplicate_of_id", world.uuid(id.0));
    let duplicate = world.add_event("7", &[("status", quoted("duplicate")), original]).await;
    assert!(refusal(&world, duplicate).await.contains("duplicate"));
    assert_eq!(world.tx().await.replay_event(EventId::at(world.now)).await, Ok(None));
}

/// The registry knows that the process is dead: it stopped, or was not seen for half a minute.
#[rstest]
#[tokio::test]
async fn an_event_of_a_process_known_to_be_dead_is_stuck_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] stopped: bool,
) {
    let mut world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let id = world.add_event("7", &[]).await;
    claim(&world, worker).await;
    world.advance(Duration::seconds(LIVE_WITHIN_S));
    let stuck = async |world: &World| {
        let read = world.read().await;
        let listed = read.stuck_events(world.study).await.expect("events").len() as u64;
        let counted = read.dashboard(world.study, day("2026-03-02")).await.expect("a dashboard").stuck_events;
        assert_eq!(listed, counted);
        listed
    };
    assert_eq!(stuck(&world).await, 0);
    assert!(refusal(&world, id).await.contains("or its process is dead"));
    if stopped {
        let tx = world.tx().await;
        tx.stop_process(worker).await.expect("stopped");
        done(tx).await;
    } else {
        world.advance(Duration::microseconds(1));
    }
    assert_eq!(stuck(&world).await, 1);
    let tx = world.tx().await;
    assert!(tx.replay_event(id).await.expect("stuck").is_some());
    done(tx).await;
    conflict(world.tx().await.finish_event(id, worker, EventEffect::Applied, None).await);
}

/// From the moment at which it is shown as stuck it keeps no other save from being worked on, neither by its key nor by its record.
#[rstest]
#[tokio::test]
async fn an_event_of_a_dead_process_gives_up_its_key_and_its_record(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] stopped: bool,
) {
    let mut inbox = Inbox::new(engine).await;
    let (writer, study) = (inbox.writer().await, inbox.world.study);
    let worker = inbox.world.add_process("worker").await;
    let first = writer.receive(det(study, "7")).await.expect("stored").event;
    assert_eq!(claim(&inbox.world, worker).await, Some(first));
    let pass = |inbox: &mut Inbox, time: Duration| {
        inbox.clock.advance(time);
        inbox.world.advance(time);
    };
    pass(&mut inbox, Duration::seconds(LIVE_WITHIN_S));
    let repeated = writer.receive(det(study, "7")).await.expect("stored").duplicate_of;
    assert_eq!(repeated, Some(first), "its process may still live");
    let other = inbox.world.add_event("7", &[]).await;
    assert_eq!(claim(&inbox.world, worker).await, None);
    if stopped {
        let tx = inbox.world.tx().await;
        tx.stop_process(worker).await.expect("stopped");
        done(tx).await;
    }
    pass(&mut inbox, Duration::microseconds(1));
    let again = writer.receive(det(study, "7")).await.expect("stored");
    assert_eq!(again.duplicate_of, None, "the repetition is an original");
    let alive = inbox.world.add_process("worker").await;
    assert_eq!(claim(&inbox.world, alive).await, Some(other));
}

#[rstest]
#[tokio::test]
async fn a_person_replays_what_was_processed_too_early_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let worker = world.add_process("worker").await;
    let id = world.add_event("7", &[]).await;
    let finish = async |effect: EventEffect, note: &str| {
        assert_eq!(claim(&world, worker).await, Some(id));
        let tx = world.tx().await;
        tx.finish_event(id, worker, effect, Some(note)).await.expect("held");
        done(tx).await;
    };
    finish(EventEffect::TooEarly, "the instrument is not complete").await;
    let event = world.read().await.event(id).await.expect("an answer").expect("an event");
    assert_eq!(event.effect, Some(EventEffect::TooEarly));
    for (effect, note, said) in [
        // Whatever its note says.
        (EventEffect::Applied, "no effect: unknown record", "had its effect"),
        (EventEffect::Nothing, "the participant is withdrawn", "had no effect, and a replay would have none"),
    ] {
        let tx = world.tx().await;
        let replayed = tx.replay_event(id).await.expect("an answer").expect("the event");
        assert_eq!((replayed.study, replayed.from), (world.study, EventStatus::Processed));
        done(tx).await;
        let event = world.read().await.event(id).await.expect("an answer").expect("an event");
        assert_eq!((event.status, event.processed_at), (EventStatus::Received, None));
        assert_eq!((event.effect, event.note), (None, None));
        finish(effect, note).await;
        let reason = refusal(&world, id).await;
        assert!(reason.contains(said), "{reason}");
        world.db.tamper("UPDATE webhook_events SET effect = 'too_early'").await.expect("once more");
    }
}

#[rstest]
#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let mut ids = vec![];
    for record in ["1", "2", "1", "3"] {
        ids.push(world.add_event(record, &[]).await);
        world.advance(Duration::microseconds(1));
    }
    let read = world.read().await;
    let list = async |filter: EventFilter, before: Option<EventId>, limit: u32| {
        let page = read.events(world.study, &filter, before, limit).await.expect("a page");
        page.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(list(EventFilter::default(), None, 2).await, [ids[3], ids[2]]);
    assert_eq!(list(EventFilter::default(), Some(ids[2]), 9).await, [ids[1], ids[0]]);
    let of_record = EventFilter { record_id: Some("1".to_owned()), ..EventFilter::default() };
    assert_eq!(list(of_record, None, 9).await, [ids[2], ids[0]]);
    let failed = EventFilter { status: Some(EventStatus::Failed), ..EventFilter::default() };
    assert_eq!(list(failed, None, 9).await, []);
}
