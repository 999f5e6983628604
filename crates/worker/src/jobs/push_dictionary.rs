//! Gives REDCap another data dictionary (guarantee 16).
//!
//! Invariant: REDCap's dictionary is as the preview showed it right before it is written, and as it was sent afterwards.

use metricis_core::action::Action;
use metricis_core::answer::DictionaryPush;
use metricis_core::operation::{DataLoss, OperationRefusal, Order, PushReview, parse_dictionary, review_push};
use metricis_store::ClaimedJob;
use serde_json::json;

use super::finish_job;
use super::operation::{Target, conclude};
use crate::failure::Failure;
use crate::worker::Worker;

/// The job's result is a [`DictionaryPush`].
///
/// # Errors
/// The calls', a dictionary that is none, a refusal, another state than the previewed one.
pub(super) async fn push_dictionary(
    worker: &Worker,
    job: &ClaimedJob,
    dictionary: &str,
    order: &Order,
) -> Result<(), Failure> {
    let next = parse_dictionary(dictionary).map_err(Failure::refused)?;
    let target = Target::open(worker, job).await?;
    let current = target.dictionary(worker).await?;
    let review = review_push(&target.study.config.redcap, &target.facts, &current, &next);
    let id_field = current.first().map_or("", |first| first.name());
    target.refuse_blind(worker, id_field).await?;
    let losses = target.count(worker, id_field, &review.to_count).await?;
    let mut answer = answer_of(&review, order, review.digest(&target.facts, &losses), losses);
    if order.is_preview() {
        return finish_job(worker, job, json!(answer)).await;
    }
    order.check(&answer.digest).map_err(Failure::refused)?;
    OperationRefusal::unless_empty(&review.refusals).map_err(Failure::refused)?;
    if !review.diff.is_empty() {
        target.check_dictionary(worker, &review.before_digest).await?;
        answer.written = Some(target.write_dictionary(worker, &next).await?);
    }
    let PushReview { diff, before_digest, after_digest, .. } = review;
    let action = Action::PushDictionary {
        study: job.study,
        job: job.id,
        added: diff.fields_added.len(),
        removed: diff.fields_removed.len(),
        changed: diff.fields_changed.len(),
        before_digest,
        after_digest,
    };
    conclude(worker, job, json!(answer), action).await
}

fn answer_of(review: &PushReview, order: &Order, digest: String, losses: Vec<DataLoss>) -> DictionaryPush {
    DictionaryPush {
        success: review.refusals.is_empty(),
        dry_run: order.is_preview(),
        digest,
        diff: review.diff.clone(),
        losses,
        warnings: review.warnings.clone(),
        refusals: review.refusals.clone(),
        before_digest: review.before_digest.clone(),
        after_digest: review.after_digest.clone(),
        written: None,
    }
}
