//! Accounts: what ends their credentials, and the lock after wrong passwords, seen from every process.

use chrono::Duration;
use metricis_core::ids::UserId;
use metricis_core::words::{GlobalRole, StudyRole};
use metricis_store::testing::{Engine, TestDb, monday};
use metricis_store::{LockRule, NewUser, Operational, SignInAccount, Standing, Store, StoreOptions};
use rstest::rstest;

use crate::world::{World, done};

const RULE: LockRule = LockRule { after: 3, minutes: 15 };

async fn account(db: &TestDb) -> UserId {
    let id = UserId::at(monday());
    let tx = db.store.write(monday()).await.expect("a transaction");
    let user =
        NewUser { id, email: "ada@example.org".into(), role: GlobalRole::Researcher, password_hash: "old".into() };
    tx.insert_user(&user).await.expect("a user");
    tx.commit_operational(Operational::LoginSession).await.expect("a commit");
    id
}

#[rstest]
#[tokio::test]
async fn each_change_of_access_begins_a_generation(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::fresh(engine).await;
    let id = account(&db).await;
    let tx = db.store.write(monday()).await.expect("a transaction");
    let generation = async || tx.user(id).await.expect("an answer").expect("a user").token_generation;
    assert_eq!(generation().await, 0);
    tx.revoke_tokens(id).await.expect("revoked");
    assert_eq!(generation().await, 1);
    tx.set_password(id, &"new".into()).await.expect("set");
    assert_eq!(generation().await, 2);
    assert!(tx.disable_user(id).await.expect("disabled"));
    assert!(!tx.disable_user(id).await.expect("an answer"), "once");
    assert_eq!(generation().await, 3);
    assert!(tx.user(id).await.expect("an answer").expect("a user").disabled);
    assert!(tx.enable_user(id).await.expect("enabled"));
    assert!(!tx.enable_user(id).await.expect("an answer"), "once");
    assert_eq!(generation().await, 3, "what was issued before stays over");
}

#[rstest]
#[tokio::test]
async fn a_lock_is_seen_by_every_process_and_ends(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::fresh(engine).await;
    let other = Store::open(&db.url, &StoreOptions::default()).await.expect("another process");
    let who = SignInAccount::of(UserId::at(monday()));
    let count = async |store: &Store, minute: i64| {
        let tx = store.write(monday() + Duration::minutes(minute)).await.expect("a transaction");
        let locked = tx.count_wrong_password(&who, RULE).await.expect("counted");
        tx.commit_operational(Operational::LoginSession).await.expect("a commit");
        locked
    };
    let locked = async |store: &Store, minute: i64| {
        let tx = store.write(monday() + Duration::minutes(minute)).await.expect("a transaction");
        tx.sign_in_is_locked(&who).await.expect("an answer")
    };
    assert_eq!((count(&db.store, 0).await, count(&other, 1).await), (false, false));
    assert!(!locked(&other, 1).await);
    assert!(count(&db.store, 2).await);
    assert!(locked(&other, 2).await);
    assert!(count(&other, 10).await, "counted in vain");
    assert!(locked(&db.store, 16).await);
    assert!(!locked(&db.store, 17).await, "knocking has not made it longer");
    assert_eq!((count(&other, 18).await, count(&other, 19).await), (false, false), "counted from one again");
    let tx = db.store.write(monday() + Duration::minutes(20)).await.expect("a transaction");
    tx.forget_wrong_passwords(&who).await.expect("forgotten");
    tx.commit_operational(Operational::LoginSession).await.expect("a commit");
    assert_eq!((count(&other, 21).await, count(&other, 22).await), (false, false));
    assert!(count(&other, 23).await);
}

/// Two guesses at an account that nobody has guessed at before: the second one waits for what becomes of the first.
#[tokio::test]
async fn the_first_guesses_stand_in_line() {
    let db = TestDb::fresh(Engine::Postgres).await;
    let user = UserId::at(monday());
    let text =
        format!("INSERT INTO app.sign_in_failures (account, failures, last_failed_at) VALUES ('{user}', 1, now())");
    let first = db.hold(&text).await;
    let store = db.store.clone();
    let second = tokio::spawn(async move {
        let tx = store.write(monday()).await.expect("a transaction");
        tx.sign_in_is_locked(&SignInAccount::of(user)).await
    });
    first.until_waiting(1).await;
    first.release().await;
    assert!(!second.await.expect("no panic").expect("an answer"));
}

