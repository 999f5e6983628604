//! A reconcile finds what no DET has told, makes an event of it or a flag, and never the retry that a person owes.

use chrono::Duration;
use metricis_core::action::{Actor, Entry};
use metricis_core::answer::Reconciliation;
use metricis_core::study::StudyConfig;
use metricis_core::sync::SessionSync;
use metricis_core::words::{EventStatus, FlagKind, FlagResolution, JobState, StudyStatus, SyncErrorType};
use metricis_redcap_sim::{ApiUser, Fault, Order, Scope};
use metricis_store::testing::Engine;
use metricis_store::{JobKind, SecretField, StoreError, StoredFlag};
use rstest::rstest;

use crate::fixtures::sealer;
use crate::world::{BASELINE, World};

pub const DATE: [(&str, &str); 1] = [("enroll_date", "2026-03-02")];

impl World {
    /// A reconcile as it ended, after everything that it caused.
    pub async fn reconcile(&self, full: bool, dry_run: bool) -> Reconciliation {
        // A later moment than the events before it: the latest event of a record is the one received last.
        self.clock.advance(Duration::seconds(1));
        let job = self.job(JobKind::Reconcile { full, dry_run, absent_as_deleted: false }).await;
        assert_eq!((job.state, job.error), (JobState::Done, None));
        serde_json::from_value(job.result.expect("a result")).expect("a reconciliation")
    }

    pub async fn flags(&self) -> Vec<StoredFlag> {
        self.read().await.flags(self.study, false, 1_000).await.expect("flags")
    }

    /// A person decides on a flag; what it is refused with.
    pub async fn decide(&self, flag: &StoredFlag, how: FlagResolution) -> Result<(), StoreError> {
        let tx = self.tx().await;
        let decided = tx.decide_flag(self.study, flag.id, how, None, "seen in REDCap").await?;
        let entry = Entry::study(self.study, Actor::System, decided.expect("a flag"));
        tx.commit(entry).await
    }

    pub fn rename(&self, record: &str, to: &str) {
        self.sim.rename_record(self.project.project_id, record, to).expect("a rename");
    }

    pub fn delete(&self, record: &str) {
        self.sim.delete_record(self.project.project_id, record).expect("a deletion");
    }
}

pub async fn study_of(engine: Engine) -> World {
    let world = World::new(engine).await;
    world.sim.set_clock(world.now());
    world.sync_events().await;
    world
}

#[rstest]
#[tokio::test]
async fn a_record_whose_det_was_lost_is_enrolled(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = study_of(engine).await;
    world.save("7", BASELINE, "enrollment", &DATE).await;
    world.save("8", BASELINE, "enrollment", &[]).await;
    let planned = world.reconcile(false, true).await;
    assert_eq!((planned.missing.as_slice(), planned.dry_run), (["7".to_owned(), "8".to_owned()].as_slice(), true));
    assert_eq!(world.count("webhook_events").await, 0, "a dry run writes nothing");
    assert_eq!(world.count("reconcile_states").await, 0, "not even how far it has read");
    let run = world.reconcile(false, false).await;
    assert_eq!((run.success, run.full, run.listed, run.examined), (true, true, 2, 2));
    assert_eq!(run.missing, ["7", "8"]);
    assert!(world.participant("7").await.is_some());
    assert!(world.participant("8").await.is_none(), "its date is missing, and nothing is guessed");
    let account = world.account().await;
    assert_eq!(account.iter().filter(|action| *action == "receive_reconcile").count(), 2);
    let again = world.reconcile(true, false).await;
    assert_eq!(again.missing, [""; 0]);
    assert_eq!(again.waiting.len(), 1, "a failed event is a person's to replay");
    assert_eq!((again.waiting[0].record.as_str(), again.waiting[0].status), ("8", EventStatus::Failed));
    assert_eq!(world.count("webhook_events").await, 2);
}

