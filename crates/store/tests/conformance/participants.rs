//! Participants: one for each record and code, listed in pages, numbered without doubles.

use std::collections::BTreeSet;

use chrono::Duration;
use metricis_core::ids::{ParticipantId, SiteId};
use metricis_core::words::ParticipantStatus;
use metricis_store::testing::Engine;
use metricis_store::{NewParticipant, NewSite, ParticipantFilter, ParticipantUpdate};
use rstest::rstest;
use serde_json::json;

use crate::world::{World, conflict, day, done};

#[rstest]
#[tokio::test]
async fn record_ids_are_text_and_unique_within_a_study(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    for record in ["332-1", "Ä-07", "007", "7"] {
        let id = world.add_participant(record).await;
        let found = world.read().await.participant_of_record(world.study, record).await.expect("an answer");
        assert_eq!(found.map(|participant| (participant.id, participant.external_id)), Some((id, record.to_owned())));
    }
    let mut same_record = world.new_participant("7");
    same_record.code = "other".to_owned();
    conflict(world.tx().await.insert_participant(&same_record).await);
    let mut same_code = world.new_participant("8");
    same_code.code = "P-7".to_owned();
    conflict(world.tx().await.insert_participant(&same_code).await);
    let other = world.add_study("MEM-2").await;
    let tx = world.tx().await;
    tx.insert_participant(&NewParticipant { study: other, ..world.new_participant("7") })
        .await
        .expect("another study's");
    done(tx).await;
    assert_eq!(world.read().await.participant_count(world.study).await, Ok(4));
}

async fn add_site(world: &World) -> SiteId {
    let (study, redcap_dag) = (world.study, Some("north".to_owned()));
    let new = NewSite { id: SiteId::at(world.now), study, code: "S1".to_owned(), name: "North".to_owned(), redcap_dag };
    let tx = world.tx().await;
    tx.insert_site(&new).await.expect("a site");
    done(tx).await;
    new.id
}

#[rstest]
#[tokio::test]
async fn an_update_writes_the_mapped_fields_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let (id, site) = (world.add_participant("1").await, add_site(&world).await);
    world.db.as_server(r#"UPDATE participants SET extra_data = '{"kept": [1]}'"#).await.expect("a foreign key");
    let update = ParticipantUpdate {
        id,
        site: Some(site),
        code: None,
        arm_num: 2,
        time_zone: "UTC".to_owned(),
        dag: Some("north".to_owned()),
        review: Some("anchor_differs".to_owned()),
        redcap_anchor: Some(day("2026-03-20")),
        mapped_digest: "1".repeat(64),
    };
    let before = world.read().await.participant(id).await.expect("an answer").expect("a participant");
    let tx = world.tx().await;
    tx.update_participant(&update).await.expect("an update");
    tx.set_participant_status(id, ParticipantStatus::Withdrawn).await.expect("a status");
    done(tx).await;
    let after = world.read().await.participant(id).await.expect("an answer").expect("a participant");
    assert_eq!((&after.code, &after.external_id), (&before.code, &before.external_id));
    assert_eq!((after.site, after.arm_num, after.enrollment_date), (Some(site), 2, before.enrollment_date));
    assert_eq!((after.dag.as_deref(), after.time_zone.as_str()), (Some("north"), "UTC"));
    let extra =
        json!({ "kept": [1], "redcap_dag": "north", "review": "anchor_differs", "redcap_anchor_date": "2026-03-20" });
    assert_eq!(after.extra_data, extra);
    assert_eq!(after.review.as_deref(), Some("anchor_differs"));
    let tx = world.tx().await;
    tx.update_participant(&ParticipantUpdate { review: None, redcap_anchor: None, ..update.clone() })
        .await
        .expect("an update");
    done(tx).await;
    let agreed = world.read().await.participant(id).await.expect("an answer").expect("a participant");
    assert_eq!(agreed.extra_data, json!({ "kept": [1], "redcap_dag": "north" }), "the mark is cleared");
    assert_eq!((after.mapped_digest, after.status), ("1".repeat(64), ParticipantStatus::Withdrawn));
    let nobody = ParticipantUpdate { id: ParticipantId::at(world.now), ..update };
    assert!(world.tx().await.update_participant(&nobody).await.is_err());
}

