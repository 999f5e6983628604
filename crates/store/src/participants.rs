//! Participants: never deleted, one for each record of a study, their group kept in `extra_data.redcap_dag`, what a person
//! should look at in `extra_data.review`.

pub(crate) mod filter;

use chrono::NaiveDate;
use metricis_core::ids::{ParticipantId, SiteId, StudyId};
use metricis_core::words::ParticipantStatus;
use sea_orm::{FromQueryResult, Value as Bound};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql};

use filter::MATCHES;
pub use filter::ParticipantFilter;

const COLUMNS: &str = "id, study_id, site_id, participant_code, external_id, status, enrollment_date, arm_num, time_zone, \
                       extra_data, mapped_digest";
const DAG: &str = "redcap_dag";
pub(crate) const REVIEW: &str = "review";
/// REDCap's date, for as long as the anchor is another one.
pub(crate) const REDCAP_ANCHOR: &str = "redcap_anchor_date";

/// A participant as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredParticipant {
    /// Their id.
    pub id: ParticipantId,
    /// Their study.
    pub study: StudyId,
    /// Their site; none for a record without a group.
    pub site: Option<SiteId>,
    /// Their code, unique in the study.
    pub code: String,
    /// REDCap's record id, unique in the study.
    pub external_id: String,
    /// screened, enrolled, completed or withdrawn.
    pub status: ParticipantStatus,
    /// The enrolment date.
    pub enrollment_date: NaiveDate,
    /// The arm.
    pub arm_num: i32,
    /// IANA name of the zone in which their days begin and end.
    pub time_zone: String,
    /// Unique name of the record's group in REDCap.
    pub dag: Option<String>,
    /// Why a person should look at them, such as `anchor_differs`.
    pub review: Option<String>,
    /// What has no column.
    pub extra_data: Value,
    /// Keyed digest of the mapped fields as last applied.
    pub mapped_digest: String,
}

impl StoredParticipant {
    /// REDCap's enrolment date, while it is another one than the anchor and a person has to say which holds.
    #[must_use]
    pub fn redcap_anchor(&self) -> Option<NaiveDate> {
        self.extra_data.get(REDCAP_ANCHOR)?.as_str()?.parse().ok()
    }
}

/// A participant to create.
#[derive(Clone, Debug)]
pub struct NewParticipant {
    /// Their id.
    pub id: ParticipantId,
    /// Their study.
    pub study: StudyId,
    /// Their site.
    pub site: Option<SiteId>,
    /// Their code.
    pub code: String,
    /// REDCap's record id.
    pub external_id: String,
    /// `screened` or `enrolled`.
    pub status: ParticipantStatus,
    /// The enrolment date.
    pub enrollment_date: NaiveDate,
    /// The arm.
    pub arm_num: i32,
    /// IANA name of their zone.
    pub time_zone: String,
    /// Unique name of the record's group in REDCap.
    pub dag: Option<String>,
    /// Keyed digest of the mapped fields.
    pub mapped_digest: String,
}

/// The mapped fields of a known participant, to be written over the former ones. The enrolment date is not among them: it
/// is what the schedule was begun with, and a person moves the anchor.
#[derive(Clone, Debug)]
pub struct ParticipantUpdate {
    /// Who.
    pub id: ParticipantId,
    /// Their site.
    pub site: Option<SiteId>,
    /// A mapped code; none keeps the present one.
    pub code: Option<String>,
    /// The arm.
    pub arm_num: i32,
    /// IANA name of their zone.
    pub time_zone: String,
    /// Unique name of the record's group in REDCap.
    pub dag: Option<String>,
    /// Why a person should look at them; none clears the mark.
    pub review: Option<String>,
    /// The anchor date that REDCap has, when ours is another one.
    pub redcap_anchor: Option<NaiveDate>,
    /// Keyed digest of the mapped fields.
    pub mapped_digest: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    study_id: Uuid,
    site_id: Option<Uuid>,
    participant_code: String,
    external_id: String,
    status: String,
    enrollment_date: NaiveDate,
    arm_num: i32,
    time_zone: String,
    extra_data: Value,
    mapped_digest: String,
}

impl TryFrom<Row> for StoredParticipant {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: ParticipantId(row.id),
            study: StudyId(row.study_id),
            site: row.site_id.map(SiteId),
            code: row.participant_code,
            external_id: row.external_id,
            status: row.status.parse().map_err(StoreError::inconsistent)?,
            enrollment_date: row.enrollment_date,
            arm_num: row.arm_num,
            time_zone: row.time_zone,
            dag: row.extra_data.get(DAG).and_then(Value::as_str).map(str::to_owned),
            review: row.extra_data.get(REVIEW).and_then(Value::as_str).map(str::to_owned),
            extra_data: row.extra_data,
            mapped_digest: row.mapped_digest,
        })
    }
}

