//! One consent for each participant.

use chrono::Duration;
use metricis_core::words::ConsentMode;
use metricis_store::testing::Engine;
use metricis_store::{NewConsent, StoredConsent};
use rstest::rstest;
use uuid::Uuid;

use crate::world::{World, conflict, done};

#[rstest]
#[tokio::test]
async fn the_first_consent_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let participant = world.add_participant("1").await;
    assert_eq!(world.read().await.consent(participant).await, Ok(None));
    let given_at = world.now - Duration::microseconds(1);
    let consent = |number, mode| NewConsent { id: Uuid::from_u128(number), participant, mode, given_at };
    let tx = world.tx().await;
    tx.insert_consent(&consent(1, ConsentMode::Digital)).await.expect("a consent");
    done(tx).await;
    conflict(world.tx().await.insert_consent(&consent(2, ConsentMode::Manual)).await);
    let stored = world.read().await.consent(participant).await;
    assert_eq!(stored, Ok(Some(StoredConsent { mode: ConsentMode::Digital, given_at })));
}