#[rstest]
#[tokio::test]
async fn an_operator_unlocks_an_account_everywhere_and_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let db = TestDb::fresh(engine).await;
    let (user, other) = (UserId::at(monday()), UserId::at(monday()));
    let all = SignInAccount::of(user);
    let counts = [
        all.at("192.0.2.1"),
        all,
        SignInAccount::of_browser(user, "a-browser"),
        SignInAccount::of_address(user, "192.0.2.1"),
        SignInAccount::of(other),
    ];
    let tx = db.store.write(monday()).await.expect("a transaction");
    for count in &counts {
        for _ in 0..3 {
            tx.count_wrong_password(count, RULE).await.expect("counted");
        }
    }
    tx.unlock_sign_in(user).await.expect("unlocked");
    let mut locked = vec![];
    for count in &counts {
        locked.push(tx.sign_in_is_locked(count).await.expect("an answer"));
    }
    assert_eq!(locked, [false, false, false, false, true]);
    assert!(!tx.count_wrong_password(&counts[0], RULE).await.expect("counted"), "counted from one again");
}

#[rstest]
#[tokio::test]
async fn an_address_is_known_to_one_account_for_a_while(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::fresh(engine).await;
    let id = account(&db).await;
    let tx = db.store.write(monday()).await.expect("a transaction");
    tx.know_address(id, 1, "192.0.2.1").await.expect("noted");
    tx.know_address(id, 2, "192.0.2.1").await.expect("noted again");
    tx.commit_operational(Operational::LoginSession).await.expect("a commit");
    let stranger = UserId::at(monday());
    for (user, generation, address, days, known) in [
        (id, 2, "192.0.2.1", 29, true),
        (id, 2, "192.0.2.1", 30, false),
        (id, 1, "192.0.2.1", 0, false),
        (id, 2, "192.0.2.2", 0, false),
        (stranger, 2, "192.0.2.1", 0, false),
    ] {
        let read = db.store.read(monday() + Duration::days(days)).await.expect("a snapshot");
        assert_eq!(read.knows_address(user, generation, address).await.expect("an answer"), known, "{address} {days}");
    }
    assert_eq!(db.count("SELECT count(*) FROM known_addresses WHERE address LIKE '192%'").await, 0, "a digest");
}

#[rstest]
#[tokio::test]
async fn what_an_account_is_to_a_study_and_which_roles_it_holds(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::new(engine).await;
    let ada = account(&world.db).await;
    let other = world.add_study("AAA-1").await;
    let nothing = Standing { disabled: false, token_generation: 0, role: None };
    let standing = async |user| world.read().await.standing(user, world.study).await.expect("an answer");
    assert_eq!((standing(UserId::at(monday())).await, standing(ada).await), (None, Some(nothing)));
    let tx = world.tx().await;
    tx.grant_role(other, ada, StudyRole::Owner).await.expect("granted");
    tx.grant_role(world.study, ada, StudyRole::Monitor).await.expect("granted");
    tx.disable_user(ada).await.expect("disabled");
    done(tx).await;
    let ended = Standing { disabled: true, token_generation: 1, role: Some(StudyRole::Monitor) };
    assert_eq!(standing(ada).await, Some(ended), "the role on this study, and that the account is over");
    let held = world.read().await.roles_of(ada).await.expect("roles");
    let held: Vec<_> = held.iter().map(|held| (held.study, held.code.as_str(), held.role)).collect();
    assert_eq!(held, [(other, "AAA-1", StudyRole::Owner), (world.study, "MEM-1", StudyRole::Monitor)], "by code");
    assert_eq!(world.read().await.roles_of(UserId::at(monday())).await, Ok(vec![]));
}
