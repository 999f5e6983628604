//! One conformance test for both stores: what is promised of a session holds wherever it is kept.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use chrono::Duration;
use metricis_core::environment::Environment;
use metricis_core::ids::UserId;
use rstest::rstest;
use uuid::Uuid;

use super::*;

fn start() -> Timestamp {
    Timestamp::from_timestamp(1_772_442_000, 0).expect("a moment")
}

fn settings(storage: SessionStorage) -> ServerSettings {
    let mut settings = ServerSettings::new(Environment::new("development"), "jwt".into(), "session".into(), "f".into());
    settings.session_storage = storage;
    if storage == SessionStorage::Redis {
        let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run the suite with `make test`");
        settings.redis_url = Some(url.into());
    }
    settings
}

fn claim() -> StaffClaim {
    StaffClaim { user: UserId(Uuid::from_u128(7)), generation: 3 }
}

fn sent(cookie: &HeaderValue) -> HeaderMap {
    let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
    HeaderMap::from_iter([(COOKIE, pair.parse().expect("a header"))])
}

async fn begin(sessions: &Sessions) -> (OpenSession, HeaderMap) {
    let (session, cookie) = sessions.begin(claim(), start()).await.expect("a session");
    (session, sent(&cookie))
}

#[rstest]
#[tokio::test]
async fn a_session_is_found_until_it_is_closed(
    #[values(SessionStorage::Memory, SessionStorage::Redis)] storage: SessionStorage,
) {
    let sessions = Sessions::open(&settings(storage));
    let ((one, headers), (two, others)) = (begin(&sessions).await, begin(&sessions).await);
    let found = sessions.find(&headers, start()).await.expect("an answer").expect("a session");
    assert_eq!((found.claim, &found.csrf_token), (claim(), &one.csrf_token));
    assert_ne!(one.csrf_token, two.csrf_token, "each session has its own");
    sessions.close(&one).await.expect("closed");
    assert!(sessions.find(&headers, start()).await.expect("an answer").is_none());
    assert!(sessions.find(&others, start()).await.expect("an answer").is_some());
    assert!(sessions.find(&HeaderMap::new(), start()).await.expect("an answer").is_none());
}

#[rstest]
#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case_after_its_absolute_time(
    #[values(SessionStorage::Memory, SessionStorage::Redis)] storage: SessionStorage,
) {
    let sessions = Sessions::open(&settings(storage));
    let (_, headers) = begin(&sessions).await;
    let found = async |headers: &HeaderMap, after: Duration| {
        sessions.find(headers, start() + after).await.expect("an answer").is_some()
    };
    for minutes in (29..720).step_by(29) {
        assert!(found(&headers, Duration::minutes(minutes)).await, "seen every 29 minutes, after {minutes}");
    }
    assert!(!found(&headers, Duration::hours(12)).await);
    assert!(!found(&headers, Duration::zero()).await, "one that is over is gone");
    let (_, headers) = begin(&sessions).await;
    assert!(found(&headers, Duration::minutes(29)).await);
    assert!(!found(&headers, Duration::minutes(59)).await, "idle for 30 minutes");
}

#[rstest]
#[tokio::test]
async fn what_no_person_asks_keeps_no_session(
    #[values(SessionStorage::Memory, SessionStorage::Redis)] storage: SessionStorage,
) {
    let sessions = Sessions::open(&settings(storage));
    let (session, headers) = begin(&sessions).await;
    let found = async |minutes: i64| {
        let now = start() + Duration::minutes(minutes);
        sessions.find_by(&headers, now, false).await.expect("an answer").map(|found| found.ends_at)
    };
    for minutes in [1, 15, 29] {
        assert_eq!(found(minutes).await, Some(session.ends_at), "after {minutes} minutes");
    }
    assert_eq!(found(30).await, None);
}

#[rstest]
#[tokio::test]
async fn being_seen_does_not_bring_back_what_was_closed(
    #[values(SessionStorage::Memory, SessionStorage::Redis)] storage: SessionStorage,
) {
    let sessions = Sessions::open(&settings(storage));
    let (session, headers) = begin(&sessions).await;
    sessions.close(&session).await.expect("closed");
    // What a request does that read the record just before.
    let (late, rules) = (Record::new(claim(), start()), sessions.rules);
    match &sessions.backend {
        Backend::Memory(memory) => memory.replace(&session.key, late),
        Backend::Shared(shared) => shared.replace(&session.key, late, rules, start()).await.expect("an answer"),
    }
    assert!(sessions.find(&headers, start()).await.expect("an answer").is_none());
}

#[tokio::test]
async fn without_its_store_nobody_is_let_through() {
    let mut without = settings(SessionStorage::Memory);
    let cookie = begin(&Sessions::open(&without)).await.1;
    without.session_storage = SessionStorage::Redis;
    for url in [None, Some("redis://127.0.0.1:1/0".into()), Some("nonsense".into())] {
        without.redis_url = url;
        let sessions = Sessions::open(&without);
        assert_eq!(sessions.find(&cookie, start()).await.err(), Some(StoreDown));
        assert!(sessions.begin(claim(), start()).await.is_err());
    }
}
