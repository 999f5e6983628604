//! Takes an instrument out of a REDCap project (guarantee 16): REDCap is given the dictionary without it.
//!
//! Invariant: one write takes it away, or nothing does; what still designates it afterwards is only tidied up.

use metricis_core::action::Action;
use metricis_core::answer::FormDeletion;
use metricis_core::operation::{FormReview, OperationRefusal, Order, review_form_deletion};
use metricis_redcap::RecordQuery;
use metricis_redcap::wire::{FormEventMapping, Row};
use metricis_store::ClaimedJob;
use serde_json::json;

use super::finish_job;
use super::operation::{Target, conclude, holders, send, sweep};
use crate::failure::Failure;
use crate::worker::Worker;

/// The job's result is a [`FormDeletion`].
///
/// # Errors
/// The calls', a refusal, another state than the previewed one.
pub(super) async fn delete_form(worker: &Worker, job: &ClaimedJob, form: &str, order: &Order) -> Result<(), Failure> {
    let target = Target::open(worker, job).await?;
    let current = target.dictionary(worker).await?;
    let mapping = mapping_of(worker, &target).await?;
    let events = mapping.iter().filter(|row| row.form == form).map(|row| row.unique_event_name.clone()).collect();
    let review = review_form_deletion(&target.study.config.redcap, &target.facts, &current, events, form);
    let id_field = current.first().map_or("", |first| first.name());
    target.refuse_blind(worker, id_field).await?;
    let records = match review.fields.is_empty() {
        true => 0,
        false => count_records(worker, &target, form, id_field).await?,
    };
    let mut answer = answer_of(&review, order, review.digest(&target.facts, form, records), form, records);
    if order.is_preview() {
        return finish_job(worker, job, json!(answer)).await;
    }
    order.check(&answer.digest).map_err(Failure::refused)?;
    OperationRefusal::unless_empty(&review.refusals).map_err(Failure::refused)?;
    target.check_dictionary(worker, &review.before_digest).await?;
    target.write_dictionary(worker, &review.next).await?;
    // The instrument is gone by now, whatever becomes of its designations: the account must not depend on them.
    if let Err(failure) = tidy_mapping(worker, &target, form).await {
        answer.warnings.push(failure.message);
    }
    let FormReview { fields, before_digest, after_digest, .. } = review;
    let action = Action::DeleteForm {
        study: job.study,
        job: job.id,
        form: form.to_owned(),
        fields: fields.len(),
        records,
        before_digest,
        after_digest,
    };
    conclude(worker, job, json!(answer), action).await
}

async fn mapping_of(worker: &Worker, target: &Target) -> Result<Vec<FormEventMapping>, Failure> {
    if !target.facts.is_longitudinal {
        return Ok(vec![]);
    }
    worker.gate.read(&target.redcap, |reader| async move { reader.form_event_mapping().await }).await
}

/// A designation of a form that has gone means nothing; a server that keeps it is told to forget it.
async fn tidy_mapping(worker: &Worker, target: &Target, form: &str) -> Result<(), Failure> {
    let mut mapping = mapping_of(worker, target).await?;
    let before = mapping.len();
    mapping.retain(|row| row.form != form);
    if mapping.len() == before {
        return Ok(());
    }
    let mapping = &mapping;
    let tidied =
        send(worker, &target.redcap, |client| async move { client.import_form_event_mapping(mapping).await }).await;
    tidied.map(drop).map_err(|failure| {
        let Failure { error_type, message } = failure;
        Failure::new(
            error_type,
            format!("the instrument is deleted, its events still name it; take it out of them in REDCap: {message}"),
        )
    })
}

async fn count_records(worker: &Worker, target: &Target, form: &str, id_field: &str) -> Result<usize, Failure> {
    let query =
        RecordQuery { forms: vec![form.to_owned()], fields: vec![id_field.to_owned()], ..RecordQuery::default() };
    let mut records = 0;
    sweep(worker, &target.redcap, query, id_field, None, |rows| {
        records += holders(&rows, id_field, |row| has_data(row, id_field, form));
        Ok(())
    })
    .await?;
    Ok(records)
}

/// Whether a row holds an answer or a state of the form: a form that nobody has opened is blank or 0, as is a box not checked.
fn has_data(row: &Row, id_field: &str, form: &str) -> bool {
    let complete = format!("{form}_complete");
    row.iter().any(|(column, value)| match column {
        column if column == id_field || column.starts_with("redcap_") => false,
        column if column == complete || column.contains("___") => !matches!(value, "" | "0"),
        _ => !value.is_empty(),
    })
}

fn answer_of(review: &FormReview, order: &Order, digest: String, form: &str, records: usize) -> FormDeletion {
    FormDeletion {
        success: review.refusals.is_empty(),
        dry_run: order.is_preview(),
        digest,
        form: form.to_owned(),
        fields: review.fields.clone(),
        events: review.events.clone(),
        records,
        warnings: review.warnings.clone(),
        refusals: review.refusals.clone(),
        before_digest: review.before_digest.clone(),
        after_digest: review.after_digest.clone(),
    }
}
