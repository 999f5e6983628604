//! Everything the simulated server knows, behind one lock: projects, their people, data, log and deliveries.
//! Invariant: a token belongs to exactly one person of one project; no lock is held while waiting for anything.

pub(crate) mod add;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod design;
pub(crate) mod document;
pub(crate) mod log;
pub(crate) mod people;
pub(crate) mod randomization;
pub(crate) mod records;
pub(crate) mod site;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ambient::Clock;
use crate::api::ParsedRequest;
use crate::det::DetDelivery;
use crate::fault::orders::Orders;
use crate::project::definition::Definition;
pub(crate) use add::API_USERNAME;
use document::Repository;
use log::LogEntry;
use people::{Person, Role};
use randomization::Randomization;
use records::Records;
pub(crate) use site::SurveyTarget;
use site::{FIRST_ID, Site};

/// A person with an API token, as tests and the demo add one: with every right except those taken away here.
#[derive(Clone)]
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

/// What is skipped here stands in the state file by itself (`crate::file`).
#[derive(Serialize, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: u32,
    #[serde(skip)]
    pub(crate) definition: Definition,
    #[serde(skip)]
    pub(crate) records: Records,
    pub(crate) users: Vec<Person>,
    pub(crate) roles: Vec<Role>,
    pub(crate) repository: Repository,
    #[serde(default)]
    pub(crate) randomizations: Vec<Randomization>,
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
    /// What its API has understood, when a test wants to know.
    #[serde(skip)]
    pub(crate) heard: Option<Vec<ParsedRequest>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct World {
    /// With a trailing slash.
    #[serde(skip)]
    pub(crate) base_url: String,
    #[serde(skip)]
    pub(crate) projects: BTreeMap<u32, Project>,
    pub(crate) site: Site,
    /// How the API of every project misbehaves.
    pub(crate) orders: Orders,
    pub(crate) clock: Clock,
}

impl World {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            base_url: "http://localhost/".into(),
            projects: BTreeMap::new(),
            site: Site::default(),
            orders: Orders::default(),
            clock,
        }
    }

    /// Becomes what a state file says of the server, except where it is and which projects it has.
    pub(crate) fn take_over(&mut self, kept: Self) {
        let clock = kept.clock.with_zone(self.clock.zone);
        let (base_url, projects) = (std::mem::take(&mut self.base_url), std::mem::take(&mut self.projects));
        *self = Self { base_url, projects, clock, ..kept };
    }

    pub(crate) fn free_project_id(&self) -> u32 {
        self.projects.keys().next_back().map_or(FIRST_ID, |last| last + 1)
    }

    pub(crate) fn project_of_token(&mut self, token: &str) -> Option<&mut Project> {
        self.projects.values_mut().find(|project| project.user_of(token).is_some())
    }
}
