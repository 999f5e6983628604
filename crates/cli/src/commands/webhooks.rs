//! `webhooks list|replay|reread`: the inbox of DETs at the command line (checklist §8, §9.5).

use metricis_core::Clock;
use metricis_core::action::{Action, Entry};
use metricis_core::ids::EventId;
use metricis_store::{EventFilter, StoredEvent};

use super::{no_study, open, operator, settings};
use crate::args::{Args, Webhooks};
use crate::clock::SystemClock;
use crate::output::{CliError, show, table};

pub async fn run(args: &Args, command: &Webhooks) -> Result<(), CliError> {
    match command {
        Webhooks::List { study, status, limit } => list(args, study, status.as_deref(), *limit).await,
        Webhooks::Replay { event } => replay(args, event).await,
        Webhooks::Reread { study, record } => reread(args, study, record).await,
    }
}

async fn list(args: &Args, code: &str, status: Option<&str>, limit: u32) -> Result<(), CliError> {
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let snapshot = store.read(SystemClock.now()).await?;
    let study = snapshot.study_by_code(code).await?.ok_or_else(|| no_study(code))?.id;
    let events = match status {
        Some("stuck") => snapshot.stuck_events(study).await?,
        other => {
            let status = other
                .map(str::parse)
                .transpose()
                .map_err(|error| CliError::Usage(format!("--status: {error}, or stuck")))?;
            let filter = EventFilter { status, ..EventFilter::default() };
            snapshot.events(study, &filter, None, limit).await?
        }
    };
    let shown: Vec<_> = events.iter().map(facts).collect();
    show(args.json, &shown, |_| {
        let header = ["received", "status", "record", "instrument", "tries", "error or note", "id"];
        table(&header, events.iter().map(row))
    })
}

fn facts(event: &StoredEvent) -> serde_json::Value {
    serde_json::json!({
        "id": event.id, "source": event.source, "record_id": event.record_id, "instrument": event.instrument,
        "status": event.status, "received_at": event.received_at, "processed_at": event.processed_at,
        "effect": event.effect, "error_message": event.error_message, "note": event.note, "retry_count": event.retry_count,
        "duplicate_of_id": event.duplicate_of,
    })
}

fn row(event: &StoredEvent) -> Vec<String> {
    let words = event.error_message.clone().or_else(|| event.note.clone());
    vec![
        event.received_at.format("%F %T").to_string(),
        event.status.to_string(),
        event.record_id.clone(),
        event.instrument.clone(),
        event.retry_count.to_string(),
        words.unwrap_or_default(),
        event.id.to_string(),
    ]
}

async fn replay(args: &Args, event: &str) -> Result<(), CliError> {
    let id: EventId = event.parse().map_err(|_| CliError::Usage(format!("{event:?} is not the id of an event")))?;
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let tx = store.write(SystemClock.now()).await?;
    let replayed = tx.replay_event(id).await?.ok_or_else(|| CliError::No(format!("there is no event {id}")))?;
    let action = Action::ReplayEvent { event: id, from: replayed.from, retry_count: replayed.retry_count };
    tx.commit(Entry::study(replayed.study, operator(), action)).await?;
    let shown = serde_json::json!({ "id": id, "status": "received", "retry_count": replayed.retry_count });
    show(args.json, &shown, |_| {
        format!("event {id} is received again (try {}); a worker takes it", replayed.retry_count + 1)
    })
}

async fn reread(args: &Args, code: &str, record: &str) -> Result<(), CliError> {
    // The column's bound, which only one of the engines knows.
    if !(1..=255).contains(&record.chars().count()) {
        return Err(CliError::Usage("a record's id has 1 to 255 characters".to_owned()));
    }
    let settings = settings(args)?;
    let store = open(&settings).await?;
    let tx = store.write(SystemClock.now()).await?;
    let study = tx.study_by_code(code).await?.ok_or_else(|| no_study(code))?.id;
    tx.ask_reread(study, record).await?;
    let action = Action::AskReread { study, record: record.to_owned() };
    tx.commit(Entry::study(study, operator(), action)).await?;
    let shown = serde_json::json!({ "study": code, "record_id": record, "status": "asked" });
    show(args.json, &shown, |_| {
        format!(
            "a worker reads record {record} of {code} again; what has changed becomes an event (`metricis webhooks list {code}`)"
        )
    })
}
