//! Everything the simulated server knows, behind one lock: projects, their people, data, log and deliveries.
//! Invariant: a token belongs to exactly one person of one project; no lock is held while waiting for anything.

pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod records;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ambient::{Clock, new_token};
use crate::det::DetDelivery;
use crate::fault::orders::Orders;
use crate::project::definition::Definition;
use records::Records;

/// A person with an API token. Rights are kept minimal: what the tests and the demo need to take away.
#[derive(Clone, Serialize, Deserialize)]
pub struct ApiUser {
    pub username: String,
    /// 32 hexadecimal digits; made up when absent.
    pub token: Option<String>,
    pub may_export: bool,
    pub may_import: bool,
    pub may_delete: bool,
    /// Unique name of the group the person is confined to.
    pub dag: Option<String>,
}

impl ApiUser {
    /// Somebody who may do everything, in no group.
    #[must_use]
    pub fn with_all_rights(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            token: None,
            may_export: true,
            may_import: true,
            may_delete: true,
            dag: None,
        }
    }
}

/// One line of a project's logging page. No values: only what was touched.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) at: DateTime<Utc>,
    pub(crate) username: String,
    pub(crate) action: String,
}

/// What is skipped here stands in the state file by itself (`crate::file`).
#[derive(Serialize, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: u32,
    #[serde(skip)]
    pub(crate) definition: Definition,
    #[serde(skip)]
    pub(crate) records: Records,
    pub(crate) users: Vec<ApiUser>,
    #[serde(skip)]
    pub(crate) log: Vec<LogEntry>,
    pub(crate) det_url: Option<String>,
    #[serde(skip)]
    pub(crate) deliveries: Vec<DetDelivery>,
    /// How its API misbehaves.
    pub(crate) orders: Orders,
    #[serde(skip)]
    pub(crate) api_calls: u64,
    pub(crate) created: DateTime<Utc>,
}

impl Project {
    pub(crate) fn note(&mut self, at: DateTime<Utc>, username: &str, action: impl Into<String>) {
        self.log.push(LogEntry { at, username: username.to_owned(), action: action.into() });
    }

    pub(crate) fn user_of(&self, token: &str) -> Option<&ApiUser> {
        self.users.iter().find(|user| user.token.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(token)))
    }

    /// The id of a person's group, for record names such as `1732-4`.
    pub(crate) fn group_id(&self, user: &ApiUser) -> Option<u32> {
        user.dag.as_deref().and_then(|dag| self.definition.group(dag)).map(|group| group.id)
    }
}

/// Where a survey link leads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SurveyTarget {
    pub(crate) project_id: u32,
    pub(crate) record: String,
    /// Unique event name.
    pub(crate) event: String,
    pub(crate) instrument: String,
    pub(crate) instance: Option<u32>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct World {
    /// With a trailing slash.
    #[serde(skip)]
    pub(crate) base_url: String,
    #[serde(skip)]
    pub(crate) projects: BTreeMap<u32, Project>,
    /// By the 16 characters of the link.
    pub(crate) surveys: BTreeMap<String, SurveyTarget>,
    /// How the API of every project misbehaves.
    pub(crate) orders: Orders,
    pub(crate) clock: Clock,
    next_id: u32,
}

/// The first number given to projects, events and groups, so that none looks like an index or a count.
const FIRST_ID: u32 = 41;

impl World {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            base_url: "http://localhost/".into(),
            projects: BTreeMap::new(),
            surveys: BTreeMap::new(),
            orders: Orders::default(),
            clock,
            next_id: FIRST_ID,
        }
    }

    /// Becomes what a state file says of the server, except where it is and which projects it has.
    pub(crate) fn take_over(&mut self, kept: Self) {
        let clock = kept.clock.with_zone(self.clock.zone);
        let (base_url, projects) = (std::mem::take(&mut self.base_url), std::mem::take(&mut self.projects));
        *self = Self { base_url, projects, clock, ..kept };
    }

    /// A number no event or group of this server has yet.
    pub(crate) fn fresh_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id - 1
    }

    pub(crate) fn free_project_id(&self) -> u32 {
        self.projects.keys().next_back().map_or(FIRST_ID, |last| last + 1)
    }

    pub(crate) fn project_of_token(&mut self, token: &str) -> Option<&mut Project> {
        self.projects.values_mut().find(|project| project.user_of(token).is_some())
    }
}

impl World {
    /// The 16 characters that lead to a survey, the same each time.
    pub(crate) fn survey_code(&mut self, target: SurveyTarget) -> String {
        if let Some((code, _)) = self.surveys.iter().find(|(_, known)| **known == target) {
            return code.clone();
        }
        let code = new_token()[..16].to_owned();
        self.surveys.insert(code.clone(), target);
        code
    }
}
