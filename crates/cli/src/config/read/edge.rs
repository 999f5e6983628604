//! Who reaches the server: browsers' origins and the proxies in front.

use secrecy::SecretString;

use super::Reader;

impl Reader<'_> {
    pub(super) fn origins(&mut self) -> Vec<String> {
        let origins: Vec<String> = self
            .text("ALLOWED_ORIGINS")
            .map(|text| text.split(',').map(|origin| origin.trim().trim_end_matches('/').to_owned()).collect())
            .unwrap_or_default();
        if self.production && origins.is_empty() {
            self.note("ALLOWED_ORIGINS", "is not set; list the https origins that browsers use");
        }
        for origin in &origins {
            let plain = metricis_core::intake::origin_of(origin).as_deref() != Some(origin.to_lowercase().as_str());
            if plain || (self.production && !origin.starts_with("https://")) {
                self.note(
                    "ALLOWED_ORIGINS",
                    format!("{origin:?} is not an https origin such as https://app.example.org"),
                );
            }
        }
        origins
    }

    pub(super) fn proxies(&mut self) -> Vec<std::net::IpAddr> {
        let text = self.text("TRUSTED_PROXIES").unwrap_or_default();
        let mut proxies = vec![];
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.parse::<std::net::IpAddr>() {
                Ok(address) => proxies.push(address.to_canonical()),
                Err(_) => self.note("TRUSTED_PROXIES", format!("{part:?} is not an IP address such as 10.0.0.1")),
            }
        }
        proxies
    }

    pub(super) fn metrics_token(&mut self) -> Option<SecretString> {
        let name = "METRICS_TOKEN";
        let token = self.text(name)?;
        if token.chars().count() < 32 {
            self.note(name, "is shorter than 32 characters; make one with `metricis secrets generate`");
        }
        Some(token.into())
    }
}
