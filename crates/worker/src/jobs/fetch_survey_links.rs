//! Asks REDCap for the survey links that participants need now or within a week, so that no request has to (guarantee 20).
//!
//! ```text
//!   heartbeat, at most once an hour for a study ─┐
//!   enrolled · consented · events synced ────────┼─► one job ─► up to 100 links, 20 a transaction ─► the next job, if there are more
//!   surveys named · refreshed by a person ───────┘
//! ```
//!
//! Invariants: a link is in no log, error or audit row; a survey that REDCap refuses is written down in words for staff, keeps no
//! other from its link, and is asked for again after a day; a REDCap that fails ends the job, with what it gave before.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use chrono::{Days, Duration};
use metricis_core::Timestamp;
use metricis_core::action::{Action, Actor, Entry};
use metricis_core::answer::SurveyLinks;
use metricis_core::ids::StudyId;
use metricis_core::schedule::study_date;
use metricis_redcap::{CallError, Reader};
use metricis_store::{ClaimedJob, JobKind, LinkQuery, Operational, Snapshot, StoredStudy, WantedLink};
use secrecy::SecretString;
use serde_json::json;

use super::read_study;
use crate::connection::{Connection, connect};
use crate::failure::{Failure, Stop};
use crate::persist::persist;
use crate::record::study_zone;
use crate::worker::Worker;

/// Links of one job.
const LINKS: u32 = 100;
/// Links of one transaction: what a killed worker asks for twice.
const LINKS_TOGETHER: usize = 20;
/// A visit that opens within so many days gets its links already.
const AHEAD: Days = Days::new(7);
/// After so long REDCap is asked again for a link that it refused.
const REFUSED_FOR: Duration = Duration::hours(24);
/// How often a study is looked at without anybody's asking.
const EVERY: Duration = Duration::hours(1);
/// How often a process looks at its studies.
const LOOK_EVERY: Duration = Duration::minutes(1);

/// What came of asking for one link: it, or REDCap's refusal.
type LinkAnswer = Result<SecretString, String>;

/// Queues a fetch for each study in which somebody needs a link; looks once a minute, however often it is called.
///
/// # Errors
/// Whatever the database says.
pub(crate) async fn due(worker: &Worker) -> metricis_store::Result<()> {
    let now = worker.clock.now();
    {
        let mut looked = worker.looked_for_links.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|last| now < last + LOOK_EVERY) {
            return Ok(());
        }
        *looked = Some(now);
    }
    for study in worker.read().await?.studies_to_look_for_links(now - EVERY).await? {
        if is_anything_wanted(worker, study).await? {
            let tx = worker.write().await?;
            tx.ask_survey_links(study).await?;
            tx.commit_operational(Operational::QueueClaim).await?;
        }
    }
    Ok(())
}

async fn is_anything_wanted(worker: &Worker, id: StudyId) -> metricis_store::Result<bool> {
    let snapshot = worker.read().await?;
    let Some(study) = snapshot.study(id).await? else { return Ok(false) };
    Ok(!wanted(worker, &snapshot, &study, None, 1).await?.is_empty())
}

/// The job's result is a [`SurveyLinks`].
///
/// # Errors
/// A REDCap that fails; what it gave before is kept.
pub(super) async fn fetch_survey_links(
    worker: &Worker,
    job: &ClaimedJob,
    asked_before: Option<Timestamp>,
) -> Result<(), Failure> {
    let study = read_study(worker, job.study).await?;
    let look = || async { Ok(wanted(worker, &worker.read().await?, &study, asked_before, LINKS).await?) };
    let links = persist(worker.settings.poll_ms, look).await?;
    let mut result = SurveyLinks { success: true, more: links.len() >= LINKS as usize, ..SurveyLinks::default() };
    if !links.is_empty() {
        let redcap = connect(worker, &study)?;
        for links in links.chunks(LINKS_TOGETHER) {
            let (answers, ended) = ask_for(worker, &redcap, links).await;
            let put = || put_answers(worker, &study, &answers);
            let (fetched, refused) = persist(worker.settings.poll_ms, put).await?;
            result.fetched += fetched;
            result.refused += refused;
            ended?;
        }
    }
    Ok(persist(worker.settings.poll_ms, || finish(worker, job, asked_before, &result)).await?)
}

async fn wanted(
    worker: &Worker,
    snapshot: &Snapshot,
    study: &StoredStudy,
    asked_before: Option<Timestamp>,
    limit: u32,
) -> metricis_store::Result<Vec<WantedLink>> {
    let mapping = &study.config.redcap.redcap_field_mapping;
    let mapped: BTreeSet<&str> = mapping.values().map(|to| to.instrument.as_str()).collect();
    let production = worker.settings.environment.is_production();
    let zone = study_zone(&study.config).unwrap_or_default();
    let today = study_date(snapshot.now(), zone, study.time_simulation_offset_days, production);
    let query = LinkQuery {
        // Participants are up to a day away from the study's zone.
        today: today.pred_opt().unwrap_or(today),
        until: today.checked_add_days(AHEAD).unwrap_or(today),
        refused_before: snapshot.now() - REFUSED_FOR,
        asked_before,
        mapped: &mapped,
        limit,
    };
    snapshot.wanted_survey_links(study.id, &query).await
}

