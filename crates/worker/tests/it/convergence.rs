//! R4: whatever share of DETs is lost, and whatever REDCap does meanwhile, one reconcile brings our mirror to what REDCap has, and
//! every deletion and rename has exactly one flag.
//!
//! A case is a seed: what people do in REDCap, which DETs get lost, how the server misbehaves, what the clock shows – through both
//! changes of summer time. The same seed is the same trace. `SOAK_CASES` sets how many cases run, `SOAK_SEED` where they begin.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, TimeZone, Utc};
use metricis_core::Clock;
use metricis_core::ids::UserId;
use metricis_core::reconcile::resolve;
use metricis_core::words::{EventStatus, FlagKind, FlagResolution, GlobalRole};
use metricis_redcap::wire::Row;
use metricis_redcap::{ApiUrl, Client, RecordQuery, http_client};
use metricis_redcap_sim::{SURVEY_RESPONDENT, SaveForm, Scope, Sim, SimOptions, time_zone};
use metricis_store::testing::{Engine, monday};
use metricis_store::{EventFilter, JobKind, NewUser, StoredFlag};
use rstest::rstest;

use crate::soak::{Chance, count, seed};
use crate::world::{BASELINE, SPONSOR_STUDY, World, done};

const SURVEY: &str = "wellbeing";
const GROUPS: [Option<&str>; 3] = [None, Some("site_north"), Some("site_south")];
const DATES: [&str; 4] = ["2026-03-02", "2026-03-09", "2026-04-13", ""];
/// What goes by itself after a few calls.
const PASSING: [&str; 9] = [
    "gateway:502 times 4",
    "gateway:504 on record/export times 2",
    "html200 times 2",
    "empty500 times 1",
    "memory200 on record/export over 3 times 5",
    "database200 times 2",
    "cut times 1",
    "offline on log times 1",
    "lost-rows on record/export times 1",
];
/// What stays as it is, also under the last reconcile.
const LASTING: [&str; 4] = ["dst-log", "dst-log:60", "stale-range", "stale-range:600"];

struct Case {
    world: World,
    client: Client,
    chance: Chance,
    user: UserId,
    /// How many of a hundred DETs get lost.
    lost: usize,
    lasting: Option<&'static str>,
    names: usize,
    /// Every deletion and rename that happened.
    fates: Vec<(String, Option<String>)>,
    trace: Vec<String>,
}

impl Case {
    async fn new(engine: Engine, seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        // Some hours before summer time begins or ends in Zurich, or in the middle of it.
        let starts = [(2026, 3, 28, 20), (2026, 10, 24, 20), (2026, 7, 1, 8)];
        let (year, month, day, hour) = chance.one_of(&starts);
        let start = Utc.with_ymd_and_hms(year, month, day, hour, 0, 0).single().expect("a moment");
        let zone = time_zone("Europe/Zurich").expect("a zone");
        let sim = Sim::new(SimOptions { zone, ..SimOptions::default() });
        sim.set_clock(start);
        let world = World::on(sim, engine, SPONSOR_STUDY, |_| {}, |_| {}).await;
        world.clock.advance(start - monday());
        world.sim.set_clock(world.clock.now());
        world.sync_events().await;
        let config = world.read().await.study(world.study).await.expect("an answer").expect("the study").config;
        let url = ApiUrl::parse(config.redcap.api_url.as_deref().expect("an address")).expect("an address");
        let http = http_client("metricis/test").expect("a client");
        let timeout = std::time::Duration::from_secs(30);
        let client = Client::new(http, url, world.project.token.clone().into(), timeout);
        let user = add_user(&world).await;
        let lost = chance.one_of(&[0, 30, 70, 100]);
        let trace = vec![format!("seed {seed}: {lost} of 100 DETs get lost")];
        Self { world, client, chance, user, lost, lasting: None, names: 0, fates: vec![], trace }
    }

    fn say(&mut self, what: String) {
        let at = self.world.sim.now();
        self.trace.push(format!("{}  {what}", at.format("%m-%d %H:%M")));
    }

    /// What REDCap has, by the words of its own export.
    async fn records(&self) -> BTreeMap<String, Vec<Row>> {
        self.world.sim.set_order(Scope::Project(self.world.project.project_id), None).expect("the project");
        let query = RecordQuery { export_dags: true, ..RecordQuery::default() };
        let rows = self.client.export_records(&query).await.expect("rows");
        self.misbehave_on();
        let mut records: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows {
            records.entry(row.get("record_id").expect("a name").to_owned()).or_default().push(row);
        }
        records
    }

