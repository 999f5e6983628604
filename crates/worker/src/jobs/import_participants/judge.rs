//! What becomes of each record, decided before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use metricis_core::enrolment::mapped_digest;
use metricis_core::operation::{ImportOutcome, ImportedRecord};
use metricis_core::reconcile::{Fate, former_name, plan_fates};
use metricis_core::words::EventStatus;
use metricis_store::{Snapshot, StoredStudy};
use secrecy::ExposeSecret;

use super::read::Found;
use super::refuse_halted;
use crate::failure::{Failure, Stop};
use crate::jobs::process_event::enrol::{code_taken, plan_enrolment};
use crate::jobs::process_event::{LONGEST_CHAIN, refuse_held};
use crate::jobs::reconcile::holder_in;
use crate::persist::persist;
use crate::record::Record;
use crate::worker::Worker;

const COMPLETE: u8 = 2;

/// A record and what becomes of it.
pub(super) struct Judged {
    pub(super) told: ImportedRecord,
    /// Keyed, of what would be taken from the record.
    pub(super) mapped_digest: Option<String>,
    /// Of one that is to be enrolled.
    pub(super) record: Option<Record>,
}

impl Judged {
    pub(super) fn new(record: &str, outcome: ImportOutcome, reason: Option<String>) -> Self {
        let told = ImportedRecord { record: record.to_owned(), outcome, reason };
        Self { told, mapped_digest: None, record: None }
    }
}

/// Decides about each.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn judge_all(worker: &Worker, study: &StoredStudy, found: Found) -> Result<Vec<Judged>, Failure> {
    let Found { records, absent, fates } = found;
    let enrols = refuse_halted(study)?;
    let decide = || async {
        let db = worker.read().await?;
        let owed = db.owed_records(study.id).await?;
        let (mut codes, mut judged) = (BTreeSet::new(), Vec::with_capacity(records.len()));
        for (id, record) in &records {
            let twin = twin_of(&db, study, id, &fates).await?;
            judged.push(match twin {
                Some(refused) => Judged::new(id, ImportOutcome::Refused, Some(refused)),
                None => judge(worker, &db, study, &enrols, &owed, &mut codes, id, record).await?,
            });
        }
        Ok(judged)
    };
    let mut judged: Vec<Judged> = persist(worker.settings.poll_ms, decide).await?;
    for (one, (_, record)) in judged.iter_mut().zip(records) {
        one.record = (one.told.outcome == ImportOutcome::Enrol).then_some(record);
    }
    let gone = |id: &String| Judged::new(id, ImportOutcome::Absent, Some(format!("REDCap has no record {id:?}")));
    judged.extend(absent.iter().map(gone));
    Ok(judged)
}

/// Why a record is not certainly a new person's: an open flag holds it, or it is a participant's under a new name.
pub(super) async fn twin_of(
    db: &Snapshot,
    study: &StoredStudy,
    id: &str,
    fates: &[(NaiveDateTime, Fate)],
) -> Result<Option<String>, Stop> {
    if let Err(held) = refuse_held(db, study.id, id).await {
        return match held {
            Stop::Failed(refused) => Ok(Some(refused.event_text())),
            stop @ Stop::Store(_) => Err(stop),
        };
    }
    if !fates.iter().any(|(_, fate)| fate.renamed_to.as_deref() == Some(id)) {
        return Ok(None);
    }
    let (records, known) = (db.participant_records(study.id).await?, db.known_fates(study.id).await?);
    let mut name = id;
    for _ in 0..LONGEST_CHAIN {
        let Some((former, is_theirs)) = former_name(name, fates, &known, holder_in(&records)) else { break };
        // A name of the chain may have ended in between, and begun anew.
        let is_nobodys = || {
            let new = plan_fates(fates, &known, NaiveDateTime::MIN, holder_in(&records));
            let last = new.into_iter().rfind(|one| one.fate.renamed_to.as_deref() == Some(id));
            last.is_some_and(|one| one.participant.is_none())
        };
        if is_theirs && !is_nobodys() {
            return Ok(Some(format!(
                "record {id:?} is the renamed record {former:?} of a participant; reconcile, then decide on the flag that it raises"
            )));
        }
        name = former;
    }
    Ok(None)
}

#[expect(clippy::too_many_arguments, reason = "the facts of one decision, gathered once for all records")]
async fn judge(
    worker: &Worker,
    db: &Snapshot,
    study: &StoredStudy,
    enrols: &str,
    owed: &BTreeMap<String, EventStatus>,
    codes: &mut BTreeSet<String>,
    id: &str,
    record: &Record,
) -> Result<Judged, Stop> {
    if db.participant_of_record(study.id, id).await?.is_some() {
        return Ok(Judged::new(id, ImportOutcome::Known, None));
    }
    if let Some(state) = owed.get(id) {
        return Ok(Judged::new(id, ImportOutcome::LeftToEvent, Some(left_to(*state))));
    }
    if record.completion(enrols) != COMPLETE {
        return Ok(Judged::new(id, ImportOutcome::NotComplete, Some(format!("{enrols} is not marked complete"))));
    }
    match plan_enrolment(db, worker, study, None, record).await {
        Ok(plan) => {
            if let Some(code) = &plan.mapped.participant_code
                && !codes.insert(code.as_str().to_owned())
            {
                return Ok(Judged::new(id, ImportOutcome::Refused, Some(code_taken().event_text())));
            }
            let key = worker.settings.digest_key.expose_secret().as_bytes();
            let mapped_digest = Some(mapped_digest(key, &plan.mapped));
            Ok(Judged { mapped_digest, ..Judged::new(id, ImportOutcome::Enrol, None) })
        }
        Err(Stop::Failed(refused)) => Ok(Judged::new(id, ImportOutcome::Refused, Some(refused.event_text()))),
        Err(stop) => Err(stop),
    }
}

/// Why a record is left to its event, and what to do.
pub(super) fn left_to(state: EventStatus) -> String {
    match state {
        EventStatus::Failed => "its latest event failed: mend the cause, then replay that event".to_owned(),
        other => format!("an event of it is {other}: that one enrols it"),
    }
}
