//! The people of a project, their roles, and what each may do.
//! Invariant: a person with a role has the role's rights and no others; a token belongs to one person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ApiUser, Project};

/// The rights of REDCap's user export, in its order. A level above 0 permits.
pub(crate) const RIGHTS: [&str; 26] = [
    "design",
    "alerts",
    "user_rights",
    "data_access_groups",
    "reports",
    "stats_and_charts",
    "manage_survey_participants",
    "calendar",
    "data_import_tool",
    "data_comparison_tool",
    "logging",
    "email_logging",
    "file_repository",
    "data_quality_create",
    "data_quality_execute",
    "api_export",
    "api_import",
    "api_modules",
    "mobile_app",
    "mobile_app_download_data",
    "record_create",
    "record_rename",
    "record_delete",
    "lock_records_customization",
    "lock_records",
    "lock_records_all_forms",
];

/// Rights that the export does not have at this version; an import sets them all the same.
pub(crate) const RANDOMIZATION_RIGHTS: [&str; 2] = ["random_setup", "random_perform"];

/// Levels by name; what is not named is 0.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rights {
    pub(crate) levels: BTreeMap<String, u32>,
    /// By form: 0 none, 1 view and edit, 2 read only, 3 edit survey responses.
    pub(crate) forms: BTreeMap<String, u32>,
    /// By form: 0 none, 1 full, 2 de-identified, 3 without identifiers.
    pub(crate) exports: BTreeMap<String, u32>,
    /// The level in forms that are not named above.
    pub(crate) other_forms: u32,
}

impl Rights {
    /// Everything, in every form.
    pub(crate) fn full() -> Self {
        let levels = RIGHTS.iter().chain(&RANDOMIZATION_RIGHTS).map(|right| ((*right).to_owned(), 1)).collect();
        Self { levels, other_forms: 1, ..Self::default() }
    }

    pub(crate) fn level(&self, right: &str) -> u32 {
        self.levels.get(right).copied().unwrap_or(0)
    }

    pub(crate) fn may(&self, right: &str) -> bool {
        self.level(right) > 0
    }

    pub(crate) fn set(&mut self, right: &str, level: u32) {
        self.levels.insert(right.to_owned(), level);
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) firstname: String,
    pub(crate) lastname: String,
    /// `YYYY-MM-DD` or blank. Shown, not enforced.
    pub(crate) expiration: String,
    /// 32 hexadecimal digits; a person without one cannot use the API.
    pub(crate) token: Option<String>,
    /// Unique name of the group the person is confined to.
    pub(crate) dag: Option<String>,
    /// Unique name of the person's role.
    pub(crate) role: Option<String>,
    /// The person's own, in force while there is no role.
    pub(crate) rights: Rights,
}

impl Person {
    pub(crate) fn named(username: &str) -> Self {
        Self { username: username.to_owned(), ..Self::default() }
    }

    /// Whether records of a group are open to this person.
    pub(crate) fn sees(&self, group: Option<&str>) -> bool {
        self.dag.is_none() || self.dag.as_deref() == group
    }
}

impl From<ApiUser> for Person {
    fn from(user: ApiUser) -> Self {
        let mut rights = Rights::full();
        rights.set("api_export", user.may_export.into());
        rights.set("api_import", user.may_import.into());
        rights.set("record_delete", user.may_delete.into());
        Self { token: user.token, dag: user.dag, rights, ..Self::named(&user.username) }
    }
}

/// A named set of rights.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Role {
    /// `U-` and ten capitals and digits.
    pub(crate) unique_name: String,
    pub(crate) label: String,
    pub(crate) rights: Rights,
}

impl Project {
    pub(crate) fn user_of(&self, token: &str) -> Option<&Person> {
        self.users.iter().find(|user| user.token.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(token)))
    }

    pub(crate) fn person(&mut self, username: &str) -> Option<&mut Person> {
        self.users.iter_mut().find(|person| person.username == username)
    }

    pub(crate) fn role(&self, unique_name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.unique_name == unique_name)
    }

    /// What a person may do: as the role says, or the person's own rights.
    pub(crate) fn rights(&self, person: &Person) -> Rights {
        let role = person.role.as_deref().and_then(|role| self.role(role));
        role.map_or_else(|| person.rights.clone(), |role| role.rights.clone())
    }

    /// The id of a person's group, for record names such as `1732-4`.
    pub(crate) fn group_id(&self, person: &Person) -> Option<u32> {
        person.dag.as_deref().and_then(|dag| self.definition.group(dag)).map(|group| group.id)
    }
}
