//! An anchor move as the store writes it (guarantee 8): history stays as it was, the plan is written as it was shown.

use chrono::Duration;
use metricis_core::ids::{ParticipantId, VisitId};
use metricis_core::schedule::{AnchorPlan, move_anchor};
use metricis_core::study::StudyConfig;
use metricis_core::words::{CompletedVisitHandling, ScheduleStatus, VisitStatus};
use metricis_store::testing::Engine;
use metricis_store::{ANCHOR_MOVED, StoredVisit};
use rstest::rstest;
use serde_json::json;

use crate::world::{World, conflict, day, done};

fn config() -> StudyConfig {
    let mut config = StudyConfig::default();
    config.constraints.require_consent_for_scheduling = false;
    config
}

async fn plan(world: &World, participant: ParticipantId, to: &str) -> AnchorPlan {
    let facts = world.read().await.anchor_facts(participant, &config(), day("2026-03-05")).await;
    move_anchor(&facts.expect("an answer").expect("a schedule"), day(to)).expect("a plan")
}

/// Four visits: completed, missed, pending, pending.
async fn half_way(world: &World) -> (ParticipantId, Vec<VisitId>) {
    world.add_windows(&[0, 1, 30, 60]).await;
    let (participant, _, visits) = world.add_schedule("1").await;
    let tx = world.tx().await;
    tx.complete_visit(visits[0], day("2026-03-03")).await.expect("a pending visit");
    done(tx).await;
    let missed = format!("UPDATE visits SET status = 'missed' WHERE id = {}", world.uuid(visits[1].0));
    world.db.as_server(&missed).await.expect("a missed visit");
    (participant, visits)
}

async fn visits(world: &World, participant: ParticipantId) -> Vec<StoredVisit> {
    world.read().await.visits(participant).await.expect("visits")
}

#[rstest]
#[tokio::test]
async fn the_plan_is_written_and_completed_visits_keep_every_other_column(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let (participant, ids) = half_way(&world).await;
    let before = visits(&world, participant).await;
    world.advance(Duration::days(1));
    let plan = plan(&world, participant, "2026-03-20").await;
    let tx = world.tx().await;
    let version = tx.apply_anchor_plan(&plan).await.expect("a move");
    done(tx).await;
    let after = visits(&world, participant).await;
    let completed = StoredVisit {
        in_current_version: false,
        anchor_reconciled: true,
        original_target_date: Some(day("2026-03-02")),
        review_flag: Some(ANCHOR_MOVED.to_owned()),
        ..before[0].clone()
    };
    assert_eq!(after[0], completed);
    let touched =
        format!("SELECT count(*) FROM visits WHERE id = {} AND updated_at <> created_at", world.uuid(ids[0].0));
    assert_eq!(world.db.count(&touched).await, 0, "the row's last change is still its completion");
    let told: Vec<_> = after[1..].iter().map(|visit| (visit.version_number, visit.status)).collect();
    let (missed, cancelled, pending) = (VisitStatus::Missed, VisitStatus::Cancelled, VisitStatus::Pending);
    assert_eq!(told, [(1, missed), (1, cancelled), (1, cancelled), (2, pending), (2, pending), (2, pending)]);
    assert_eq!(after[1].review_flag.as_deref(), Some(ANCHOR_MOVED));
    assert_eq!(after[4].scheduled_date, day("2026-03-21"), "the missed window, which can be kept now");
    let versions = world.read().await.versions(participant).await.expect("versions");
    let told: Vec<_> = versions.iter().map(|version| (version.status, version.anchor_date)).collect();
    assert_eq!(told, [(ScheduleStatus::Superseded, day("2026-03-02")), (ScheduleStatus::Active, day("2026-03-20"))]);
    assert_eq!(versions[1].id, version);
}

#[rstest]
#[tokio::test]
async fn the_original_target_is_written_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let (participant, _) = half_way(&world).await;
    for (to, visit) in [("2026-03-20", Some(4)), ("2026-04-20", None)] {
        world.advance(Duration::hours(1));
        let plan = plan(&world, participant, to).await;
        let tx = world.tx().await;
        tx.apply_anchor_plan(&plan).await.expect("a move");
        let id = match visit {
            Some(number) => Some(tx.visits(participant).await.expect("visits")[number].id),
            None => None,
        };
        if let Some(id) = id {
            tx.complete_visit(id, day("2026-03-21")).await.expect("a pending visit");
        }
        done(tx).await;
    }
    let after = visits(&world, participant).await;
    let originals: Vec<_> = after.iter().filter(|visit| visit.anchor_reconciled).collect();
    let told: Vec<_> = originals.iter().map(|visit| (visit.version_number, visit.original_target_date)).collect();
    assert_eq!(told, [(1, Some(day("2026-03-02"))), (2, Some(day("2026-03-21")))]);
    let again = plan(&world, participant, "2026-05-20").await;
    assert_eq!(again.reconcile, [], "completed visits of older versions are left alone");
}

