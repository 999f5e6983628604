//! Visit windows: written by event sync, retired and never deleted, because visits point at them.
//!
//! Invariant: a visit's event name is its window's, stored here and nowhere else, so that it follows a renamed event.

use std::collections::BTreeSet;

use metricis_core::ids::{StudyId, WindowId};
use metricis_core::schedule::{EventSyncPlan, Window, WindowDraft};
use sea_orm::{FromQueryResult, Value as Bound};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql, transition::conflict};

const COLUMNS: &str = "id, event_id, arm_num, event_name, label, day_offset, days_before, days_after, position, repeating, \
                       active, instruments, repeating_instruments, survey_instruments";

/// A window, and what is filled in during it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredWindow {
    /// What the scheduler sees.
    #[serde(flatten)]
    pub window: Window,
    /// Instruments designated for the event.
    pub instruments: Vec<String>,
    /// Of these, the ones that repeat by themselves.
    pub repeating_instruments: Vec<String>,
    /// Of these, the ones that the participant fills in as a survey.
    pub survey_instruments: Vec<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    event_id: Option<i64>,
    arm_num: i32,
    event_name: String,
    label: String,
    day_offset: Option<i32>,
    days_before: i32,
    days_after: i32,
    position: i32,
    repeating: bool,
    active: bool,
    instruments: Value,
    repeating_instruments: Value,
    survey_instruments: Value,
}

impl TryFrom<Row> for StoredWindow {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        let days = |days: i32| u32::try_from(days).map_err(StoreError::inconsistent);
        let window = Window {
            id: WindowId(row.id),
            event_id: row.event_id,
            arm_num: row.arm_num,
            event_name: row.event_name,
            label: row.label,
            day_offset: row.day_offset,
            days_before: days(row.days_before)?,
            days_after: days(row.days_after)?,
            position: row.position,
            repeating: row.repeating,
            active: row.active,
        };
        let names = |value| serde_json::from_value(value).map_err(StoreError::inconsistent);
        Ok(Self {
            window,
            instruments: names(row.instruments)?,
            repeating_instruments: names(row.repeating_instruments)?,
            survey_instruments: names(row.survey_instruments)?,
        })
    }
}

impl Snapshot {
    /// A study's windows as the scheduler sees them, retired ones included, by arm and position.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn windows(&self, study: StudyId) -> Result<Vec<Window>> {
        Ok(self.stored_windows(study).await?.into_iter().map(|stored| stored.window).collect())
    }

    /// A study's windows with their instruments, retired ones included, by arm and position.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn stored_windows(&self, study: StudyId) -> Result<Vec<StoredWindow>> {
        self.select_windows(study, "TRUE").await
    }

    /// Of a study's windows `w` those that meet a condition, by arm and position.
    pub(crate) async fn windows_where(&self, study: StudyId, which: &str) -> Result<Vec<Window>> {
        Ok(self.select_windows(study, which).await?.into_iter().map(|stored| stored.window).collect())
    }

    async fn select_windows(&self, study: StudyId, which: &str) -> Result<Vec<StoredWindow>> {
        let text = format!(
            "SELECT {COLUMNS} FROM visit_windows w WHERE study_id = $1 AND ({which}) ORDER BY arm_num, position, id"
        );
        self.all::<Row>(&text, sql::values![study.0]).await?.into_iter().map(TryInto::try_into).collect()
    }
}

impl Tx {
    /// Writes the plan of an event sync: all of it, or an error and nothing.
    ///
    /// Names are given up before they are taken, because two events may have exchanged theirs.
    ///
    /// # Errors
    /// A conflict when another sync was quicker: an event that the plan creates exists, or a window is not this study's.
    pub async fn apply_event_sync(&self, study: StudyId, plan: &EventSyncPlan) -> Result<()> {
        for (id, name) in &plan.set_aside {
            self.change_window(study, *id, "event_name = $4", sql::values![name.as_str()]).await?;
        }
        for id in &plan.renamed {
            self.change_window(study, *id, "event_name = $4", sql::values![format!("#{id}")]).await?;
        }
        for id in &plan.retire {
            self.change_window(study, *id, "active = FALSE", vec![]).await?;
        }
        for (id, draft) in &plan.update {
            self.change_window(study, *id, UPDATE, described(draft)?).await?;
        }
        for draft in &plan.create {
            self.insert_window(study, draft).await?;
        }
        self.forget_links_into(&plan.remade).await
    }

    async fn insert_window(&self, study: StudyId, draft: &WindowDraft) -> Result<()> {
        let text = "INSERT INTO visit_windows (id, study_id, created_at, updated_at, arm_num, event_name, label, day_offset, \
                    days_before, days_after, position, repeating, instruments, repeating_instruments, event_id, active) \
                    VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, TRUE)";
        let mut args = sql::values![WindowId::at(self.now).0, study.0, self.now];
        args.extend(described(draft)?);
        self.execute(text, args).await?;
        Ok(())
    }

    /// `assign`s `args`, from `$4` on, to a window of the study.
    async fn change_window(&self, study: StudyId, id: WindowId, assign: &str, args: Vec<Bound>) -> Result<()> {
        let text = format!("UPDATE visit_windows SET updated_at = $3, {assign} WHERE id = $1 AND study_id = $2");
        let mut all = sql::values![id.0, study.0, self.now];
        all.extend(args);
        self.transition(1, NOT_OURS, &text, all).await
    }

    /// Says which instruments are surveys: each window gets those of its own. Returns how many windows changed.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn set_survey_instruments(&self, study: StudyId, surveys: &BTreeSet<String>) -> Result<usize> {
        let mut changed = 0;
        for stored in self.stored_windows(study).await? {
            let own: Vec<&String> = stored.instruments.iter().filter(|name| surveys.contains(*name)).collect();
            if own.iter().copied().eq(&stored.survey_instruments) {
                continue;
            }
            let text = "UPDATE visit_windows SET survey_instruments = $2, updated_at = $3 WHERE id = $1";
            self.execute(text, sql::values![stored.window.id.0, json!(own), self.now]).await?;
            changed += 1;
        }
        Ok(changed)
    }
}

/// What an event sync writes over a window that it knows. An id once learned stays when a server sends none.
const UPDATE: &str = "arm_num = $4, event_name = $5, label = $6, day_offset = $7, days_before = $8, days_after = $9, \
                      position = $10, repeating = $11, instruments = $12, repeating_instruments = $13, \
                      event_id = coalesce($14, event_id), active = TRUE";

/// What REDCap says of an event, in the order of [`UPDATE`].
fn described(draft: &WindowDraft) -> Result<Vec<Bound>> {
    Ok(sql::values![
        draft.arm_num,
        draft.event_name.as_str(),
        draft.label.as_str(),
        draft.day_offset,
        whole_days(draft.days_before)?,
        whole_days(draft.days_after)?,
        draft.position,
        draft.repeating,
        json!(draft.instruments),
        json!(draft.repeating_instruments),
        draft.event_id,
    ])
}

const NOT_OURS: &str = "a window of the plan is not this study's; sync again";

fn whole_days(days: u32) -> Result<i32> {
    i32::try_from(days).map_err(|_| conflict(format!("{days} days are no visit window")))
}
