//! One project's client: it sends a form and reads a bounded answer.
//!
//! Invariant: every call is one POST with one deadline, carries the token in its body only, and is never repeated.

use std::{borrow::Cow, fmt, time::Duration};

use reqwest::header::{CONTENT_TYPE, LOCATION};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    answer::{Answer, Purpose},
    error::CallError,
    http::transport,
    url::ApiUrl,
};

/// The longest answer that is read unless said otherwise, in bytes.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// A form's fields, in order.
pub(crate) type Form<'a> = Vec<(Cow<'static, str>, Cow<'a, str>)>;

/// A client of one REDCap project: the token decides which.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: ApiUrl,
    token: SecretString,
    timeout: Duration,
    body_limit: usize,
}

impl Client {
    /// `timeout` is the deadline of one whole call, from connecting to the last byte; `http` comes from
    /// [`crate::http_client`].
    #[must_use]
    pub fn new(http: reqwest::Client, url: ApiUrl, token: SecretString, timeout: Duration) -> Self {
        Self { http, url, token, timeout, body_limit: BODY_LIMIT }
    }

    /// Refuses answers longer than this many bytes; 256 MiB otherwise.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    #[must_use]
    pub fn url(&self) -> &ApiUrl {
        &self.url
    }

    /// Sends a read of `content`.
    pub(crate) async fn read(&self, content: &'static str, form: Form<'_>) -> Result<Answer, CallError> {
        self.call(content, Purpose::Read, form).await
    }

    /// Sends one form. The answer may still be a failure; a redirect is one already.
    pub(crate) async fn call(
        &self,
        content: &'static str,
        purpose: Purpose,
        form: Form<'_>,
    ) -> Result<Answer, CallError> {
        let mut fields: Form<'_> = vec![
            ("token".into(), self.token.expose_secret().trim().into()),
            ("content".into(), content.into()),
            ("format".into(), "json".into()),
            ("returnFormat".into(), "json".into()),
        ];
        fields.extend(form);
        let request = self.http.post(self.url.as_str()).timeout(self.timeout).form(&fields);
        let response = request.send().await.map_err(|failure| transport(&failure, self.timeout))?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name)?.to_str().ok();
        if (300..400).contains(&status) {
            let origin = header(LOCATION).and_then(|location| self.url.origin_of(location));
            return Err(CallError::Redirect { status, origin });
        }
        let content_type = header(CONTENT_TYPE).map(str::to_owned);
        let body = self.body(response).await?;
        tracing::debug!(content, status, bytes = body.len(), "REDCap answered");
        Ok(Answer { purpose, status, content_type, body })
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, CallError> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await.map_err(|failure| transport(&failure, self.timeout))? {
                Some(chunk) if body.len() + chunk.len() > self.body_limit => {
                    return Err(CallError::TooLarge { limit: self.body_limit });
                }
                Some(chunk) => body.extend_from_slice(&chunk),
                None => return Ok(body),
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url.as_str()).field("token", &"***").finish_non_exhaustive()
    }
}

/// Adds `name[0]`, `name[1]`, …, the official way to send a list.
pub(crate) fn push_list(form: &mut Form<'_>, name: &str, items: &[String]) {
    for (index, item) in items.iter().enumerate() {
        form.push((format!("{name}[{index}]").into(), item.clone().into()));
    }
}