#[rstest]
#[tokio::test]
async fn lists_are_searched_filtered_and_paged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let mut world = World::new(engine).await;
    let mut ids = vec![];
    for record in ["a_1", "ab1", "A%1", "b\\1", "Ä-1"] {
        ids.push(world.add_participant(record).await);
        world.advance(Duration::milliseconds(2));
    }
    let tx = world.tx().await;
    tx.set_participant_status(ids[1], ParticipantStatus::Completed).await.expect("a status");
    done(tx).await;
    let read = world.read().await;
    let list = async |filter: ParticipantFilter| {
        let page = read.participants(world.study, &filter).await.expect("a page");
        page.into_iter().map(|participant| participant.external_id).collect::<Vec<_>>()
    };
    let search = |text: &str| ParticipantFilter { search: Some(text.to_owned()), ..ParticipantFilter::default() };
    assert_eq!(list(search("p-A_")).await, ["a_1"], "the wildcards of LIKE are letters here");
    assert_eq!(list(search("a%")).await, ["A%1"]);
    assert_eq!(list(search("\\")).await, ["b\\1"]);
    assert_eq!(list(search("Ä")).await, ["Ä-1"]);
    assert_eq!(list(search("nobody")).await, [] as [&str; 0]);
    let completed = ParticipantFilter { status: Some(ParticipantStatus::Completed), ..ParticipantFilter::default() };
    assert_eq!(list(completed).await, ["ab1"]);
    let page = |after| ParticipantFilter { limit: 2, after, ..ParticipantFilter::default() };
    assert_eq!(list(page(None)).await, ["a_1", "ab1"]);
    assert_eq!(list(page(Some(ids[1]))).await, ["A%1", "b\\1"]);
    assert_eq!(list(page(Some(ids[4]))).await, [] as [&str; 0]);
}

#[rstest]
#[tokio::test]
async fn a_list_is_narrowed_by_site_and_review_and_counted_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let site = SiteId::at(world.now);
    let tx = world.tx().await;
    let (code, name) = ("NORTH".to_owned(), "North".to_owned());
    tx.insert_site(&NewSite { id: site, study: world.study, code, name, redcap_dag: None }).await.expect("a site");
    for (record, at, study) in [("1", Some(site), world.study), ("2", None, world.study), ("3", None, other)] {
        let new = NewParticipant { site: at, study, ..world.new_participant(record) };
        tx.insert_participant(&new).await.expect("a participant");
    }
    done(tx).await;
    for (record, status) in [("4", "enrolled"), ("5", "withdrawn")] {
        world.advance(Duration::milliseconds(2));
        let marked = world.add_participant(record).await;
        let mark = format!(
            r#"UPDATE participants SET extra_data = '{{"review":"anchor_differs"}}', status = '{status}' WHERE id = {}"#,
            world.uuid(marked.0)
        );
        world.db.as_server(&mark).await.expect("a mark");
    }
    let read = world.read().await;
    let list = async |filter: ParticipantFilter| {
        let page = read.participants(world.study, &filter).await.expect("a page");
        let total = read.participants_total(world.study, &filter).await.expect("a total");
        (page.into_iter().map(|found| found.external_id).collect::<Vec<_>>(), total)
    };
    let any = ParticipantFilter::default();
    let one = |record: &str| (vec![record.to_owned()], 1);
    assert_eq!(list(ParticipantFilter { site: Some(site), ..any.clone() }).await, one("1"));
    assert_eq!(list(ParticipantFilter { review: Some(true), ..any.clone() }).await, one("4"));
    let counted = read.dashboard(world.study, world.now.date_naive()).await.expect("a dashboard");
    assert_eq!(counted.participants_to_review, 1, "the number is that of the list");
    assert_eq!(list(ParticipantFilter { review: Some(false), ..any.clone() }).await.1, 3);
    assert_eq!(list(ParticipantFilter { offset: 3, ..any.clone() }).await, (vec!["5".to_owned()], 4));
    assert_eq!(list(ParticipantFilter { offset: 4, ..any }).await, (vec![], 4), "past the end there is still a total");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn enrolments_at_once_get_different_numbers(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let study = world.study;
    let template = world.new_participant("template");
    let numbers = world
        .race(8, |store, now, task| {
            let mut new = template.clone();
            async move {
                let tx = store.write(now).await.expect("a transaction");
                let number = tx.next_participant_number(study).await.expect("a number");
                new.id = ParticipantId::at(now);
                new.code = format!("MEM-{number:04}");
                new.external_id = task.to_string();
                tx.insert_participant(&new).await.expect("no conflict");
                done(tx).await;
                number
            }
        })
        .await;
    assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), (1..=8).collect());
}

#[rstest]
#[tokio::test]
async fn numbering_does_not_hold_up_events(#[values(Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let tx = world.tx().await;
    tx.next_participant_number(world.study).await.expect("a number");
    // The lock that a DET's row takes on its study, without waiting for it.
    world.db.as_server("SELECT 1 FROM studies FOR KEY SHARE NOWAIT").await.expect("the study's key is free");
    drop(tx);
}
