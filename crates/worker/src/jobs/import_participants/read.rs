//! Reads of each record what says whether it is a participant, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use metricis_core::enrolment::compare_settings;
use metricis_core::reconcile::Fate;
use metricis_redcap::wire::Row;

use crate::failure::Failure;
use crate::jobs::operation::{Target, sweep};
use crate::jobs::reconcile::log::{origin, read_log};
use crate::jobs::test_connection::dictionary_of;
use crate::persist::persist;
use crate::query::{query_of, refuse_hidden_groups};
use crate::record::Record;
use crate::worker::Worker;

/// What REDCap has, in its order, and the names that were asked for and that it does not have.
pub(super) struct Found {
    pub(super) records: Vec<(String, Record)>,
    pub(super) absent: Vec<String>,
    /// What the log says became of records.
    pub(super) fates: Vec<(NaiveDateTime, Fate)>,
}

/// Reads all records, or those named.
///
/// # Errors
/// The calls', settings that name what the project does not have, groups that REDCap hides.
pub(super) async fn read_records(worker: &Worker, target: &Target, named: Option<&[String]>) -> Result<Found, Failure> {
    let study = &target.study;
    let read = || async {
        let db = worker.read().await?;
        let state = db.reconcile_state(study.id).await?;
        Ok((db.sites(study.id).await?, db.stored_windows(study.id).await?, state))
    };
    let (sites, windows, state) = persist(worker.settings.poll_ms, read).await?;
    let fields = worker.gate.read(&target.redcap, |reader| async move { reader.metadata().await }).await?;
    let problems = compare_settings(&study.config.redcap, &dictionary_of(&fields));
    if !problems.is_empty() {
        return Err(Failure::refused(problems.join("; ")));
    }
    let id_field = fields.first().map(|first| first.field_name.clone()).unwrap_or_default();
    let query = query_of(study, &windows, &fields);
    let named: Option<BTreeSet<String>> = named.map(|names| names.iter().cloned().collect());
    let mut pages: Vec<(String, Vec<Row>)> = vec![];
    sweep(worker, &target.redcap, query, &id_field, named.as_ref(), |rows| {
        pages.extend(by_record(rows, &id_field));
        Ok(())
    })
    .await?;
    refuse_hidden_groups(&sites, pages.iter().flat_map(|(_, rows)| rows))?;
    let mut absent = named.unwrap_or_default();
    let mut records = Vec::with_capacity(pages.len());
    for (id, rows) in pages {
        absent.remove(&id);
        records.push((id.clone(), Record::read(&id, &rows, None)?));
    }
    let log = read_log(worker, &target.redcap, &id_field, origin(&state)).await?;
    Ok(Found { records, absent: absent.into_iter().collect(), fates: log.fates })
}

/// A record's rows are in one page.
fn by_record(rows: Vec<Row>, id_field: &str) -> Vec<(String, Vec<Row>)> {
    let (mut order, mut found) = (vec![], BTreeMap::<String, Vec<Row>>::new());
    for row in rows {
        let id = row.get(id_field).unwrap_or_default().to_owned();
        if !found.contains_key(&id) {
            order.push(id.clone());
        }
        found.entry(id).or_default().push(row);
    }
    order.into_iter().filter_map(|id| Some((id.clone(), found.remove(&id)?))).collect()
}
