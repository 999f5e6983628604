//! Staff and the roles they hold on studies.

mod access;

use metricis_core::ids::{StudyId, UserId};
use metricis_core::words::{GlobalRole, StudyRole};
use sea_orm::FromQueryResult;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{Result, Snapshot, StoreError, Tx, sql};

/// A member of staff as stored.
#[derive(Clone, Debug)]
pub struct StoredUser {
    /// Their id.
    pub id: UserId,
    /// Address, in lower case.
    pub email: String,
    /// What they are to the whole system.
    pub role: GlobalRole,
    /// Argon2id, in PHC form.
    pub password_hash: Option<SecretString>,
    /// May not sign in.
    pub disabled: bool,
    /// Tokens and sessions of another generation are over.
    pub token_generation: i64,
}

/// A member of staff to create.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their id.
    pub id: UserId,
    /// Address; stored in lower case.
    pub email: String,
    /// What they are to the whole system.
    pub role: GlobalRole,
    /// Argon2id, in PHC form.
    pub password_hash: SecretString,
}

/// A role held on a study.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Membership {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// The role.
    pub role: StudyRole,
}

/// What a credential's holder is to a study, read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// May not sign in.
    pub disabled: bool,
    /// Tokens and sessions of another generation are over.
    pub token_generation: i64,
    /// The role on the study, if any.
    pub role: Option<StudyRole>,
}

/// A role that somebody holds, with the study's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// The study.
    pub study: StudyId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The role.
    pub role: StudyRole,
}

#[derive(FromQueryResult)]
struct HeldRow {
    study_id: Uuid,
    code: String,
    name: String,
    role: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    email: String,
    role: String,
    password_hash: Option<String>,
    disabled: bool,
    token_generation: i64,
}

#[derive(FromQueryResult)]
struct StandingRow {
    disabled: bool,
    token_generation: i64,
    role: Option<String>,
}

#[derive(FromQueryResult)]
struct MemberRow {
    user_id: Uuid,
    email: String,
    role: String,
}

const COLUMNS: &str = "id, email, role, password_hash, disabled_at IS NOT NULL AS disabled, token_generation";

impl TryFrom<Row> for StoredUser {
    type Error = StoreError;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: UserId(row.id),
            email: row.email,
            role: row.role.parse().map_err(StoreError::inconsistent)?,
            password_hash: row.password_hash.map(Into::into),
            disabled: row.disabled,
            token_generation: row.token_generation,
        })
    }
}

impl Snapshot {
    /// The member of staff with this id.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn user(&self, id: UserId) -> Result<Option<StoredUser>> {
        let text = format!("SELECT {COLUMNS} FROM users WHERE id = $1");
        self.one::<Row>(&text, sql::values![id.0]).await?.map(TryInto::try_into).transpose()
    }

    /// The member of staff with this address, whatever its case.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<StoredUser>> {
        let text = format!("SELECT {COLUMNS} FROM users WHERE email = $1");
        self.one::<Row>(&text, sql::values![email.to_lowercase()]).await?.map(TryInto::try_into).transpose()
    }

    /// The role that `user` holds on `study`.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn role_on(&self, study: StudyId, user: UserId) -> Result<Option<StudyRole>> {
        let members = self.members_where(study, "us.user_id = $2", Some(user)).await?;
        Ok(members.first().map(|member| member.role))
    }

    /// What `user` is to `study`; none when there is no such account.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn standing(&self, user: UserId, study: StudyId) -> Result<Option<Standing>> {
        let text = "SELECT u.disabled_at IS NOT NULL AS disabled, u.token_generation, us.role FROM users u \
                    LEFT JOIN user_studies us ON us.user_id = u.id AND us.study_id = $2 WHERE u.id = $1";
        let Some(row) = self.one::<StandingRow>(text, sql::values![user.0, study.0]).await? else { return Ok(None) };
        let role = row.role.map(|role| role.parse().map_err(StoreError::inconsistent)).transpose()?;
        Ok(Some(Standing { disabled: row.disabled, token_generation: row.token_generation, role }))
    }

    /// Every role that `user` holds, by the study's code.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn roles_of(&self, user: UserId) -> Result<Vec<HeldRole>> {
        let text = "SELECT us.study_id, s.code, s.name, us.role FROM user_studies us JOIN studies s ON s.id = us.study_id \
                    WHERE us.user_id = $1 ORDER BY s.code";
        let rows: Vec<HeldRow> = self.all(text, sql::values![user.0]).await?;
        rows.into_iter()
            .map(|HeldRow { study_id, code, name, role }| {
                let role = role.parse().map_err(StoreError::inconsistent)?;
                Ok(HeldRole { study: StudyId(study_id), code, name, role })
            })
            .collect()
    }

    /// Everybody with a role on `study`, by address.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn members(&self, study: StudyId) -> Result<Vec<Membership>> {
        self.members_where(study, "$2 IS NULL", None).await
    }

    async fn members_where(&self, study: StudyId, which: &str, user: Option<UserId>) -> Result<Vec<Membership>> {
        let text = format!(
            "SELECT us.user_id, u.email, us.role FROM user_studies us JOIN users u ON u.id = us.user_id \
             WHERE us.study_id = $1 AND {which} AND u.disabled_at IS NULL ORDER BY u.email"
        );
        let rows: Vec<MemberRow> = self.all(&text, sql::values![study.0, user.map(|id| id.0)]).await?;
        rows.into_iter()
            .map(|row| {
                let role = row.role.parse().map_err(StoreError::inconsistent)?;
                Ok(Membership { user: UserId(row.user_id), email: row.email, role })
            })
            .collect()
    }
}

impl Tx {
    /// Creates a member of staff.
    ///
    /// # Errors
    /// A conflict when the address is taken.
    pub async fn insert_user(&self, user: &NewUser) -> Result<()> {
        use secrecy::ExposeSecret;
        let text = "INSERT INTO users (id, email, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
        let hash = user.password_hash.expose_secret();
        let args = sql::values![user.id.0, user.email.to_lowercase(), user.role.as_str(), hash, self.now];
        self.execute(text, args).await?;
        Ok(())
    }

    /// Gives `user` a role on `study`, in place of any former one.
    ///
    /// The study must be locked, so that two owners who demote each other at once cannot leave it without one.
    ///
    /// # Errors
    /// A conflict when the study would have no owner left.
    pub async fn grant_role(&self, study: StudyId, user: UserId, role: StudyRole) -> Result<()> {
        if role != StudyRole::Owner && self.is_the_only_owner(study, user).await? {
            let constraint = "the study would have no owner; make another one first".to_owned();
            return Err(StoreError::Conflict { constraint });
        }
        let text = "INSERT INTO user_studies (user_id, study_id, role, granted_at) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (user_id, study_id) DO UPDATE SET role = excluded.role, granted_at = excluded.granted_at";
        self.execute(text, sql::values![user.0, study.0, role.as_str(), self.now]).await?;
        Ok(())
    }

    async fn is_the_only_owner(&self, study: StudyId, user: UserId) -> Result<bool> {
        let members = self.members(study).await?;
        let mut owners = members.iter().filter(|member| member.role == StudyRole::Owner).map(|member| member.user);
        Ok(owners.next() == Some(user) && owners.next().is_none())
    }
}
