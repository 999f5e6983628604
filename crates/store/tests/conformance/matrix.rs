//! The matrix: every window a column, every participant a row, one visit for a cell – the one that counts.

use chrono::Duration;
use metricis_core::words::{ParticipantStatus, VisitStatus};
use metricis_store::testing::Engine;
use metricis_store::{Matrix, ParticipantFilter};
use rstest::rstest;

use crate::world::{World, day, done};

async fn of(world: &World, filter: &ParticipantFilter) -> Matrix {
    world.read().await.matrix(world.study, filter).await.expect("a matrix")
}

#[rstest]
#[tokio::test]
async fn a_cell_is_the_current_visit_else_the_one_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let windows = world.add_windows(&[0, 10, 20, 30]).await;
    let (participant, _, old) = world.add_schedule("1").await;
    let tx = world.tx().await;
    tx.complete_visit(old[0], day("2026-03-02")).await.expect("a pending visit");
    tx.complete_visit(old[1], day("2026-03-12")).await.expect("a pending visit");
    done(tx).await;
    let retire = format!(
        "UPDATE schedule_versions SET status = 'superseded', is_current = FALSE WHERE participant_id = {0};
         UPDATE visits SET status = 'cancelled' WHERE status = 'pending'",
        world.uuid(participant.0)
    );
    world.db.as_server(&retire).await.expect("superseded");
    world.advance(Duration::days(1));
    let tx = world.tx().await;
    let version = tx.insert_version(participant, 2, day("2026-03-05")).await.expect("version 2");
    // Made again: the second window, which was completed before, and the third; the fourth is left out.
    let planned = world.planned(&tx).await;
    tx.insert_visits(version, &planned[1..3]).await.expect("visits");
    let new: Vec<_> = tx.visits(participant).await.expect("visits");
    let new: Vec<_> = new.iter().filter(|visit| visit.in_current_version).map(|visit| visit.id).collect();
    done(tx).await;
    let matrix = of(&world, &ParticipantFilter::default()).await;
    assert_eq!(matrix.windows.iter().map(|window| window.id).collect::<Vec<_>>(), windows);
    let cells: Vec<_> =
        windows.iter().map(|id| matrix.rows[0].visits.get(id).map(|cell| (cell.id, cell.status))).collect();
    let kept = Some((old[0], VisitStatus::Completed));
    let made_again = Some((new[0], VisitStatus::Pending));
    let current = Some((new[1], VisitStatus::Pending));
    assert_eq!(cells, [kept, made_again, current, None], "a cancelled visit of a former version is no cell");
}

#[rstest]
#[tokio::test]
async fn pages_are_rows_in_order_with_the_total_of_all(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    world.add_windows(&[0, 30]).await;
    for record in ["1", "2", "3"] {
        world.add_schedule(record).await;
        world.advance(Duration::milliseconds(2));
    }
    let unscheduled = world.add_participant("4").await;
    let tx = world.tx().await;
    tx.set_participant_status(unscheduled, ParticipantStatus::Screened).await.expect("a status");
    done(tx).await;
    let codes = |matrix: &Matrix| matrix.rows.iter().map(|row| row.participant_code.clone()).collect::<Vec<_>>();
    let page = |offset| ParticipantFilter { limit: 2, offset, ..ParticipantFilter::default() };
    let first = of(&world, &page(0)).await;
    assert_eq!((first.total, codes(&first)), (4, vec!["P-1".to_owned(), "P-2".to_owned()]));
    assert_eq!(first.rows[1].visits.len(), 2);
    let second = of(&world, &page(2)).await;
    assert_eq!((second.total, codes(&second)), (4, vec!["P-3".to_owned(), "P-4".to_owned()]));
    assert_eq!((second.rows[1].status, second.rows[1].visits.len()), (ParticipantStatus::Screened, 0));
    let beyond = of(&world, &page(4)).await;
    assert_eq!((beyond.total, beyond.rows.len(), beyond.windows.len()), (4, 0, 2));
    let search = ParticipantFilter { search: Some("p-3".to_owned()), ..ParticipantFilter::default() };
    let found = of(&world, &search).await;
    assert_eq!((found.total, codes(&found)), (1, vec!["P-3".to_owned()]));
    let foreign = world.read().await.matrix(other, &ParticipantFilter::default()).await.expect("a matrix");
    assert_eq!((foreign.total, foreign.windows.len(), foreign.rows.len()), (0, 0, 0));
}

#[rstest]
#[tokio::test]
async fn a_retired_window_is_a_column_while_it_has_visits(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    world.add_windows(&[0, 30]).await;
    let columns = async || of(&world, &ParticipantFilter::default()).await.windows.len();
    world.db.as_server("UPDATE visit_windows SET active = FALSE WHERE position = 2").await.expect("retired");
    assert_eq!(columns().await, 1);
    world.db.as_server("UPDATE visit_windows SET active = TRUE").await.expect("active");
    world.add_schedule("1").await;
    world.db.as_server("UPDATE visit_windows SET active = FALSE WHERE position = 2").await.expect("retired");
    assert_eq!(columns().await, 2);
    world.db.as_server("UPDATE visit_windows SET day_offset = NULL, active = TRUE").await.expect("without days");
    assert_eq!(columns().await, 2, "what has visits stays");
}