    fn misbehave_on(&self) {
        let project = Scope::Project(self.world.project.project_id);
        if let Some(fault) = self.lasting {
            self.world.sim.give_order(project, fault.parse().expect("an order")).expect("the project");
        }
    }

    async fn some_record(&mut self) -> Option<String> {
        let names: Vec<String> = self.records().await.into_keys().collect();
        (!names.is_empty()).then(|| names[self.chance.below(names.len())].clone())
    }

    async fn step(&mut self) {
        match self.chance.below(100) {
            0..28 => self.save().await,
            28..40 => self.fill_in_survey().await,
            40..46 => self.import().await,
            46..54 => self.rename().await,
            54..60 => self.delete().await,
            60..66 => self.regroup().await,
            66..74 => self.misbehave(),
            74..82 => self.wait(),
            82..90 => self.work().await,
            90..94 => self.reconcile(false).await,
            94..97 => self.decide().await,
            _ => self.replay().await,
        }
    }

    async fn save(&mut self) {
        let known = self.some_record().await.filter(|_| self.chance.below(100) < 60);
        let record = known.unwrap_or_else(|| self.chance.below(14).to_string());
        let (date, dag) = (self.chance.one_of(&DATES), self.chance.one_of(&GROUPS));
        let complete = if self.chance.below(100) < 85 { 2 } else { 1 };
        let values = [("enroll_date".to_owned(), date.to_owned())].into();
        let form = form(&record, BASELINE, "enrollment", values, complete, "ada", dag);
        self.say(format!("save {record}: {date:?}, {dag:?}, complete {complete}"));
        self.world.sim.save_form(self.world.project.project_id, form).await.expect("a saved form");
        self.trigger(&record, BASELINE, "enrollment", complete).await;
    }

    async fn fill_in_survey(&mut self) {
        let Some(record) = self.some_record().await else { return };
        let complete = self.chance.one_of(&[0, 2]);
        let form = form(&record, "week_4_arm_1", SURVEY, BTreeMap::new(), complete, SURVEY_RESPONDENT, None);
        self.say(format!("survey of {record}: {complete}"));
        if self.world.sim.save_form(self.world.project.project_id, form).await.is_ok() {
            self.trigger(&record, "week_4_arm_1", SURVEY, complete).await;
        }
    }

    /// The DET of a save: lost, sent, or sent twice.
    async fn trigger(&mut self, record: &str, event: &str, instrument: &str, complete: u8) {
        if self.chance.below(100) < self.lost {
            return self.say("  its DET is lost".to_owned());
        }
        for _ in 0..1 + usize::from(self.chance.below(100) < 20) {
            self.world.clock.advance(Duration::seconds(1));
            self.world.det(record, event, instrument, complete).await;
        }
    }

    /// By the API, which fires no DET.
    async fn import(&mut self) {
        let record = match self.some_record().await {
            Some(record) if self.chance.below(100) < 70 => record,
            _ => self.chance.below(14).to_string(),
        };
        let date = self.chance.one_of(&DATES[..3]);
        self.say(format!("import {record}: {date}"));
        let cells = [
            ("record_id", record.as_str()),
            ("redcap_event_name", BASELINE),
            ("enroll_date", date),
            ("enrollment_complete", "2"),
        ];
        self.world.sim.set_order(Scope::Project(self.world.project.project_id), None).expect("the project");
        self.client.import_records("record_id", &[cells.into_iter().collect()]).await.expect("an import");
        self.misbehave_on();
    }

    async fn rename(&mut self) {
        let Some(record) = self.some_record().await else { return };
        self.names += 1;
        let new = format!("N-{}", self.names);
        let to = if self.chance.below(100) < 80 { new } else { self.chance.below(14).to_string() };
        if to != record && self.world.sim.rename_record(self.world.project.project_id, &record, &to).is_ok() {
            self.say(format!("rename {record} to {to}"));
            self.fates.push((record, Some(to)));
        }
    }

    async fn delete(&mut self) {
        let Some(record) = self.some_record().await else { return };
        self.say(format!("delete {record}"));
        self.world.delete(&record);
        self.fates.push((record, None));
    }

