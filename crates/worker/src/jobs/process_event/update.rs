//! A known participant: mapped fields, group and survey state are brought up to date, and nothing else.
//!
//! Invariant: no schedule moves here, and no enrolment date. A date that changed in REDCap marks the participant for review
//! until the two agree again, here or because a person moves the anchor to it.

use chrono::NaiveDate;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::enrolment::{MappedParticipant, mapped_digest};
use metricis_core::ids::FlagId;
use metricis_core::words::FlagKind;
use metricis_store::{ANCHOR_DIFFERS, NewFlag, ParticipantUpdate, StoredEvent, StoredParticipant, StoredStudy, Tx};
use secrecy::ExposeSecret;

use super::surveys::{participant_date, put_surveys};
use super::{Applied, enrol::code_taken};
use crate::failure::Stop;
use crate::record::Record;
use crate::worker::Worker;

/// Updates a locked participant in `tx`.
///
/// # Errors
/// A record that cannot be read, or a code that another participant has.
pub(super) async fn update(
    tx: &Tx,
    worker: &Worker,
    study: &StoredStudy,
    event: &StoredEvent,
    record: &Record,
    known: &StoredParticipant,
) -> Result<Applied, Stop> {
    let home = record.home_event(&study.config.redcap, known.arm_num);
    let mapped = record.map(&study.config, &tx.sites(study.id).await?, home)?;
    let anchor = tx.current_version(known.id).await?.map_or(known.enrollment_date, |version| version.anchor_date);
    let review = review_of(known, anchor != mapped.enrollment_date);
    let mut changed = changed_fields(known, &mapped);
    if review != known.review {
        changed.push("review");
    }
    if changed.contains(&"participant_code")
        && let Some(code) = &mapped.participant_code
        && tx.participant_by_code(study.id, code.as_str()).await?.is_some()
    {
        return Err(code_taken().into());
    }
    let digest = mapped_digest(worker.settings.digest_key.expose_secret().as_bytes(), &mapped);
    if !changed.is_empty() || digest != known.mapped_digest {
        tx.update_participant(&participant_update(known, &mapped, anchor, review, digest)).await?;
    }
    let today = participant_date(tx, worker, study, mapped.time_zone);
    changed.extend(put_surveys(tx, study, known.id, record, today).await?);
    let note = note_of(known, &mapped, anchor);
    let moved = flag_move(tx, study, known, &mapped).await?;
    let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
    let action = Action::UpdateParticipant { participant: known.id, event: event.id, changed: changed.clone() };
    let action = (!changed.is_empty()).then_some(action);
    let entries = action.into_iter().chain(moved).map(|action| Entry::study(study.id, Actor::Worker, action));
    Ok(Applied { entries: entries.collect(), note })
}

/// A move to another group changes who may see the participant: it is applied, and told to a person.
async fn flag_move(
    tx: &Tx,
    study: &StoredStudy,
    known: &StoredParticipant,
    mapped: &MappedParticipant,
) -> Result<Option<Action>, Stop> {
    if mapped.dag == known.dag {
        return Ok(None);
    }
    let flag = NewFlag {
        id: FlagId::at(tx.now()),
        study: study.id,
        kind: FlagKind::DagMoved,
        record_id: known.external_id.clone(),
        was: known.dag.clone(),
        became: mapped.dag.clone(),
        participant: Some(known.id),
        redcap_at: None,
    };
    tx.insert_flag(&flag).await?;
    let NewFlag { id: flag, kind, record_id: record, became, participant, .. } = flag;
    Ok(Some(Action::RaiseFlag { study: study.id, flag, kind, record, became, participant }))
}

fn participant_update(
    known: &StoredParticipant,
    mapped: &MappedParticipant,
    anchor: NaiveDate,
    review: Option<String>,
    mapped_digest: String,
) -> ParticipantUpdate {
    ParticipantUpdate {
        id: known.id,
        site: mapped.site,
        code: mapped.participant_code.as_ref().map(|code| code.as_str().to_owned()),
        arm_num: mapped.arm_num,
        time_zone: mapped.time_zone.name().to_owned(),
        dag: mapped.dag.clone(),
        review,
        redcap_anchor: Some(mapped.enrollment_date).filter(|date| *date != anchor),
        mapped_digest,
    }
}

/// Sets and clears this mark only; another one is somebody else's.
fn review_of(known: &StoredParticipant, differs: bool) -> Option<String> {
    if differs {
        return Some(ANCHOR_DIFFERS.to_owned());
    }
    known.review.clone().filter(|review| review != ANCHOR_DIFFERS)
}

fn changed_fields(known: &StoredParticipant, mapped: &MappedParticipant) -> Vec<&'static str> {
    let code = mapped.participant_code.as_ref().is_some_and(|code| code.as_str() != known.code);
    [
        ("participant_code", code),
        ("arm_num", mapped.arm_num != known.arm_num),
        ("site", mapped.site != known.site),
        ("redcap_dag", mapped.dag != known.dag),
        ("time_zone", mapped.time_zone.name() != known.time_zone),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// What of the record the schedule does not follow by itself. The dates stay in their columns.
fn note_of(known: &StoredParticipant, mapped: &MappedParticipant, anchor: NaiveDate) -> Option<String> {
    let mut notes = vec![];
    if anchor != mapped.enrollment_date {
        notes.push("anchor differs in REDCap: flagged; a person moves it");
    }
    if mapped.arm_num != known.arm_num {
        notes.push("arm changed in REDCap: flagged; the schedule keeps its visits");
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}
