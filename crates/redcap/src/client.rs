//! One project's client: it sends a form and reads a bounded answer.
//!
//! A [`Reader`] makes the calls that change nothing in REDCap, and therefore may be made again; what changes something is on
//! the [`Client`] alone. Invariant: every call is one POST with one deadline, carries the token in its body only, and is
//! never repeated here.

use std::{borrow::Cow, fmt, ops::Deref, time::Duration};

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

/// The reading calls of one REDCap project: the token decides which.
#[derive(Clone)]
pub struct Reader {
    http: reqwest::Client,
    url: ApiUrl,
    token: SecretString,
    timeout: Duration,
    body_limit: usize,
}

/// Every call of one REDCap project; it reads as its [`Reader`] does.
#[derive(Clone)]
pub struct Client(Reader);

impl Client {
    /// `timeout` is the deadline of one whole call, from connecting to the last byte; `http` comes from
    /// [`crate::http_client`].
    #[must_use]
    pub fn new(http: reqwest::Client, url: ApiUrl, token: SecretString, timeout: Duration) -> Self {
        Self(Reader { http, url, token, timeout, body_limit: BODY_LIMIT })
    }

    /// Refuses answers longer than this many bytes; 256 MiB otherwise.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.0.body_limit = bytes;
        self
    }

    /// What may be handed to somebody who only reads.
    #[must_use]
    pub const fn reader(&self) -> &Reader {
        &self.0
    }
}

impl Deref for Client {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl Reader {
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
        let mut response = self.send(content, form).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.next().await? {
            body.extend_from_slice(&chunk);
        }
        tracing::debug!(content, status = response.status, bytes = body.len(), "REDCap answered");
        Ok(Answer { purpose, status: response.status, content_type: response.content_type, body })
    }

    /// Sends one form and waits for the head of the answer.
    pub(crate) async fn send(&self, content: &'static str, form: Form<'_>) -> Result<Incoming, CallError> {
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
        Ok(Incoming {
            response,
            status,
            content_type,
            timeout: self.timeout,
            left: self.body_limit,
            limit: self.body_limit,
        })
    }
}

/// An answer whose body is still on its way.
pub(crate) struct Incoming {
    response: reqwest::Response,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    timeout: Duration,
    left: usize,
    limit: usize,
}

impl Incoming {
    /// The next piece of the body, as long as all of it is not too long.
    pub(crate) async fn next(&mut self) -> Result<Option<impl Deref<Target = [u8]> + use<>>, CallError> {
        let chunk = self.response.chunk().await.map_err(|failure| transport(&failure, self.timeout))?;
        let length = chunk.as_ref().map_or(0, |chunk| chunk.len());
        self.left = self.left.checked_sub(length).ok_or(CallError::TooLarge { limit: self.limit })?;
        Ok(chunk)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("url", &self.url.as_str()).field("token", &"***").finish_non_exhaustive()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0).finish()
    }
}

/// Adds `name[0]`, `name[1]`, …, the official way to send a list.
pub(crate) fn push_list(form: &mut Form<'_>, name: &str, items: &[String]) {
    for (index, item) in items.iter().enumerate() {
        form.push((format!("{name}[{index}]").into(), item.clone().into()));
    }
}
