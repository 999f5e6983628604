//! Rows 10, 12 and 13: failed syncs are explained, counted and told. A synthetic one is made and rolled back.

use metricis_core::ids::{ParticipantId, SessionId};
use metricis_core::sync::data_status;
use metricis_core::words::{ParticipantStatus, SyncErrorType};
use metricis_store::{JobKind, NewParticipant, NewSession, ParticipantFilter, StoredStudy, Tx};
use serde_json::Map;

use super::{Finding, Flaw};
use crate::AppState;
use crate::fresh::uuid_at;
use crate::today::zone_of;

/// Row 10: what the rows say, and that a session sent again unasked would be noticed – a study without sessions proves nothing
/// else. That no code could substitute is what the test suites prove.
pub(super) async fn no_fallback(app: &AppState, study: &StoredStudy) -> Finding {
    let tx = app.store.write(app.now()).await?;
    let proof = tx.sync_proof(study.id).await?;
    let (_, session) = fail_a_session(&tx, study).await?;
    for _ in 0..2 {
        tx.enqueue_job(study.id, &JobKind::SyncSession { session }).await?;
    }
    let noticed = tx.sync_proof(study.id).await?;
    tx.roll_back().await?;
    if (noticed.sessions, noticed.sent_unasked) != (proof.sessions + 1, proof.sent_unasked + 1) {
        let evidence = "a synthetic session, sent again without a person, was not noticed; rolled back";
        return Err(Flaw::new(evidence, "report this as a fault"));
    }
    let seen = format!(
        "{} session(s): {} with an unexplained state, {} sent to REDCap again without a person's re-sync",
        proof.sessions, proof.unexplained, proof.sent_unasked
    );
    match proof.unexplained + proof.sent_unasked {
        0 => Ok(format!(
            "{seen}; a synthetic one sent again was noticed, rolled back; the code is proven by the test suites; {}",
            left_for_redcap(app).await?
        )),
        _ => Err(Flaw::new(seen, "stop; somebody or something has changed sessions or jobs outside the pipeline")),
    }
}

/// What all studies together send, beside what they may: work that waits for its turn has not failed.
async fn left_for_redcap(app: &AppState) -> Result<String, Flaw> {
    let calls = app.store.read(app.now()).await?.outbound_calls().await?;
    let budget = app.outbound_budget().await;
    let hosts = calls.iter().map(|host| {
        let (wait_s, wait_ms) = (host.longest_wait_ms / 1000, host.longest_wait_ms % 1000);
        let (name, last) = (&host.host, host.last_minute);
        format!(
            "{name}: {last} call(s) in the last minute of {budget} allowed, the longest waited {wait_s}.{wait_ms:03} s"
        )
    });
    Ok(match calls.is_empty() {
        true => format!("no REDCap host was called yet; {budget} calls a minute are allowed to each"),
        false => hosts.collect::<Vec<_>>().join("; "),
    })
}

/// Row 12: the tile counts a failed sync.
pub(super) async fn dashboard_counts_failure(app: &AppState, study: &StoredStudy) -> Finding {
    let tx = app.store.write(app.now()).await?;
    let today = app.today(study, zone_of(study), app.now());
    let before = tx.dashboard(study.id, today).await?.failed_syncs;
    fail_a_session(&tx, study).await?;
    let after = tx.dashboard(study.id, today).await?.failed_syncs;
    tx.roll_back().await?;
    match after == before + 1 {
        true => Ok(format!("with a synthetic failed session the tile goes from {before} to {after}; rolled back")),
        false => Err(Flaw::new(format!("the tile stays at {after} beside a failed session"), "report this as a fault")),
    }
}

/// Row 13: the participant is told.
pub(super) async fn portal_tells_failure(app: &AppState, study: &StoredStudy) -> Finding {
    let tx = app.store.write(app.now()).await?;
    let (participant, _) = fail_a_session(&tx, study).await?;
    let status = data_status(&tx.sync_facts(participant).await?, app.now());
    tx.roll_back().await?;
    match (status.has_failed_sync, status.banner) {
        (true, Some(banner)) => Ok(format!("with a synthetic failed session has_failed_sync is true: {banner:?}")),
        _ => Err(Flaw::new("has_failed_sync stays false beside a failed session", "report this as a fault")),
    }
}

async fn fail_a_session(tx: &Tx, study: &StoredStudy) -> Result<(ParticipantId, SessionId), Flaw> {
    let first = ParticipantFilter { limit: 1, ..ParticipantFilter::default() };
    let participant = match tx.participants(study.id, &first).await?.first() {
        Some(participant) => participant.id,
        None => synthetic_participant(tx, study).await?,
    };
    let session = NewSession {
        id: SessionId::at(tx.now()),
        study: study.id,
        participant,
        visit: None,
        task: "go_no_go_probe".to_owned(),
        submission_key: format!("probe-{}", uuid_at(tx.now())),
        fingerprint: String::new(),
        results: Map::new(),
        started_at: tx.now(),
        completed_at: tx.now(),
        review_flag: None,
        result_salt: String::new(),
    };
    tx.insert_session(&session).await?;
    tx.mark_session_failed(session.id, SyncErrorType::Exception, "synthetic").await?;
    Ok((participant, session.id))
}

async fn synthetic_participant(tx: &Tx, study: &StoredStudy) -> Result<ParticipantId, Flaw> {
    let id = ParticipantId::at(tx.now());
    let participant = NewParticipant {
        id,
        study: study.id,
        site: None,
        code: format!("probe-{id}"),
        external_id: format!("probe-{id}"),
        status: ParticipantStatus::Screened,
        enrollment_date: tx.now().date_naive(),
        arm_num: 1,
        time_zone: "UTC".to_owned(),
        dag: None,
        mapped_digest: String::new(),
    };
    tx.insert_participant(&participant).await?;
    Ok(id)
}
