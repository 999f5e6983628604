//! Flags: what happened to records in REDCap and a person has to decide on. Never a deletion, never a twin.
//!
//! ```text
//!   raised ──► open ──► followed | detached | dismissed      a person's decision (`core::reconcile::resolve`)
//!      └─────────────► unconcerned                           nobody's record: there is nothing to decide
//! ```
//!
//! Invariant: a flag that is open names its participant; while one of a deletion or a rename is, nothing that happens under the
//! record's name is taken for its participant's, and nothing under its new name for a new one's.

use chrono::NaiveDateTime;
use metricis_core::Timestamp;
use metricis_core::action::Action;
use metricis_core::ids::{FlagId, ParticipantId, StudyId, UserId};
use metricis_core::reconcile::{Fate, FlagFacts, KnownFate, is_detached, resolve};
use metricis_core::words::{FlagKind, FlagResolution};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql, transition::conflict};

/// How REDCap's times are stored.
const MINUTE: &str = "%Y-%m-%d %H:%M";
/// That it is not certain which record a participant has, for a query in which they are called `p`.
pub(crate) const UNCERTAIN: &str = "(p.external_id LIKE 'detached:%' OR EXISTS (SELECT 1 FROM record_flags f \
     WHERE f.participant_id = p.id AND f.resolved_at IS NULL AND f.kind IN ('deleted', 'renamed')))";
const COLUMNS: &str = "id, study_id, kind, record_id, was, became, participant_id, redcap_at, raised_at, resolution, \
                       resolved_at, resolved_by, reason";

/// A flag to raise.
#[derive(Clone, Debug)]
pub struct NewFlag {
    /// Its id.
    pub id: FlagId,
    /// Its study.
    pub study: StudyId,
    /// What happened.
    pub kind: FlagKind,
    /// The record, by the name that it had.
    pub record_id: String,
    /// The group before.
    pub was: Option<String>,
    /// The name or the group since.
    pub became: Option<String>,
    /// Whose record it is; one of nobody's is closed at once.
    pub participant: Option<ParticipantId>,
    /// When, in REDCap's own time, as far as its log says.
    pub redcap_at: Option<NaiveDateTime>,
    /// Its place among those that are raised together.
    pub position: i32,
}

/// A flag as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFlag {
    /// Its id.
    pub id: FlagId,
    /// Its study.
    pub study: StudyId,
    /// What happened.
    pub kind: FlagKind,
    /// The record, by the name that it had.
    pub record_id: String,
    /// The group before.
    pub was: Option<String>,
    /// The name or the group since.
    pub became: Option<String>,
    /// Whose record it is.
    pub participant: Option<ParticipantId>,
    /// When, in REDCap's own time.
    pub redcap_at: Option<NaiveDateTime>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// What came of it; none while it is open.
    pub resolution: Option<FlagResolution>,
    /// When that was decided.
    pub resolved_at: Option<Timestamp>,
    /// By whom.
    pub resolved_by: Option<UserId>,
    /// Why.
    pub reason: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    study_id: Uuid,
    kind: String,
    record_id: String,
    was: Option<String>,
    became: Option<String>,
    participant_id: Option<Uuid>,
    redcap_at: Option<String>,
    raised_at: Timestamp,
    resolution: Option<String>,
    resolved_at: Option<Timestamp>,
    resolved_by: Option<Uuid>,
    reason: Option<String>,
}

impl TryFrom<Row> for StoredFlag {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: FlagId(row.id),
            study: StudyId(row.study_id),
            kind: row.kind.parse().map_err(StoreError::inconsistent)?,
            record_id: row.record_id,
            was: row.was,
            became: row.became,
            participant: row.participant_id.map(ParticipantId),
            redcap_at: row.redcap_at.as_deref().map(read_minute).transpose()?,
            raised_at: row.raised_at,
            resolution: row.resolution.map(|word| word.parse()).transpose().map_err(StoreError::inconsistent)?,
            resolved_at: row.resolved_at,
            resolved_by: row.resolved_by.map(UserId),
            reason: row.reason,
        })
    }
}

