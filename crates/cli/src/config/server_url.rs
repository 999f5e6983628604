//! `SERVER_URL`: an origin, nothing more, so that the board's paths can follow it and no secret stands in it.

use super::read::Reader;

impl Reader<'_> {
    pub(super) fn server_url(&mut self) -> Option<String> {
        let text = self.text("SERVER_URL")?;
        let refused = match url::Url::parse(&text) {
            Ok(url) if !["http", "https"].contains(&url.scheme()) => true,
            Ok(url) => {
                url.path() != "/" || url.query().is_some() || !url.username().is_empty() || url.password().is_some()
            }
            Err(_) => true,
        };
        if refused || text.len() > 500 {
            // Not its value: user info in it would be a password.
            self.note(
                "SERVER_URL",
                "is not an address such as http://10.0.0.5:8080, without a path and without user info",
            );
        }
        Some(text.trim_end_matches('/').to_owned())
    }
}
