//! The participants' own links to REDCap surveys, and why some have none.
//!
//! Invariants: whoever has a link can answer in its participant's name, so that it leaves the store only as a secret and for
//! them; a link is written down only for somebody who is enrolled and for the very event that it was asked for; a link that
//! REDCap refused is asked for again by the day or by a person, never in a row.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use metricis_core::Timestamp;
use metricis_core::ids::{JobId, ParticipantId, StudyId, WindowId};
use metricis_core::mapping::Place;
use sea_orm::{FromQueryResult, Value as Bound};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use crate::flags::UNCERTAIN;
use crate::{JobKind, Result, Snapshot, StoreError, Tx, sql};

/// Which links are asked for.
#[derive(Clone, Debug)]
pub struct LinkQuery<'a> {
    /// Visits whose window has closed before this day want none any more.
    pub today: NaiveDate,
    /// Visits whose window opens after this day want none yet.
    pub until: NaiveDate,
    /// A refusal from before this moment is asked for again.
    pub refused_before: Timestamp,
    /// So is a link from before this one.
    pub asked_before: Option<Timestamp>,
    /// Instruments that are no surveys to us, because results are written into them.
    pub mapped: &'a BTreeSet<&'a str>,
    /// At most so many.
    pub limit: u32,
}

/// A link that somebody needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLink {
    /// Whose.
    pub participant: ParticipantId,
    /// Their record in REDCap.
    pub record: String,
    /// Of which window.
    pub window: WindowId,
    /// REDCap's id of its event.
    pub event_id: Option<i64>,
    /// Where in REDCap.
    pub place: Place,
    /// Of which survey.
    pub instrument: String,
}

/// A link that was asked for: it, or why there is none.
#[derive(Clone, Debug)]
pub struct SurveyLink {
    /// Of which window.
    pub window: WindowId,
    /// Of which survey.
    pub instrument: String,
    /// The link, or REDCap's refusal in words for staff.
    pub answer: Result<SecretString, String>,
}

#[derive(FromQueryResult)]
struct WantedRow {
    participant_id: Uuid,
    external_id: String,
    visit_window_id: Uuid,
    event_id: Option<i64>,
    event_name: String,
    repeating: bool,
    repeating_instruments: Value,
    instrument: String,
}

#[derive(FromQueryResult)]
struct LinkRow {
    visit_window_id: Uuid,
    instrument: String,
    link: Option<String>,
    problem: Option<String>,
}

#[derive(FromQueryResult)]
struct StudyRow {
    id: Uuid,
}

impl TryFrom<WantedRow> for WantedLink {
    type Error = StoreError;
    fn try_from(row: WantedRow) -> Result<Self> {
        let place = Place {
            event_name: Some(row.event_name),
            event_repeats: row.repeating,
            repeating_instruments: serde_json::from_value(row.repeating_instruments)
                .map_err(StoreError::inconsistent)?,
        };
        Ok(Self {
            participant: ParticipantId(row.participant_id),
            record: row.external_id,
            window: WindowId(row.visit_window_id),
            event_id: row.event_id,
            place,
            instrument: row.instrument,
        })
    }
}

