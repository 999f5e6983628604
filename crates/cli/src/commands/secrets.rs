//! `secrets generate|rotate`: fresh secrets, and the dual-key bridge of the checklist's §9.3.

use metricis_core::Clock;
use metricis_core::action::{Action, Entry};
use metricis_store::SecretState;
use serde::Serialize;

use super::{open, operator, settings};
use crate::args::{Args, Secrets};
use crate::clock::SystemClock;
use crate::config::generate_secret;
use crate::output::{CliError, show};

pub async fn run(args: &Args, command: &Secrets) -> Result<(), CliError> {
    match command {
        Secrets::Generate => generate(args),
        Secrets::Rotate { apply } => rotate(args, *apply).await,
    }
}

fn generate(args: &Args) -> Result<(), CliError> {
    let names = ["JWT_SECRET_KEY", "SESSION_SECRET_KEY", "REDCAP_ENCRYPTION_KEY", "WEBHOOK_SECRET"];
    let secrets: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), generate_secret().into())).collect();
    show(args.json, &secrets, |secrets| {
        secrets.iter().map(|(name, value)| format!("{name}={}\n", value.as_str().unwrap_or_default())).collect()
    })
}

#[derive(Serialize)]
struct Report {
    applied: bool,
    checked: usize,
    needs_rotation: usize,
    rotated: usize,
    unreadable: Vec<String>,
}

async fn rotate(args: &Args, apply: bool) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let found = store.read(SystemClock.now()).await?.inspect_secrets(&settings.sealer).await?;
    let mut report = Report {
        applied: apply,
        checked: found.len(),
        needs_rotation: found.iter().filter(|secret| secret.state == SecretState::NeedsRotation).count(),
        rotated: 0,
        unreadable: vec![],
    };
    for secret in &found {
        if let SecretState::Unreadable(why) = &secret.state {
            report.unreadable.push(format!("{} {}: {why}", secret.study_code, secret.path));
        }
    }
    if apply {
        let mut studies: Vec<_> = found.iter().map(|secret| secret.study).collect();
        studies.dedup();
        for study in studies {
            let tx = store.write(SystemClock.now()).await?;
            let fields = tx.rotate_secrets(study, &settings.sealer).await?;
            if fields.is_empty() {
                continue;
            }
            report.rotated += fields.len();
            tx.commit(Entry::study(study, operator(), Action::RotateSecrets { study, fields })).await?;
        }
    }
    show(args.json, &report, describe)?;
    if report.unreadable.is_empty() { Ok(()) } else { Err(CliError::No(String::new())) }
}

fn describe(report: &Report) -> String {
    let mut text = match report.applied {
        true => format!("{} secret(s) checked, {} rotated", report.checked, report.rotated),
        false if report.needs_rotation == 0 => format!("{} secret(s) checked, zero rotations needed", report.checked),
        false => format!(
            "{} secret(s) checked, {} would be rotated; add --apply to do it",
            report.checked, report.needs_rotation
        ),
    };
    for line in &report.unreadable {
        text.push_str(&format!("\nunreadable: {line}"));
    }
    text
}
