//! `reconcile STUDY`: REDCap's records against ours, by a running worker; `flags list|resolve`.

use std::time::Duration;

use metricis_core::Clock;
use metricis_core::action::{Action, Entry};
use metricis_core::answer::Reconciliation;
use metricis_core::ids::{FlagId, JobId};
use metricis_core::words::{FlagResolution, JobState};
use metricis_store::{JobKind, Store, StoreError, StoredFlag, StoredJob};

use super::{lock_study_by_code, no_study, open, operator, settings};
use crate::args::{Args, Flags, ReconcileArgs};
use crate::clock::SystemClock;
use crate::output::{CliError, say, show, table};

/// How often the job is looked at.
const LOOK: Duration = Duration::from_millis(250);

pub async fn run(args: &Args, order: &ReconcileArgs) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let job = enqueue(&store, order).await?;
    if !args.json {
        say(&format!("job {job} is queued; waiting for a worker (at most {} s)", order.wait_s));
    }
    let looks = u64::from(order.wait_s) * 1_000 / u64::try_from(LOOK.as_millis()).unwrap_or(1);
    for _ in 0..=looks {
        let found = store.read(SystemClock.now()).await?.job(job).await?;
        match found.filter(|job| matches!(job.state, JobState::Done | JobState::Failed)) {
            Some(ended) => return tell(args, &ended),
            None => tokio::time::sleep(LOOK).await,
        }
    }
    Err(CliError::No(format!(
        "job {job} has not ended after {} s; it goes on, and its outcome is with the study",
        order.wait_s
    )))
}

async fn enqueue(store: &Store, order: &ReconcileArgs) -> Result<JobId, CliError> {
    let tx = store.write(SystemClock.now()).await?;
    let study = lock_study_by_code(&tx, &order.study).await?.id;
    if tx.reconcile_under_way(study).await? {
        return Err(CliError::No(format!("a reconcile of {} is under way already", order.study)));
    }
    if tx.live_workers().await? == 0 {
        return Err(CliError::No(
            "no worker lives; start one with `metricis worker` or `metricis serve --with-worker`".to_owned(),
        ));
    }
    let kind =
        JobKind::Reconcile { full: order.full, dry_run: order.dry_run, absent_as_deleted: order.absent_as_deleted };
    let job = tx.enqueue_job(study, &kind).await?;
    let ReconcileArgs { full, dry_run, absent_as_deleted, .. } = *order;
    let asked = Action::AskReconcile { study, job, full, dry_run, absent_as_deleted };
    tx.commit(Entry::study(study, operator(), asked)).await?;
    Ok(job)
}

fn tell(args: &Args, job: &StoredJob) -> Result<(), CliError> {
    let Some(result) = job.result.clone() else {
        return Err(CliError::No(format!(
            "the reconcile failed: {}",
            job.error.as_deref().unwrap_or("no reason is stored")
        )));
    };
    show(args.json, &result, |result| {
        serde_json::from_value(result.clone())
            .map_or_else(|_| result.to_string(), |found: Reconciliation| in_words(&found))
    })?;
    match result["success"].as_bool() {
        Some(true) => Ok(()),
        _ => Err(CliError::No("not every record is accounted for".to_owned())),
    }
}

fn in_words(found: &Reconciliation) -> String {
    let Reconciliation { counts, .. } = found;
    let mut lines = vec![format!(
        "{}{} records listed, {} read: {} missing, {} changed, {} waiting for an event, {} held by a flag, {} new flags",
        if found.dry_run { "dry run, nothing was written: " } else { "" },
        found.listed,
        found.examined,
        counts.missing,
        counts.changed,
        counts.waiting,
        counts.held,
        counts.flags
    )];
    let mut list = |what: &str, names: &[String]| {
        lines.extend(names.iter().map(|name| format!("  {what}: record {name}")));
    };
    list("missing", &found.missing);
    list("changed", &found.changed);
    list("held", &found.held);
    list("unexplained", &found.unexplained);
    let waiting = found
        .waiting
        .iter()
        .map(|one| format!("  waiting: record {} for event {} ({})", one.record, one.event, one.status));
    lines.extend(waiting);
    lines.extend(found.flags.iter().map(|flag| {
        let became = flag.became.as_deref().map(|became| format!(" to {became}")).unwrap_or_default();
        format!("  flag: record {} {}{became} at {} (REDCap's time)", flag.record, flag.kind, flag.at)
    }));
    lines.extend(found.message.clone());
    lines.join("\n")
}