impl Snapshot {
    /// Links that enrolled people need now or soon, for surveys that are not complete: what was never asked for comes first, then
    /// what opens first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn wanted_survey_links(&self, study: StudyId, query: &LinkQuery<'_>) -> Result<Vec<WantedLink>> {
        let mapped = match query.mapped.len() {
            0 => String::new(),
            some => format!("AND e.value NOT IN (VALUES {})", sql::rows(some, 1, 7)),
        };
        let text = format!(
            "SELECT p.id AS participant_id, p.external_id, w.id AS visit_window_id, w.event_id, w.event_name, w.repeating, \
             w.repeating_instruments, e.value AS instrument FROM visits v \
             JOIN schedule_versions s ON s.id = v.schedule_version_id AND s.is_current \
             JOIN participants p ON p.id = s.participant_id AND p.study_id = $1 AND p.status = 'enrolled' \
             JOIN visit_windows w ON w.id = v.visit_window_id AND w.active {each} \
             LEFT JOIN survey_links l \
               ON l.participant_id = p.id AND l.visit_window_id = w.id AND l.instrument = e.value \
             WHERE NOT {UNCERTAIN} AND v.status IN ('pending', 'completed') AND v.window_start <= $3 AND v.window_end >= $2 \
               AND coalesce(CAST(v.survey_state -> e.value ->> 'complete' AS text), '') <> '2' \
               AND (l.asked_at IS NULL OR (l.link IS NULL AND l.asked_at < $4) OR l.asked_at < $5) {mapped} \
             ORDER BY (l.asked_at IS NOT NULL), v.window_start, v.id, e.value LIMIT $6",
            each = self.dialect.each_text("w.survey_instruments"),
        );
        let LinkQuery { today, until, refused_before, asked_before, limit, .. } = query;
        let mut args =
            sql::values![study.0, *today, *until, *refused_before, asked_before.unwrap_or_default(), i64::from(*limit)];
        args.extend(query.mapped.iter().map(|name| Bound::from(*name)));
        self.all::<WantedRow>(&text, args).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// What was asked for a participant.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn survey_links_of(&self, participant: ParticipantId) -> Result<Vec<SurveyLink>> {
        let text = "SELECT visit_window_id, instrument, link, problem FROM survey_links WHERE participant_id = $1 \
                    ORDER BY visit_window_id, instrument";
        let of = |row: LinkRow| SurveyLink {
            window: WindowId(row.visit_window_id),
            instrument: row.instrument,
            answer: row.link.map(SecretString::from).ok_or_else(|| row.problem.unwrap_or_default()),
        };
        Ok(self.all::<LinkRow>(text, sql::values![participant.0]).await?.into_iter().map(of).collect())
    }

    /// The connected studies with surveys for which no fetch waits, runs, or was queued after `since`.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn studies_to_look_for_links(&self, since: Timestamp) -> Result<Vec<StudyId>> {
        let text = "SELECT s.id FROM studies s WHERE s.redcap_enabled AND s.status <> 'completed' \
                    AND EXISTS (SELECT 1 FROM visit_windows w WHERE w.study_id = s.id AND w.active \
                      AND CAST(w.survey_instruments AS text) <> '[]') \
                    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.study_id = s.id AND j.kind = $1 \
                      AND (j.state IN ('queued', 'running') OR j.created_at > $2)) ORDER BY s.id";
        let rows = self.all::<StudyRow>(text, sql::values![FETCH, since]).await?;
        Ok(rows.into_iter().map(|row| StudyId(row.id)).collect())
    }
}

const FETCH: &str = JobKind::FetchSurveyLinks { asked_before: None }.name();

impl Tx {
    /// Queues a fetch of the links that are wanted, unless one waits already.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn ask_survey_links(&self, study: StudyId) -> Result<Option<JobId>> {
        let text = "SELECT count(*) FROM jobs WHERE study_id = $1 AND kind = $2 AND state = 'queued'";
        if self.count(text, sql::values![study.0, FETCH]).await? > 0 {
            return Ok(None);
        }
        self.enqueue_job(study, &JobKind::FetchSurveyLinks { asked_before: None }).await.map(Some)
    }

    /// Writes down what came of asking for a link, in place of what came of it before. `false` when nobody needs it any more: the
    /// participant has left, has another record or none for certain, or the event is another one.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn put_survey_link(&self, wanted: &WantedLink, answer: &Result<SecretString, String>) -> Result<bool> {
        let text = format!(
            "INSERT INTO survey_links (participant_id, visit_window_id, instrument, link, problem, asked_at) \
             SELECT p.id, w.id, $3, $4, $5, $6 FROM participants p JOIN visit_windows w ON w.study_id = p.study_id \
             WHERE p.id = $1 AND p.status = 'enrolled' AND p.external_id = $8 AND NOT {UNCERTAIN} \
               AND w.id = $2 AND w.active AND coalesce(w.event_id, 0) = $7 \
             ON CONFLICT (participant_id, visit_window_id, instrument) \
             DO UPDATE SET link = coalesce(excluded.link, survey_links.link), \
               problem = CASE WHEN coalesce(excluded.link, survey_links.link) IS NULL THEN excluded.problem END, asked_at = excluded.asked_at"
        );
        let (link, problem) = match answer {
            Ok(link) => (Some(link.expose_secret()), None),
            Err(problem) => (None, Some(problem.as_str())),
        };
        let (participant, window) = (wanted.participant.0, wanted.window.0);
        let event_id = wanted.event_id.unwrap_or_default();
        let instrument = wanted.instrument.as_str();
        let record = wanted.record.as_str();
        let args = sql::values![participant, window, instrument, link, problem, self.now, event_id, record];
        Ok(self.execute(&text, args).await? > 0)
    }

    /// Forgets every link of a study: they lead into another project.
    pub(crate) async fn forget_survey_links(&self, study: StudyId) -> Result<()> {
        let text = "DELETE FROM survey_links WHERE participant_id IN (SELECT id FROM participants WHERE study_id = $1)";
        self.execute(text, sql::values![study.0]).await?;
        Ok(())
    }

    /// Forgets the links into events that were deleted in REDCap.
    pub(crate) async fn forget_links_into(&self, windows: &[WindowId]) -> Result<()> {
        if windows.is_empty() {
            return Ok(());
        }
        let text =
            format!("DELETE FROM survey_links WHERE visit_window_id IN (VALUES {})", sql::rows(windows.len(), 1, 1));
        self.execute(&text, windows.iter().map(|id| Bound::from(id.0)).collect()).await?;
        Ok(())
    }
}
