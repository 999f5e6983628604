//! Reading all records of a project in pages by record name, each as large as the server bears.
//!
//! ```text
//!   names ─► page ─► page ─► … ─┬─ every record had rows ─────────────────────────────► done
//!      ▲      │ too much:       └─ some had none ─► names again ─┬─ not there any more ─► done, and gone
//!      │      └ half as many                                     └─ there ─► asked again ─► rows, or a failure
//! ```
//!
//! It decides and never calls, so that each call can take its turn. Invariants: rows of a record that was not asked for are a
//! failure, and so is a record that REDCap lists and sends nothing of; servers have been seen to do both. The largest page that
//! failed is not asked for again; smaller ones grow again after a while.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;

use crate::{
    client::Reader,
    error::CallError,
    ids::RecordIds,
    records::{RecordQuery, folded, is_name},
    wire::Row,
};

/// Values in one page: what a server's default memory bears with room to spare.
const PAGE_VALUES: usize = 50_000;
/// Records in one page when it is not known how wide they are.
const PAGE_OF_ALL_FIELDS: usize = 100;
/// Records in one page at most.
const LARGEST_PAGE: usize = 500;
/// Entries of lists in one request: PHP leaves out what exceeds its `max_input_vars`, by default 1000, and says nothing.
const LIST_ENTRIES: usize = 900;
/// Good pages after which a larger one is tried.
const GROWS_AFTER: u32 = 8;

/// What to ask next.
#[derive(Debug, PartialEq, Eq)]
pub enum Ask {
    /// [`Reader::record_ids`], for [`Sweep::listed`].
    Ids,
    /// [`Reader::export_records`], for [`Sweep::accept`], or for [`Sweep::give_way`] when it fails.
    Page(RecordQuery),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Listing,
    Pages,
    Recount,
    Again,
}

/// A reading of all records.
#[derive(Debug)]
pub struct Sweep {
    query: RecordQuery,
    id_field: String,
    phase: Phase,
    ids: RecordIds,
    /// Place of the first name that was not answered yet.
    next: usize,
    size: usize,
    largest: usize,
    good: u32,
    /// Records of which no rows came.
    absent: Vec<String>,
    gone: Vec<String>,
}

impl Sweep {
    /// Reads what `query` names of every record; its own list of records is not looked at.
    #[must_use]
    pub fn new(mut query: RecordQuery, id_field: &str) -> Self {
        let named = !query.fields.is_empty() || !query.forms.is_empty();
        if named && !query.fields.iter().any(|field| field == id_field) {
            query.fields.insert(0, id_field.to_owned());
        }
        let width = if query.forms.is_empty() { query.fields.len() } else { 0 };
        let bearable = PAGE_VALUES.checked_div(width).unwrap_or(PAGE_OF_ALL_FIELDS).min(LARGEST_PAGE);
        let listed = query.fields.len() + query.forms.len() + query.events.len();
        let size = bearable.min(LIST_ENTRIES.saturating_sub(listed)).max(1);
        Self {
            query,
            id_field: id_field.to_owned(),
            phase: Phase::Listing,
            ids: RecordIds::default(),
            next: 0,
            size,
            largest: size,
            good: 0,
            absent: vec![],
            gone: vec![],
        }
    }

    /// Reads these records only, which somebody has listed already. One that REDCap sends nothing of is looked for in a new list.
    #[must_use]
    pub fn of(mut self, ids: RecordIds) -> Self {
        (self.phase, self.ids) = (Phase::Pages, ids);
        self
    }

    /// Begins with pages of at most this many records.
    #[must_use]
    pub fn in_pages_of(mut self, records: usize) -> Self {
        (self.size, self.largest) = (records.max(1), records.max(1));
        self
    }

    /// What to ask next; none when everything is read.
    ///
    /// # Errors
    /// [`CallError::RowsDropped`] when REDCap listed records and twice sent nothing of them.
    pub fn next_ask(&mut self) -> Result<Option<Ask>, CallError> {
        if matches!(self.phase, Phase::Listing | Phase::Recount) {
            return Ok(Some(Ask::Ids));
        }
        let records = self.page();
        if !records.is_empty() {
            return Ok(Some(Ask::Page(RecordQuery { records, ..self.query.clone() })));
        }
        match (self.phase, self.absent.is_empty()) {
            (_, true) => Ok(None),
            (Phase::Again, false) => Err(CallError::RowsDropped { ids: std::mem::take(&mut self.absent) }),
            (_, false) => {
                self.phase = Phase::Recount;
                Ok(Some(Ask::Ids))
            }
        }
    }

