//! What a failure must leave behind and what it must not: the log line, the counts, REDCap's record.

use std::collections::BTreeMap;

use metricis_core::ids::EventId;
use metricis_core::words::{EventStatus, SyncErrorType};
use metricis_redcap_sim::Fault;
use metricis_store::StoredSession;

use crate::fixtures::settings;
use crate::log::Log;
use crate::world::{BASELINE, World, done};

pub const BANNER: &str = "Your responses were saved on this device. The study team has been notified.";

/// What `World::sync_one` submits, as REDCap stores it.
const SUBMITTED: [(&str, &str); 3] = [("rt_median_ms", "412.5"), ("rt_misses", "2"), ("reaction_time_complete", "2")];

/// A record that holds what was submitted beside what it held before, and nothing else.
pub fn submitted(before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut whole = before.clone();
    whole.extend(SUBMITTED.map(|(field, value)| (format!("{BASELINE}/{field}"), value.to_owned())));
    whole
}

/// The one line that alerts match on, with every field of the checklist, and no answer in the whole log.
pub fn assert_critical(log: &Log, session: &StoredSession, error_type: SyncErrorType, row: &str) {
    let lines = log.errors_with("source", "redcap_sync_failure");
    let [line] = lines.as_slice() else { panic!("{row}: {lines:?}") };
    assert_eq!((&line["severity"], &line["error_type"]), (&"CRITICAL".into(), &error_type.as_str().into()), "{row}");
    assert_eq!((&line["requires_investigation"], &line["fallback_used"]), (&true.into(), &false.into()), "{row}");
    let ids = (&line["study"], &line["session"]);
    assert_eq!(ids, (&session.study.to_string().into(), &session.id.to_string().into()), "{row}");
    assert!(!log.text().contains("412.5"), "{row}: no answer is logged");
}

/// One failed call, so that the study's breaker has something to add to or to reset.
pub async fn fail_once(world: &World) {
    world.break_redcap(Fault::WrongToken);
    let event = world.enrol("8", &[("enroll_date", "2026-03-02")]).await;
    assert_eq!(event.status, EventStatus::Failed);
    world.break_redcap(None);
}

/// What a person's replay does.
pub async fn replay(world: &World, event: EventId) {
    let tx = world.tx().await;
    tx.replay_event(event).await.expect("a failed event").expect("the event");
    done(tx).await;
    world.worker.run_until_idle().await;
}

/// Calls that the studies before this one have made on the same host.
#[derive(Default)]
pub struct Counted {
    calls_before: u64,
}

impl Counted {
    /// Goes on with a study and a REDCap project of its own, whose events are known.
    pub async fn next_study(&mut self, world: &mut World) {
        self.calls_before += world.calls();
        world.move_to_another_study().await;
        world.sync_events().await;
    }

    /// A failed call counts once for the breaker, however often it was sent, and each sending has used one turn of the budget.
    pub async fn assert(&self, world: &World, failures: u32, row: &str) {
        assert_eq!(world.read().await.breaker(world.study).await.expect("a breaker").failures(), failures, "{row}");
        let (tx, budget) = (world.tx().await, settings().budget);
        let slot = tx.take_budget("127.0.0.1", &budget, None).await.expect("a turn");
        tx.roll_back().await.expect("given back");
        let turns = (slot.new_tat - world.now()).num_microseconds().expect("few") / budget.interval_us();
        let calls = self.calls_before + world.calls();
        assert_eq!(turns - 1, i64::try_from(calls).expect("few"), "{row}: turns and calls");
    }
}
