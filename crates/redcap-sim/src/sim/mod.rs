//! The handle on a simulated server: its projects and what a test or a demo wants to look at.
//! Invariant: every method takes the one lock briefly and never waits while holding it.

mod acts;
mod keep;
mod misbehave;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::SimError;
use crate::ambient::{Clock, new_super_token, new_token};
use crate::api::ParsedRequest;
use crate::det::DetDelivery;
use crate::project::{self, OdmError};
use crate::state::records::{Place, Repeat};
use crate::state::{ApiUser, Project, World};

pub use misbehave::Scope;

/// What the simulated server says about itself.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// REDCap's version, as `content=version` and the links give it.
    pub version: String,
    /// The zone in which the server writes and reads times; UTC by default.
    pub zone: Tz,
    /// 64 hexadecimal digits that may make projects; made up when absent.
    pub super_token: Option<String>,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self { version: "14.9.1".into(), zone: Tz::UTC, super_token: None }
    }
}

/// How a project is added. Whatever is absent is made up.
#[derive(Clone, Default)]
pub struct ProjectOptions {
    pub project_id: Option<u32>,
    /// 32 hexadecimal digits.
    pub token: Option<String>,
    pub det_url: Option<String>,
}

/// What a client needs to call the API of a project.
#[derive(Clone)]
pub struct ProjectHandle {
    pub project_id: u32,
    pub token: String,
}

/// A REDCap server in memory. Clones are handles on the same server.
#[derive(Clone)]
pub struct Sim {
    world: Arc<Mutex<World>>,
    /// How often somebody has looked at the world or changed it.
    visits: Arc<AtomicU64>,
    kept: Option<Arc<keep::Kept>>,
    http: reqwest::Client,
    options: Arc<SimOptions>,
    super_token: Arc<str>,
}

impl Sim {
    /// An empty server.
    #[must_use]
    pub fn new(options: SimOptions) -> Self {
        // A second installation is refused and the first one serves just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("an HTTP client without files or proxies to read can always be built");
        let world = World::new(Clock::in_zone(options.zone));
        Self {
            world: Arc::new(Mutex::new(world)),
            visits: Arc::default(),
            kept: None,
            http,
            super_token: options.super_token.clone().unwrap_or_else(new_super_token).into(),
            options: Arc::new(options),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere must not take the whole server down; every change below the lock is complete or absent.
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted under the lock: whoever writes the file after seeing this count waits for what the visit changes.
        self.visits.fetch_add(1, Ordering::Relaxed);
        world
    }

    /// The projects and the tokens of their first person, by project id.
    #[must_use]
    pub fn projects(&self) -> Vec<ProjectHandle> {
        let world = self.world();
        let handle = |project: &Project| {
            let token = project.users.iter().find_map(|user| user.token.clone()).unwrap_or_default();
            ProjectHandle { project_id: project.id, token }
        };
        world.projects.values().map(handle).collect()
    }

    pub(crate) fn version(&self) -> &str {
        &self.options.version
    }

    /// What the server's clock shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.world().clock.now()
    }

