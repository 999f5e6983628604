//! What people do on REDCap's pages: save a form, rename, delete and regroup a record, test the DET.
//! Invariant: only a save fires a DET, after the data are stored; the lock is not held while it is on its way.

use crate::SimError;
use crate::det::{self, DetDelivery, DetTest, Trigger};
use crate::fault::Fault;
use crate::save::{self, SaveForm, Saved};
use crate::state::World;
use crate::state::log::DESIGN;
use crate::state::randomization::{NewRandomization, Randomization};

use super::Sim;

impl Sim {
    /// Saves a form as a person does and waits for its DET to be answered, refused or timed out (ten seconds).
    ///
    /// # Errors
    /// [`SimError`] when the project, event or instrument does not fit or a value is refused; nothing is stored then.
    /// A DET that fails is no error: see [`Saved::delivery`].
    pub async fn save_form(&self, project_id: u32, save: SaveForm) -> Result<Saved, SimError> {
        let (record, place, trigger, fault) = {
            let mut world = self.world();
            let (clock, now) = (world.clock, world.clock.now());
            let unknown = SimError::UnknownProject(project_id);
            let project = world.projects.get_mut(&project_id).ok_or(unknown)?;
            let (record, place) = save::store(project, &save, clock, now)?;
            let saved = det::Save {
                record: &record,
                place: &place,
                instrument: &save.instrument,
                complete: save.complete,
                username: &save.user,
                at: now,
            };
            let trigger = det::trigger(&world, &world.projects[&project_id], &saved, self.version());
            let fault = trigger.as_ref().and_then(|_| strike_det(&mut world, project_id));
            (record, place, trigger, fault)
        };
        let delivery = match trigger {
            Some(trigger) => Some(self.send(project_id, trigger, fault).await),
            None => None,
        };
        Ok(Saved { record, repeat_instance: place.repeat.instance(), delivery })
    }

    async fn send(&self, project_id: u32, trigger: Trigger, fault: Option<Fault>) -> DetDelivery {
        if fault == Some(Fault::DetLost) {
            return self.file_delivery(project_id, trigger.lost());
        }
        let again = (fault == Some(Fault::DetTwice)).then(|| trigger.clone());
        let first = self.file_delivery(project_id, trigger.deliver(&self.http).await);
        if let Some(trigger) = again {
            self.file_delivery(project_id, trigger.deliver(&self.http).await);
        }
        first
    }

    fn file_delivery(&self, project_id: u32, mut delivery: DetDelivery) -> DetDelivery {
        // A project that has gone meanwhile has no list to file it in; the caller still gets the outcome.
        let _ = self.with(project_id, |project| {
            delivery.id = project.deliveries.len() as u64 + 1;
            project.deliveries.push(delivery.clone());
        });
        delivery
    }

    /// Calls the DET URL once with nothing in the body, as the test button of the set-up page does. It is no delivery.
    ///
    /// # Errors
    /// Unknown project, or one without a DET URL.
    pub async fn test_det(&self, project_id: u32) -> Result<DetTest, SimError> {
        let (url, base) = {
            let world = self.world();
            let project = world.projects.get(&project_id).ok_or(SimError::UnknownProject(project_id))?;
            (project.det_url.clone().ok_or(SimError::NoDetUrl(project_id))?, world.base_url.clone())
        };
        Ok(det::test(&self.http, &url, &base).await)
    }

    /// Renames a record, as a person does on the record's page. No DET.
    ///
    /// # Errors
    /// Unknown project or record, or the new name is taken.
    pub fn rename_record(&self, project_id: u32, record: &str, new_name: &str) -> Result<(), SimError> {
        let now = self.now();
        self.with(project_id, |project| project.rename(record, new_name, "admin", now))?
    }

    /// Deletes a record, as a person does on the record's page. No DET.
    ///
    /// # Errors
    /// Unknown project or record.
    pub fn delete_record(&self, project_id: u32, record: &str) -> Result<(), SimError> {
        let now = self.now();
        self.with(project_id, |project| project.delete(record, "admin", now))?
    }

    /// Sets up a randomization with its allocation table, as a person does on REDCap's page; its id.
    ///
    /// # Errors
    /// Unknown project, or what does not fit it.
    pub fn add_randomization(&self, project_id: u32, mut new: NewRandomization) -> Result<u32, SimError> {
        // A table that is set up has not been used.
        new.allocations.iter_mut().for_each(|allocation| allocation.used_by = None);
        let mut world = self.world();
        let World { projects, site, clock, .. } = &mut *world;
        let project = projects.get_mut(&project_id).ok_or(SimError::UnknownProject(project_id))?;
        let randomization = Randomization::new(site.fresh_id(), new, &project.definition)?;
        let id = randomization.id;
        project.randomizations.push(randomization);
        project.definition.settings.randomization = true;
        project.note(clock.now(), "admin", DESIGN, "Save randomization model and upload allocation table");
        Ok(id)
    }

    /// Moves a record into a group, or out of all. No DET.
    ///
    /// # Errors
    /// Unknown project, record or group.
    pub fn set_dag(&self, project_id: u32, record: &str, dag: Option<&str>) -> Result<(), SimError> {
        let now = self.now();
        self.with(project_id, |project| project.regroup(record, dag, "admin", now))?
    }
}

/// What strikes a DET that is about to leave: an order for the whole server first.
fn strike_det(world: &mut World, project_id: u32) -> Option<Fault> {
    let server = world.orders.strike_det();
    server.or_else(|| world.projects.get_mut(&project_id).and_then(|project| project.orders.strike_det()))
}
