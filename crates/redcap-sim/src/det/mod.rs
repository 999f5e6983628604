//! The Data Entry Trigger: what REDCap posts after a save, and what came of it (`redcap.md` 1).
//! Invariant: one attempt, ten seconds, no redirect followed; neither the URL's secret nor an answer is kept or logged.

mod address;
mod post;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::state::records::{Place, Repeat};
use crate::state::{Project, World};

pub(crate) use address::masked_text;

/// One attempt to deliver a DET.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq, Debug)]
pub struct DetDelivery {
    /// Counts from 1 within the project.
    pub id: u64,
    pub at: DateTime<Utc>,
    /// Where to, with `***` for whatever may be a secret.
    pub url: String,
    pub record: String,
    pub instrument: String,
    /// Unique name; none in a classic project.
    pub event: Option<String>,
    /// The receiver's status, when it answered at all.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// The fields as posted, in order.
    pub form: Vec<(String, String)>,
}

/// What came of the test button: the URL was called once, with nothing in the body.
#[derive(Clone, Serialize, PartialEq, Eq, Debug)]
pub struct DetTest {
    /// Where to, with `***` for whatever may be a secret.
    pub url: String,
    pub status: Option<u16>,
    pub error: Option<String>,
}

/// A DET that is about to be posted.
#[derive(Clone)]
pub(crate) struct Trigger {
    url: String,
    base_url: String,
    at: DateTime<Utc>,
    record: String,
    instrument: String,
    event: Option<String>,
    form: Vec<(String, String)>,
}

/// What has just been saved.
pub(crate) struct Save<'a> {
    pub(crate) record: &'a str,
    pub(crate) place: &'a Place,
    pub(crate) instrument: &'a str,
    /// The new form status.
    pub(crate) complete: u8,
    pub(crate) username: &'a str,
    pub(crate) at: DateTime<Utc>,
}

/// The DET of a save, when the project has a URL for it.
pub(crate) fn trigger(world: &World, project: &Project, save: &Save<'_>, version: &str) -> Option<Trigger> {
    let url = project.det_url.clone()?;
    let event = project.definition.events.get(save.place.event);
    let event = event.filter(|_| project.definition.longitudinal).map(|event| event.unique_name.clone());
    let group = project.records.get(save.record).and_then(|record| record.group.clone());
    let base = &world.base_url;
    let mut form: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| form.push((name.to_owned(), value));
    add("redcap_url", base.clone());
    add("project_url", format!("{base}redcap_v{version}/index.php?pid={}", project.id));
    add("project_id", project.id.to_string());
    add("username", save.username.to_owned());
    add("record", save.record.to_owned());
    if let Some(event) = &event {
        add("redcap_event_name", event.clone());
    }
    add("instrument", save.instrument.to_owned());
    add(&format!("{}_complete", save.instrument), save.complete.to_string());
    if let Some(group) = group {
        add("redcap_data_access_group", group);
    }
    if let Some(instance) = save.place.repeat.instance() {
        add("redcap_repeat_instance", instance.to_string());
    }
    if let Repeat::Form { form, .. } = &save.place.repeat {
        add("redcap_repeat_instrument", form.clone());
    }
    Some(Trigger {
        url,
        base_url: base.clone(),
        at: save.at,
        record: save.record.to_owned(),
        instrument: save.instrument.to_owned(),
        event,
        form,
    })
}

impl Trigger {
    /// Posts once and waits for the answer. The id is left 0 for the caller to count.
    pub(crate) async fn deliver(self, http: &reqwest::Client) -> DetDelivery {
        let (shown, outcome) = address::target(&self.url, &self.base_url);
        let outcome = match outcome {
            Ok(url) => post::post(http, url, &self.form).await,
            Err(reason) => Err(reason),
        };
        tracing::info!(url = shown, status = ?outcome.as_ref().ok(), error = outcome.as_ref().err(), "DET delivered once");
        self.filed(shown, outcome)
    }

    /// As if it had been posted, without posting.
    pub(crate) fn lost(self) -> DetDelivery {
        let shown = address::target(&self.url, &self.base_url).0;
        self.filed(shown, Err("it never left REDCap (det-lost)".to_owned()))
    }

    fn filed(self, url: String, outcome: Result<u16, String>) -> DetDelivery {
        DetDelivery {
            id: 0,
            at: self.at,
            url,
            record: self.record,
            instrument: self.instrument,
            event: self.event,
            status: outcome.as_ref().ok().copied(),
            error: outcome.err(),
            form: self.form,
        }
    }
}

/// The test button of REDCap's set-up page.
pub(crate) async fn test(http: &reqwest::Client, url: &str, base_url: &str) -> DetTest {
    let (url, outcome) = address::target(url, base_url);
    let outcome = match outcome {
        Ok(url) => post::post(http, url, &[]).await,
        Err(reason) => Err(reason),
    };
    DetTest { url, status: outcome.as_ref().ok().copied(), error: outcome.err() }
}