    /// Sets the server's clock, which runs on from there.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        self.world().clock.set(now);
    }

    /// Adds a project from REDCap's project XML.
    ///
    /// # Errors
    /// [`OdmError`] when the text is no consistent project, or its id or token is taken.
    pub fn add_project_xml(&self, xml: &str, options: ProjectOptions) -> Result<ProjectHandle, OdmError> {
        let now = self.now();
        let loaded = project::load(xml, now)?;
        self.world().add(loaded, options, "Create project using REDCap XML file")
    }

    /// Adds a project as REDCap makes it from nothing: one instrument with the record id.
    ///
    /// # Errors
    /// [`OdmError`] when its id or token is taken.
    pub fn add_empty_project(&self, longitudinal: bool, options: ProjectOptions) -> Result<ProjectHandle, OdmError> {
        self.world().add(project::empty(longitudinal), options, "Create project")
    }

    /// Moves a project to production, or back to development.
    ///
    /// # Errors
    /// Unknown project.
    pub fn set_production(&self, project_id: u32, in_production: bool) -> Result<(), SimError> {
        self.with(project_id, |project| project.definition.settings.in_production = in_production)
    }

    /// The token with which `content=project` makes projects.
    #[must_use]
    pub fn super_token(&self) -> &str {
        &self.super_token
    }

    pub(crate) fn is_super_token(&self, token: &str) -> bool {
        token.eq_ignore_ascii_case(&self.super_token)
    }

    /// Takes a project away with all that it holds.
    ///
    /// # Errors
    /// Unknown project.
    pub fn remove_project(&self, project_id: u32) -> Result<(), SimError> {
        let mut world = self.world();
        world.site.forget_project(project_id);
        world.projects.remove(&project_id).map(drop).ok_or(SimError::UnknownProject(project_id))
    }

    fn with<T>(&self, project_id: u32, act: impl FnOnce(&mut Project) -> T) -> Result<T, SimError> {
        let mut world = self.world();
        world.projects.get_mut(&project_id).map(act).ok_or(SimError::UnknownProject(project_id))
    }

    /// Gives a person a token of their own, which is returned.
    ///
    /// # Errors
    /// Unknown project, or a group it does not have.
    pub fn add_user(&self, project_id: u32, mut user: ApiUser) -> Result<String, SimError> {
        let token = user.token.get_or_insert_with(new_token).clone();
        self.with(project_id, |project| {
            if let Some(dag) = user.dag.as_ref().filter(|dag| project.definition.group(dag).is_none()) {
                return Err(SimError::UnknownGroup(dag.clone()));
            }
            project.users.push(user.into());
            Ok(token)
        })?
    }

    /// Sets or removes the DET URL. It may hold user info (HTTP Basic), a query, or be a path on this server.
    ///
    /// # Errors
    /// Unknown project.
    pub fn set_det_url(&self, project_id: u32, url: Option<String>) -> Result<(), SimError> {
        self.with(project_id, |project| project.det_url = url.filter(|url| !url.trim().is_empty()))
    }

    /// The DET URL as it was set, secrets and all: what REDCap itself would post to.
    #[must_use]
    pub fn det_url(&self, project_id: u32) -> Option<String> {
        self.with(project_id, |project| project.det_url.clone()).ok().flatten()
    }

    /// A stored value outside repeats; a classic project has the event `event_1_arm_1`.
    #[must_use]
    pub fn value(&self, project_id: u32, record: &str, event: &str, field: &str) -> Option<String> {
        let find = |project: &mut Project| {
            let event = project.definition.event_index(event)?;
            let row = project.records.get(record)?.rows.get(&Place { event, repeat: Repeat::No })?;
            row.values.get(field).cloned()
        };
        self.with(project_id, find).ok().flatten()
    }

    /// All that a record holds, by event, repeat and column; nothing when there is no such record.
    #[must_use]
    pub fn values(&self, project_id: u32, record: &str) -> BTreeMap<String, String> {
        let all = |project: &mut Project| {
            let rows = project.records.get(record).into_iter().flat_map(|record| &record.rows);
            let cells = rows.flat_map(|(place, row)| row.values.iter().map(move |cell| (place, cell)));
            let event = |place: &Place| project.definition.events[place.event].unique_name.as_str();
            let key = |place: &Place, column: &str| match place.repeat.instance() {
                Some(instance) => format!("{}#{instance}/{column}", event(place)),
                None => format!("{}/{column}", event(place)),
            };
            cells.map(|(place, (column, value))| (key(place, column), value.clone())).collect()
        };
        self.with(project_id, all).unwrap_or_default()
    }

    /// How many API requests with a token of this project have arrived, those answered by a fault included.
    #[must_use]
    pub fn api_calls(&self, project_id: u32) -> u64 {
        self.with(project_id, |project| project.api_calls).unwrap_or(0)
    }

    /// Begins to note what the project's API understands of each request, for a test that compares clients.
    ///
    /// # Errors
    /// Unknown project.
    pub fn listen(&self, project_id: u32) -> Result<(), SimError> {
        self.with(project_id, |project| project.heard = Some(Vec::new()))
    }

    /// What was understood since the last time this was asked; nothing before [`Self::listen`].
    #[must_use]
    pub fn heard(&self, project_id: u32) -> Vec<ParsedRequest> {
        let take = |project: &mut Project| project.heard.as_mut().map(std::mem::take);
        self.with(project_id, take).ok().flatten().unwrap_or_default()
    }

    pub(crate) fn listens_to(&self, token: &str) -> bool {
        self.world().project_of_token(token).is_some_and(|project| project.heard.is_some())
    }

    /// All attempts to deliver a DET, oldest first.
    #[must_use]
    pub fn deliveries(&self, project_id: u32) -> Vec<DetDelivery> {
        self.with(project_id, |project| project.deliveries.clone()).unwrap_or_default()
    }
}