#[rstest]
#[tokio::test]
async fn a_later_run_reads_only_what_may_differ(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = study_of(engine).await;
    for record in ["1", "2", "3"] {
        world.enrolled(record).await;
    }
    world.reconcile(false, false).await;
    // Long ago, so that the overlap does not reach them.
    world.clock.advance(Duration::days(3));
    world.sim.set_clock(world.now());
    world.reconcile(false, false).await;
    world.save_in("2", BASELINE, "enrollment", &DATE, Some("site_south")).await;
    let run = world.reconcile(false, false).await;
    assert_eq!((run.full, run.listed, run.examined), (false, 3, 1));
    assert_eq!(run.changed, ["2"]);
    assert_eq!(world.participant("2").await.expect("a participant").dag.as_deref(), Some("site_south"));
    let flags = world.flags().await;
    assert_eq!(flags.len(), 1);
    assert_eq!((flags[0].kind, flags[0].became.as_deref()), (FlagKind::DagMoved, Some("site_south")));
    assert_eq!(world.reconcile(true, false).await.changed, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_deletion_is_flagged_once_and_nobody_is_deleted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = study_of(engine).await;
    let before = world.enrolled("7").await;
    world.save("99", BASELINE, "enrollment", &[]).await;
    world.delete("7");
    world.delete("99");
    for _ in 0..3 {
        assert!(world.reconcile(false, false).await.success);
    }
    let flags = world.flags().await;
    let mut told: Vec<_> =
        flags.iter().map(|flag| (flag.record_id.as_str(), flag.participant, flag.resolution)).collect();
    told.sort_unstable();
    assert_eq!(told, [("7", Some(before.id), None), ("99", None, Some(FlagResolution::Unconcerned))]);
    assert_eq!(world.participant("7").await, Some(before));
    let synced = world.sync_one("7").await;
    assert!(matches!(synced.sync, SessionSync::Failed { .. }), "a result must not make the record anew");
    assert_eq!(world.value("7", BASELINE, "rt_median_ms"), None);
}

#[rstest]
#[tokio::test]
async fn a_renamed_record_is_flagged_and_never_enrolled_as_a_twin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    let person = world.enrolled("7").await;
    world.rename("7", "8");
    let run = world.reconcile(false, false).await;
    assert_eq!((run.flags.len(), run.flags[0].became.as_deref()), (1, Some("8")));
    assert_eq!((run.missing.as_slice(), run.held.as_slice()), ([].as_slice(), ["8".to_owned()].as_slice()));
    world.save("8", BASELINE, "enrollment", &DATE).await;
    let (event, _) = world.det("8", BASELINE, "enrollment", 2).await;
    world.worker.run_until_idle().await;
    let event = world.event(event).await;
    assert_eq!(event.status, EventStatus::Failed);
    let said = event.error_message.unwrap_or_default();
    assert!(said.contains("record \"8\" is the renamed record \"7\" of a participant"), "{said}");
    assert_eq!(world.count("participants").await, 1);
    // A person decides that it is the same one.
    let flag = world.flags().await.remove(0);
    world.decide(&flag, FlagResolution::Followed).await.expect("in turn");
    assert_eq!(world.participant("8").await.map(|now| now.id), Some(person.id));
    let run = world.reconcile(true, false).await;
    assert_eq!((run.success, run.flags.len(), run.waiting.len()), (true, 0, 1), "the failed event is still a person's");
}

#[rstest]
#[tokio::test]
async fn a_name_that_is_given_away_is_another_person(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = study_of(engine).await;
    let former = world.enrolled("7").await;
    world.delete("7");
    world.save_in("7", BASELINE, "enrollment", &[("enroll_date", "2026-03-09")], Some("site_south")).await;
    let run = world.reconcile(false, false).await;
    assert_eq!((run.flags.len(), run.held.as_slice()), (1, ["7".to_owned()].as_slice()));
    assert_eq!(world.participant("7").await, Some(former.clone()), "whose it is has to be decided first");
    let flag = world.flags().await.remove(0);
    world.decide(&flag, FlagResolution::Dismissed).await.expect_err("no answer to the question");
    world.decide(&flag, FlagResolution::Detached).await.expect("in turn");
    assert_eq!(world.reconcile(true, false).await.missing, ["7"]);
    let new = world.participant("7").await.expect("another person");
    assert_ne!(new.id, former.id);
    let now = world.read().await.participant(former.id).await.expect("an answer").expect("never deleted");
    assert_eq!((now.dag, now.mapped_digest), (former.dag.clone(), former.mapped_digest.clone()), "untouched");
    // Nothing is written to REDCap for whoever has no record.
    let session = world.submit(&former, None, serde_json::json!({ "median_ms": 1.0 })).await;
    world.worker.run_until_idle().await;
    assert!(matches!(world.session(session).await.sync, SessionSync::Failed { .. }));
    assert_eq!(world.value("7", BASELINE, "rt_median_ms"), None);
    assert!(world.reconcile(true, false).await.success, "who has no record is missed by nobody");
}

#[rstest]
#[tokio::test]
async fn no_survey_link_is_fetched_for_whose_record_is_uncertain(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    assert!(world.count("survey_links").await > 0, "there are surveys to be linked");
    world.rename("7", "8");
    world.save("7", BASELINE, "enrollment", &[]).await;
    world.reconcile(false, false).await;
    world.db.as_server("DELETE FROM survey_links").await.expect("as if none had been fetched yet");
    let fetch = || JobKind::FetchSurveyLinks { asked_before: None };
    world.job(fetch()).await;
    assert_eq!(world.count("survey_links").await, 0, "record 7 is somebody else's by now");
    let flag = world.flags().await.remove(0);
    world.decide(&flag, FlagResolution::Followed).await.expect("in turn");
    world.job(fetch()).await;
    assert!(world.count("survey_links").await > 0, "of record 8");
}

