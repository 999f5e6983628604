//! The environment that a process runs in. `production` closes every gate of guarantees 1–3; any other name opens none by itself.

/// `ENVIRONMENT`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Environment(String);

impl Environment {
    /// Takes the variable's value; case and blanks around it do not matter.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.trim().to_ascii_lowercase())
    }

    /// Whether this is production.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.0 == "production"
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The routes that exist for development and tests, as `METHOD path`: the one table. In production each answers 404 before
/// anything else looks at the request, and a route outside this table cannot be mounted under these prefixes.
pub const DEV_TEST_ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/dev/settings"),
    ("POST", "/api/testing/participant-link"),
    ("POST", "/api/webhooks/redcap/det/test"),
];

/// Whether a path is one that production must answer with 404.
#[must_use]
pub fn is_dev_or_test_path(path: &str) -> bool {
    ["/api/dev", "/api/testing", "/api/webhooks/redcap/det/test"]
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