    /// Takes the names of the project's records.
    pub fn listed(&mut self, ids: RecordIds) {
        self.next = 0;
        if self.phase == Phase::Listing {
            (self.phase, self.ids) = (Phase::Pages, ids);
            return;
        }
        // What is not listed any more was deleted or renamed while it was read.
        let (there, gone) = std::mem::take(&mut self.absent).into_iter().partition(|id| ids.has(id));
        (self.phase, self.gone) = (Phase::Again, gone);
        self.ids = RecordIds::from_iter::<Vec<String>>(there);
    }

    /// Takes the rows of the page asked for, and hands them on.
    ///
    /// # Errors
    /// [`CallError::StrayRows`] when rows are of records that the page did not ask for.
    pub fn accept(&mut self, rows: Vec<Row>) -> Result<Vec<Row>, CallError> {
        let page = self.page();
        let asked: BTreeSet<String> = page.iter().map(|id| folded(id)).collect();
        let came: Vec<Option<String>> = rows.iter().map(|row| row.get(&self.id_field).map(folded)).collect();
        let stray = came.iter().filter(|id| !id.as_ref().is_some_and(|id| asked.contains(id))).count();
        if stray > 0 {
            return Err(CallError::StrayRows { rows: stray });
        }
        let came: BTreeSet<&String> = came.iter().flatten().collect();
        self.absent.extend(page.iter().filter(|id| !came.contains(&folded(id))).cloned());
        self.next += page.len();
        self.good += 1;
        if self.good >= GROWS_AFTER && self.size < self.largest {
            (self.size, self.good) = ((self.size * 2).min(self.largest), 0);
        }
        Ok(rows)
    }

    /// Asks for half as many records when the page may have been too much for the server.
    ///
    /// # Errors
    /// The failure, when smaller pages would not help.
    pub fn give_way(&mut self, failure: CallError) -> Result<(), CallError> {
        let page = self.page().len();
        if page < 2 || !failure.may_be_too_much() {
            return Err(failure);
        }
        tracing::info!(records = page, reason = %failure, "a page was too much for REDCap; half of it is asked for");
        (self.size, self.largest, self.good) = (page / 2, page - 1, 0);
        Ok(())
    }

    /// The records that were deleted or renamed while they were read.
    #[must_use]
    pub fn gone(&self) -> &[String] {
        &self.gone
    }

    fn page(&self) -> Vec<String> {
        (self.next..self.next + self.size).map_while(|index| self.ids.get(index)).map(str::to_owned).collect()
    }
}

impl Reader {
    /// The names of all records.
    ///
    /// # Errors
    /// [`CallError::StrayRows`] when a row has no name, or any [`CallError`] of a read.
    pub async fn record_ids(&self, id_field: &str) -> Result<RecordIds, CallError> {
        self.record_ids_since(id_field, None).await
    }

    /// The names of the records that changed at or after a moment of the server's own clock, as far as its filter has noticed.
    ///
    /// # Errors
    /// As [`Reader::record_ids`].
    pub async fn record_ids_since(
        &self,
        id_field: &str,
        changed_since: Option<NaiveDateTime>,
    ) -> Result<RecordIds, CallError> {
        let query = RecordQuery { fields: vec![id_field.to_owned()], changed_since, ..RecordQuery::default() };
        let mut ids = RecordIds::default();
        let name = |row: &Row| row.get(id_field).filter(|id| !id.is_empty()).map(str::to_owned);
        self.each_row("record", query.form(), |row| {
            let name = name(&row).ok_or(CallError::StrayRows { rows: 1 })?;
            if is_name(&name) {
                ids.push(&name)
            } else {
                ids.push_odd(&name)
            }
            Ok(())
        })
        .await?;
        Ok(ids.without_repetitions())
    }
}
