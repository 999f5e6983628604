//! What a participant has to do: the tasks of visits whose window has not closed, and a consent that is waited for.
//!
//! Invariants: a survey's link is in this answer and in no other; a task stands in a stored visit; its opening and closing are the window's days in the participant's zone.

use axum::Json;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use metricis_core::schedule::{Gate, GateNeed, closes_at, gate, opens_at};
use metricis_core::tasks::{COMPLETE, VisitTask, tasks_of_visit};
use metricis_core::words::{ParticipantStatus, VisitStatus};
use metricis_store::{StoredSession, StoredStudy, StoredVisit, SurveyLink};
use secrecy::ExposeSecret;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::{Call, ParticipantSession};
use crate::problem::{Answer, Refusals};
use crate::today::zone_of_participant;

#[derive(serde::Serialize, ToSchema)]
pub(super) struct TaskList {
    tasks: Vec<Task>,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TaskKind {
    /// A cognitive task; its result is submitted here.
    Assessment,
    /// A survey in REDCap.
    Survey,
    /// The participant's consent.
    Consent,
}

#[derive(serde::Serialize, ToSchema)]
struct Task {
    kind: TaskKind,
    /// The task's name; a survey's instrument; `consent`.
    task: String,
    visit_id: Option<Uuid>,
    /// What people call the visit.
    label: Option<String>,
    due: Option<NaiveDate>,
    opens_at: Option<DateTime<Utc>>,
    /// The first moment at which it is over.
    closes_at: Option<DateTime<Utc>>,
    /// Whether it can be done today.
    open: bool,
    done: bool,
    /// The participant's own link to a survey that can be done today and is not done.
    link: Option<String>,
    /// Whether REDCap has given the link of a survey; null for other tasks.
    link_ready: Option<bool>,
}

/// What is due and what comes next, by date.
#[utoipa::path(get, path = "/api/portal/tasks", tag = "portal", security(("token" = [])),
    responses((status = 200, body = TaskList), Refusals))]
pub(super) async fn list_tasks(call: Call<ParticipantSession>) -> Answer<TaskList> {
    let study = call.study().await?;
    let participant = &call.who.participant;
    if participant.status == ParticipantStatus::Withdrawn {
        return Ok(Json(TaskList { tasks: vec![] }));
    }
    let zone = zone_of_participant(participant, &study);
    let today = call.app.today(&study, zone, call.now());
    let consent = call.tx.consent(participant.id).await?;
    let mut tasks = vec![];
    if gate(&study.config.constraints, consent.map(Into::into)) == (Gate::Closed { needs: GateNeed::DigitalConsent }) {
        tasks.push(consent_task());
    }
    let sessions = call.tx.sessions_of(participant.id).await?;
    let links = call.tx.survey_links_of(participant.id).await?;
    for visit in call.tx.visits(participant.id).await? {
        let held = matches!(visit.status, VisitStatus::Pending | VisitStatus::Completed);
        if visit.in_current_version && held && today <= visit.window_end {
            tasks.extend(tasks_of(&visit, &study, &sessions, &links, Day { today, zone }));
        }
    }
    Ok(Json(TaskList { tasks }))
}

fn consent_task() -> Task {
    Task {
        kind: TaskKind::Consent,
        task: "consent".to_owned(),
        visit_id: None,
        label: None,
        due: None,
        opens_at: None,
        closes_at: None,
        open: true,
        done: false,
        link: None,
        link_ready: None,
    }
}

#[derive(Clone, Copy)]
struct Day {
    today: NaiveDate,
    zone: Tz,
}

fn tasks_of(
    visit: &StoredVisit,
    study: &StoredStudy,
    sessions: &[StoredSession],
    links: &[SurveyLink],
    day: Day,
) -> Vec<Task> {
    let open = visit.window_start <= day.today;
    let at = |kind, task: &str, done| Task {
        kind,
        task: task.to_owned(),
        visit_id: Some(visit.id.0),
        label: Some(visit.label.clone()),
        due: Some(visit.scheduled_date),
        opens_at: Some(opens_at(visit.window_start, day.zone)),
        closes_at: Some(closes_at(visit.window_end, day.zone)),
        open,
        done,
        link: None,
        link_ready: None,
    };
    let mapping = &study.config.redcap.redcap_field_mapping;
    let tasks = tasks_of_visit(mapping, &visit.instruments, &visit.survey_instruments);
    let task_at = |task| match task {
        VisitTask::Assessment(name) => at(TaskKind::Assessment, name, is_done(task, visit, sessions)),
        VisitTask::Survey(name) => {
            let mut shown = at(TaskKind::Survey, name, is_done(task, visit, sessions));
            let own = links.iter().find(|link| link.window == visit.window && link.instrument == name);
            let own = own.and_then(|link| link.answer.as_ref().ok());
            shown.link_ready = Some(own.is_some());
            shown.link = own.filter(|_| shown.open && !shown.done).map(|link| link.expose_secret().to_owned());
            shown
        }
    };
    tasks.into_iter().map(task_at).collect()
}

/// Whether a task of a visit is done: its result has arrived here, or REDCap calls the survey complete.
pub(super) fn is_done(task: VisitTask<'_>, visit: &StoredVisit, sessions: &[StoredSession]) -> bool {
    match task {
        VisitTask::Assessment(name) => {
            sessions.iter().any(|session| session.visit == Some(visit.id) && session.task == name)
        }
        VisitTask::Survey(name) => visit.survey_state.get(name).is_some_and(|state| state.complete == COMPLETE),
    }
}
