//! Changing what a project is: its dictionary, arms, events, designations, repeats and settings.
//!
//! Invariant: a write succeeded only if REDCap counts exactly what was sent; whether REDCap stored it so, only reading it again
//! shows. What stands in here holds no participant's answer, so that a refusal is shown in REDCap's own words.

use serde::Serialize;
use serde_json::Value;

use crate::{
    answer::Purpose,
    client::{Client, Form},
    error::CallError,
    wire::{Arm, Field, FormEventMapping, NewEvent, ProjectSettings, RepeatingFormEvent},
};

impl Client {
    /// Puts a dictionary in place of the project's; refused by a project in production. Fields that it does not have go, with
    /// what records hold in them.
    ///
    /// # Errors
    /// [`CallError::Miscounted`] when REDCap counts other than was sent; [`CallError::ImportRefused`] when it refuses; any
    /// other [`CallError`].
    pub async fn import_metadata(&self, fields: &[Field]) -> Result<u64, CallError> {
        self.import_rows("metadata", "fields", fields, false).await
    }

    /// Puts arms in place of the project's: the former ones go, with their events and what records hold there.
    ///
    /// # Errors
    /// As [`Client::import_metadata`].
    pub async fn import_arms(&self, arms: &[Arm]) -> Result<u64, CallError> {
        self.import_rows("arm", "arms", arms, true).await
    }

    /// Puts events in place of the project's: the former ones go, with what records hold there.
    ///
    /// # Errors
    /// As [`Client::import_metadata`].
    pub async fn import_events(&self, events: &[NewEvent]) -> Result<u64, CallError> {
        self.import_rows("event", "events", events, true).await
    }

    /// Says anew which form is collected at which event.
    ///
    /// # Errors
    /// As [`Client::import_metadata`].
    pub async fn import_form_event_mapping(&self, mapping: &[FormEventMapping]) -> Result<u64, CallError> {
        self.import_rows("formEventMapping", "designations", mapping, false).await
    }

    /// Says anew what repeats.
    ///
    /// # Errors
    /// As [`Client::import_metadata`].
    pub async fn import_repeating_forms_events(&self, repeats: &[RepeatingFormEvent]) -> Result<u64, CallError> {
        self.import_rows("repeatingFormsEvents", "repeats", repeats, false).await
    }

    /// Changes the settings that are given; how many REDCap says it changed, of which one that was so already may not be.
    ///
    /// # Errors
    /// [`CallError::ImportRefused`] when REDCap refuses, or any other [`CallError`].
    pub async fn import_project_settings(&self, settings: &ProjectSettings) -> Result<u64, CallError> {
        self.import_design("project_settings", settings, false).await
    }

    async fn import_rows<T: Serialize>(
        &self,
        content: &'static str,
        what: &'static str,
        rows: &[T],
        replace: bool,
    ) -> Result<u64, CallError> {
        let answered = self.import_design(content, rows, replace).await?;
        match usize::try_from(answered) {
            Ok(count) if count == rows.len() => Ok(answered),
            _ => Err(CallError::Miscounted { what, sent: rows.len(), answered }),
        }
    }

    async fn import_design<T: Serialize + ?Sized>(
        &self,
        content: &'static str,
        data: &T,
        replace: bool,
    ) -> Result<u64, CallError> {
        let data = serde_json::to_string(data)
            .map_err(|_| CallError::Unsendable { reason: format!("the {content} cannot be written as JSON") })?;
        let mut form: Form<'_> = vec![("action".into(), "import".into())];
        if replace {
            form.push(("override".into(), "1".into()));
        }
        form.push(("data".into(), data.into()));
        let answer = self.call(content, Purpose::Design, form).await?.json::<Value>()?;
        count_of(&answer)
            .ok_or_else(|| CallError::NotAnAnswer { detail: "it is not a number of what was stored".into() })
    }
}

/// A bare number, or its text.
fn count_of(answer: &Value) -> Option<u64> {
    match answer {
        Value::Number(count) => count.as_u64(),
        Value::String(count) => count.trim().parse().ok(),
        _ => None,
    }
}
