//! `DATABASE_URL` in the checklist's form (`postgresql+asyncpg://…`), and the embedded default's.

use secrecy::{ExposeSecret, SecretString};

/// Where the data lives.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file of the embedded engine.
    Sqlite(std::path::PathBuf),
    /// A PostgreSQL database.
    Postgres(SecretString),
}

/// Why a database address cannot be used. Never echoes the address: it holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// The scheme is none that we speak.
    #[error(
        "the scheme {0:?} is not supported; write postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE or sqlite://FILE"
    )]
    Scheme(String),
    /// Not an address.
    #[error("not an address ({0}); write postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE or sqlite://FILE")]
    Malformed(String),
}

impl DatabaseUrl {
    /// Reads an address. `postgres`, `postgresql` and `postgresql+asyncpg` mean the same; `?ssl=` is read as `?sslmode=`.
    ///
    /// # Errors
    /// An unknown scheme or a malformed address.
    pub fn parse(text: &str) -> Result<Self, UrlRefusal> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or_else(|| UrlRefusal::Malformed("no ://".to_owned()))?;
        match scheme {
            "sqlite" => Ok(Self::Sqlite(rest.into())),
            "postgres" | "postgresql" | "postgresql+asyncpg" => {
                let plain = format!("postgresql://{rest}");
                let mut url = url::Url::parse(&plain).map_err(|error| UrlRefusal::Malformed(error.to_string()))?;
                if url.path().trim_matches('/').is_empty() {
                    return Err(UrlRefusal::Malformed("no database name after the host".to_owned()));
                }
                let pairs: Vec<(String, String)> = url
                    .query_pairs()
                    .map(|(key, value)| {
                        (if key == "ssl" { "sslmode".into() } else { key.into_owned() }, value.into_owned())
                    })
                    .collect();
                url.set_query(None);
                if !pairs.is_empty() {
                    url.query_pairs_mut().extend_pairs(pairs);
                }
                Ok(Self::Postgres(String::from(url).into()))
            }
            other => Err(UrlRefusal::Scheme(other.to_owned())),
        }
    }

    /// Whether this is PostgreSQL.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The role that a PostgreSQL address signs in as.
    #[must_use]
    pub fn role(&self) -> Option<String> {
        let Self::Postgres(address) = self else { return None };
        let url = url::Url::parse(address.expose_secret()).ok()?;
        (!url.username().is_empty()).then(|| url.username().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checklists_form_is_understood() {
        let url =
            DatabaseUrl::parse("postgresql+asyncpg://app:p%40ss@db:5432/metricis?ssl=require").expect("an address");
        let DatabaseUrl::Postgres(address) = &url else { panic!("{url:?}") };
        assert_eq!(address.expose_secret(), "postgresql://app:p%40ss@db:5432/metricis?sslmode=require");
        assert_eq!(url.role().as_deref(), Some("app"));
        assert!(!format!("{url:?}").contains("p%40ss"));
    }

    #[test]
    fn other_addresses_are_refused_without_echo() {
        for bad in ["mysql://u:secret@h/d", "postgresql://u:secret@h", "nonsense-secret", "postgresql://u:secret@h:x/d"]
        {
            let refusal = DatabaseUrl::parse(bad).expect_err(bad).to_string();
            assert!(!refusal.contains("secret"), "{refusal}");
        }
    }
}
