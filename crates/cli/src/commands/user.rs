//! `user create`.

use metricis_core::Clock;
use metricis_core::action::{Action, Entry};
use metricis_core::ids::UserId;
use metricis_core::words::GlobalRole;
use metricis_store::NewUser;

use super::{open, operator, settings, stdin_line, taken};
use crate::args::{Args, User};
use crate::clock::SystemClock;
use crate::output::{CliError, show};

pub async fn run(args: &Args, command: &User) -> Result<(), CliError> {
    let User::Create { email, role, .. } = command;
    let role: GlobalRole = role.parse().map_err(|error| CliError::Usage(format!("--role: {error}")))?;
    if !email.contains('@') || email.chars().any(char::is_whitespace) {
        return Err(CliError::Usage(format!("{email:?} is not an e-mail address")));
    }
    let password = stdin_line("the password")?;
    if password.chars().count() < 12 {
        return Err(CliError::Usage("the password needs 12 characters or more".to_owned()));
    }
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let password_hash = metricis_server::password::hash(password.into())
        .await
        .map_err(|error| CliError::No(format!("the password cannot be hashed: {error}")))?;
    let tx = store.write(SystemClock.now()).await?;
    let user = NewUser { id: UserId::at(tx.now()), email: email.clone(), role, password_hash };
    let inserted = tx.insert_user(&user).await;
    inserted.map_err(|error| {
        taken(error, "email", || format!("an account with the address {} exists already", email.to_lowercase()))
    })?;
    tx.commit(Entry::system(operator(), Action::CreateUser { user: user.id, role })).await?;
    let created = serde_json::json!({ "id": user.id, "email": email.to_lowercase(), "role": role });
    show(args.json, &created, |_| format!("created {} ({role}), id {}", email.to_lowercase(), user.id))
}
