//! Versions and visits: one current version, one visit for each window, and no way back for a completed one.

use std::collections::BTreeMap;

use metricis_core::ids::VisitId;
use metricis_core::words::{ScheduleStatus, VisitStatus};
use metricis_store::testing::Engine;
use metricis_store::{ParticipantFilter, SurveyState};
use rstest::rstest;

use crate::world::{World, conflict, day, done};

#[rstest]
#[tokio::test]
async fn one_version_is_current_and_a_window_has_one_visit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_windows(&[0, 30]).await;
    let (participant, version, visits) = world.add_schedule("1").await;
    conflict(world.tx().await.insert_version(participant, 2, day("2026-04-01")).await);
    let tx = world.tx().await;
    let planned = world.planned(&tx).await;
    conflict(tx.insert_visits(version, &planned[1..]).await);
    drop(tx);
    let read = world.read().await;
    let current = read.current_version(participant).await.expect("an answer").expect("a version");
    assert_eq!((current.id, current.version_number, current.status), (version, 1, ScheduleStatus::Active));
    assert_eq!((current.anchor_date, current.is_current), (day("2026-03-02"), true));
    assert_eq!(read.versions(participant).await.expect("versions"), [current]);
    let stored = read.visits(participant).await.expect("visits");
    assert_eq!(stored.iter().map(|visit| visit.id).collect::<Vec<_>>(), visits);
    let second = read.visit(visits[1]).await.expect("an answer").expect("a visit");
    assert_eq!(second, stored[1]);
    assert_eq!((second.participant, second.study, second.in_current_version), (participant, world.study, true));
    assert_eq!((second.scheduled_date, second.window_start, second.window_end), {
        (day("2026-04-01"), day("2026-03-31"), day("2026-04-03"))
    });
    assert_eq!((second.label.as_str(), second.event_name.as_str()), ("Visit 2", "visit_2_arm_1"));
    assert_eq!((second.status, second.anchor_reconciled, second.instruments.len()), (VisitStatus::Pending, false, 2));
    assert_eq!(read.visit(VisitId::at(world.now)).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn only_a_pending_visit_is_completed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_windows(&[0]).await;
    let (_, _, visits) = world.add_schedule("1").await;
    let tx = world.tx().await;
    tx.complete_visit(visits[0], day("2026-03-03")).await.expect("a pending visit");
    done(tx).await;
    assert_eq!(
        conflict(world.tx().await.complete_visit(visits[0], day("2026-03-04")).await),
        "the visit is not pending"
    );
    let visit = world.read().await.visit(visits[0]).await.expect("an answer").expect("a visit");
    assert_eq!((visit.status, visit.actual_visit_date), (VisitStatus::Completed, Some(day("2026-03-03"))));
}

#[rstest]
#[tokio::test]
async fn survey_state_is_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_windows(&[0]).await;
    let (_, _, visits) = world.add_schedule("1").await;
    let state = BTreeMap::from([
        ("phq9".to_owned(), SurveyState { complete: 0 }),
        ("vitals".to_owned(), SurveyState { complete: 2 }),
    ]);
    let tx = world.tx().await;
    tx.set_survey_state(visits[0], &state).await.expect("a visit");
    done(tx).await;
    let visit = world.read().await.visit(visits[0]).await.expect("an answer").expect("a visit");
    assert_eq!(visit.survey_state, state);
    conflict(world.tx().await.set_survey_state(VisitId::at(world.now), &state).await);
}

#[rstest]
#[tokio::test]
async fn the_visits_of_a_page_are_those_of_its_participants(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    world.add_windows(&[0, 30]).await;
    let mut made = vec![];
    for record in ["1", "2", "3"] {
        made.push(world.add_schedule(record).await);
        world.advance(chrono::Duration::milliseconds(2));
    }
    let of_page = async |page: ParticipantFilter| {
        let visits = world.read().await.visits_of_page(world.study, &page).await.expect("visits");
        visits.iter().map(|visit| visit.id).collect::<Vec<_>>()
    };
    let page = |after| ParticipantFilter { limit: 2, after, ..ParticipantFilter::default() };
    assert_eq!(of_page(page(None)).await, [made[0].2.clone(), made[1].2.clone()].concat());
    assert_eq!(of_page(page(Some(made[1].0))).await, made[2].2);
    assert_eq!(of_page(page(Some(made[2].0))).await, []);
    let search = ParticipantFilter { search: Some("p-2".to_owned()), ..ParticipantFilter::default() };
    assert_eq!(of_page(search).await, made[1].2);
    let other = world.add_study("MEM-2").await;
    assert_eq!(world.read().await.visits_of_page(other, &page(None)).await, Ok(vec![]));
}
