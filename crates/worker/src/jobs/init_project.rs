//! Sets an empty REDCap project up (guarantee 16): dictionary, arms, events, designations, repeats.
//!
//! Invariant: each step may be made again, so that a run that stopped midway is followed by a preview of what is left; nothing is
//! written to a project that holds a record or is in production.

mod design;

use metricis_core::action::Action;
use metricis_core::answer::ProjectInit;
use metricis_core::operation::{
    GivenDesign, InitReview, OperationRefusal, Order, ProjectDesign, ProjectState, StaleOrder, design_from_settings,
    dictionary_to_csv, review_init,
};
use metricis_core::words::SyncErrorType;
use metricis_store::ClaimedJob;
use serde_json::json;

use self::design::{make, read_state};
use super::finish_job;
use super::operation::{Target, conclude};
use crate::failure::Failure;
use crate::persist::persist;
use crate::worker::Worker;

/// The job's result is a [`ProjectInit`].
///
/// # Errors
/// The calls', a design that is none, a refusal, another state than the previewed one; a step that failed is named.
pub(super) async fn init_project(
    worker: &Worker,
    job: &ClaimedJob,
    given: Option<&GivenDesign>,
    order: &Order,
) -> Result<(), Failure> {
    let target = Target::open(worker, job).await?;
    let (wanted, notes) = match given {
        Some(given) => (ProjectDesign::read(given).map_err(Failure::refused)?, vec![]),
        None => from_settings(worker, &target).await?,
    };
    let taken = taken(worker, &target).await?;
    let now = read_state(worker, &target).await?;
    target.refuse_blind(worker, now.design.dictionary.first().map_or("", |first| first.name())).await?;
    let mut review = review_init(&target.study.config.redcap, &now, &wanted);
    review.warnings.extend(notes);
    review.refusals.extend(taken);
    let answer = answer_of(&review, order, &now, &wanted, given.is_none());
    if order.is_preview() {
        return finish_job(worker, job, json!(answer)).await;
    }
    order.check(&answer.digest).map_err(Failure::refused)?;
    OperationRefusal::unless_empty(&review.refusals).map_err(Failure::refused)?;
    write(worker, job, &target, &now, &review, &wanted).await?;
    let InitReview { steps, before_digest, after_digest, .. } = review;
    let action = Action::InitProject {
        study: job.study,
        job: job.id,
        fields: wanted.dictionary.len(),
        events: wanted.events.len(),
        steps: steps.len(),
        before_digest,
        after_digest,
    };
    conclude(worker, job, json!(answer), action).await
}

/// A study with participants has records, whatever the token sees.
async fn taken(worker: &Worker, target: &Target) -> Result<Option<String>, Failure> {
    let count = || async { Ok(worker.read().await?.participant_count(target.study.id).await?) };
    let participants = persist(worker.settings.poll_ms, count).await?;
    Ok((participants > 0).then(|| {
        format!("the study has {participants} participants, and only an empty project is set up; change this one by its dictionary")
    }))
}

async fn from_settings(worker: &Worker, target: &Target) -> Result<(ProjectDesign, Vec<String>), Failure> {
    let read = || async { Ok(worker.read().await?.stored_windows(target.study.id).await?) };
    let windows = persist(worker.settings.poll_ms, read).await?;
    let windows: Vec<_> = windows.into_iter().map(|stored| (stored.window, stored.instruments)).collect();
    design_from_settings(&target.study.config.redcap, &windows).map_err(Failure::refused)
}

/// Makes each step, then reads the project again. Right before the first the project is looked at once more: a record may have
/// been made while its design was read.
async fn write(
    worker: &Worker,
    job: &ClaimedJob,
    target: &Target,
    before: &ProjectState,
    review: &InitReview,
    wanted: &ProjectDesign,
) -> Result<(), Failure> {
    if read_state(worker, &Target::open(worker, job).await?).await? != *before {
        return Err(Failure::refused(StaleOrder));
    }
    for (number, step) in (1..).zip(&review.steps) {
        make(worker, target, *step, review, wanted).await.map_err(|failure| {
            let Failure { error_type, message } = failure;
            let (of, name) = (review.steps.len(), step.as_str());
            let place = format!("step {number} of {of} ({name}) failed: {message}");
            Failure::new(
                error_type,
                format!("{place}; running it again is safe: look at the preview, then order what is left"),
            )
        })?;
    }
    let after = read_state(worker, &Target::open(worker, job).await?).await?;
    match review_init(&target.study.config.redcap, &after, wanted).differing().as_slice() {
        [] => Ok(()),
        differing => Err(Failure::new(
            SyncErrorType::ApiError,
            format!(
                "REDCap confirmed each step, and is not as it was asked to be in: {}; look at the preview again, it shows what \
                 differs",
                differing.join(", ")
            ),
        )),
    }
}

fn answer_of(
    review: &InitReview,
    order: &Order,
    now: &ProjectState,
    wanted: &ProjectDesign,
    from_settings: bool,
) -> ProjectInit {
    ProjectInit {
        success: review.refusals.is_empty(),
        dry_run: order.is_preview(),
        digest: review.digest(now),
        from_settings,
        design_dictionary: dictionary_to_csv(&wanted.dictionary),
        dictionary: review.dictionary.clone(),
        arms: review.arms.clone(),
        events: review.events.clone(),
        form_event_mapping: review.form_event_mapping.clone(),
        repeating: review.repeating.clone(),
        becomes_longitudinal: review.becomes_longitudinal,
        enables_scheduling: review.enables_scheduling,
        steps: review.steps.clone(),
        warnings: review.warnings.clone(),
        refusals: review.refusals.clone(),
        before_digest: review.before_digest.clone(),
        after_digest: review.after_digest.clone(),
    }
}