impl StoredFlag {
    /// What a decision looks at.
    #[must_use]
    pub fn facts(&self) -> FlagFacts<'_> {
        FlagFacts { kind: self.kind, record: &self.record_id, became: self.became.as_deref(), decided: self.resolution }
    }

    /// What the log said, for the next reading of it; none of a flag that did not come from there.
    fn fate(self) -> Option<KnownFate> {
        let renamed_to = match self.kind {
            FlagKind::Deleted => None,
            FlagKind::Renamed => Some(self.became?),
            FlagKind::DagMoved => return None,
        };
        let (fate, open) = (Fate { record: self.record_id, renamed_to }, self.resolution.is_none());
        Some(KnownFate { fate, at: self.redcap_at?, participant: self.participant, open })
    }
}

pub(crate) fn read_minute(text: &str) -> Result<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, MINUTE).map_err(StoreError::inconsistent)
}

pub(crate) fn write_minute(at: NaiveDateTime) -> String {
    at.format(MINUTE).to_string()
}

impl Snapshot {
    /// A study's flags, newest first: the open ones only, or all.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn flags(&self, study: StudyId, open_only: bool, limit: u32) -> Result<Vec<StoredFlag>> {
        let which = if open_only { " AND resolved_at IS NULL" } else { "" };
        let text = format!(
            "SELECT {COLUMNS} FROM record_flags WHERE study_id = $1{which} ORDER BY raised_at DESC, id DESC LIMIT $2"
        );
        self.all::<Row>(&text, sql::values![study.0, i64::from(limit)])
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// How many flags of a study wait for a person.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn open_flags(&self, study: StudyId) -> Result<u64> {
        let text = "SELECT count(*) FROM record_flags WHERE study_id = $1 AND resolved_at IS NULL";
        Ok(self.count(text, sql::values![study.0]).await?.unsigned_abs())
    }

    /// What is known of the log's deletions and renames, and of whose records they were, in the order of the log.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn known_fates(&self, study: StudyId) -> Result<Vec<KnownFate>> {
        let text = format!(
            "SELECT {COLUMNS} FROM record_flags WHERE study_id = $1 AND kind <> 'dag_moved' ORDER BY raised_at, position, id"
        );
        let rows = self.all::<Row>(&text, sql::values![study.0]).await?;
        rows.into_iter().filter_map(|row| StoredFlag::try_from(row).map(StoredFlag::fate).transpose()).collect()
    }

    /// The open flag that keeps what happens under this record's name from being taken for its participant's or a new one's.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn flag_holding(&self, study: StudyId, record_id: &str) -> Result<Option<StoredFlag>> {
        let text = format!(
            "SELECT {COLUMNS} FROM record_flags WHERE study_id = $1 AND resolved_at IS NULL \
             AND ((kind IN ('deleted', 'renamed') AND record_id = $2) OR (kind = 'renamed' AND became = $2)) \
             ORDER BY raised_at, id LIMIT 1"
        );
        self.one::<Row>(&text, sql::values![study.0, record_id]).await?.map(TryInto::try_into).transpose()
    }

    /// The names under which an open flag holds something, sorted.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn held_records(&self, study: StudyId) -> Result<Vec<String>> {
        let flags = self.flags(study, true, u32::MAX).await?;
        let names = flags.into_iter().filter(|flag| flag.kind != FlagKind::DagMoved);
        let mut names: Vec<String> = names.flat_map(|flag| [Some(flag.record_id), flag.became]).flatten().collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Whether a flag is the oldest open deletion or rename of its participant: the one that is decided on first.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn is_oldest_flag(&self, flag: &StoredFlag) -> Result<bool> {
        let text = "SELECT count(*) FROM record_flags f JOIN record_flags this ON this.id = $1 \
                    WHERE f.participant_id = this.participant_id AND f.resolved_at IS NULL AND f.kind IN ('deleted', 'renamed') \
                    AND (f.raised_at, f.position, f.id) < (this.raised_at, this.position, this.id)";
        Ok(self.count(text, sql::values![flag.id.0]).await? == 0)
    }

    /// Whether it is not certain which record a participant has, or they have none: nothing may be read for them or written.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn has_uncertain_record(&self, participant: ParticipantId) -> Result<bool> {
        let text = format!("SELECT count(*) FROM participants p WHERE id = $1 AND {UNCERTAIN}");
        Ok(self.count(&text, sql::values![participant.0]).await? > 0)
    }

    /// The flag with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn flag(&self, id: FlagId) -> Result<Option<StoredFlag>> {
        let text = format!("SELECT {COLUMNS} FROM record_flags WHERE id = $1");
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }
}

