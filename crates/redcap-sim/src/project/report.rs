//! A report as a project file describes it.
//! Invariant: what the simulator does not understand of a report is kept, and goes out again as it came in.

use serde::{Deserialize, Serialize};

use super::xml::Element;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Report(pub(crate) Element);

impl Report {
    pub(crate) fn attr(&self, name: &str) -> &str {
        self.0.attr(name)
    }

    /// The parts of a list with commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.attr(name).split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}