    async fn regroup(&mut self) {
        let Some(record) = self.some_record().await else { return };
        let dag = self.chance.one_of(&GROUPS);
        self.say(format!("move {record} to {dag:?}"));
        self.world.sim.set_dag(self.world.project.project_id, &record, dag).expect("a move");
    }

    fn misbehave(&mut self) {
        let project = Scope::Project(self.world.project.project_id);
        self.world.sim.set_order(project, None).expect("the project");
        if self.chance.below(100) < 40 {
            self.lasting = Some(self.chance.one_of(&LASTING)).filter(|_| self.chance.below(100) < 70);
        }
        self.misbehave_on();
        let fault = self.chance.one_of(&PASSING);
        self.world.sim.give_order(project, fault.parse().expect("an order")).expect("the project");
        self.say(format!("REDCap misbehaves: {fault}, {:?}", self.lasting));
    }

    fn wait(&mut self) {
        let minutes = self.chance.one_of(&[1, 10, 59, 61, 150, 400]);
        self.world.clock.advance(Duration::minutes(minutes));
        self.world.sim.set_clock(self.world.clock.now());
        self.say(format!("{minutes} minutes later"));
    }

    async fn work(&mut self) {
        self.world.worker.run_until_idle().await;
    }

    async fn reconcile(&mut self, last: bool) {
        self.world.clock.advance(Duration::seconds(1));
        let job = self.world.job(JobKind::Reconcile { full: false, dry_run: false }).await;
        self.say(format!("reconcile: {:?} {:?}", job.error, job.result));
        assert!(!last || job.error.is_none(), "{:?}", job.error);
    }

    /// A person decides on an open flag.
    async fn decide(&mut self) {
        let open = self.world.read().await.flags(self.world.study, true, 100).await.expect("flags");
        if open.is_empty() {
            return;
        }
        let flag = open[self.chance.below(open.len())].clone();
        let wanted = if self.chance.below(100) < 60 { FlagResolution::Followed } else { FlagResolution::Dismissed };
        let decided = match self.resolve(&flag, wanted).await {
            true => wanted,
            false => {
                assert!(self.resolve(&flag, FlagResolution::Dismissed).await);
                FlagResolution::Dismissed
            }
        };
        self.say(format!("{} of {}: {decided}", flag.kind, flag.record_id));
    }

    async fn resolve(&self, flag: &StoredFlag, resolution: FlagResolution) -> bool {
        let tx = self.world.tx().await;
        let person =
            tx.participant(flag.participant.expect("an open flag's")).await.expect("an answer").expect("there");
        let (record, became) = (flag.record_id.as_str(), flag.became.as_deref());
        let Ok(new) = resolve(flag.kind, record, became, None, resolution, Some(&person.external_id)) else {
            return false;
        };
        if tx.resolve_flag(flag, resolution, new.as_deref(), Some(self.user), "seen").await.is_err() {
            return false;
        }
        done(tx).await;
        true
    }

    /// A person replays what failed.
    async fn replay(&mut self) {
        let filter = EventFilter { status: Some(EventStatus::Failed), ..EventFilter::default() };
        let failed = self.world.read().await.events(self.world.study, &filter, None, 1_000).await.expect("events");
        for event in &failed {
            self.world.clock.advance(Duration::seconds(1));
            let tx = self.world.tx().await;
            tx.replay_event(event.id).await.expect("a replay");
            done(tx).await;
        }
        self.say(format!("replay {} failed events", failed.len()));
        self.world.worker.run_until_idle().await;
    }

    async fn end(&mut self) {
        self.world.sim.set_order(Scope::Project(self.world.project.project_id), None).expect("the project");
        self.misbehave_on();
        self.say(format!("REDCap is repaired but for {:?}", self.lasting));
        self.world.worker.run_until_idle().await;
        // The retries that people owe; then the one reconcile.
        self.replay().await;
        self.reconcile(true).await;
    }

