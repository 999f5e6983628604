//! Calls about the project itself: its settings, dictionary, events, groups.
//!
//! Invariant: "this project has none of these" is an empty list; every other refusal stays a failure.

use serde::de::DeserializeOwned;

use crate::{
    client::Reader,
    error::CallError,
    wire::{Arm, Dag, Event, Field, FormEventMapping, Instrument, ProjectInfo, RepeatingFormEvent},
};

impl Reader {
    /// The server's version, such as `14.9.1`.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn version(&self) -> Result<String, CallError> {
        self.read("version", vec![]).await?.text("a version number", is_version)
    }

    /// The project's settings.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn project_info(&self) -> Result<ProjectInfo, CallError> {
        self.read("project", vec![]).await?.json()
    }

    /// The data dictionary in its order; the first field is the record id.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn metadata(&self) -> Result<Vec<Field>, CallError> {
        self.list("metadata").await
    }

    /// The arms that have events; none in a classic project.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn arms(&self) -> Result<Vec<Arm>, CallError> {
        none_when_absent(self.list("arm").await)
    }

    /// The events; none in a classic project.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn events(&self) -> Result<Vec<Event>, CallError> {
        none_when_absent(self.list("event").await)
    }

    /// Which form is collected at which event; empty in a classic project, where each form is.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn form_event_mapping(&self) -> Result<Vec<FormEventMapping>, CallError> {
        none_when_absent(self.list("formEventMapping").await)
    }

    /// The instruments in their order.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn instruments(&self) -> Result<Vec<Instrument>, CallError> {
        self.list("instrument").await
    }

    /// The data access groups. Needs the "Data Access Groups" right of the token's user.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn dags(&self) -> Result<Vec<Dag>, CallError> {
        self.list("dag").await
    }

    /// The repeating instruments and events; none in a project without repeats.
    ///
    /// # Errors
    /// Any [`CallError`] of a read.
    pub async fn repeating_forms_events(&self) -> Result<Vec<RepeatingFormEvent>, CallError> {
        none_when_absent(self.list("repeatingFormsEvents").await)
    }

    async fn list<T: DeserializeOwned>(&self, content: &'static str) -> Result<Vec<T>, CallError> {
        self.read(content, vec![]).await?.json()
    }
}

/// REDCap answers 400 with one of these sentences when a project has no events or no repeats.
fn none_when_absent<T>(result: Result<Vec<T>, CallError>) -> Result<Vec<T>, CallError> {
    match result {
        Err(CallError::Refused { status: 400, message })
            if message.reveal().starts_with("You cannot export ")
                && (message.reveal().contains(" for classic projects")
                    || message.reveal().contains("does not contain any repeating instruments and events")) =>
        {
            Ok(Vec::new())
        }
        other => other,
    }
}

fn is_version(text: &str) -> bool {
    let parts = text.split('.').collect::<Vec<_>>();
    (2..=4).contains(&parts.len())
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}
