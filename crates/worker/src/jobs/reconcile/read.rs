//! Everything that a run asks REDCap, and what it finds in the answers.
//!
//! Invariant: of an answer nothing is kept but the names of records that differ.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use metricis_core::Timestamp;
use metricis_core::ids::ParticipantId;
use metricis_core::reconcile::{KnownFate, is_detached, may_concern, plan_fates, unexplained};
use metricis_redcap::wire::Row;
use metricis_redcap::{RecordIds, Sweep};
use metricis_store::{ReconcileState, Site, StoredStudy, StoredWindow};

use super::super::test_connection::check_project;
use super::log::{Log, begin_of, origin, read_log};
use crate::connection::Connection;
use crate::failure::{Failure, Stop};
use crate::pages::Pages;
use crate::persist::persist;
use crate::query::{query_of, refuse_hidden_groups};
use crate::record::Record;
use crate::standing::{Standing, standing_of};
use crate::worker::Worker;

/// What was found.
pub(super) struct Reading {
    pub(super) full: bool,
    /// A person's word that what is absent without a reason was deleted.
    pub(super) absent_as_deleted: bool,
    pub(super) listed: usize,
    pub(super) examined: usize,
    /// Records left alone because of the study's status.
    pub(super) halted: usize,
    /// Records that differ, each with how complete its enrolment instrument is.
    pub(super) differing: Vec<Differing>,
    pub(super) log: Log,
    /// What REDCap lists and cannot be a record here, fit to be shown.
    pub(super) odd: Vec<String>,
    /// Records of participants that REDCap does not list, and whose they are.
    pub(super) absent: Vec<(String, ParticipantId)>,
}

/// A record that differs.
pub(super) struct Differing {
    pub(super) record: String,
    pub(super) missing: bool,
    pub(super) complete: u8,
}

/// What is known here before REDCap is asked.
struct Facts {
    state: ReconcileState,
    known: Vec<KnownFate>,
    windows: Vec<StoredWindow>,
    sites: Vec<Site>,
    /// The records of participants, whose they are, and since when.
    records: BTreeMap<String, (ParticipantId, Timestamp)>,
}

/// Reads what may differ.
///
/// # Errors
/// The calls', or settings that cannot be read.
pub(super) async fn read(
    worker: &Worker,
    study: &StoredStudy,
    redcap: &Connection,
    full: bool,
) -> Result<Reading, Failure> {
    let poll_ms = worker.settings.poll_ms;
    let facts = persist(poll_ms, || read_facts(worker, study)).await?;
    let full = full || facts.state.log_mark.is_none();
    let project = worker.gate.read(redcap, |reader| async move { reader.project_info().await }).await?;
    check_project(study, &project)?;
    let fields = worker.gate.read(redcap, |reader| async move { reader.metadata().await }).await?;
    // Without the instrument each record would seem not to be enrolled yet.
    let enrols = study.config.redcap.enrollment_instrument.as_deref().unwrap_or_default();
    if !fields.iter().any(|field| field.form_name == enrols) {
        return Err(Failure::refused(format!(
            "config.redcap.enrollment_instrument: the REDCap project has no instrument {enrols:?}"
        )));
    }
    let first = fields.first().map(|field| field.field_name.as_str());
    let id_field =
        first.ok_or_else(|| Failure::refused("the project's dictionary is empty; it has no record id field"))?;
    let ids = worker.gate.read(redcap, |reader| async move { reader.record_ids(id_field).await }).await?;
    let times: Vec<_> = facts.known.iter().map(|one| one.at).collect();
    let begin = begin_of(&facts.state, &times);
    let log = read_log(worker, redcap, id_field, begin).await?;
    let listed: BTreeSet<&str> = ids.iter().collect();
    let absent = facts.records.iter().filter(|(record, _)| !listed.contains(record.as_str()));
    let absent: Vec<_> = absent.map(|(record, (participant, _))| (record.clone(), *participant)).collect();
    let mut reading = Reading {
        full,
        absent_as_deleted: false,
        listed: ids.len(),
        examined: 0,
        halted: 0,
        differing: vec![],
        log,
        odd: ids.odd().iter().cloned().chain(ids.iter().filter(|id| is_detached(id)).map(str::to_owned)).collect(),
        absent,
    };
    let changed = match full {
        true => RecordIds::default(),
        false => {
            let since = Some(begin);
            let changed =
                |reader: metricis_redcap::Reader| async move { reader.record_ids_since(id_field, since).await };
            worker.gate.read(redcap, changed).await?
        }
    };
    let may_differ = |record: &&str| {
        let is_known = || facts.records.contains_key(*record);
        full || reading.log.touched.contains(*record) || !is_known()
    };
    let wanted: RecordIds = ids
        .iter()
        .filter(may_differ)
        .chain(changed.iter().filter(|id| listed.contains(id)))
        .filter(|id| !is_detached(id))
        .collect();
    let sweep = Sweep::new(query_of(study, &facts.windows, &fields), id_field).of(wanted);
    let mut pages = Pages { worker, redcap, id_field, only: None, sweep };
    while let Some(rows) = pages.next().await? {
        refuse_hidden_groups(&facts.sites, rows.iter())?;
        persist(poll_ms, || examine(worker, study, &facts, &rows, id_field)).await?.add_to(&mut reading);
    }
    if !unexplained(&reading.absent, &explained_by(&reading.log, &facts)).is_empty() {
        // Something went before the stretch that was read: the whole log says what.
        reading.log = read_log(worker, redcap, id_field, origin(&facts.state)).await?;
    }
    Ok(reading)
}