pub async fn flags(args: &Args, command: &Flags) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    match command {
        Flags::List { study, all } => list_flags(args, &store, study, *all).await,
        Flags::Resolve { flag, choice, reason } => resolve_flag(args, &store, flag, choice.word(), reason).await,
    }
}

async fn list_flags(args: &Args, store: &Store, code: &str, all: bool) -> Result<(), CliError> {
    let snapshot = store.read(SystemClock.now()).await?;
    let study = snapshot.study_by_code(code).await?.ok_or_else(|| no_study(code))?.id;
    let flags = snapshot.flags(study, !all, 1_000).await?;
    let shown: Vec<_> = flags.iter().map(facts).collect();
    show(args.json, &shown, |_| {
        table(&["raised", "what", "record", "became", "resolution", "id"], flags.iter().map(row))
    })
}

fn facts(flag: &StoredFlag) -> serde_json::Value {
    serde_json::json!({
        "id": flag.id, "kind": flag.kind, "record_id": flag.record_id, "was": flag.was, "became": flag.became,
        "participant_id": flag.participant, "redcap_at": flag.redcap_at.map(|at| at.format("%F %H:%M").to_string()),
        "raised_at": flag.raised_at, "resolution": flag.resolution, "resolved_at": flag.resolved_at, "reason": flag.reason,
    })
}

fn row(flag: &StoredFlag) -> Vec<String> {
    vec![
        flag.raised_at.format("%F %T").to_string(),
        flag.kind.to_string(),
        flag.record_id.clone(),
        flag.became.clone().unwrap_or_default(),
        flag.resolution.map_or_else(|| "open".to_owned(), |resolution| resolution.to_string()),
        flag.id.to_string(),
    ]
}

async fn resolve_flag(
    args: &Args,
    store: &Store,
    id: &str,
    resolution: FlagResolution,
    reason: &str,
) -> Result<(), CliError> {
    let id: FlagId = id.parse().map_err(|_| CliError::Usage(format!("{id:?} is not the id of a flag")))?;
    let reason = reason.trim();
    if !(1..=500).contains(&reason.chars().count()) {
        return Err(CliError::Usage("--reason says in 1 to 500 characters why, for the audit log".to_owned()));
    }
    let tx = store.write(SystemClock.now()).await?;
    let nothing = || CliError::No(format!("there is no flag {id}"));
    let study = tx.flag(id).await?.ok_or_else(nothing)?.study;
    let decided = tx.decide_flag(study, id, resolution, None, reason).await.map_err(in_words_of)?;
    tx.commit(Entry::study(study, operator(), decided.ok_or_else(nothing)?)).await?;
    show(args.json, &serde_json::json!({ "id": id, "resolution": resolution }), |_| {
        format!("flag {id} is {resolution}{}", next_steps(resolution))
    })
}

fn next_steps(resolution: FlagResolution) -> &'static str {
    match resolution {
        FlagResolution::Followed => {
            "; what waited under it is a person's: replay its failed events (metricis webhooks list STUDY --status failed), then re-sync its \
             failed results. A reconcile tells when the record is not there after all"
        }
        FlagResolution::Detached => {
            "; nothing is sent to REDCap for the participant any more, and the record's name is free: replay its failed events. Withdraw \
             the participant if they have left"
        }
        FlagResolution::Dismissed | FlagResolution::Unconcerned => "",
    }
}

fn in_words_of(error: StoreError) -> CliError {
    match error {
        StoreError::Conflict { constraint } => CliError::No(constraint),
        other => other.into(),
    }
}
