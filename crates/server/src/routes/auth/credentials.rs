//! The one way in with an address and a password, for programs and browsers alike.

use metricis_store::StoredUser;
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::refusals::Refused;
use crate::{AppState, password};

/// Longer than any password; hashing more would be work for nothing.
const PASSWORD_BYTES: usize = 1_024;

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Whose the credentials are.
///
/// # Errors
/// The same refusal whatever is wrong with them.
pub(super) async fn verify(app: &AppState, address: &str, given: Credentials) -> Result<StoredUser, Problem> {
    // The transaction ends here: hashing takes long, and other requests want the connection.
    let found = app.store.read(app.now()).await?.user_by_email(given.email.trim()).await?;
    let user = found.filter(|user| !user.disabled);
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    if given.password.expose_secret().len() > PASSWORD_BYTES {
        return Err(Problem::Invalid(format!("a password has {PASSWORD_BYTES} bytes at most")));
    }
    let verified = password::verify(given.password, hash).await;
    user.filter(|_| verified).ok_or_else(|| {
        app.refusals.count(app.now(), Refused::SignIn, &format!("address:{address}"));
        Problem::WrongCredentials
    })
}
