//! The one way in with an address and a password, for programs and browsers alike.
//!
//! Invariants: an account that is unknown, disabled or locked, and a wrong password, are one answer after the same work; of any
//! number of guesses at once no more than the lock allows are ever told right from wrong.

use metricis_core::ids::UserId;
use metricis_store::{LockRule, Operational, SignInAccount, StoredUser};
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

/// Where credentials come from.
pub(super) struct Origin<'a> {
    /// The client's address.
    pub(super) address: &'a str,
    /// A browser that has signed in to this account before, and its id.
    pub(super) known_browser: Option<(UserId, String)>,
}

/// Whose the credentials are.
///
/// # Errors
/// The same refusal whatever is wrong with them.
pub(super) async fn verify(app: &AppState, from: &Origin<'_>, given: Credentials) -> Result<StoredUser, Problem> {
    if given.password.expose_secret().len() > PASSWORD_BYTES {
        return Err(Problem::Invalid(format!("a password has {PASSWORD_BYTES} bytes at most")));
    }
    let email = given.email.trim();
    // The transaction ends here: hashing takes long, and other requests want the connection.
    let found = app.store.read(app.now()).await?.user_by_email(email).await?;
    let account = account_of(found.as_ref(), email, from);
    let enabled = found.as_ref().filter(|user| !user.disabled);
    let verified = password::verify(given.password, enabled.and_then(|user| user.password_hash.clone())).await;
    let right = verified && enabled.is_some();
    match settle(app, &account, right).await? {
        Settled::Open if right => return found.ok_or(Problem::Internal),
        Settled::Open => {}
        Settled::Locked => {
            if let Some(user) = &found {
                app.refusals.count(app.now(), Refused::SignInLocked, &format!("user:{}", user.id));
            }
        }
    }
    app.refusals.count(app.now(), Refused::SignIn, &format!("address:{}", from.address));
    Err(Problem::WrongCredentials)
}

fn account_of(user: Option<&StoredUser>, email: &str, from: &Origin<'_>) -> SignInAccount {
    match (user, &from.known_browser) {
        (Some(user), Some((owner, browser))) if user.id == *owner => SignInAccount::of_browser(user.id, browser),
        (Some(user), _) => SignInAccount::of(user.id),
        (None, _) => SignInAccount::unknown(email),
    }
}

enum Settled {
    Open,
    Locked,
}

/// Looks at the lock after the hashing, in the transaction that counts: guesses that were hashed side by side stand in line here.
async fn settle(app: &AppState, account: &SignInAccount, right: bool) -> Result<Settled, Problem> {
    let tx = app.store.write(app.now()).await?;
    if tx.sign_in_is_locked(account).await? {
        return Ok(Settled::Locked);
    }
    let settled = if right {
        tx.forget_wrong_passwords(account).await?;
        Settled::Open
    } else {
        let rule = LockRule { after: app.settings.sign_in_lock_after, minutes: app.settings.sign_in_lock_minutes };
        if tx.count_wrong_password(account, rule).await? { Settled::Locked } else { Settled::Open }
    };
    tx.commit_operational(Operational::LoginSession).await?;
    Ok(settled)
}
