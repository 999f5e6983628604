//! The dashboard counts what is stored, of this study alone.

use std::collections::BTreeMap;

use chrono::Duration;
use metricis_core::breaker::Breaker;
use metricis_core::words::{ParticipantStatus, SyncErrorType};
use metricis_store::testing::Engine;
use metricis_store::{Dashboard, JobKind, LIVE_WITHIN_S, Vitals};
use rstest::rstest;

use crate::world::{World, day, done, quoted};

fn quiet() -> Dashboard {
    Dashboard {
        failed_syncs: 0,
        pending_over_15_min: 0,
        oldest_pending: None,
        failed_events: 0,
        stuck_events: 0,
        events_waiting: 0,
        oldest_event_s: None,
        duplicates_24h: 0,
        rereads_waiting: 0,
        oldest_reread_s: None,
        troubled_rereads: 0,
        refused_for_rate: 0,
        reconcile_wanted: false,
        reconciled_at: None,
        open_flags: 0,
        breaker: Breaker::default(),
        live_workers: 0,
        jobs_queued: 0,
        oldest_job_s: None,
        participants: ParticipantStatus::ALL.iter().map(|status| (*status, 0)).collect(),
        participants_to_review: 0,
        visits_due_today: 0,
        visits_overdue: 0,
        visits_next_7_days: 0,
    }
}

/// Something of everything, all of it at one moment.
async fn trouble(world: &mut World) {
    world.add_windows(&[0, 7, 8]).await;
    let (ada, _, _) = world.add_schedule("1").await;
    let (gone, _, _) = world.add_schedule("2").await;
    let failed = world.add_session(ada, "failed").await;
    world.add_session(ada, "waiting").await;
    let synced = world.add_session(ada, "synced").await;
    let worker = world.add_process("worker").await;
    world.add_process("server").await;
    let stuck = world.add_event("1", &[]).await;
    let tx = world.tx().await;
    tx.mark_session_failed(failed, SyncErrorType::ApiError, "down").await.expect("pending");
    tx.mark_session_synced(synced).await.expect("pending");
    tx.set_participant_status(gone, ParticipantStatus::Withdrawn).await.expect("a status");
    tx.enqueue_job(world.study, &JobKind::SyncEvents).await.expect("a job");
    tx.claim_event(worker, usize::MAX).await.expect("an answer").expect("an event");
    tx.ask_reread(world.study, "9").await.expect("asked");
    tx.claim_reread(worker, usize::MAX).await.expect("an answer").expect("a re-read");
    done(tx).await;
    let (study, now) = (world.uuid(world.study.0), world.moment(world.now));
    world.add_event("1", &[("status", quoted("failed")), ("error_message", quoted("why"))]).await;
    world.add_event("1", &[("status", quoted("duplicate")), ("duplicate_of_id", world.uuid(stuck.0))]).await;
    let marks =
        format!("INSERT INTO reconcile_marks (study_id, refused, first_at, last_at) VALUES ({study}, 4, {now}, {now})");
    world.db.as_server(&marks).await.expect("a mark");
}