/// One after the other, until REDCap fails: the answers until then, and the failure.
async fn ask_for<'a>(
    worker: &Worker,
    redcap: &Connection,
    links: &'a [WantedLink],
) -> (Vec<(&'a WantedLink, LinkAnswer)>, Result<(), Failure>) {
    let mut answers = vec![];
    for link in links {
        match worker.gate.read(redcap, |reader| ask_for_one(reader, link, &redcap.host)).await {
            Ok(answer) => answers.push((link, answer)),
            Err(failure) => return (answers, Err(failure)),
        }
    }
    (answers, Ok(()))
}

/// A refusal of one survey is an answer: it says nothing about REDCap's health, and must not open the breaker.
async fn ask_for_one(reader: Reader, link: &WantedLink, host: &str) -> Result<LinkAnswer, CallError> {
    let instance = link.place.instance_of(&link.instrument);
    let event = link.place.event_name.as_deref();
    match reader.survey_link(&link.record, &link.instrument, event, instance).await {
        Ok(address) if leads_to(&address, host) => Ok(Ok(address.into())),
        Ok(_) => {
            Ok(Err(format!("REDCap gives a link that does not lead to {host}; participants are not sent elsewhere")))
        }
        Err(CallError::Refused { status: 400, message }) => Ok(Err(refusal(&message.to_string()))),
        Err(failure) => Err(failure),
    }
}

/// Whether a link leads to REDCap itself, and to nowhere by way of its user info.
fn leads_to(link: &str, host: &str) -> bool {
    let plain = url::Url::parse(link).ok().filter(|url| url.username().is_empty() && url.password().is_none());
    plain.is_some_and(|url| url.host_str().is_some_and(|name| name.eq_ignore_ascii_case(host)))
        && !link.contains(['"', '\'', '<', '>'])
}

/// REDCap's words for staff; not when they hold an address, which may be somebody's survey.
fn refusal(message: &str) -> String {
    match message.contains("://") || message.contains("s=") {
        true => "REDCap gives no link, in words that may hold one and are not kept; ask for it in REDCap".to_owned(),
        false => format!("REDCap gives no link: {message}"),
    }
}

/// How many links and how many refusals were written down.
async fn put_answers(
    worker: &Worker,
    asked: &StoredStudy,
    answers: &[(&WantedLink, LinkAnswer)],
) -> Result<(usize, usize), Stop> {
    let tx = worker.write().await?;
    let study = tx.lock_study(asked.id).await?.ok_or_else(|| Failure::exception("the study does not exist"))?;
    let project = |study: &StoredStudy| {
        let redcap = &study.config.redcap;
        (redcap.api_origin.clone(), redcap.project_id.clone())
    };
    if project(&study) != project(asked) {
        return Err(Failure::refused(
            "the study was connected to another project meanwhile; its links are fetched anew",
        )
        .into());
    }
    let (mut fetched, mut refused) = (0, 0);
    for (link, answer) in answers {
        if tx.put_survey_link(link, answer).await? {
            *(if answer.is_ok() { &mut fetched } else { &mut refused }) += 1;
        }
    }
    if fetched + refused > 0 {
        let action = Action::FetchSurveyLinks { study: asked.id, fetched, refused };
        tx.commit(Entry::study(asked.id, Actor::Worker, action)).await?;
    }
    Ok((fetched, refused))
}

async fn finish(
    worker: &Worker,
    job: &ClaimedJob,
    asked_before: Option<Timestamp>,
    result: &SurveyLinks,
) -> Result<(), Stop> {
    let tx = worker.write().await?;
    // Everything asked for is written down, so that the next job asks for others; where nothing was, it would ask for the same.
    if result.more && result.fetched + result.refused > 0 {
        tx.enqueue_job(job.study, &JobKind::FetchSurveyLinks { asked_before }).await?;
    }
    tx.finish_job(job.id, json!(result)).await?;
    Ok(tx.commit_operational(Operational::QueueClaim).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_redcap_and_a_refusal_holds_no_address() {
        let host = "redcap.example.edu";
        assert!(leads_to("https://REDCAP.example.edu/surveys/?s=AD7E9E70EF46237F", host));
        for elsewhere in [
            "https://evil.example/surveys/?s=X",
            "https://redcap.example.edu@evil.example/",
            "https://user:pw@redcap.example.edu/",
            "https://redcap.example.edu.evil.example/",
            "https://redcap.example.edu/\"onmouseover=\"x",
        ] {
            assert!(!leads_to(elsewhere, host), "{elsewhere}");
        }
        assert!(
            !refusal("the survey https://redcap.example.edu/surveys/?s=AD7E of Jane Doe is closed").contains("AD7E")
        );
        assert!(refusal("no survey").ends_with("no survey"));
    }
}
