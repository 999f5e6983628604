//! What belongs to the whole server rather than to one project: the numbers it gives out and the survey links it knows.
//! Invariant: no number is given twice; asking twice for a link gives the same one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ambient::new_token;

/// Where a survey link leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SurveyTarget {
    pub(crate) project_id: u32,
    pub(crate) record: String,
    /// Unique event name.
    pub(crate) event: String,
    pub(crate) instrument: String,
    pub(crate) instance: Option<u32>,
}

/// The first number given to projects, events and groups, so that none looks like an index or a count.
pub(crate) const FIRST_ID: u32 = 41;

#[derive(Serialize, Deserialize)]
pub(crate) struct Site {
    next_id: u32,
    /// By the 16 characters of the link.
    surveys: BTreeMap<String, SurveyTarget>,
    /// Project and record, by the 10 characters of the survey queue's link.
    queues: BTreeMap<String, (u32, String)>,
}

impl Default for Site {
    fn default() -> Self {
        Self { next_id: FIRST_ID, surveys: BTreeMap::new(), queues: BTreeMap::new() }
    }
}

impl Site {
    /// A number that no event, group, folder or document of this server has yet.
    pub(crate) fn fresh_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// A project has gone, and its links with it.
    pub(crate) fn forget_project(&mut self, project_id: u32) {
        self.surveys.retain(|_, target| target.project_id != project_id);
        self.queues.retain(|_, (project, _)| *project != project_id);
    }

    pub(crate) fn survey(&self, code: &str) -> Option<&SurveyTarget> {
        self.surveys.get(code)
    }

    /// The code of a link that was asked for before.
    pub(crate) fn known_survey_code(&self, target: &SurveyTarget) -> Option<&str> {
        self.surveys.iter().find(|(_, known)| *known == target).map(|(code, _)| code.as_str())
    }

    /// The 16 characters that lead to a survey, the same each time.
    pub(crate) fn survey_code(&mut self, target: SurveyTarget) -> String {
        if let Some(code) = self.known_survey_code(&target) {
            return code.to_owned();
        }
        let code = new_token()[..16].to_owned();
        self.surveys.insert(code.clone(), target);
        code
    }

    /// The 10 characters that lead to a record's survey queue, the same each time.
    pub(crate) fn queue_code(&mut self, project_id: u32, record: &str) -> String {
        let target = (project_id, record.to_owned());
        if let Some((code, _)) = self.queues.iter().find(|(_, known)| **known == target) {
            return code.clone();
        }
        let code = new_token()[..10].to_owned();
        self.queues.insert(code.clone(), target);
        code
    }
}
