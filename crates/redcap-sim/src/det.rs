//! The Data Entry Trigger: what REDCap posts after a save, and what came of it (`redcap.md` 1).
//! Invariant: one attempt, ten seconds, no redirect followed; neither the URL's secret nor an answer is kept or logged.

use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Url;

use crate::ambient::now;
use crate::state::records::{Place, Repeat};
use crate::state::{Project, World};

/// REDCap gives up after this long.
const TIMEOUT_S: u64 = 10;

/// One attempt to deliver a DET.
#[derive(Clone, Serialize, PartialEq, Eq, Debug)]
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

/// A DET that is about to be posted.
pub(crate) struct Trigger {
    url: String,
    base_url: String,
    record: String,
    instrument: String,
    event: Option<String>,
    form: Vec<(String, String)>,
}

/// The DET of a save, when the project has a URL for it. `complete` is the new form status.
pub(crate) fn trigger(
    world: &World,
    project: &Project,
    record: &str,
    place: &Place,
    (instrument, complete): (&str, &str),
    username: &str,
    version: &str,
) -> Option<Trigger> {
    let url = project.det_url.clone()?;
    let event = project.definition.events.get(place.event);
    let event = event.filter(|_| project.definition.longitudinal).map(|event| event.unique_name.clone());
    let group = project.records.get(record).and_then(|record| record.group.clone());
    let base = &world.base_url;
    let mut form: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| form.push((name.to_owned(), value));
    add("redcap_url", base.clone());
    add("project_url", format!("{base}redcap_v{version}/index.php?pid={}", project.id));
    add("project_id", project.id.to_string());
    add("username", username.to_owned());
    add("record", record.to_owned());
    if let Some(event) = &event {
        add("redcap_event_name", event.clone());
    }
    add("instrument", instrument.to_owned());
    add(&format!("{instrument}_complete"), complete.to_owned());
    if let Some(group) = group {
        add("redcap_data_access_group", group);
    }
    if let Some(instance) = place.repeat.instance() {
        add("redcap_repeat_instance", instance.to_string());
    }
    if let Repeat::Form { form, .. } = &place.repeat {
        add("redcap_repeat_instrument", form.clone());
    }
    Some(Trigger {
        url,
        base_url: base.clone(),
        record: record.to_owned(),
        instrument: instrument.to_owned(),
        event,
        form,
    })
}

impl Trigger {
    /// Posts once and waits for the answer. The id is left 0 for the caller to count.
    pub(crate) async fn deliver(self, http: &reqwest::Client) -> DetDelivery {
        let at = now();
        let (shown, outcome) = match target(&self.url, &self.base_url) {
            Ok(url) => (masked(&url), post(http, url, &self.form).await),
            Err(reason) => ("(not a URL)".to_owned(), Err(reason)),
        };
        let (status, error) = match outcome {
            Ok(status) => (Some(status), None),
            Err(reason) => (None, Some(reason)),
        };
        tracing::info!(url = shown, status, error, "DET delivered once");
        DetDelivery {
            id: 0,
            at,
            url: shown,
            record: self.record,
            instrument: self.instrument,
            event: self.event,
            status,
            error,
            form: self.form,
        }
    }
}

async fn post(http: &reqwest::Client, mut url: Url, form: &[(String, String)]) -> Result<u16, String> {
    let user = decoded(url.username());
    let password = url.password().map(decoded);
    let plain = url.set_username("").and_then(|()| url.set_password(None));
    let mut request = http.post(url).form(form).timeout(std::time::Duration::from_secs(TIMEOUT_S));
    if plain.is_ok() && (!user.is_empty() || password.is_some()) {
        request = request.basic_auth(user, password);
    }
    let answer = request.send().await.map_err(|error| reason(&error))?;
    Ok(answer.status().as_u16())
}

/// What went wrong, in words that cannot hold the URL.
fn reason(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "no answer within 10 seconds"
    } else if error.is_connect() {
        "could not connect"
    } else {
        "the connection broke before an answer came"
    };
    what.to_owned()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| hex::decode(two).ok());
        match (bytes[at], hex.as_deref()) {
            (b'%', Some([byte])) => {
                out.push(*byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A relative URL is completed with this server's own address, as REDCap does.
fn target(url: &str, base_url: &str) -> Result<Url, String> {
    let refused = || "the DET URL is neither an http(s) URL nor a path".to_owned();
    let url = match url.strip_prefix('/') {
        Some(_) => Url::parse(base_url).and_then(|base| base.join(url)),
        None => Url::parse(url),
    };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(refused)
}

/// The URL as it may be shown: user info and query values replaced.
fn masked(url: &Url) -> String {
    let secret = !url.username().is_empty() || url.password().is_some();
    let host = url.host_str().unwrap_or("");
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let names: Vec<String> = url.query_pairs().map(|(name, _)| format!("{name}=***")).collect();
    let query = if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) };
    format!("{}://{}{host}{port}{}{query}", url.scheme(), if secret { "***@" } else { "" }, url.path())
}

/// A stored DET URL as it may be shown.
pub(crate) fn masked_text(url: &str, base_url: &str) -> String {
    target(url, base_url).map_or_else(|reason| reason, |url| masked(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_holds_no_secret() {
        let shown = |url| masked_text(url, "https://redcap.example.org/");
        assert_eq!(
            shown("https://u:p%40ss@x.org:8443/det?token=s3cret&v=1"),
            "https://***@x.org:8443/det?token=***&v=***"
        );
        assert_eq!(shown("/plugin/det?x=1"), "https://redcap.example.org/plugin/det?x=***");
        assert_eq!(shown("ftp://u:p@x.org"), "the DET URL is neither an http(s) URL nor a path");
    }

    #[test]
    fn user_info_is_decoded_for_basic_authentication() {
        assert_eq!(decoded("p%40ss%2"), "p@ss%2");
    }
}