#[rstest]
#[tokio::test]
async fn what_was_deleted_with_its_log_is_flagged_on_a_persons_word(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    let blind = ApiUser { dag: Some("site_north".to_owned()), ..ApiUser::with_all_rights("cleo") };
    let token = world.sim.add_user(world.project.project_id, blind).expect("a user");
    let sealed = sealer().seal(world.study, SecretField::ApiToken, &token.into());
    world.change_study(|config| config.redcap.api_token = Some(sealed)).await;
    assert!(!world.reconcile(false, false).await.success);
    let job = world.job(JobKind::Reconcile { full: false, dry_run: false, absent_as_deleted: true }).await;
    let run: Reconciliation = serde_json::from_value(job.result.expect("a result")).expect("a reconciliation");
    assert_eq!((run.success, run.flags.len(), run.flags[0].record.as_str()), (true, 1, "7"));
    assert!(world.reconcile(false, false).await.success, "told once");
    assert_eq!(world.flags().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_record_that_was_deleted_before_somebody_got_its_name_concerns_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.save("1", BASELINE, "enrollment", &[]).await;
    world.delete("1");
    world.clock.advance(Duration::days(2));
    world.sim.set_clock(world.now());
    world.enrolled("1").await;
    world.reconcile(false, false).await;
    let told: Vec<_> = world.flags().await.iter().map(|flag| (flag.participant, flag.resolution)).collect();
    assert_eq!(told, [(None, Some(FlagResolution::Unconcerned))], "the pilot's record, long before");
}

#[rstest]
#[case(|config: &mut StudyConfig| config.redcap.enrollment_instrument = Some("enrolment".to_owned()), "no instrument \"enrolment\"")]
#[case(|config: &mut StudyConfig| config.redcap.project_id = Some("999".to_owned()), "the study is set to project \"999\"")]
#[tokio::test]
async fn a_run_whose_settings_do_not_fit_the_project_is_no_success(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] change: fn(&mut StudyConfig),
    #[case] said: &str,
) {
    let world = study_of(engine).await;
    world.save("7", BASELINE, "enrollment", &DATE).await;
    world.change_study(change).await;
    for dry_run in [true, false] {
        let job = world.job(JobKind::Reconcile { full: true, dry_run, absent_as_deleted: false }).await;
        assert!(job.error.as_deref().is_some_and(|error| error.contains(said)), "{:?}", job.error);
    }
    assert_eq!(world.count("webhook_events").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_decision_while_a_reconcile_runs_is_no_absence_and_makes_no_second_flag(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(FlagResolution::Followed, FlagResolution::Detached)] how: FlagResolution,
    #[values(false, true)] absent_as_deleted: bool,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.rename("7", "8");
    world.reconcile(false, false).await;
    let flag = world.flags().await.remove(0);
    world.break_redcap(Fault::Slow { ms: 200 });
    let calls = world.calls();
    let id = world.enqueue(JobKind::Reconcile { full: false, dry_run: false, absent_as_deleted }).await;
    let decide = async {
        while world.calls() == calls {
            tokio::task::yield_now().await;
        }
        world.decide(&flag, how).await.expect("decided");
    };
    tokio::join!(world.worker.run_until_idle(), decide);
    let job = world.read().await.job(id).await.expect("an answer").expect("the job");
    let run: Reconciliation = serde_json::from_value(job.result.expect("a result")).expect("a reconciliation");
    assert_eq!((run.success, run.unexplained, run.flags), (true, vec![], vec![]));
    assert_eq!(world.flags().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_absence_that_the_log_does_not_explain_is_told_and_not_flagged(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.enrolled("8").await;
    world.reconcile(false, false).await;
    let mark = world.read().await.reconcile_state(world.study).await.expect("a state").ran_at;
    let blind = ApiUser { dag: Some("site_north".to_owned()), ..ApiUser::with_all_rights("cleo") };
    let token = world.sim.add_user(world.project.project_id, blind).expect("a user");
    let sealed = sealer().seal(world.study, SecretField::ApiToken, &token.into());
    world.change_study(|config| config.redcap.api_token = Some(sealed)).await;
    let run = world.reconcile(false, false).await;
    assert_eq!((run.success, run.unexplained.as_slice()), (false, ["7".to_owned(), "8".to_owned()].as_slice()));
    assert!(run.message.unwrap_or_default().contains("outside all data access groups"));
    assert_eq!(world.flags().await, []);
    let after = world.read().await.reconcile_state(world.study).await.expect("a state").ran_at;
    assert_eq!(mark, after, "it has not accounted for every record");
}

#[rstest]
#[case("lost-rows", SyncErrorType::ApiError)]
#[case("gateway:504", SyncErrorType::ApiError)]
#[case("html200", SyncErrorType::ApiError)]
#[case("memory200", SyncErrorType::ApiError)]
#[case("empty500", SyncErrorType::ApiError)]
#[tokio::test]
async fn a_run_that_redcap_fails_changes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] fault: &str,
    #[case] error_type: SyncErrorType,
) {
    let world = study_of(engine).await;
    world.enrolled("7").await;
    world.save("8", BASELINE, "enrollment", &DATE).await;
    world.delete("7");
    let order: Order = format!("{fault} on record/export").parse().expect("an order");
    world.sim.give_order(Scope::Project(world.project.project_id), order).expect("the project");
    let job = world.job(JobKind::Reconcile { full: true, dry_run: false, absent_as_deleted: false }).await;
    if fault == "lost-rows" {
        // What REDCap leaves out of its list and of its rows cannot be told from what is not there: the next run finds it.
        assert_eq!(job.state, JobState::Done);
    } else {
        assert!(job.error.as_deref().is_some_and(|error| error.starts_with(error_type.as_str())), "{:?}", job.error);
        assert_eq!((world.flags().await.len(), world.count("webhook_events").await), (0, 1));
    }
    world.break_redcap(None::<Fault>);
    assert!(world.reconcile(false, false).await.success);
    assert!(world.participant("8").await.is_some());
    assert_eq!(world.flags().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_page_that_is_too_much_is_halved_and_opens_no_breaker(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::with(engine, |_| {}, |settings| settings.breaker.failure_threshold = 3).await;
    world.sync_events().await;
    for number in 1..=40 {
        world.save(&number.to_string(), BASELINE, "enrollment", &DATE).await;
    }
    // Listing is one call that names no record; an export that names none touches all.
    let order: Order = "memory200 on record/export over 4 after 1".parse().expect("an order");
    world.sim.give_order(Scope::Project(world.project.project_id), order).expect("the project");
    let run = world.reconcile(false, false).await;
    assert_eq!((run.success, run.missing.len()), (true, 40));
    assert_eq!(world.count("participants").await, 40);
}

#[rstest]
#[tokio::test]
async fn a_paused_study_enrols_nobody_and_says_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = study_of(engine).await;
    world.save("7", BASELINE, "enrollment", &DATE).await;
    for status in [StudyStatus::Active, StudyStatus::Paused] {
        world.set_status(status).await;
    }
    let run = world.reconcile(false, false).await;
    assert_eq!((run.missing.len(), world.count("webhook_events").await), (0, 0));
    assert!(run.message.unwrap_or_default().starts_with("the study is paused: 1 records"));
    world.set_status(StudyStatus::Active).await;
    assert_eq!(world.reconcile(false, false).await.missing, ["7"], "unchanged since, and not forgotten");
}

#[rstest]
#[tokio::test]
async fn a_schedule_queues_one_run_for_each_study_that_is_due(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = study_of(engine).await;
    assert_eq!(world.worker.queue_due().await.expect("an answer"), 0, "a draft is left to people");
    world.set_status(StudyStatus::Active).await;
    assert_eq!(world.worker.queue_due().await.expect("an answer"), 0, "seen for the first time");
    world.clock.advance(Duration::minutes(61));
    let twice = tokio::join!(world.worker.queue_due(), world.worker.queue_due());
    assert_eq!(twice.0.expect("an answer") + twice.1.expect("an answer"), 1);
    assert_eq!(world.worker.queue_due().await.expect("an answer"), 0);
    world.worker.run_until_idle().await;
    assert_eq!(world.worker.queue_due().await.expect("an answer"), 0, "its turn comes again in an hour");
    let (study, now) = (world.study, world.now());
    world.db.as_server(&refused(engine, study, now)).await.expect("a mark");
    world.clock.advance(Duration::minutes(6));
    assert_eq!(world.worker.queue_due().await.expect("an answer"), 1, "a refused DET is made good before that");
    world.worker.run_until_idle().await;
    assert_eq!(world.count("reconcile_marks WHERE refused > 0").await, 0);
}

fn refused(engine: Engine, study: metricis_core::ids::StudyId, now: metricis_core::Timestamp) -> String {
    let study = match engine {
        Engine::Sqlite => format!("x'{}'", study.0.simple()),
        Engine::Postgres => format!("'{study}'"),
    };
    let now = now.to_rfc3339();
    format!("INSERT INTO reconcile_marks (study_id, refused, first_at, last_at) VALUES ({study}, 4, '{now}', '{now}')")
}
