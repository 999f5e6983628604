//! Flags: what happened to records in REDCap and a person has to decide on. Never a deletion, never a twin.
//!
//! ```text
//!   raised ──► open ──► followed | dismissed      a person's decision
//!      └─────────────► unconcerned                nobody's record: there is nothing to decide
//! ```
//!
//! Invariant: a flag that is open names its participant; while one of a deletion or a rename is, nothing that happens under the
//! record's name is taken for its participant's, and nothing under its new name for a new one's.

use chrono::NaiveDateTime;
use metricis_core::Timestamp;
use metricis_core::ids::{FlagId, ParticipantId, StudyId, UserId};
use metricis_core::reconcile::{Fate, KnownFate};
use metricis_core::words::{FlagKind, FlagResolution};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql, transition::conflict};

/// How REDCap's times are stored.
const MINUTE: &str = "%Y-%m-%d %H:%M";
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
    /// What the log said, for the next reading of it; none of a flag that did not come from there.
    fn fate(self) -> Option<KnownFate> {
        let renamed_to = match self.kind {
            FlagKind::Deleted => None,
            FlagKind::Renamed => Some(self.became?),
            FlagKind::DagMoved => return None,
        };
        let fate = Fate { record: self.record_id, renamed_to };
        Some(KnownFate { fate, at: self.redcap_at?, participant: self.participant })
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

    /// What is known of the log's deletions and renames, and of whose records they were.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn known_fates(&self, study: StudyId) -> Result<Vec<KnownFate>> {
        let text = format!(
            "SELECT {COLUMNS} FROM record_flags WHERE study_id = $1 AND kind <> 'dag_moved' ORDER BY redcap_at, id"
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

    /// Whether a person has decided that what was renamed is not the participant's any more, or nobody's it ever was.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn rename_is_dismissed(&self, study: StudyId, record_id: &str, became: &str) -> Result<bool> {
        let text = "SELECT count(*) FROM record_flags WHERE study_id = $1 AND kind = 'renamed' AND record_id = $2 AND became = $3 \
                    AND resolution IN ('dismissed', 'unconcerned')";
        Ok(self.count(text, sql::values![study.0, record_id, became]).await? > 0)
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
                    resolution, resolved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
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
        ];
        self.execute(text, args).await?;
        Ok(())
    }

    /// Writes a person's decision on an open flag. A followed rename gives the participant its new name, and asks for the record to
    /// be read under it.
    ///
    /// # Errors
    /// A conflict when somebody has decided meanwhile, or when another participant has the new name.
    pub async fn resolve_flag(
        &self,
        flag: &StoredFlag,
        resolution: FlagResolution,
        new_record: Option<&str>,
        by: Option<UserId>,
        reason: &str,
    ) -> Result<()> {
        let text = "UPDATE record_flags SET resolution = $2, resolved_at = $3, resolved_by = $4, reason = $5 \
                    WHERE id = $1 AND resolved_at IS NULL";
        let args = sql::values![flag.id.0, resolution.as_str(), self.now, by.map(|id| id.0), reason];
        self.transition(1, "somebody has decided on this flag meanwhile", text, args).await?;
        let (Some(participant), Some(record)) = (flag.participant, new_record) else { return Ok(()) };
        if self.participant_of_record(flag.study, record).await?.is_some() {
            return Err(conflict(format!("record {record:?} is another participant's")));
        }
        let text = "UPDATE participants SET external_id = $2, updated_at = $3 WHERE id = $1";
        self.execute(text, sql::values![participant.0, record, self.now]).await?;
        self.ask_reread(flag.study, record).await
    }
}
