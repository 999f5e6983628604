//! `user create|disable|enable|set-password|revoke`. A password comes on standard input or is made here; it is never an argument,
//! which other users of the machine could read.

use metricis_core::Clock;
use metricis_core::action::{Action, Entry};
use metricis_core::ids::UserId;
use metricis_core::words::{GlobalRole, StudyRole};
use metricis_store::{NewUser, Snapshot, StoredUser, Tx};
use secrecy::{ExposeSecret, SecretString};

use super::{open, operator, settings, stdin_line, taken};
use crate::args::{Args, User};
use crate::clock::SystemClock;
use crate::config::generate_secret;
use crate::output::{CliError, show};

pub async fn run(args: &Args, command: &User) -> Result<(), CliError> {
    match command {
        User::Create { email, role, .. } => create(args, email, role).await,
        User::Disable { email } => disable(args, email).await,
        User::Enable { email } => enable(args, email).await,
        User::SetPassword { email, generate, .. } => set_password(args, email, *generate).await,
        User::Revoke { email } => revoke(args, email).await,
    }
}

async fn create(args: &Args, email: &str, role: &str) -> Result<(), CliError> {
    let role: GlobalRole = role.parse().map_err(|error| CliError::Usage(format!("--role: {error}")))?;
    if !email.contains('@') || email.chars().any(char::is_whitespace) {
        return Err(CliError::Usage(format!("{email:?} is not an e-mail address")));
    }
    let password = password_from_stdin()?;
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let password_hash = hash(password).await?;
    let tx = store.write(SystemClock.now()).await?;
    let user = NewUser { id: UserId::at(tx.now()), email: email.to_owned(), role, password_hash };
    let inserted = tx.insert_user(&user).await;
    inserted.map_err(|error| {
        taken(error, "email", || format!("an account with the address {} exists already", email.to_lowercase()))
    })?;
    tx.commit(Entry::system(operator(), Action::CreateUser { user: user.id, role })).await?;
    let created = serde_json::json!({ "id": user.id, "email": email.to_lowercase(), "role": role });
    show(args.json, &created, |_| format!("created {} ({role}), id {}", email.to_lowercase(), user.id))
}

async fn disable(args: &Args, email: &str) -> Result<(), CliError> {
    let (tx, user) = find(args, email).await?;
    let left_alone = studies_without_owner(&tx, &user).await?;
    if tx.disable_user(user.id).await? {
        tx.commit(Entry::system(operator(), Action::DisableUser { user: user.id })).await?;
    }
    let shown = serde_json::json!({ "id": user.id, "email": user.email, "status": "disabled", "studies_without_owner": left_alone });
    show(args.json, &shown, |_| {
        let done = format!("{} is disabled; every token and session of this account is over", user.email);
        match left_alone.is_empty() {
            true => done,
            false => format!(
                "{done}\nwithout an owner now: {}; name one with `metricis study grant CODE --user EMAIL --role owner`",
                left_alone.join(", ")
            ),
        }
    })
}

async fn enable(args: &Args, email: &str) -> Result<(), CliError> {
    let (tx, user) = find(args, email).await?;
    tx.enable_user(user.id).await?;
    tx.unlock_sign_in(user.id).await?;
    tx.commit(Entry::system(operator(), Action::EnableUser { user: user.id })).await?;
    let shown = serde_json::json!({ "id": user.id, "email": user.email, "status": "enabled" });
    show(args.json, &shown, |_| format!("{} may sign in; wrong passwords are counted from none", user.email))
}

async fn set_password(args: &Args, email: &str, generate: bool) -> Result<(), CliError> {
    let password = if generate { generate_secret().into() } else { password_from_stdin()? };
    let hash = hash(password.clone()).await?;
    let (tx, user) = find(args, email).await?;
    tx.set_password(user.id, &hash).await?;
    tx.unlock_sign_in(user.id).await?;
    tx.commit(Entry::system(operator(), Action::SetPassword { user: user.id })).await?;
    let generated = generate.then(|| password.expose_secret());
    let shown = serde_json::json!({ "id": user.id, "email": user.email, "password": generated });
    show(args.json, &shown, |_| {
        let done = format!("{} has a new password; every token and session of this account is over", user.email);
        generated.map_or(done.clone(), |password| format!("{done}\nshown once: {password}"))
    })
}

async fn revoke(args: &Args, email: &str) -> Result<(), CliError> {
    let (tx, user) = find(args, email).await?;
    tx.revoke_tokens(user.id).await?;
    tx.commit(Entry::system(operator(), Action::RevokeTokens { user: user.id })).await?;
    let shown = serde_json::json!({ "id": user.id, "email": user.email, "status": "revoked" });
    show(args.json, &shown, |_| format!("every token and session of {} is over; the password stays", user.email))
}

async fn find(args: &Args, email: &str) -> Result<(Tx, StoredUser), CliError> {
    let store = open(&settings(args)?).await?;
    let tx = store.write(SystemClock.now()).await?;
    let found = tx.user_by_email(email.trim()).await?;
    let user = found.ok_or_else(|| CliError::No(format!("nobody has the address {email:?}; nothing was changed")))?;
    Ok((tx, user))
}

/// The studies that would have no owner who may sign in.
async fn studies_without_owner(db: &Snapshot, user: &StoredUser) -> Result<Vec<String>, CliError> {
    let mut codes = vec![];
    for held in db.roles_of(user.id).await? {
        let members = db.members(held.study).await?;
        if !members.iter().any(|member| member.role == StudyRole::Owner && member.user != user.id) {
            codes.push(held.code);
        }
    }
    Ok(codes)
}

fn password_from_stdin() -> Result<SecretString, CliError> {
    let password = stdin_line("the password")?;
    if password.chars().count() < 12 {
        return Err(CliError::Usage("the password needs 12 characters or more".to_owned()));
    }
    Ok(password.into())
}

async fn hash(password: SecretString) -> Result<SecretString, CliError> {
    let hashed = metricis_server::password::hash(password).await;
    hashed.map_err(|error| CliError::No(format!("the password cannot be hashed: {error}")))
}
