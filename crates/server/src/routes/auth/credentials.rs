//! The one way in with an address and a password, for programs and browsers alike.
//!
//! Invariants: an account that is unknown, disabled or locked, and a wrong password, are one answer after the same work; of any
//! number of guesses at once no more than the lock allows are ever told right from wrong; strangers lock nobody out of a place where the
//! account was signed in to.

use metricis_store::{LockRule, Operational, SignInAccount, StoredUser, Tx};
use secrecy::{ExposeSecret, SecretString};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::refusals::Refused;
use crate::session::KnownBrowser;
use crate::{AppState, ServerSettings, password};

/// Longer than any password; hashing more would be work for nothing.
const PASSWORD_BYTES: usize = 1_024;
/// All places together that an account has not signed in from are locked after this many times the wrong passwords of one of them …
const STRANGERS_TIMES: u32 = 10;
/// … and for this many times as long.
const STRANGERS_LONGER: u32 = 4;

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
    /// The browser, when it has signed in before.
    pub(super) known_browser: Option<KnownBrowser>,
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
    let enabled = found.as_ref().filter(|user| !user.disabled);
    let verified = password::verify(given.password, enabled.and_then(|user| user.password_hash.clone())).await;
    let right = verified && enabled.is_some();
    match settle(app, from, found.as_ref(), email, right).await? {
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

/// The counts of a guess, and when each of them locks.
async fn counts_of(
    app: &AppState,
    tx: &Tx,
    from: &Origin<'_>,
    user: Option<&StoredUser>,
    email: &str,
) -> Result<Vec<(SignInAccount, LockRule)>, Problem> {
    let (of_one, of_all) = rules(&app.settings);
    let all = user.map_or_else(|| SignInAccount::unknown(email), |user| SignInAccount::of(user.id));
    if let Some(user) = user {
        let known = from.known_browser.as_ref().filter(|known| known.is_known_to(user.id, user.token_generation));
        if let Some(browser) = known {
            return Ok(vec![(SignInAccount::of_browser(user.id, &browser.id), of_one)]);
        }
        if tx.knows_address(user.id, user.token_generation, from.address).await? {
            return Ok(vec![(SignInAccount::of_address(user.id, from.address), of_one)]);
        }
    }
    // In this order for everybody: the count of all first, so that two guesses cannot wait for each other.
    let here = all.at(from.address);
    Ok(vec![(all, of_all), (here, of_one)])
}

const fn rules(settings: &ServerSettings) -> (LockRule, LockRule) {
    let (after, minutes) = (settings.sign_in_lock_after, settings.sign_in_lock_minutes);
    let of_all =
        LockRule { after: after.saturating_mul(STRANGERS_TIMES), minutes: minutes.saturating_mul(STRANGERS_LONGER) };
    (LockRule { after, minutes }, of_all)
}

enum Settled {
    Open,
    Locked,
}

/// Looks at the locks after the hashing, in the transaction that counts: guesses that were hashed side by side stand in line here.
async fn settle(
    app: &AppState,
    from: &Origin<'_>,
    user: Option<&StoredUser>,
    email: &str,
    right: bool,
) -> Result<Settled, Problem> {
    let tx = app.store.write(app.now()).await?;
    let counts = counts_of(app, &tx, from, user, email).await?;
    let mut locked = false;
    for (account, _) in &counts {
        locked |= tx.sign_in_is_locked(account).await?;
    }
    if !locked && !right {
        for (account, rule) in &counts {
            locked |= tx.count_wrong_password(account, *rule).await?;
        }
    } else if !locked && let Some(user) = user {
        for (account, _) in &counts {
            tx.forget_wrong_passwords(account).await?;
        }
        tx.know_address(user.id, user.token_generation, from.address).await?;
    }
    tx.commit_operational(Operational::LoginSession).await?;
    Ok(if locked { Settled::Locked } else { Settled::Open })
}
