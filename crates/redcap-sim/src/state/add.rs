//! A new project on the server, with its numbers, its creator and the first line of its log.
//! Invariant: neither its number nor its token belongs to another project.

use super::document::Repository;
use super::log::DESIGN;
use super::{ApiUser, Project, World};
use crate::ambient::new_token;
use crate::fault::orders::Orders;
use crate::project::{Loaded, OdmError};
use crate::sim::{ProjectHandle, ProjectOptions};

/// The person whom a project's first token belongs to.
pub(crate) const API_USERNAME: &str = "api_user";

impl World {
    /// `how` is what the log says of the project's beginning.
    ///
    /// # Errors
    /// [`OdmError::Taken`] when another project has the id or the token.
    pub(crate) fn add(&mut self, new: Loaded, options: ProjectOptions, how: &str) -> Result<ProjectHandle, OdmError> {
        let Loaded { mut definition, mut records, roles } = new;
        let project_id = options.project_id.unwrap_or_else(|| self.free_project_id());
        if self.projects.contains_key(&project_id) {
            return Err(OdmError::Taken("project id"));
        }
        let token = options.token.unwrap_or_else(new_token);
        if self.project_of_token(&token).is_some() {
            return Err(OdmError::Taken("token"));
        }
        for event in &mut definition.events {
            event.id = self.site.fresh_id();
        }
        for group in &mut definition.groups {
            group.id = self.site.fresh_id();
        }
        for document in records.documents_mut() {
            document.id = self.site.fresh_id();
        }
        let now = self.clock.now();
        let mut project = Project {
            id: project_id,
            definition,
            records,
            users: vec![ApiUser { token: Some(token.clone()), ..ApiUser::with_all_rights(API_USERNAME) }.into()],
            roles,
            repository: Repository::default(),
            randomizations: Vec::new(),
            log: Vec::new(),
            det_url: options.det_url,
            deliveries: Vec::new(),
            orders: Orders::default(),
            api_calls: 0,
            created: now,
            heard: None,
        };
        project.note(now, API_USERNAME, DESIGN, how);
        self.projects.insert(project_id, project);
        Ok(ProjectHandle { project_id, token })
    }
}