#[rstest]
#[tokio::test]
async fn a_snapshot_that_is_there_is_kept_whatever_the_plan_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let (participant, ids) = half_way(&world).await;
    let plan = plan(&world, participant, "2026-03-20").await;
    let earlier = format!("UPDATE visits SET original_target_date = '2026-01-01' WHERE id = {}", world.uuid(ids[0].0));
    world.db.as_server(&earlier).await.expect("a snapshot");
    let tx = world.tx().await;
    tx.apply_anchor_plan(&plan).await.expect("a move");
    done(tx).await;
    let kept = world.read().await.visit(ids[0]).await.expect("an answer").expect("a visit");
    assert_eq!((kept.anchor_reconciled, kept.original_target_date), (true, Some(day("2026-01-01"))));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_moves_at_once_one_wins(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (participant, _) = half_way(&world).await;
    let plans = [plan(&world, participant, "2026-03-20").await, plan(&world, participant, "2026-03-25").await];
    let results = world
        .race(2, |store, now, number| {
            let plan = plans[number].clone();
            async move {
                let tx = store.write(now).await.expect("a transaction");
                let result = tx.apply_anchor_plan(&plan).await;
                if result.is_ok() {
                    done(tx).await;
                }
                result
            }
        })
        .await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 1));
    for result in lost {
        assert_eq!(conflict(result), "schedule moved by somebody else");
    }
    assert_eq!(world.read().await.versions(participant).await.map(|versions| versions.len()), Ok(2));
}

#[rstest]
#[case::completed_meanwhile_missed(0, "status = 'missed', actual_visit_date = NULL")]
#[case::missed_meanwhile_completed(1, "status = 'completed', actual_visit_date = '2026-03-03'")]
#[case::pending_meanwhile_completed(2, "status = 'completed', actual_visit_date = '2026-03-31'")]
#[case::pending_meanwhile_missed(3, "status = 'missed'")]
#[tokio::test]
async fn a_plan_that_was_overtaken_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] overtaken: usize,
    #[case] change: &str,
) {
    let world = World::new(engine).await;
    let (participant, ids) = half_way(&world).await;
    // Without a review, whose flags would notice a completed visit that is none any more.
    let plan = AnchorPlan { review: vec![], ..plan(&world, participant, "2026-03-20").await };
    let text = format!("UPDATE visits SET {change} WHERE id = {}", world.uuid(ids[overtaken].0));
    world.db.as_server(&text).await.expect("a change");
    let before = visits(&world, participant).await;
    let reason = conflict(world.tx().await.apply_anchor_plan(&plan).await);
    assert!(reason.contains("changed since the plan was made"), "{reason}");
    assert_eq!(visits(&world, participant).await, before);
    assert_eq!(world.read().await.versions(participant).await.map(|versions| versions.len()), Ok(1));
}

#[rstest]
#[tokio::test]
async fn the_facts_say_what_the_study_chose(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let (participant, _) = half_way(&world).await;
    let mut strict = StudyConfig::default();
    strict.enrollment_date_policy.re_anchoring.completed_visit_handling = CompletedVisitHandling::ReWindow;
    let read = world.read().await;
    let facts = read.anchor_facts(participant, &strict, day("2026-03-05")).await.expect("an answer").expect("facts");
    assert!(!facts.gate_open, "no consent mode, no consent");
    assert_eq!((facts.handling, facts.today), (CompletedVisitHandling::ReWindow, day("2026-03-05")));
    assert_eq!((facts.visits.len(), facts.windows.len(), facts.arm_num), (4, 4, 1));
    let unscheduled = world.add_participant("2").await;
    assert_eq!(world.read().await.anchor_facts(unscheduled, &strict, day("2026-03-05")).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn the_mark_of_a_differing_anchor_is_cleared_by_the_date_that_redcap_has(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let (marked, other) = (world.add_participant("1").await, world.add_participant("2").await);
    let mark = async |participant: ParticipantId, extra: serde_json::Value| {
        let set = format!("UPDATE participants SET extra_data = '{extra}' WHERE id = {}", world.uuid(participant.0));
        world.db.as_server(&set).await.expect("a mark");
    };
    mark(marked, json!({ "review": "anchor_differs", "redcap_anchor_date": "2026-03-16", "kept": 1 })).await;
    mark(other, json!({ "review": "record_gone", "redcap_anchor_date": "2026-03-16" })).await;
    let clear = async |participant, anchor: &str| {
        let tx = world.tx().await;
        let cleared = tx.clear_anchor_review(participant, day(anchor)).await.expect("an answer");
        done(tx).await;
        let after = world.read().await.participant(participant).await.expect("an answer").expect("a participant");
        (cleared, after.review, after.extra_data)
    };
    assert!(!clear(marked, "2026-03-09").await.0, "it still differs");
    assert_eq!(clear(marked, "2026-03-16").await, (true, None, json!({ "kept": 1 })));
    assert!(!clear(marked, "2026-03-16").await.0, "once");
    let kept = clear(other, "2026-03-16").await;
    assert_eq!((kept.0, kept.1.as_deref()), (false, Some("record_gone")), "another mark is another matter");
    assert!(world.tx().await.clear_anchor_review(ParticipantId::at(world.now), day("2026-03-16")).await.is_err());
}
