//! A small client of our own HTTP API, as any program would use it.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::output::CliError;

/// The API, signed in as somebody or as nobody.
#[derive(Clone)]
pub struct Api {
    http: Client,
    base: String,
    token: Option<String>,
}

/// An answer: its status and its JSON.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body, when the answer was a success.
    ///
    /// # Errors
    /// The problem that the server reported.
    pub fn ok(self) -> Result<Value, CliError> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let text = |key: &str| self.body[key].as_str().unwrap_or_default().to_owned();
        Err(CliError::No(format!("{} {}: {}", self.status.as_u16(), text("title"), text("detail"))))
    }
}

/// A value as people read it: text without its quotes.
pub fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Api {
    pub fn new(http: Client, base: &str) -> Self {
        Self { http, base: base.to_owned(), token: None }
    }

    /// The same API, signed in.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Result<Value, CliError> {
        self.send(Method::GET, path, None).await?.ok()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.send(Method::POST, path, Some(body)).await?.ok()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.send(Method::PUT, path, Some(body)).await?.ok()
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, CliError> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let unreachable = |error: reqwest::Error| CliError::Unavailable(format!("{path}: {}", error.without_url()));
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
    }

    /// Asks until `done` is content with the answer; at most half a minute.
    ///
    /// # Errors
    /// What the last answer was, when time is up.
    pub async fn wait_for(&self, path: &str, what: &str, done: impl Fn(&Value) -> bool) -> Result<Value, CliError> {
        let mut last = Value::Null;
        for _ in 0..300 {
            last = self.get(path).await?;
            if done(&last) {
                return Ok(last);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(CliError::No(format!("after 30 s there is still no {what}; the last answer was {last}")))
    }
}
