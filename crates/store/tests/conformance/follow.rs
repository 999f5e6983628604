//! What following REDCap's events looks at: enrolled people with their schedules, some at a time, each once.

use metricis_core::ids::ParticipantId;
use metricis_core::schedule::EventSyncPlan;
use metricis_core::words::{ConsentMode, ParticipantStatus, VisitStatus};
use metricis_store::NewConsent;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, day, done};

#[rstest]
#[tokio::test]
async fn chunks_hold_every_enrolled_participant_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let windows = world.add_windows(&[0, 30]).await;
    let mut made = vec![];
    for record in ["1", "2", "3", "4"] {
        made.push(world.add_schedule(record).await);
        world.advance(chrono::Duration::milliseconds(2));
    }
    let without_schedule = world.add_participant("5").await;
    let tx = world.tx().await;
    tx.set_participant_status(made[1].0, ParticipantStatus::Withdrawn).await.expect("withdrawn");
    tx.complete_visit(made[0].2[0], day("2026-03-02")).await.expect("held");
    let consent =
        NewConsent { id: made[0].0.0, participant: made[0].0, mode: ConsentMode::Manual, given_at: world.now };
    tx.insert_consent(&consent).await.expect("a consent");
    done(tx).await;
    let chunk = async |after: Option<ParticipantId>| {
        let tx = world.tx().await;
        tx.lock_follow_chunk(world.study, after, 2).await.expect("a chunk")
    };
    let first = chunk(None).await;
    let ids = |chunk: &metricis_store::FollowChunk| chunk.participants.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!((ids(&first), first.next), (vec![made[0].0, made[2].0], Some(made[2].0)));
    let one = &first.participants[0];
    assert_eq!((one.version, one.anchor, one.arm_num), (made[0].1, day("2026-03-02"), 1));
    assert_eq!((one.consent.map(|consent| consent.given_at), one.time_zone.as_str()), {
        (Some(world.now), "Europe/Berlin")
    });
    let mut visits = one.visits.clone();
    visits.sort_by_key(|visit| visit.dates);
    let told: Vec<_> = visits.iter().map(|visit| (visit.window, visit.status, visit.in_current_version)).collect();
    assert_eq!(told, [(windows[0], VisitStatus::Completed, true), (windows[1], VisitStatus::Pending, true)]);
    assert_eq!(visits[0].dates, (day("2026-03-01"), day("2026-03-02"), day("2026-03-04")));
    let second = chunk(first.next).await;
    assert_eq!(
        (ids(&second), second.next),
        (vec![made[3].0], Some(without_schedule)),
        "nobody is followed without one"
    );
    assert_eq!(chunk(second.next).await, metricis_store::FollowChunk::default());
    let other = world.add_study("MEM-2").await;
    let tx = world.tx().await;
    assert_eq!(tx.lock_follow_chunk(other, None, 2).await, Ok(metricis_store::FollowChunk::default()));
}

#[rstest]
#[tokio::test]
async fn pending_visits_of_events_that_are_gone_are_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let windows = world.add_windows(&[0, 30]).await;
    let (_, _, visits) = world.add_schedule("1").await;
    let (left, ..) = world.add_schedule("2").await;
    assert_eq!(world.read().await.visits_without_event(world.study).await, Ok(0));
    let tx = world.tx().await;
    let plan = EventSyncPlan { retire: windows, ..EventSyncPlan::default() };
    tx.apply_event_sync(world.study, &plan).await.expect("a sync");
    tx.complete_visit(visits[0], day("2026-03-02")).await.expect("held");
    tx.set_participant_status(left, ParticipantStatus::Withdrawn).await.expect("withdrawn");
    done(tx).await;
    assert_eq!(world.read().await.visits_without_event(world.study).await, Ok(1));
}
