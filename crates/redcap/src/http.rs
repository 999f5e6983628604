//! The HTTP client for REDCap and the names of its failures.
//!
//! Invariant: the token goes to the configured address and nowhere else (no redirect, no proxy from the environment, no
//! cookie), and every call is sent once.

use std::{error::Error, time::Duration};

use crate::error::CallError;

/// Time to reach a REDCap, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Idle connections are dropped before a server closes them (Apache: after 5 s), because a POST on a connection that is
/// just being closed fails, and nothing here sends it again.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// Builds the HTTP client that all [`crate::Client`]s of a process share.
///
/// # Errors
/// [`CallError::Unsendable`] when the user agent is not a valid header value.
pub fn http_client(user_agent: &str) -> Result<reqwest::Client, CallError> {
    // An error means that another part of the process has installed a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
    };
    builder().build().or_else(|failure| {
        // A machine without CA certificates can still reach a REDCap over plain http; https then trusts nobody.
        let client = builder().tls_certs_only([]).build().map_err(unsendable)?;
        tracing::warn!(reason = %innermost(&failure), "no CA certificates: https to REDCap will be refused");
        Ok(client)
    })
}

/// Names a failure of sending or receiving; never shows an address, which may be a secret of the installation.
pub(crate) fn transport(failure: &reqwest::Error, timeout: Duration) -> CallError {
    let reason = innermost(failure);
    if failure.is_builder() {
        CallError::Unsendable { reason }
    } else if failure.is_connect() && failure.is_timeout() {
        CallError::Unreachable { reason: format!("no connection within {CONNECT_TIMEOUT:?}") }
    } else if failure.is_connect() {
        CallError::Unreachable { reason }
    } else if failure.is_timeout() {
        CallError::Timeout { after: timeout }
    } else {
        CallError::Cut { reason }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unsendable(failure: reqwest::Error) -> CallError {
    CallError::Unsendable { reason: innermost(&failure) }
}

/// The last cause of a chain ("connection refused", "invalid peer certificate: …"); the outer ones repeat the address.
fn innermost(failure: &reqwest::Error) -> String {
    let mut cause: &dyn Error = failure;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) => "the exchange failed".to_owned(),
        None => cause.to_string(),
    }
}
