//! Stored results against the audit log: each must be the one whose digest stands in its `submit_session` row.

use std::collections::{BTreeMap, BTreeSet};

use metricis_core::Timestamp;
use metricis_core::action::Chain;
use metricis_core::audit::{ResultCheck, ResultFault, SubmittedResult, check_result};
use metricis_core::ids::{ParticipantId, SessionId, StudyId, VisitId};
use sea_orm::FromQueryResult;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::StoredSession;
use crate::audit::id_range;
use crate::{Result, Snapshot, sql};

/// Rows compared at a time: memory stays flat whatever the study's size.
const PAGE: i64 = 500;

/// A result that contradicts the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AlteredResult {
    /// Its session.
    pub session: SessionId,
    /// In what.
    pub fault: ResultFault,
}

/// All results of a study against its audit chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ResultsReport {
    /// Results that are as submitted.
    pub intact: u64,
    /// Results older than the digests.
    pub not_covered: u64,
    /// Results that contradict the audit log.
    pub altered: Vec<AlteredResult>,
}

impl ResultsReport {
    fn note(&mut self, session: SessionId, check: ResultCheck) {
        match check {
            ResultCheck::Intact => self.intact += 1,
            ResultCheck::NotCovered => self.not_covered += 1,
            ResultCheck::Altered(fault) => self.altered.push(AlteredResult { session, fault }),
        }
    }
}

/// The columns that the digest covers, whatever the others say.
#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    study_id: Uuid,
    participant_id: Uuid,
    visit_id: Option<Uuid>,
    task: String,
    results: String,
    started_at: Timestamp,
    completed_at: Timestamp,
    result_salt: Option<String>,
}

#[derive(FromQueryResult)]
struct Submission {
    id: i64,
    object_id: String,
    detail: String,
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

impl Row {
    fn check(&self, submission: Option<&str>) -> ResultCheck {
        // Text that is no object any more cannot be what was submitted.
        let results: Option<Map<String, Value>> = serde_json::from_str(&self.results).ok();
        let result = results.as_ref().map(|results| SubmittedResult {
            session: SessionId(self.id),
            study: StudyId(self.study_id),
            participant: ParticipantId(self.participant_id),
            visit: self.visit_id.map(VisitId),
            task: &self.task,
            started_at: self.started_at,
            completed_at: self.completed_at,
            results,
        });
        check_result(result, self.result_salt.as_deref(), submission)
    }
}

impl Snapshot {
    /// Whether the session's result is the one that its study's audit chain has.
    ///
    /// # Errors
    /// Whatever the database says. A contradiction is no error of the store: it is the answer.
    pub async fn check_session_result(&self, session: &StoredSession) -> Result<ResultCheck> {
        let submissions = self.submissions(session.study, &[session.id.0]).await?;
        let submission = submissions.get(&session.id.0).map(String::as_str);
        Ok(check_result(Some(session.submitted()), session.result_salt.as_deref(), submission))
    }

    /// Compares every result of the study with its audit chain, and every submission in the chain with the results.
    ///
    /// # Errors
    /// Whatever the database says. A contradiction is no error of the store: it is the answer.
    pub async fn verify_results(&self, study: StudyId) -> Result<ResultsReport> {
        let mut report = ResultsReport::default();
        let mut after = Uuid::nil();
        loop {
            let text = "SELECT id, study_id, participant_id, visit_id, task, CAST(results AS text) AS results, started_at, \
                        completed_at, result_salt FROM sessions WHERE study_id = $1 AND id > $2 ORDER BY id LIMIT $3";
            let page: Vec<Row> = self.all(text, sql::values![study.0, after, PAGE]).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            let ids: Vec<Uuid> = page.iter().map(|row| row.id).collect();
            let submissions = self.submissions(study, &ids).await?;
            for row in page {
                report.note(SessionId(row.id), row.check(submissions.get(&row.id).map(String::as_str)));
            }
        }
        self.note_gone(study, &mut report).await?;
        Ok(report)
    }

    /// `detail` of the sessions' first `submit_session` rows: a second one cannot take the place of what was recorded.
    async fn submissions(&self, study: StudyId, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>> {
        let text = format!(
            "SELECT id, object_id, detail FROM audit_logs WHERE action = 'submit_session' AND study_id = $1 \
             AND object_id IN (VALUES {}) ORDER BY id DESC",
            sql::rows(ids.len(), 1, 2)
        );
        let mut args = sql::values![study.0];
        args.extend(ids.iter().map(|id| sea_orm::Value::from(id.to_string())));
        let rows: Vec<Submission> = self.all(&text, args).await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.object_id.parse().ok()?, row.detail))).collect())
    }

    async fn note_gone(&self, study: StudyId, report: &mut ResultsReport) -> Result<()> {
        let Some(head) = self.head_of(Chain::Study(study)).await? else { return Ok(()) };
        let (mut after, end) = id_range(head.chain);
        loop {
            let text = "SELECT id, object_id, detail FROM audit_logs WHERE id > $1 AND id < $2 AND action = 'submit_session' \
                        ORDER BY id LIMIT $3";
            let page: Vec<Submission> = self.all(text, sql::values![after, end, PAGE]).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            let submitted: BTreeSet<Uuid> = page.iter().filter_map(|row| row.object_id.parse().ok()).collect();
            let there = self.sessions_there(study, &submitted).await?;
            for gone in submitted.difference(&there) {
                report.note(SessionId(*gone), ResultCheck::Altered(ResultFault::Gone));
            }
        }
    }

    async fn sessions_there(&self, study: StudyId, ids: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>> {
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let text =
            format!("SELECT id FROM sessions WHERE study_id = $1 AND id IN (VALUES {})", sql::rows(ids.len(), 1, 2));
        let mut args = sql::values![study.0];
        args.extend(ids.iter().map(|id| sea_orm::Value::from(*id)));
        let rows: Vec<Id> = self.all(&text, args).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }
}