#[rstest]
#[tokio::test]
async fn it_counts_what_is_stored_of_this_study(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let today = day("2026-03-02");
    assert_eq!(world.read().await.dashboard(world.study, today).await, Ok(quiet()));
    trouble(&mut world).await;
    let start = world.now;
    world.advance(Duration::seconds(LIVE_WITHIN_S));
    let now = world.read().await.dashboard(world.study, today).await.expect("a dashboard");
    let expected = Dashboard {
        failed_syncs: 1,
        oldest_pending: Some(start),
        failed_events: 1,
        duplicates_24h: 1,
        // The one that a worker is at.
        rereads_waiting: 1,
        oldest_reread_s: Some(LIVE_WITHIN_S),
        refused_for_rate: 4,
        reconcile_wanted: true,
        live_workers: 1,
        jobs_queued: 1,
        oldest_job_s: Some(LIVE_WITHIN_S),
        participants: BTreeMap::from([
            (ParticipantStatus::Screened, 0),
            (ParticipantStatus::Enrolled, 1),
            (ParticipantStatus::Completed, 0),
            (ParticipantStatus::Withdrawn, 1),
        ]),
        visits_due_today: 1,
        visits_next_7_days: 2,
        ..quiet()
    };
    assert_eq!(now, expected);
    world.advance(Duration::minutes(15));
    let last_day = world.read().await.dashboard(world.study, day("2026-03-04")).await;
    assert_eq!(last_day.map(|board| board.visits_overdue), Ok(0), "the window's last day is in it");
    let later = world.read().await.dashboard(world.study, day("2026-03-05")).await.expect("a dashboard");
    assert_eq!((later.pending_over_15_min, later.stuck_events, later.troubled_rereads), (1, 1, 1));
    assert_eq!((later.live_workers, later.oldest_job_s), (0, Some(LIVE_WITHIN_S + 900)));
    assert_eq!((later.visits_due_today, later.visits_overdue, later.visits_next_7_days), (0, 1, 2));
    world.advance(Duration::hours(24));
    assert_eq!(world.read().await.dashboard(world.study, today).await.map(|board| board.duplicates_24h), Ok(0));
    let foreign = world.read().await.dashboard(other, today).await;
    assert_eq!(foreign, Ok(quiet()), "of the other study nothing is told");
}

#[rstest]
#[tokio::test]
async fn it_says_what_waits_and_for_how_long(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    world.add_event("1", &[]).await;
    world.advance(Duration::seconds(50));
    world.add_event("2", &[]).await;
    world.advance(Duration::seconds(10));
    let seen = world.read().await.dashboard(world.study, day("2026-03-02")).await.expect("a dashboard");
    assert_eq!((seen.events_waiting, seen.oldest_event_s), (2, Some(60)));
    // The first asking counts.
    for record in ["9", "8", "9"] {
        let tx = world.tx().await;
        tx.ask_reread(world.study, record).await.expect("asked");
        done(tx).await;
        world.advance(Duration::seconds(10));
    }
    let waiting = async |world: &World| {
        let seen = world.read().await.dashboard(world.study, day("2026-03-02")).await.expect("a dashboard");
        (seen.rereads_waiting, seen.oldest_reread_s)
    };
    assert_eq!(waiting(&world).await, (2, Some(30)));
    let worker = world.add_process("worker").await;
    let tx = world.tx().await;
    let taken = tx.claim_reread(worker, usize::MAX).await.expect("an answer").expect("a re-read");
    assert_eq!(taken.record_id, "9", "the longest waiting first");
    done(tx).await;
    assert_eq!(waiting(&world).await, (2, Some(30)), "until its end");
    let tx = world.tx().await;
    tx.ask_reread(world.study, "9").await.expect("asked");
    tx.finish_reread(world.study, "9", taken.generation, worker).await.expect("held");
    done(tx).await;
    world.advance(Duration::seconds(1));
    assert_eq!(waiting(&world).await, (2, Some(21)), "what was asked for meanwhile waits since then");
}

#[rstest]
#[tokio::test]
async fn the_systems_numbers_are_the_dashboards(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    trouble(&mut world).await;
    let start = world.now;
    world.add_event("2", &[]).await;
    world.advance(Duration::seconds(LIVE_WITHIN_S));
    let now = world.read().await.vitals().await.expect("numbers");
    let expected = Vitals {
        sessions_failed: 1,
        sessions_pending: 1,
        events_received: 1,
        events_since: Some(start),
        events_failed: 1,
        events_stuck: 0,
        events_duplicate: 1,
        jobs_queued: 1,
        jobs_since: Some(start),
        // The one that a worker is at.
        rereads_waiting: 1,
        rereads_since: Some(start),
        breakers_open: 0,
        reconciles_wanted: 1,
        flags_open: 0,
        // No study is active.
        reconciled_since: None,
        simulated_studies: 0,
        servers_live: 1,
        workers_live: 1,
    };
    assert_eq!(now, expected);
    // The event's process is dead: nobody will end it.
    world.advance(Duration::microseconds(1));
    let later = world.read().await.vitals().await.expect("numbers");
    assert_eq!(later, Vitals { events_stuck: 1, servers_live: 0, workers_live: 0, ..expected });
}