/// The flags there will be, for the question what they explain.
fn explained_by(log: &Log, facts: &Facts) -> Vec<KnownFate> {
    let new = plan_fates(&log.fates, &facts.known, log.begin, holder_in(&facts.records));
    let new =
        new.into_iter().map(|one| KnownFate { fate: one.fate, at: one.at, participant: one.participant, open: true });
    facts.known.iter().cloned().chain(new).collect()
}

/// Who may have had a record's name at a moment of REDCap's time.
pub(in crate::jobs) fn holder_in(
    records: &BTreeMap<String, (ParticipantId, Timestamp)>,
) -> impl Fn(&str, NaiveDateTime) -> Option<ParticipantId> {
    move |name, at| {
        let (participant, since) = records.get(name)?;
        may_concern(*since, at).then_some(*participant)
    }
}

async fn read_facts(worker: &Worker, study: &StoredStudy) -> Result<Facts, Stop> {
    let snapshot = worker.read().await?;
    Ok(Facts {
        state: snapshot.reconcile_state(study.id).await?,
        known: snapshot.known_fates(study.id).await?,
        windows: snapshot.stored_windows(study.id).await?,
        sites: snapshot.sites(study.id).await?,
        records: snapshot.participant_records(study.id).await?,
    })
}

/// What a page came to.
#[derive(Default)]
struct Page {
    examined: usize,
    halted: usize,
    differing: Vec<Differing>,
}

impl Page {
    fn add_to(self, reading: &mut Reading) {
        reading.examined += self.examined;
        reading.halted += self.halted;
        reading.differing.extend(self.differing);
    }
}

async fn examine(
    worker: &Worker,
    study: &StoredStudy,
    facts: &Facts,
    rows: &[Row],
    id_field: &str,
) -> Result<Page, Stop> {
    let snapshot = worker.read().await?;
    let mut by_record: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_record.entry(row.get(id_field).unwrap_or_default()).or_default().push(row.clone());
    }
    let mut page = Page { examined: by_record.len(), ..Page::default() };
    for (id, rows) in by_record {
        let record = Record::read(id, &rows, None)?;
        let standing = standing_of(worker, &snapshot, study, &facts.sites, id, &record).await?;
        match standing {
            Standing::InStep => {}
            Standing::Halted => page.halted += 1,
            Standing::Missing | Standing::Changed => page.differing.push(Differing {
                record: id.to_owned(),
                missing: standing == Standing::Missing,
                complete: record.completion(study.config.redcap.enrollment_instrument.as_deref().unwrap_or_default()),
            }),
        }
    }
    Ok(page)
}
