//! A study's sites: one for each code and for each group.

use metricis_core::ids::SiteId;
use metricis_store::NewSite;
use metricis_store::testing::Engine;
use rstest::rstest;

use crate::world::{World, conflict, done};

#[rstest]
#[tokio::test]
async fn code_and_group_are_unique_within_a_study(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let other = world.add_study("MEM-2").await;
    let site = |code: &str, dag: Option<&str>| NewSite {
        id: SiteId::at(world.now),
        study: world.study,
        code: code.to_owned(),
        name: format!("Site {code}"),
        redcap_dag: dag.map(str::to_owned),
    };
    let tx = world.tx().await;
    for new in [site("S2", None), site("S3", None), site("S1", Some("north"))] {
        tx.insert_site(&new).await.expect("a site");
    }
    tx.insert_site(&NewSite { study: other, ..site("S1", Some("north")) }).await.expect("another study's");
    done(tx).await;
    for taken in [site("S1", None), site("S9", Some("north"))] {
        conflict(world.tx().await.insert_site(&taken).await);
    }
    let sites = world.read().await.sites(world.study).await.expect("sites");
    let listed: Vec<_> = sites.iter().map(|site| (site.code.as_str(), site.redcap_dag.as_deref())).collect();
    assert_eq!(listed, [("S1", Some("north")), ("S2", None), ("S3", None)]);
}
