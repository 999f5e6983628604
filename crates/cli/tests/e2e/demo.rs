//! The main job, as the README's first command plays it.

use metricis_store::testing::Engine;
use rstest::rstest;

use crate::program::{Program, real};

#[rstest]
#[tokio::test]
async fn the_story_holds_and_can_be_told_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let program = Program::new(engine).await;
    for _ in 0..2 {
        let told = program.ok(&["demo", "--once"], "");
        assert!(told.contains("Every step was as promised"), "{told}");
        assert!(!told.contains('✗') && !told.contains("not applicable"), "{told}");
    }
    let verified = program.ok(&["audit", "verify"], "");
    assert!(verified.lines().all(|line| line.starts_with("chain valid through row ")), "{verified}");
    assert!(verified.lines().count() >= 3, "{verified}");
}

#[rstest]
#[tokio::test]
async fn the_story_holds_on_a_project_that_a_real_redcap_made(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(file) = real("real/phpcap/PHPCapLongitudinalData.REDCap.xml") else { return };
    let program = Program::new(engine).await;
    let told = program.ok(&["demo", "--once", "--project", file.to_str().expect("a path")], "");
    assert!(told.contains("Every step was as promised"), "{told}");
}

#[tokio::test]
async fn the_demo_does_not_run_in_production() {
    let mut program = Program::new(Engine::Sqlite).await;
    program.set("ENVIRONMENT", "production");
    let output = program.run(&["demo", "--once"], "");
    assert_eq!(output.status.code(), Some(2));
}
