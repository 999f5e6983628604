//! Flags: open until a person decides, holding both names of a renamed record; one of nobody's is closed at once.

use chrono::NaiveDateTime;
use metricis_core::action::Action;
use metricis_core::ids::{FlagId, ParticipantId, StudyId, UserId};
use metricis_core::words::{FlagKind, FlagResolution, GlobalRole};
use metricis_store::testing::Engine;
use metricis_store::{NewFlag, NewParticipant, NewUser, StoredFlag};
use rstest::rstest;

use crate::world::{World, conflict, done};

fn minute(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a minute")
}

async fn raise(world: &World, kind: FlagKind, names: (&str, Option<&str>), of: Option<ParticipantId>) -> FlagId {
    let new = NewFlag {
        id: FlagId::at(world.now),
        study: world.study,
        kind,
        record_id: names.0.to_owned(),
        was: None,
        became: names.1.map(str::to_owned),
        participant: of,
        redcap_at: (kind != FlagKind::DagMoved).then(|| minute("2026-03-29 02:30")),
        position: 0,
    };
    let tx = world.tx().await;
    tx.insert_flag(&new).await.expect("a flag");
    done(tx).await;
    new.id
}

async fn flag(world: &World, id: FlagId) -> StoredFlag {
    world.read().await.flag(id).await.expect("an answer").expect("the flag")
}

async fn holding(world: &World, record: &str) -> Option<FlagId> {
    world.read().await.flag_holding(world.study, record).await.expect("an answer").map(|flag| flag.id)
}

#[rstest]
#[tokio::test]
async fn an_open_flag_holds_both_names_until_somebody_decides(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let person = world.add_participant("7").await;
    let renamed = raise(&world, FlagKind::Renamed, ("7", Some("8")), Some(person)).await;
    let moved = raise(&world, FlagKind::DagMoved, ("12", Some("site_north")), Some(person)).await;
    assert_eq!((holding(&world, "7").await, holding(&world, "8").await), (Some(renamed), Some(renamed)));
    assert_eq!(holding(&world, "12").await, None, "another group holds nothing up");
    let snapshot = world.read().await;
    assert_eq!(snapshot.held_records(world.study).await, Ok(vec!["7".to_owned(), "8".to_owned()]));
    assert_eq!(snapshot.open_flags(world.study).await, Ok(2));
    let fates = snapshot.known_fates(world.study).await.expect("fates");
    assert_eq!(fates.len(), 1, "the log says nothing of groups");
    assert_eq!((fates[0].at, fates[0].fate.renamed_to.as_deref()), (minute("2026-03-29 02:30"), Some("8")));
    drop(snapshot);
    let (tx, user) = (world.tx().await, UserId::at(world.now));
    let (email, role) = ("ada@example.org".to_owned(), GlobalRole::Coordinator);
    tx.insert_user(&NewUser { id: user, email, role, password_hash: "x".into() }).await.expect("a user");
    done(tx).await;
    assert_eq!(world.read().await.has_uncertain_record(person).await, Ok(true));
    let tx = world.tx().await;
    let decided = tx.decide_flag(world.study, renamed, FlagResolution::Followed, Some(user), "renumbered").await;
    let Some(Action::ResolveFlag { record, .. }) = decided.expect("in turn") else { panic!("no account of it") };
    assert_eq!(record, Some(("7".to_owned(), "8".to_owned())));
    done(tx).await;
    assert_eq!(world.read().await.has_uncertain_record(person).await, Ok(false));
    let decided = flag(&world, renamed).await;
    assert_eq!((decided.resolution, decided.resolved_by), (Some(FlagResolution::Followed), Some(user)));
    assert_eq!((decided.resolved_at, decided.reason.as_deref()), (Some(world.now), Some("renumbered")));
    assert_eq!((holding(&world, "7").await, holding(&world, "8").await), (None, None));
    let known = world.read().await.participant_of_record(world.study, "8").await.expect("an answer");
    assert_eq!(known.map(|known| known.id), Some(person));
    assert_eq!(world.db.count("SELECT count(*) FROM record_rereads WHERE record_id = '8' AND wanted > done").await, 1);
    let tx = world.tx().await;
    conflict(tx.decide_flag(world.study, renamed, FlagResolution::Detached, None, "again").await);
    assert_eq!(tx.decide_flag(StudyId::at(world.now), renamed, FlagResolution::Detached, None, "x").await, Ok(None));
    drop(tx);
    let all = world.read().await.flags(world.study, false, 10).await.expect("flags");
    let open = world.read().await.flags(world.study, true, 10).await.expect("flags");
    assert_eq!((all.len(), open.iter().map(|flag| flag.id).collect::<Vec<_>>()), (2, vec![moved]));
}

