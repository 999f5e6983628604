//! A table as it is read, page by page, and as it is sent.
//!
//! Invariant: each page is read in a transaction that has proven the caller again; a download that may not go on breaks off, so that a short
//! file is never taken for the whole one.

use std::collections::{BTreeMap, HashMap};

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, SiteId};
use metricis_store::{ParticipantFilter, Snapshot, StoredParticipant, StoredVisit};

use crate::extract::{Call, Reproof, StillThere, StudyMember};
use crate::problem::Problem;

/// Participants read at a time.
const PAGE: u32 = 200;
/// A download takes this many minutes at most: who reads a byte an hour would hold a connection for ever.
const ENDS_WITHIN_MINUTES: i64 = 10;

/// What a line is about.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Participants,
    Visits,
}

/// How far a download has come.
struct Progress {
    proof: Reproof<StudyMember>,
    still_there: StillThere,
    ends_at: Timestamp,
    table: Table,
    sites: HashMap<SiteId, String>,
    /// None when everything was read.
    next: Option<ParticipantFilter>,
    begun: bool,
}

/// Sends the table of whoever `filter` lets through.
///
/// # Errors
/// The first page cannot be read; a later one that cannot cuts the download off, so that it is not taken for whole.
pub(super) async fn download(
    call: Call<StudyMember>,
    still_there: StillThere,
    table: Table,
    filter: ParticipantFilter,
) -> Result<Response, Problem> {
    let study = call.study().await?;
    let sites = call.tx.sites(study.id).await?.into_iter().map(|site| (site.id, site.code)).collect();
    let next = Some(ParticipantFilter { limit: PAGE, ..filter });
    let ends_at = call.now() + chrono::Duration::minutes(ENDS_WITHIN_MINUTES);
    let mut progress = Progress { proof: call.release(), still_there, ends_at, table, sites, next, begun: false };
    let first = progress.page().await?.unwrap_or_default();
    let rest = stream::try_unfold(progress, async |mut progress| {
        let page = progress.page().await.map_err(break_off)?;
        Ok::<_, std::io::Error>(page.map(|page| (page, progress)))
    });
    let body = stream::StreamExt::chain(stream::iter([Ok(first)]), rest);
    let name = format!("attachment; filename=\"{}-{}.csv\"", file_part(&study.code), table.name());
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Without the end that the protocol asks for, the client knows that something is missing.
fn break_off(problem: Problem) -> std::io::Error {
    let slug = problem.kind().slug;
    tracing::warn!(problem = slug, "a download was broken off");
    std::io::Error::other(slug)
}

/// What of a study's code may stand in a file's name.
fn file_part(code: &str) -> String {
    code.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect()
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Participants => "participants",
            Self::Visits => "visits",
        }
    }

    const fn header(self) -> &'static [&'static str] {
        match self {
            Self::Participants => &[
                "participant_code",
                "external_id",
                "status",
                "site_code",
                "redcap_dag",
                "enrollment_date",
                "arm_num",
                "time_zone",
                "review",
            ],
            Self::Visits => &[
                "participant_code",
                "external_id",
                "site_code",
                "version_number",
                "current",
                "label",
                "event_name",
                "status",
                "target_date",
                "window_start",
                "window_end",
                "actual_visit_date",
                "original_target_date",
                "review_flag",
            ],
        }
    }
}

impl Progress {
    /// The next piece of the file; none after the last.
    async fn page(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(filter) = self.next.take() else { return Ok(None) };
        let read = self.prove_again().await?;
        let people = read.participants(self.proof.study, &filter).await?;
        let mut csv = csv::Writer::from_writer(vec![]);
        if !std::mem::replace(&mut self.begun, true) {
            csv.write_record(self.table.header()).map_err(Problem::internal)?;
        }
        for line in self.lines(&read, &filter, &people).await? {
            csv.write_record(line.iter().map(|cell| harmless(cell))).map_err(Problem::internal)?;
        }
        // A page that is not full is the last.
        if people.len() == PAGE as usize {
            self.next = Some(ParticipantFilter { after: people.last().map(|last| last.id), ..filter });
        }
        Ok(Some(csv.into_inner().map_err(Problem::internal)?))
    }

    /// A transaction for the next page, if the caller may still have it.
    async fn prove_again(&self) -> Result<Snapshot, Problem> {
        let app = &self.proof.app;
        if app.now() >= self.ends_at {
            return Err(Problem::Timeout);
        }
        self.still_there.check(app).await.ok_or(Problem::Unauthenticated)?;
        self.proof.begin_read().await
    }

    async fn lines(
        &self,
        read: &Snapshot,
        filter: &ParticipantFilter,
        people: &[StoredParticipant],
    ) -> Result<Vec<Vec<String>>, Problem> {
        let site = |who: &StoredParticipant| who.site.and_then(|id| self.sites.get(&id).cloned()).unwrap_or_default();
        Ok(match self.table {
            Table::Participants => people.iter().map(|who| participant(who, site(who))).collect(),
            Table::Visits => {
                let visits = read.visits_of_page(self.proof.study, filter).await?;
                let by_id: BTreeMap<ParticipantId, &StoredParticipant> =
                    people.iter().map(|who| (who.id, who)).collect();
                let line = |held: &StoredVisit| by_id.get(&held.participant).map(|who| visit(held, who, site(who)));
                visits.iter().filter_map(line).collect()
            }
        })
    }
}

fn participant(who: &StoredParticipant, site: String) -> Vec<String> {
    vec![
        who.code.clone(),
        who.external_id.clone(),
        who.status.to_string(),
        site,
        who.dag.clone().unwrap_or_default(),
        who.enrollment_date.to_string(),
        who.arm_num.to_string(),
        who.time_zone.clone(),
        who.review.clone().unwrap_or_default(),
    ]
}

fn visit(visit: &StoredVisit, who: &StoredParticipant, site: String) -> Vec<String> {
    let date = |date: Option<chrono::NaiveDate>| date.map_or_else(String::new, |date| date.to_string());
    vec![
        who.code.clone(),
        who.external_id.clone(),
        site,
        visit.version_number.to_string(),
        visit.in_current_version.to_string(),
        visit.label.clone(),
        visit.event_name.clone(),
        visit.status.to_string(),
        visit.scheduled_date.to_string(),
        visit.window_start.to_string(),
        visit.window_end.to_string(),
        date(visit.actual_visit_date),
        date(visit.original_target_date),
        visit.review_flag.clone().unwrap_or_default(),
    ]
}

/// A spreadsheet takes a cell that begins so for a formula; with an apostrophe in front it is text.
fn harmless(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_no_code_leaves_its_name() {
        for cell in ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!(harmless("P-1=x"), "P-1=x");
        assert_eq!(file_part("NBK\"; x=\r\n1"), "NBK___x___1");
    }
}
