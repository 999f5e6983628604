//! What the high-risk operations share: the project and its dictionary, the sweep over its records, the write, the end.
//!
//! Invariant: a write goes out once, and whatever REDCap says of it, it is read again before anybody is told that it is done.

use std::collections::BTreeSet;

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::operation::{DataLoss, FieldRow, ProjectFacts, StaleOrder, ToCount, dictionary_digest};
use metricis_core::words::SyncErrorType;
use metricis_redcap::wire::{Field, ProjectInfo, Row};
use metricis_redcap::{CallError, Client, Reader, RecordQuery, Sweep};
use metricis_store::{ClaimedJob, StoredStudy};
use serde_json::Value;

use super::read_study;
use super::test_connection::check_project;
use crate::connection::{Connection, connect};
use crate::failure::Failure;
use crate::pages::Pages;
use crate::persist::persist;
use crate::worker::Worker;

/// Fields of one sweep: REDCap's PHP leaves out list entries beyond a thousand, and says nothing.
const FIELDS_AT_ONCE: usize = 300;

/// A study and the project that it is set to.
pub(super) struct Target {
    pub(super) study: StoredStudy,
    pub(super) redcap: Connection,
    pub(super) project: ProjectInfo,
    pub(super) facts: ProjectFacts,
}

impl Target {
    /// Asks which project the token belongs to.
    ///
    /// # Errors
    /// The call's, or a token of another project.
    pub(super) async fn open(worker: &Worker, job: &ClaimedJob) -> Result<Self, Failure> {
        let study = read_study(worker, job.study).await?;
        let redcap = connect(worker, &study)?;
        let project = worker.gate.read(&redcap, |reader| async move { reader.project_info().await }).await?;
        check_project(&study, &project)?;
        let facts = ProjectFacts {
            project_id: project.project_id,
            in_production: project.in_production,
            is_longitudinal: project.is_longitudinal,
        };
        Ok(Self { study, redcap, project, facts })
    }

    /// The dictionary, all of its columns.
    ///
    /// # Errors
    /// The call's.
    pub(super) async fn dictionary(&self, worker: &Worker) -> Result<Vec<FieldRow>, Failure> {
        let fields = worker.gate.read(&self.redcap, |reader| async move { reader.metadata().await }).await?;
        fields.iter().map(row_of).collect()
    }

    /// Refuses a token that does not see every record: what it does not see would be lost uncounted.
    ///
    /// # Errors
    /// The calls'; records of participants that REDCap does not list, or a user inside a data access group.
    pub(super) async fn refuse_blind(&self, worker: &Worker, id_field: &str) -> Result<(), Failure> {
        let (gate, study) = (&worker.gate, self.study.id);
        let read = || async {
            let db = worker.read().await?;
            Ok((db.participant_records(study).await?, db.held_records(study).await?))
        };
        let (records, held) = persist(worker.settings.poll_ms, read).await?;
        let listed = gate.read(&self.redcap, |reader| async move { reader.record_ids(id_field).await }).await?;
        let listed: BTreeSet<&str> = listed.iter().collect();
        let unseen = records.keys().filter(|name| !listed.contains(name.as_str()) && held.binary_search(name).is_err());
        let unseen = unseen.count();
        if unseen > 0 {
            return Err(Failure::refused(format!(
                "REDCap does not list {unseen} records of participants, so that what they hold would be lost uncounted: set the \
                 token of a user outside all data access groups, or reconcile first"
            )));
        }
        match self.is_in_group(worker).await? {
            false => Ok(()),
            true => Err(Failure::refused(
                "the token's user is inside a data access group and does not see the records of the others, which would be lost \
                 uncounted; set the token of a user outside all groups",
            )),
        }
    }

    /// REDCap puts the id of its group before the name of the next record, `1732-4`; it says nothing of it elsewhere.
    async fn is_in_group(&self, worker: &Worker) -> Result<bool, Failure> {
        let ask = |reader: Reader| async move {
            let groups = match reader.dags().await {
                Err(refused) if refused.lacks_right() => return Ok(false),
                groups => groups?,
            };
            let ids: Vec<i64> = groups.into_iter().filter_map(|group| group.data_access_group_id).collect();
            if ids.is_empty() {
                return Ok(false);
            }
            match reader.next_record_name().await {
                Err(CallError::Refused { status: 400 | 403, .. }) => Ok(false),
                name => name.map(|name| ids.iter().any(|id| name.starts_with(&format!("{id}-")))),
            }
        };
        worker.gate.read(&self.redcap, ask).await
    }

    /// Refuses to go on when the dictionary is not `expected` any more: counting takes its time.
    ///
    /// # Errors
    /// The call's, or [`StaleOrder`].
    pub(super) async fn check_dictionary(&self, worker: &Worker, expected: &str) -> Result<(), Failure> {
        match dictionary_digest(&self.dictionary(worker).await?) == expected {
            true => Ok(()),
            false => Err(Failure::refused(StaleOrder)),
        }
    }

