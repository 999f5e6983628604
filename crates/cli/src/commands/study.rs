//! `study create|list|set-redcap|grant`.

use metricis_core::Clock;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::ids::{StudyId, UserId};
use metricis_core::study::{StudyConfig, check_webhook_secret};
use metricis_core::words::StudyRole;
use metricis_store::{Entries, NewStudy, SecretField, Store, StoreError, StoredUser, Tx};
use secrecy::{ExposeSecret, SecretString};

use super::{lock_study_by_code, open, operator, settings, stdin_line, taken};
use crate::args::{Args, Study};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::output::{CliError, show, table};

pub async fn run(args: &Args, command: &Study) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    match command {
        Study::Create { code, name, owner } => create(args, &store, code, name, owner).await,
        Study::List => list(args, &store).await,
        Study::SetRedcap { code, api_url, project_id, token_stdin, webhook_secret_stdin } => {
            let token = token_stdin.then(|| stdin_line("the API token")).transpose()?;
            let secret = webhook_secret_stdin.then(|| stdin_line("the webhook secret")).transpose()?;
            if let Some(secret) = &secret {
                check_webhook_secret(secret).map_err(|refusal| CliError::Usage(refusal.to_string()))?;
            }
            let connection = Connection { api_url, project_id, token, secret };
            set_redcap(args, &settings, &store, code, connection).await
        }
        Study::Grant { code, user, role } => grant(args, &store, code, user, role).await,
    }
}

async fn user_by_email(tx: &Tx, email: &str) -> Result<StoredUser, CliError> {
    let hint = format!("nobody has the address {email:?}; `metricis user create {email}` makes the account");
    tx.user_by_email(email).await?.ok_or(CliError::No(hint))
}

async fn create(args: &Args, store: &Store, code: &str, name: &str, owner: &str) -> Result<(), CliError> {
    let (code, name) = (code.trim(), name.trim());
    if code.is_empty() || name.is_empty() {
        return Err(CliError::Usage("the study needs a code and a --name that are not empty".to_owned()));
    }
    let tx = store.write(SystemClock.now()).await?;
    let owner = user_by_email(&tx, owner).await?;
    let inserted = insert_study(&tx, code, name, owner.id, &operator()).await;
    let (study, [first, rest @ ..]) =
        inserted.map_err(|error| taken(error, "code", || format!("a study with the code {code} exists already")))?;
    tx.commit(Entries::of(first, rest)).await?;
    let shown = serde_json::json!({ "id": study, "code": code, "owner": owner.email });
    show(args.json, &shown, |_| format!("created study {code}, id {study}, owned by {}", owner.email))
}

/// A new study and its first owner, and what is recorded of it in both chains.
///
/// # Errors
/// Whatever the database says; a conflict when the code is taken.
pub async fn insert_study(
    tx: &Tx,
    code: &str,
    name: &str,
    owner: UserId,
    actor: &Actor,
) -> Result<(StudyId, [Entry; 3]), StoreError> {
    let (study, role) = (StudyId::at(tx.now()), StudyRole::Owner);
    let config = StudyConfig::default();
    tx.insert_study(&NewStudy { id: study, code: code.to_owned(), name: name.to_owned(), config }).await?;
    tx.grant_role(study, owner, role).await?;
    let created = Action::CreateStudy { study, code: code.to_owned(), owner };
    let granted = Action::GrantStudyRole { study, user: owner, role, before: None, recovery: false };
    let entries = [
        Entry::system(actor.clone(), created.clone()),
        Entry::study(study, actor.clone(), created),
        Entry::study(study, actor.clone(), granted),
    ];
    Ok((study, entries))
}

async fn list(args: &Args, store: &Store) -> Result<(), CliError> {
    let studies = store.read(SystemClock.now()).await?.studies().await?;
    let shown: Vec<_> = studies
        .iter()
        .map(|study| serde_json::json!({ "id": study.id, "code": study.code, "name": study.name, "status": study.status }))
        .collect();
    show(args.json, &shown, |_| {
        let rows = studies.iter().map(|s| vec![s.code.clone(), s.status.to_string(), s.name.clone(), s.id.to_string()]);
        table(&["code", "status", "name", "id"], rows)
    })
}

