//! `migrate up|down|status`, as the tables' owner.

use metricis_store::migration::MigrationStatus;
use metricis_store::{Store, StoreOptions};

use super::{require_database, settings, settings_or_new};
use crate::args::{Args, Migrate};
use crate::config::Settings;
use crate::output::{CliError, show};

pub async fn run(args: &Args, command: &Migrate) -> Result<(), CliError> {
    let settings = if matches!(command, Migrate::Up) { settings_or_new(args)? } else { settings(args)? };
    if !matches!(command, Migrate::Up) {
        require_database(&settings, &settings.migration_database)?;
    }
    let store = Store::open(&settings.migration_database, &StoreOptions::default()).await?;
    match command {
        Migrate::Up => show(args.json, &store.migrate_up(runtime_role(&settings).as_deref()).await?, describe),
        Migrate::Status => {
            let status = store.migration_status().await?;
            show(args.json, &status, describe)?;
            if status.is_at_head() { Ok(()) } else { Err(CliError::No(String::new())) }
        }
        Migrate::Down { yes } => down(args, &store, *yes).await,
    }
}

/// The role that servers sign in as, when it is not the owner itself.
pub fn runtime_role(settings: &Settings) -> Option<String> {
    let (runtime, owner) = (settings.database.role(), settings.migration_database.role());
    runtime.filter(|role| Some(role) != owner.as_ref())
}

async fn down(args: &Args, store: &Store, yes: bool) -> Result<(), CliError> {
    let (step, destroyed) = store.migration_down_plan().await?;
    let Some(step) = step else { return Err(CliError::No("there is no migration to revert".to_owned())) };
    let lost: Vec<String> = destroyed.iter().map(|d| format!("  {} – {} row(s)", d.what, d.rows)).collect();
    if !yes {
        let lost = if lost.is_empty() { "  no rows".to_owned() } else { lost.join("\n") };
        return Err(CliError::No(format!("reverting {step} would destroy:\n{lost}\nadd --yes to do it")));
    }
    show(args.json, &store.migrate_down().await?, |status| format!("reverted {step}\n{}", describe(status)))
}

fn describe(status: &MigrationStatus) -> String {
    let applied = status.applied_head.as_deref().unwrap_or("nothing");
    match status.pending.len() {
        0 => format!("at head {applied}"),
        n => format!("at {applied}; {n} pending, head is {}", status.required_head),
    }
}