    /// Writes the dictionary and reads it again; how many fields REDCap says it has stored.
    ///
    /// # Errors
    /// The write's, or that REDCap has another one than it confirmed.
    pub(super) async fn write_dictionary(&self, worker: &Worker, rows: &[FieldRow]) -> Result<u64, Failure> {
        let fields = rows.iter().map(wire_of).collect::<Result<Vec<Field>, Failure>>()?;
        let fields = &fields;
        let written = send(worker, &self.redcap, |client| async move { client.import_metadata(fields).await }).await?;
        match dictionary_digest(&self.dictionary(worker).await?) == dictionary_digest(rows) {
            true => Ok(written),
            false => Err(Failure::new(
                SyncErrorType::ApiError,
                "REDCap says that it stored the dictionary, and has another one than was sent; look at the preview again: it \
                 shows what differs",
            )),
        }
    }

    /// How many records hold each of the values that would go. Counts nothing when there is nothing to count.
    ///
    /// # Errors
    /// The calls'.
    pub(super) async fn count(
        &self,
        worker: &Worker,
        id_field: &str,
        wanted: &[ToCount],
    ) -> Result<Vec<DataLoss>, Failure> {
        let mut losses = vec![];
        for some in wanted.chunks(FIELDS_AT_ONCE) {
            let fields: BTreeSet<String> = some.iter().map(|one| one.field.clone()).collect();
            let query = RecordQuery { fields: fields.into_iter().collect(), ..RecordQuery::default() };
            let mut counts = vec![0; some.len()];
            sweep(worker, &self.redcap, query, id_field, None, |rows| {
                for (count, one) in counts.iter_mut().zip(some) {
                    *count += holders(&rows, id_field, |row| one.is_held_by(row.iter()));
                }
                Ok(())
            })
            .await?;
            losses.extend(some.iter().zip(counts).map(|(one, records)| one.counted(records)));
        }
        Ok(losses)
    }
}

/// Records of a page of which a row is such; a record's rows are in one page.
pub(super) fn holders(rows: &[Row], id_field: &str, is_such: impl Fn(&Row) -> bool) -> usize {
    let such = rows.iter().filter(|row| is_such(row));
    such.filter_map(|row| row.get(id_field)).collect::<BTreeSet<&str>>().len()
}

/// Reads what `query` names of every record, or of those in `only`, page by page; the names that REDCap has.
///
/// # Errors
/// The calls', or rows that do not fit what was asked for.
pub(super) async fn sweep(
    worker: &Worker,
    redcap: &Connection,
    query: RecordQuery,
    id_field: &str,
    only: Option<&BTreeSet<String>>,
    mut take: impl FnMut(Vec<Row>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut pages = Pages { worker, redcap, id_field, only, sweep: Sweep::new(query, id_field) };
    while let Some(rows) = pages.next().await? {
        take(rows)?;
    }
    Ok(())
}

/// Sends one change. What REDCap did not refuse in words it may have made all the same.
///
/// # Errors
/// The call's, and what to do about it.
pub(super) async fn send<T, F, Fut>(worker: &Worker, redcap: &Connection, ask: F) -> Result<T, Failure>
where
    F: FnOnce(Client) -> Fut,
    Fut: Future<Output = Result<T, CallError>>,
{
    worker.gate.send(redcap, ask).await.map_err(|failure| {
        let Failure { error_type, message } = failure;
        let after = match error_type {
            SyncErrorType::ApiError => "it is not known whether REDCap has stored it: look at the preview again",
            SyncErrorType::Validation | SyncErrorType::CircuitOpen | SyncErrorType::Exception => {
                "nothing was changed by this call"
            }
        };
        Failure::new(error_type, format!("{message}; {after}"))
    })
}

/// Ends an operation that is done, with its account.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn conclude(worker: &Worker, job: &ClaimedJob, result: Value, action: Action) -> Result<(), Failure> {
    let conclude = || async {
        let tx = worker.write().await?;
        tx.finish_job(job.id, result.clone()).await?;
        Ok(tx.commit(Entry::study(job.study, Actor::Worker, action.clone())).await?)
    };
    Ok(persist(worker.settings.poll_ms, conclude).await?)
}

fn row_of(field: &Field) -> Result<FieldRow, Failure> {
    let columns = serde_json::to_value(field).map_err(Failure::exception)?;
    Ok(FieldRow::read(|column| columns[column].as_str().unwrap_or_default().to_owned()))
}

fn wire_of(row: &FieldRow) -> Result<Field, Failure> {
    let columns = row.columns().map(|(name, text)| (name.to_owned(), Value::from(text)));
    serde_json::from_value(Value::Object(columns.collect())).map_err(Failure::exception)
}