impl Tx {
    /// Raises a flag; one of nobody's record is closed at once.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn insert_flag(&self, new: &NewFlag) -> Result<()> {
        let closed = new.participant.is_none().then_some(FlagResolution::Unconcerned);
        let text = "INSERT INTO record_flags (id, study_id, kind, record_id, was, became, participant_id, redcap_at, raised_at, \
                    resolution, resolved_at, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let args = sql::values![
            new.id.0,
            new.study.0,
            new.kind.as_str(),
            new.record_id.as_str(),
            new.was.as_deref(),
            new.became.as_deref(),
            new.participant.map(|id| id.0),
            new.redcap_at.map(write_minute),
            self.now,
            closed.map(FlagResolution::as_str),
            closed.map(|_| self.now),
            new.position,
        ];
        self.execute(text, args).await?;
        Ok(())
    }

    /// Writes a person's decision on a flag of `study`, and what follows from it for the participant: another record, which is read
    /// again, or none. None when there is no such flag.
    ///
    /// # Errors
    /// A conflict, in words, when it cannot be decided so, when somebody was quicker, or when another participant has the new name.
    pub async fn decide_flag(
        &self,
        study: StudyId,
        id: FlagId,
        resolution: FlagResolution,
        by: Option<UserId>,
        reason: &str,
    ) -> Result<Option<Action>> {
        let Some(flag) = self.flag(id).await?.filter(|flag| flag.study == study) else { return Ok(None) };
        let participant = match flag.participant {
            Some(participant) => self.lock_participant(participant).await?,
            None => None,
        };
        let Some(participant) = participant else {
            return Err(conflict("the flag concerns nobody: there is nothing to decide"));
        };
        let before = participant.external_id;
        let is_oldest = self.is_oldest_flag(&flag).await?;
        let new = resolve(flag.facts(), resolution, participant.id, &before, is_oldest)
            .map_err(|refusal| conflict(refusal.to_string()))?;
        let text = "UPDATE record_flags SET resolution = $2, resolved_at = $3, resolved_by = $4, reason = $5 \
                    WHERE id = $1 AND resolved_at IS NULL";
        let args = sql::values![id.0, resolution.as_str(), self.now, by.map(|id| id.0), reason];
        self.transition(1, "somebody has decided on this flag meanwhile", text, args).await?;
        if let Some(record) = &new {
            self.give_record(study, participant.id, record).await?;
        }
        Ok(Some(Action::ResolveFlag {
            study,
            flag: id,
            resolution,
            participant: Some(participant.id),
            record: new.map(|new| (before, new)),
            reason: reason.to_owned(),
        }))
    }

    async fn give_record(&self, study: StudyId, participant: ParticipantId, record: &str) -> Result<()> {
        if self.participant_of_record(study, record).await?.is_some() {
            return Err(conflict(format!("record {record:?} is another participant's")));
        }
        let text = "UPDATE participants SET external_id = $2, updated_at = $3 WHERE id = $1";
        self.execute(text, sql::values![participant.0, record, self.now]).await?;
        // Fetched by the former name, they may be of whoever had it since.
        self.execute("DELETE FROM survey_links WHERE participant_id = $1", sql::values![participant.0]).await?;
        match is_detached(record) {
            true => Ok(()),
            false => self.ask_reread(study, record).await,
        }
    }
}
