//! Accounts: what ends their credentials, and the lock after wrong passwords, seen from every process.

use chrono::Duration;
use metricis_core::ids::UserId;
use metricis_core::words::GlobalRole;
use metricis_store::testing::{Engine, TestDb, monday};
use metricis_store::{LockRule, NewUser, Operational, SignInAccount, Store, StoreOptions};
use rstest::rstest;

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
