//! The one attempt: a POST of a form, with Basic authentication when the URL holds user info.
//! Invariant: what went wrong is told in words that cannot hold the URL.

use std::time::Duration;

use url::Url;

/// REDCap gives up after this long.
const TIMEOUT_S: u64 = 10;

/// The status of the answer, or why there was none.
pub(super) async fn post(http: &reqwest::Client, mut url: Url, form: &[(String, String)]) -> Result<u16, String> {
    let user = decoded(url.username());
    let password = url.password().map(decoded);
    let plain = url.set_username("").and_then(|()| url.set_password(None));
    let mut request = http.post(url).form(form).timeout(Duration::from_secs(TIMEOUT_S));
    if plain.is_ok() && (!user.is_empty() || password.is_some()) {
        request = request.basic_auth(user, password);
    }
    let answer = request.send().await.map_err(|error| reason(&error))?;
    Ok(answer.status().as_u16())
}

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

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn user_info_is_decoded_for_basic_authentication() {
        assert_eq!(decoded("p%40ss%2"), "p@ss%2");
    }
}
