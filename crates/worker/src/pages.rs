//! A sweep over records, page by page, through the gate: a page that is too much for REDCap is asked for in halves.

use std::collections::BTreeSet;

use metricis_redcap::wire::Row;
use metricis_redcap::{Ask, Reader, RecordIds, Sweep};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::worker::Worker;

/// The pages that are still to come.
pub(crate) struct Pages<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) redcap: &'a Connection,
    pub(crate) id_field: &'a str,
    /// Of the records that REDCap lists, only these.
    pub(crate) only: Option<&'a BTreeSet<String>>,
    pub(crate) sweep: Sweep,
}

impl Pages<'_> {
    /// The rows of the next page, a record's all in one; none after the last.
    ///
    /// # Errors
    /// The calls', or rows that do not fit what was asked for.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, Failure> {
        let (gate, id_field) = (&self.worker.gate, self.id_field);
        while let Some(ask) = self.sweep.next_ask()? {
            let query = match ask {
                Ask::Ids => {
                    let ids = gate.read(self.redcap, |reader| async move { reader.record_ids(id_field).await }).await?;
                    self.sweep.listed(match self.only {
                        Some(only) => ids.iter().filter(|id| only.contains(*id)).collect::<RecordIds>(),
                        None => ids,
                    });
                    continue;
                }
                Ask::Page(query) => query,
            };
            let query = &query;
            let export = |reader: Reader| async move { reader.export_records(query).await };
            let page = match query.records.len() {
                // Nothing smaller can be asked for.
                0 | 1 => Ok(gate.read(self.redcap, export).await?),
                _ => gate.read_page(self.redcap, export).await?,
            };
            match page {
                Ok(rows) => return Ok(Some(self.sweep.accept(rows)?)),
                Err(failure) => self.sweep.give_way(failure)?,
            }
        }
        Ok(None)
    }
}