#[rstest]
#[tokio::test]
async fn a_name_that_another_participant_has_is_not_followed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let person = world.add_participant("7").await;
    world.add_participant("8").await;
    let renamed = raise(&world, FlagKind::Renamed, ("7", Some("8")), Some(person)).await;
    let tx = world.tx().await;
    let said = conflict(tx.decide_flag(world.study, renamed, FlagResolution::Followed, None, "same").await);
    assert_eq!(said, "record \"8\" is another participant's");
    drop(tx);
    assert_eq!(flag(&world, renamed).await.resolution, None, "nothing half-decided");
}

#[rstest]
#[tokio::test]
async fn a_flag_of_nobodys_record_is_closed_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let deleted = raise(&world, FlagKind::Deleted, ("99", None), None).await;
    let closed = flag(&world, deleted).await;
    assert_eq!((closed.resolution, closed.resolved_at), (Some(FlagResolution::Unconcerned), Some(world.now)));
    assert_eq!((holding(&world, "99").await, world.read().await.open_flags(world.study).await), (None, Ok(0)));
    assert_eq!(world.read().await.known_fates(world.study).await.expect("fates").len(), 1, "and is not raised again");
}

#[rstest]
#[tokio::test]
async fn who_is_detached_has_no_record_and_frees_its_name(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let person = world.add_participant("7").await;
    let deleted = raise(&world, FlagKind::Deleted, ("7", None), Some(person)).await;
    let tx = world.tx().await;
    conflict(tx.decide_flag(world.study, deleted, FlagResolution::Dismissed, None, "x").await);
    tx.decide_flag(world.study, deleted, FlagResolution::Detached, None, "somebody else").await.expect("in turn");
    done(tx).await;
    let snapshot = world.read().await;
    assert_eq!(snapshot.participant_of_record(world.study, "7").await, Ok(None));
    assert_eq!(snapshot.has_uncertain_record(person).await, Ok(true), "there is none to write to");
    assert_eq!(snapshot.participant_records(world.study).await.expect("records").len(), 0);
    drop(snapshot);
    let tx = world.tx().await;
    let new = NewParticipant { code: "P-7-2".to_owned(), ..world.new_participant("7") };
    tx.insert_participant(&new).await.expect("the name is free");
    done(tx).await;
}

#[rstest]
#[tokio::test]
async fn flags_raised_together_keep_the_logs_order(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let person = world.add_participant("0").await;
    let tx = world.tx().await;
    for position in 0..12 {
        let new = NewFlag {
            id: FlagId::at(world.now),
            study: world.study,
            kind: FlagKind::Renamed,
            record_id: position.to_string(),
            was: None,
            became: Some((position + 1).to_string()),
            participant: Some(person),
            redcap_at: Some(minute("2026-03-29 02:30")),
            position,
        };
        tx.insert_flag(&new).await.expect("a flag");
    }
    done(tx).await;
    let fates = world.read().await.known_fates(world.study).await.expect("fates");
    let order: Vec<_> = fates.into_iter().map(|one| one.fate.record).collect();
    assert_eq!(order, (0..12).map(|position| position.to_string()).collect::<Vec<_>>());
}