struct Connection<'a> {
    api_url: &'a str,
    project_id: &'a str,
    token: Option<String>,
    secret: Option<String>,
}

async fn set_redcap(
    args: &Args,
    settings: &Settings,
    store: &Store,
    code: &str,
    connection: Connection<'_>,
) -> Result<(), CliError> {
    let tx = store.write(SystemClock.now()).await?;
    let study = lock_study_by_code(&tx, code).await?;
    let mut config = study.config;
    let (api_url, project_id, environment) = (connection.api_url, connection.project_id, &settings.environment);
    let new = metricis_core::study::NewConnection { api_url, project_id, environment };
    let before = config.redcap.api_origin.clone();
    let replaced = connection.token.is_some();
    config.redcap.connect(&new, replaced).map_err(|refusal| CliError::Usage(refusal.to_string()))?;
    if let Some(token) = connection.token {
        config.redcap.api_token = Some(settings.sealer.seal(study.id, SecretField::ApiToken, &token.into()));
    }
    let origin = config.redcap.api_origin.clone().unwrap_or_default();
    let project_id = config.redcap.project_id.clone().unwrap_or_default();
    let mut entries = Entries::from(Entry::study(
        study.id,
        operator(),
        Action::SetRedcapConnection {
            study: study.id,
            origin,
            project_id,
            origin_before: before,
            token_replaced: replaced,
        },
    ));
    if let Some(secret) = connection.secret
        && let Some(former_kept) = replace_secret(&mut config, settings, study.id, &secret.into())?
    {
        let action = Action::SetWebhookSecret { study: study.id, former_kept };
        entries = entries.and(Entry::study(study.id, operator(), action));
    }
    let set = tx.set_study_config(study.id, &config).await;
    set.map_err(|error| {
        let shared = "another study that is not completed is connected to this origin and project";
        taken(error, "redcap_origin_project", || shared.to_owned())
    })?;
    tx.commit(entries).await?;
    show(args.json, &config.redcap.summary(), |_| {
        format!("study {code} is connected to project {}", connection.project_id)
    })
}

/// Takes a new webhook secret and says whether a former one stays live; none when it is the current one already, as the API has it.
fn replace_secret(
    config: &mut StudyConfig,
    settings: &Settings,
    study: StudyId,
    secret: &SecretString,
) -> Result<Option<bool>, CliError> {
    let current = config.redcap.webhook_secret.as_deref();
    let current = current.and_then(|sealed| settings.sealer.open(study, SecretField::WebhookSecret, sealed).ok());
    if current.is_some_and(|current| current.value.expose_secret() == secret.expose_secret()) {
        return Ok(None);
    }
    let sealed = settings.sealer.seal(study, SecretField::WebhookSecret, secret);
    let former_kept = config.redcap.replace_webhook_secret(sealed);
    former_kept.map(Some).map_err(|refusal| CliError::No(refusal.to_string()))
}

async fn grant(args: &Args, store: &Store, code: &str, email: &str, role: &str) -> Result<(), CliError> {
    let role: StudyRole = role.parse().map_err(|error| CliError::Usage(format!("--role: {error}")))?;
    let tx = store.write(SystemClock.now()).await?;
    let study = lock_study_by_code(&tx, code).await?.id;
    let user = user_by_email(&tx, email).await?.id;
    let before = tx.role_on(study, user).await?;
    tx.grant_role(study, user, role).await?;
    let action = Action::GrantStudyRole { study, user, role, before, recovery: true };
    tx.commit(Entries::from(Entry::system(operator(), action.clone())).and(Entry::study(study, operator(), action)))
        .await?;
    let shown = serde_json::json!({ "study": study, "user": user, "role": role, "before": before });
    show(args.json, &shown, |_| format!("{email} is now {role} of {code}; all its owners see this in the audit log"))
}
