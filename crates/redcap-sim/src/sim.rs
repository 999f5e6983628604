//! The handle on a simulated server: projects, saves, faults and what a test or a demo wants to look at.
//! Invariant: every method takes the one lock briefly and never waits while holding it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::SimError;
use crate::ambient::{new_token, now};
use crate::det::{self, DetDelivery};
use crate::fault::Fault;
use crate::project::{self, OdmError};
use crate::save::{self, SaveForm, Saved};
use crate::state::records::{Place, Repeat};
use crate::state::{ApiUser, Project, World};

/// What the simulated server says about itself.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// REDCap's version, as `content=version` and the links give it.
    pub version: String,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self { version: "14.9.1".into() }
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
    http: reqwest::Client,
    options: Arc<SimOptions>,
}

/// The person whom a project's first token belongs to.
pub(crate) const API_USERNAME: &str = "api_user";

impl Sim {
    /// An empty server.
    #[must_use]
    pub fn new(options: SimOptions) -> Self {
        // A second installation is refused and the first one serves just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("an HTTP client without files or proxies to read can always be built");
        Self { world: Arc::new(Mutex::new(World::new())), http, options: Arc::new(options) }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere must not take the whole server down; every change below the lock is complete or absent.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn version(&self) -> &str {
        &self.options.version
    }

    /// Adds a project from REDCap's project XML.
    ///
    /// # Errors
    /// [`OdmError`] when the text is no consistent project, or its id or token is taken.
    pub fn add_project_xml(&self, xml: &str, options: ProjectOptions) -> Result<ProjectHandle, OdmError> {
        let (mut definition, records) = project::load(xml, now())?;
        let mut world = self.world();
        let project_id = options.project_id.unwrap_or_else(|| world.free_project_id());
        if world.projects.contains_key(&project_id) {
            return Err(OdmError::Taken("project id"));
        }
        let token = options.token.unwrap_or_else(new_token);
        if world.project_of_token(&token).is_some() {
            return Err(OdmError::Taken("token"));
        }
        for event in &mut definition.events {
            event.id = world.fresh_id();
        }
        for group in &mut definition.groups {
            group.id = world.fresh_id();
        }
        let mut project = Project {
            id: project_id,
            definition,
            records,
            users: vec![ApiUser { token: Some(token.clone()), ..ApiUser::with_all_rights(API_USERNAME) }],
            log: Vec::new(),
            det_url: options.det_url,
            deliveries: Vec::new(),
            fault: None,
            api_calls: 0,
            created: now(),
        };
        project.note(now(), API_USERNAME, "Create project using REDCap XML file");
        world.projects.insert(project_id, project);
        Ok(ProjectHandle { project_id, token })
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
            project.users.push(user);
            Ok(token)
        })?
    }

    /// Saves a form as a person does and waits for its DET to be answered, refused or timed out (ten seconds).
    ///
    /// # Errors
    /// [`SimError`] when the project, event or instrument does not fit or a value is refused; nothing is stored then.
    /// A DET that fails is no error: see [`Saved::delivery`].
    pub async fn save_form(&self, project_id: u32, save: SaveForm) -> Result<Saved, SimError> {
        let (record, place, trigger) = {
            let mut world = self.world();
            let unknown = SimError::UnknownProject(project_id);
            let project = world.projects.get_mut(&project_id).ok_or(unknown)?;
            let (record, place) = save::store(project, &save, now())?;
            let project = &world.projects[&project_id];
            let form = (save.instrument.as_str(), save.complete.to_string());
            let form = (form.0, form.1.as_str());
            let trigger = det::trigger(&world, project, &record, &place, form, &save.user, self.version());
            (record, place, trigger)
        };
        let delivery = match trigger {
            Some(trigger) => Some(self.file_delivery(project_id, trigger.deliver(&self.http).await)),
            None => None,
        };
        Ok(Saved { record, repeat_instance: place.repeat.instance(), delivery })
    }

    fn file_delivery(&self, project_id: u32, mut delivery: DetDelivery) -> DetDelivery {
        // A project that has gone meanwhile has no list to file it in; the caller still gets the outcome.
        let _ = self.with(project_id, |project| {
            delivery.id = project.deliveries.len() as u64 + 1;
            project.deliveries.push(delivery.clone());
        });
        delivery
    }

    /// Makes the project's API misbehave, or behave again.
    ///
    /// # Errors
    /// Unknown project.
    pub fn set_fault(&self, project_id: u32, fault: Option<Fault>) -> Result<(), SimError> {
        self.with(project_id, |project| project.fault = fault)
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

    /// Renames a record, as a person does on the record's page. No DET.
    ///
    /// # Errors
    /// Unknown project or record, or the new name is taken.
    pub fn rename_record(&self, project_id: u32, record: &str, new_name: &str) -> Result<(), SimError> {
        self.with(project_id, |project| project.rename(record, new_name, "admin", now()))?
    }

    /// Deletes a record, as a person does on the record's page. No DET.
    ///
    /// # Errors
    /// Unknown project or record.
    pub fn delete_record(&self, project_id: u32, record: &str) -> Result<(), SimError> {
        self.with(project_id, |project| project.delete(record, "admin", now()))?
    }

    /// Moves a record into a group, or out of all. No DET.
    ///
    /// # Errors
    /// Unknown project, record or group.
    pub fn set_dag(&self, project_id: u32, record: &str, dag: Option<&str>) -> Result<(), SimError> {
        self.with(project_id, |project| project.regroup(record, dag, "admin", now()))?
    }

    /// How many API requests with a token of this project have arrived, those answered by a fault included.
    #[must_use]
    pub fn api_calls(&self, project_id: u32) -> u64 {
        self.with(project_id, |project| project.api_calls).unwrap_or(0)
    }

    /// All attempts to deliver a DET, oldest first.
    #[must_use]
    pub fn deliveries(&self, project_id: u32) -> Vec<DetDelivery> {
        self.with(project_id, |project| project.deliveries.clone()).unwrap_or_default()
    }
}
