//! Enrols records that REDCap has already (guarantee 16): imports fire no DET.
//!
//! ```text
//!   records ─► read, page by page ─► judge each ─► preview: tell
//!                                        └─ the same digest? ─► enrol, fifty a transaction ─► done
//! ```
//!
//! Invariants: it enrols as a DET does, with an event of its own for each record; a record that is refused keeps no other out;
//! what was enrolled before a failure stays, and the job's result says how far it came.

mod enrol;
mod judge;
mod read;

use std::collections::BTreeMap;

use metricis_core::action::Action;
use metricis_core::answer::ParticipantImport;
use metricis_core::enrolment::{DetDecision, decide_det};
use metricis_core::operation::{ImportOutcome, Order, import_digest};
use metricis_store::{ClaimedJob, StoredStudy};
use serde_json::json;

use self::enrol::enrol_all;
use self::judge::{Judged, judge_all};
use self::read::read_records;
use super::finish_job;
use super::operation::{Target, conclude};
use crate::failure::Failure;
use crate::worker::Worker;

/// Records that a result lists at most; all are counted.
const LISTED: usize = 2_000;

/// The job's result is a [`ParticipantImport`].
///
/// # Errors
/// The calls', a study that enrols nobody, another state than the previewed one; the database, midway.
pub(super) async fn import_participants(
    worker: &Worker,
    job: &ClaimedJob,
    records: Option<&[String]>,
    order: &Order,
) -> Result<(), Failure> {
    let target = Target::open(worker, job).await?;
    refuse_halted(&target.study)?;
    let found = read_records(worker, &target, records).await?;
    let mut judged = judge_all(worker, &target.study, found).await?;
    let told: Vec<_> = judged.iter().map(|one| (one.told.clone(), one.mapped_digest.clone())).collect();
    let digest = import_digest(target.facts.project_id, &told);
    if order.is_preview() {
        return finish_job(worker, job, json!(answer_of(&judged, order, &digest, 0, true))).await;
    }
    order.check(&digest).map_err(Failure::refused)?;
    let enrolled = enrol_all(worker, job, &mut judged, |judged, enrolled| {
        json!(answer_of(judged, order, &digest, enrolled, false))
    })
    .await?;
    let answer = answer_of(&judged, order, &digest, enrolled, true);
    let count = |outcome: ImportOutcome| answer.counts.get(outcome.as_str()).copied().unwrap_or(0);
    let (known, refused) = (count(ImportOutcome::Known), count(ImportOutcome::Refused));
    let action = Action::ImportParticipants { study: job.study, job: job.id, digest, enrolled, known, refused };
    conclude(worker, job, json!(answer), action).await
}

/// The instrument that enrols.
///
/// # Errors
/// None is set, or the study enrols nobody now; in a DET's words.
fn refuse_halted(study: &StoredStudy) -> Result<String, Failure> {
    let set = study.config.redcap.enrollment_instrument.clone().filter(|name| !name.trim().is_empty());
    let enrols = set.ok_or_else(|| {
        Failure::refused("config.redcap.enrollment_instrument is not set; name the instrument whose completion enrols")
    })?;
    match decide_det(study.status, &enrols, 2, Some(&enrols), None) {
        DetDecision::Refuse { reason } => Err(Failure::refused(reason)),
        DetDecision::Enrol | DetDecision::Update | DetDecision::TooEarly { .. } | DetDecision::Nothing { .. } => {
            Ok(enrols)
        }
    }
}

/// Those that need a person come first.
fn answer_of(judged: &[Judged], order: &Order, digest: &str, enrolled: usize, success: bool) -> ParticipantImport {
    let mut counts = BTreeMap::new();
    for one in judged {
        *counts.entry(one.told.outcome.as_str().to_owned()).or_default() += 1;
    }
    let rank = |outcome: ImportOutcome| match outcome {
        ImportOutcome::Refused => 0,
        ImportOutcome::LeftToEvent => 1,
        ImportOutcome::Absent => 2,
        ImportOutcome::NotComplete => 3,
        ImportOutcome::Enrol => 4,
        ImportOutcome::Known => 5,
    };
    let mut sorted: Vec<&Judged> = judged.iter().collect();
    sorted.sort_by_key(|one| rank(one.told.outcome));
    ParticipantImport {
        success,
        dry_run: order.is_preview(),
        digest: digest.to_owned(),
        counts,
        enrolled,
        records: sorted.iter().take(LISTED).map(|one| one.told.clone()).collect(),
        not_listed: judged.len().saturating_sub(LISTED),
    }
}
