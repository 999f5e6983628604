//! After an event sync the schedules follow: who is enrolled gets the visits of windows that are newer than their schedule.
//!
//! ```text
//!   windows committed ─► 200 participants ─► 200 participants ─► … ─► the job's result
//!                        each in a transaction with its audit rows; killed in between, the next event sync adds the rest
//! ```
//!
//! Invariants: `core::schedule::follow_windows` decides; nobody's visit is moved or removed; one participant who cannot be planned
//! does not keep the others from it, and is told in the result.

use metricis_core::action::{Action, Actor, Entry};
use metricis_core::answer::EventSync;
use metricis_core::ids::{ParticipantId, StudyId};
use metricis_core::schedule::{FollowFacts, follow_windows, gate, study_date};
use metricis_core::words::ParticipantStatus;
use metricis_store::{Entries, FollowedParticipant, Operational, StoredStudy};

use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::study_zone;
use crate::worker::Worker;

/// Participants in one transaction.
const CHUNK: u32 = 200;

/// What a chunk came to.
#[derive(Default)]
struct Followed {
    next: Option<ParticipantId>,
    added: usize,
    differing: usize,
    /// Why somebody could not be planned.
    refusals: Vec<String>,
}

/// Lets all schedules of a study follow its windows, and counts what that came to.
///
/// # Errors
/// Whatever the database says.
pub(super) async fn follow_events(worker: &Worker, study: StudyId, result: &mut EventSync) -> Result<(), Failure> {
    let (mut after, mut refusals) = (None, vec![]);
    loop {
        let chunk = persist(worker.settings.poll_ms, || follow_chunk(worker, study, after)).await?;
        result.visits_added += chunk.added;
        result.visits_differing += chunk.differing;
        refusals.extend(chunk.refusals);
        match chunk.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if let Some(first) = refusals.first() {
        result.problems.push(format!("new visits could not be planned for {} participants: {first}", refusals.len()));
    }
    let count = || async { Ok(worker.read().await?.visits_without_event(study).await?) };
    result.visits_without_event = persist(worker.settings.poll_ms, count).await?;
    Ok(())
}

async fn follow_chunk(worker: &Worker, study: StudyId, after: Option<ParticipantId>) -> Result<Followed, Stop> {
    let tx = worker.write().await?;
    let study = tx.study(study).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    let windows = tx.windows(study.id).await?;
    let chunk = tx.lock_follow_chunk(study.id, after, CHUNK).await?;
    let mut followed = Followed { next: chunk.next, ..Followed::default() };
    let mut entries = vec![];
    for participant in chunk.participants {
        let (id, version) = (participant.id, participant.version);
        let plan = match follow_windows(&facts_of(worker, &study, participant, tx.now())?, &windows) {
            Ok(plan) => plan,
            Err(refusal) => {
                followed.refusals.push(refusal.to_string());
                continue;
            }
        };
        followed.differing += plan.differing;
        if !plan.create.is_empty() {
            tx.insert_visits(version, &plan.create).await?;
            followed.added += plan.create.len();
            let action = Action::AddVisits { participant: id, version, visits: plan.create.len() };
            entries.push(Entry::study(study.id, Actor::Worker, action));
        }
    }
    let mut entries = entries.into_iter();
    match entries.next() {
        Some(first) => tx.commit(Entries::of(first, entries)).await?,
        None => tx.commit_operational(Operational::QueueClaim).await?,
    }
    Ok(followed)
}

fn facts_of(
    worker: &Worker,
    study: &StoredStudy,
    participant: FollowedParticipant,
    now: metricis_core::Timestamp,
) -> Result<FollowFacts, Failure> {
    let zone = match participant.time_zone.parse() {
        Ok(zone) => zone,
        Err(_) => study_zone(&study.config)?,
    };
    let production = worker.settings.environment.is_production();
    Ok(FollowFacts {
        participant: ParticipantStatus::Enrolled,
        arm_num: participant.arm_num,
        anchor: participant.anchor,
        gate_open: gate(&study.config.constraints, participant.consent).is_open(),
        visits: participant.visits,
        today: study_date(now, zone, study.time_simulation_offset_days, production),
    })
}