impl Snapshot {
    /// The participant with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participant(&self, id: ParticipantId) -> Result<Option<StoredParticipant>> {
        self.participant_where("id = $1", sql::values![id.0]).await
    }

    /// The participant of a REDCap record.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participant_of_record(&self, study: StudyId, external_id: &str) -> Result<Option<StoredParticipant>> {
        self.participant_where("study_id = $1 AND external_id = $2", sql::values![study.0, external_id]).await
    }

    /// A participant's record whose name differs from this one in upper and lower case only (of A to Z at least; which other letters have a
    /// case is the engine's matter); REDCap takes both for one.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn record_in_other_case(&self, study: StudyId, external_id: &str) -> Result<Option<String>> {
        let which = "study_id = $1 AND LOWER(external_id) = LOWER($2) AND external_id <> $2 LIMIT 1";
        let other = self.participant_where(which, sql::values![study.0, external_id]).await?;
        Ok(other.map(|participant| participant.external_id))
    }

    /// The participant with this code.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participant_by_code(&self, study: StudyId, code: &str) -> Result<Option<StoredParticipant>> {
        self.participant_where("study_id = $1 AND participant_code = $2", sql::values![study.0, code]).await
    }

    pub(crate) async fn participant_where(&self, which: &str, args: Vec<Bound>) -> Result<Option<StoredParticipant>> {
        let text = format!("SELECT {COLUMNS} FROM participants WHERE {which}");
        self.one::<Row>(&text, args).await?.map(TryInto::try_into).transpose()
    }

    /// A page of a study's participants, in the order of their enrolment.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participants(&self, study: StudyId, filter: &ParticipantFilter) -> Result<Vec<StoredParticipant>> {
        let text = format!(
            "SELECT {COLUMNS} FROM participants p WHERE {MATCHES} AND ($6 IS NULL OR id > $6) ORDER BY id LIMIT $7 OFFSET $8"
        );
        let mut args = filter.args(study);
        args.extend(sql::values![filter.after.map(|id| id.0), i64::from(filter.limit), i64::from(filter.offset)]);
        self.all::<Row>(&text, args).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// How many participants the filter lets through, on all pages.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participants_total(&self, study: StudyId, filter: &ParticipantFilter) -> Result<u64> {
        let text = format!("SELECT count(*) FROM participants p WHERE {MATCHES}");
        Ok(self.count(&text, filter.args(study)).await?.unsigned_abs())
    }

    /// How many participants a study has, whatever their status.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn participant_count(&self, study: StudyId) -> Result<i64> {
        self.count("SELECT count(*) FROM participants WHERE study_id = $1", sql::values![study.0]).await
    }
}

impl Tx {
    /// Creates a participant.
    ///
    /// # Errors
    /// A conflict when the study has the record or the code already.
    pub async fn insert_participant(&self, new: &NewParticipant) -> Result<()> {
        let text = "INSERT INTO participants (id, study_id, site_id, participant_code, external_id, status, enrollment_date, \
                    arm_num, time_zone, extra_data, mapped_digest, created_at, updated_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)";
        let args = sql::values![
            new.id.0,
            new.study.0,
            new.site.map(|id| id.0),
            new.code.as_str(),
            new.external_id.as_str(),
            new.status.as_str(),
            new.enrollment_date,
            new.arm_num,
            new.time_zone.as_str(),
            json!({ DAG: new.dag }),
            new.mapped_digest.as_str(),
            self.now,
        ];
        self.execute(text, args).await?;
        Ok(())
    }

    /// Reads a participant and keeps others from changing them until this transaction ends.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn lock_participant(&self, id: ParticipantId) -> Result<Option<StoredParticipant>> {
        self.participant_where(&format!("id = $1{}", self.dialect.for_update()), sql::values![id.0]).await
    }

    /// Writes the mapped fields of a known participant, and nothing else.
    ///
    /// # Errors
    /// A conflict when the code is taken; inconsistent when there is no such participant.
    pub async fn update_participant(&self, update: &ParticipantUpdate) -> Result<()> {
        let present = self.lock_participant(update.id).await?;
        let present = present.ok_or_else(|| StoreError::inconsistent("no such participant"))?;
        let mut extra_data = present.extra_data;
        let extra = extra_data.as_object_mut().ok_or_else(|| StoreError::inconsistent("extra_data is no object"))?;
        extra.insert(DAG.to_owned(), json!(update.dag));
        match &update.review {
            Some(review) => extra.insert(REVIEW.to_owned(), json!(review)),
            None => extra.remove(REVIEW),
        };
        match update.redcap_anchor {
            Some(date) => extra.insert(REDCAP_ANCHOR.to_owned(), json!(date)),
            None => extra.remove(REDCAP_ANCHOR),
        };
        let text = "UPDATE participants SET site_id = $2, participant_code = $3, arm_num = $4, time_zone = $5, \
                    extra_data = $6, mapped_digest = $7, updated_at = $8 WHERE id = $1";
        let args = sql::values![
            update.id.0,
            update.site.map(|id| id.0),
            update.code.as_deref().unwrap_or(&present.code),
            update.arm_num,
            update.time_zone.as_str(),
            extra_data,
            update.mapped_digest.as_str(),
            self.now,
        ];
        self.execute(text, args).await?;
        Ok(())
    }

    /// Writes a participant's status. Whether it may change so is the core's decision.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn set_participant_status(&self, id: ParticipantId, status: ParticipantStatus) -> Result<()> {
        let text = "UPDATE participants SET status = $2, updated_at = $3 WHERE id = $1";
        self.execute(text, sql::values![id.0, status.as_str(), self.now]).await?;
        Ok(())
    }

    /// The number for the study's next generated code; others who ask wait until this transaction ends.
    ///
    /// No number comes twice, because participants are never deleted; a code that somebody mapped by hand may still
    /// be in its place, which the unique constraint refuses.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn next_participant_number(&self, study: StudyId) -> Result<i64> {
        // An update that changes nothing: unlike FOR UPDATE it does not hold up DETs, whose rows refer to the study.
        self.execute("UPDATE studies SET updated_at = updated_at WHERE id = $1", sql::values![study.0]).await?;
        Ok(self.participant_count(study).await? + 1)
    }
}
