//! Today's lists: the window decides, each visit stands in one of them at most, and the core's state agrees.

use chrono::{Duration, NaiveDate};
use metricis_core::ids::{SiteId, VisitId};
use metricis_core::schedule::visit_state;
use metricis_core::words::{ParticipantStatus, VisitState};
use metricis_store::testing::Engine;
use metricis_store::{DayList, NewParticipant, NewSite, Today};
use rstest::rstest;

use crate::world::{World, day, done};

fn labels(list: &DayList) -> Vec<&str> {
    list.visits.iter().map(|visit| visit.label.as_str()).collect()
}

async fn of(world: &World, today: &str) -> Today {
    world.read().await.today(world.study, day(today)).await.expect("lists")
}

/// Windows of one day before to two days after, on days 0, 8, 9 and 10 from 2026-03-02.
#[rstest]
#[tokio::test]
async fn a_visit_is_upcoming_then_due_then_overdue(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_windows(&[0, 8, 9, 10]).await;
    world.add_schedule("1").await;
    let seen = of(&world, "2026-03-02").await;
    assert_eq!((labels(&seen.due), labels(&seen.overdue)), (vec!["Visit 1"], vec![]));
    assert_eq!(labels(&seen.upcoming), ["Visit 2"], "opens on the 9th, in seven days; the next opens in eight");
    assert_eq!(labels(&of(&world, "2026-03-04").await.due), ["Visit 1"], "the window's last day is in it");
    assert_eq!(labels(&of(&world, "2026-03-05").await.overdue), ["Visit 1"]);
    assert_eq!(labels(&of(&world, "2026-03-09").await.due), ["Visit 2"], "the window's first day is in it");
    let (visits, mut states) = (world.read().await.today(world.study, day("2026-03-09")).await.expect("lists"), vec![]);
    for (state, list) in [
        (VisitState::Due, &visits.due),
        (VisitState::Overdue, &visits.overdue),
        (VisitState::Upcoming, &visits.upcoming),
    ] {
        for visit in &list.visits {
            assert_eq!(
                visit_state(visit.status, visit.window_start, visit.window_end, day("2026-03-09")),
                state,
                "{visit:?}"
            );
            states.push(visit.label.clone());
        }
    }
    assert_eq!(states, ["Visit 2", "Visit 1", "Visit 3", "Visit 4"], "each once");
    assert_eq!(of(&world, "2026-03-02").await.due.visits[0].target_date, day("2026-03-02"));
    world.read().await.today(world.study, NaiveDate::MAX).await.expect("the last day there is");
}

#[rstest]
#[tokio::test]
async fn only_pending_visits_of_enrolled_people_of_this_study_count(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let site = SiteId::at(world.now);
    world.add_windows(&[0]).await;
    let tx = world.tx().await;
    let (code, name) = ("NORTH".to_owned(), "North".to_owned());
    tx.insert_site(&NewSite { id: site, study: world.study, code, name, redcap_dag: None }).await.expect("a site");
    let new = NewParticipant { site: Some(site), ..world.new_participant("at-a-site") };
    tx.insert_participant(&new).await.expect("a participant");
    let version = tx.insert_version(new.id, 1, day("2026-03-02")).await.expect("version 1");
    tx.insert_visits(version, &world.planned(&tx).await).await.expect("visits");
    done(tx).await;
    world.advance(Duration::milliseconds(2));
    let (withdrawn, _, _) = world.add_schedule("withdrawn").await;
    let (_, _, completed) = world.add_schedule("completed").await;
    let (superseded, _, _) = world.add_schedule("superseded").await;
    let tx = world.tx().await;
    tx.set_participant_status(withdrawn, ParticipantStatus::Withdrawn).await.expect("a status");
    tx.complete_visit(completed[0], day("2026-03-02")).await.expect("a pending visit");
    done(tx).await;
    let retire = format!(
        "UPDATE schedule_versions SET status = 'superseded', is_current = FALSE WHERE participant_id = {}",
        world.uuid(superseded.0)
    );
    world.db.as_server(&retire).await.expect("superseded");
    let seen = of(&world, "2026-03-02").await;
    assert_eq!(seen.due.total, 1);
    let visit = &seen.due.visits[0];
    assert_eq!((visit.participant, visit.participant_code.as_str()), (new.id, "P-at-a-site"));
    assert_eq!((visit.site_code.as_deref(), visit.event_name.as_str()), (Some("NORTH"), "visit_1_arm_1"));
    let foreign = world.read().await.today(other, day("2026-03-02")).await.expect("lists");
    assert_eq!((foreign.due, foreign.overdue, foreign.upcoming), Default::default());
}

#[rstest]
#[tokio::test]
async fn the_first_hundred_are_shown_and_all_are_counted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let offsets: Vec<i32> = (0..101).collect();
    world.add_windows(&offsets).await;
    world.add_schedule("1").await;
    let seen = of(&world, "2026-12-31").await.overdue;
    assert_eq!((seen.total, seen.visits.len()), (101, 100));
    let ids: std::collections::BTreeSet<VisitId> = seen.visits.iter().map(|visit| visit.id).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(seen.visits[0].label, "Visit 1", "the longest ago comes first");
}
