//! Reads of each record what says whether it is a participant, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use metricis_core::enrolment::compare_settings;
use metricis_redcap::RecordQuery;
use metricis_redcap::wire::{Field, Row};
use metricis_store::{Site, StoredStudy, StoredWindow};

use crate::failure::Failure;
use crate::jobs::operation::{Target, sweep};
use crate::jobs::test_connection::dictionary_of;
use crate::persist::persist;
use crate::record::Record;
use crate::worker::Worker;

const DAG: &str = "redcap_data_access_group";

/// What REDCap has, in its order, and the names that were asked for and that it does not have.
pub(super) struct Found {
    pub(super) records: Vec<(String, Record)>,
    pub(super) absent: Vec<String>,
}

/// Reads all records, or those named.
///
/// # Errors
/// The calls', settings that name what the project does not have, groups that REDCap hides.
pub(super) async fn read_records(worker: &Worker, target: &Target, named: Option<&[String]>) -> Result<Found, Failure> {
    let study = &target.study;
    let read = || async {
        let db = worker.read().await?;
        Ok((db.sites(study.id).await?, db.stored_windows(study.id).await?))
    };
    let (sites, windows) = persist(worker.settings.poll_ms, read).await?;
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
    refuse_hidden_groups(&sites, &pages)?;
    let mut absent = named.unwrap_or_default();
    let mut records = Vec::with_capacity(pages.len());
    for (id, rows) in pages {
        absent.remove(&id);
        records.push((id.clone(), Record::read(&id, &rows, None)?));
    }
    Ok(Found { records, absent: absent.into_iter().collect() })
}

/// The fields that decide, of those that the project has: a default mapping names one that it need not have.
fn query_of(study: &StoredStudy, windows: &[StoredWindow], fields: &[Field]) -> RecordQuery {
    let config = &study.config.redcap;
    // A checkbox is mapped by one of its columns and asked for by its name.
    let plain = |field: &str| field.split_once("___").map_or(field, |(name, _)| name).to_owned();
    let mapped = config.participant_field_mapping.iter().flatten().map(|(field, _)| plain(field));
    let code = config.participant_field_mapping.is_none().then(|| "participant_code".to_owned());
    let anchor = config.anchor_date_field.clone();
    let surveys = windows.iter().flat_map(|window| window.survey_instruments.iter().cloned());
    let forms = surveys.chain(config.enrollment_instrument.clone());
    let forms: BTreeSet<String> = forms.filter(|form| fields.iter().any(|known| known.form_name == *form)).collect();
    let is_field = |name: &String| fields.iter().any(|known| known.field_name == *name);
    let completions: Vec<String> = forms.iter().map(|form| format!("{form}_complete")).collect();
    let asked = mapped.chain(code).chain(anchor).filter(|name| is_field(name) || completions.contains(name));
    let asked: BTreeSet<String> = asked.chain(completions.iter().cloned()).collect();
    RecordQuery { fields: asked.into_iter().collect(), export_dags: true, ..RecordQuery::default() }
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

/// Without the column everybody would be enrolled outside all sites.
fn refuse_hidden_groups(sites: &[Site], pages: &[(String, Vec<Row>)]) -> Result<(), Failure> {
    let wanted = sites.iter().any(|site| site.redcap_dag.is_some());
    let mut rows = pages.iter().flat_map(|(_, rows)| rows).peekable();
    let hidden = rows.peek().is_some() && rows.all(|row| row.get(DAG).is_none());
    if wanted && hidden {
        return Err(Failure::refused(
            "REDCap tells no data access groups, which the study's sites stand for: the API token's user is inside a group, or \
             the project has none; set the token of a user outside all groups, or correct the sites",
        ));
    }
    Ok(())
}