    async fn check(&mut self) {
        let records = self.records().await;
        self.each_fate_has_one_flag().await;
        let snapshot = self.world.read().await;
        let held: BTreeSet<String> =
            snapshot.held_records(self.world.study).await.expect("names").into_iter().collect();
        let told: BTreeSet<String> = self.flagged(&["deleted", "renamed"]).await;
        for (record, rows) in records.iter().filter(|(record, _)| !held.contains(*record)) {
            let row = rows.iter().find(|row| row.get("redcap_event_name") == Some(BASELINE));
            let cell = |name| row.and_then(|row: &Row| row.get(name)).unwrap_or_default();
            let complete = cell("enrollment_complete") == "2";
            let known = snapshot.participant_of_record(self.world.study, record).await.expect("an answer");
            let blocked = snapshot.blocking_event(self.world.study, record).await.expect("an answer");
            let Some(known) = known else {
                let waits =
                    blocked.is_some_and(|(_, status)| status == EventStatus::Failed) && cell("enroll_date").is_empty();
                assert!(!complete || waits, "record {record} is nobody's: {blocked:?}");
                continue;
            };
            if let Some((_, status)) = blocked {
                assert_eq!(status, EventStatus::Failed, "{record}");
                assert_eq!(cell("enroll_date"), "", "record {record} waits for a person although it can be read");
                continue;
            }
            let version = snapshot.current_version(known.id).await.expect("an answer").expect("a version");
            let same = version.anchor_date.to_string() == cell("enroll_date");
            assert!(same || known.review.is_some(), "record {record} has another anchor");
            assert_eq!(known.dag.as_deref().unwrap_or_default(), cell("redcap_data_access_group"), "record {record}");
            for visit in snapshot.visits(known.id).await.expect("visits") {
                let row = rows.iter().find(|row| row.get("redcap_event_name") == Some(visit.event_name.as_str()));
                let Some(row) = row.filter(|_| visit.survey_instruments.iter().any(|name| name == SURVEY)) else {
                    continue;
                };
                let there: u8 = row.get("wellbeing_complete").and_then(|text| text.parse().ok()).unwrap_or(0);
                let here = visit.survey_state.get(SURVEY).map_or(0, |state| state.complete);
                assert_eq!(here, there, "survey of record {record} at {}", visit.event_name);
            }
        }
        for record in snapshot.participant_records(self.world.study).await.expect("names") {
            assert!(
                records.contains_key(&record) || told.contains(&record),
                "record {record} is gone and nobody is told"
            );
        }
    }

    async fn flagged(&self, kinds: &[&str]) -> BTreeSet<String> {
        let flags = self.world.flags().await;
        flags.into_iter().filter(|flag| kinds.contains(&flag.kind.as_str())).map(|flag| flag.record_id).collect()
    }

    async fn each_fate_has_one_flag(&self) {
        let flags = self.world.flags().await.into_iter().filter(|flag| flag.kind != FlagKind::DagMoved);
        let mut flags: Vec<_> = flags.map(|flag| (flag.record_id, flag.became)).collect();
        let mut fates = self.fates.clone();
        flags.sort();
        fates.sort();
        assert_eq!(flags, fates, "flags on the left, what happened on the right");
    }
}

fn form(
    record: &str,
    event: &str,
    instrument: &str,
    values: BTreeMap<String, String>,
    complete: u8,
    user: &str,
    dag: Option<&str>,
) -> SaveForm {
    SaveForm {
        record: record.to_owned(),
        event: Some(event.to_owned()),
        instrument: instrument.to_owned(),
        repeat_instance: None,
        values,
        complete,
        user: user.to_owned(),
        dag: dag.map(str::to_owned),
    }
}

async fn add_user(world: &World) -> UserId {
    let (tx, id) = (world.tx().await, UserId::at(world.now()));
    let (email, role) = ("ada@example.org".to_owned(), GlobalRole::Coordinator);
    tx.insert_user(&NewUser { id, email, role, password_hash: "x".into() }).await.expect("a user");
    done(tx).await;
    id
}

#[rstest]
#[case::sqlite(Engine::Sqlite, 8)]
#[case::postgres(Engine::Postgres, 4)]
#[tokio::test]
async fn one_reconcile_converges(#[case] engine: Engine, #[case] cases: usize) {
    let first = seed();
    for number in first..first + count("SOAK_CASES", cases, 500) as u64 {
        let mut case = Case::new(engine, number).await;
        for _ in 0..60 {
            case.step().await;
        }
        case.end().await;
        case.check().await;
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}\nSOAK_CASES=1 with this seed repeats it", self.trace.join("\n"));
        }
    }
}
