//! Which study a delivery belongs to, and whether it proves it.
//!
//! Invariant: no proof, a wrong one and an unknown project are one and the same answer.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use metricis_core::ids::StudyId;
use metricis_core::intake::{DetForm, FormRefusal, Presented, origin_of};
use metricis_store::intake::{Candidate, Candidates};
use secrecy::{ExposeSecret, SecretString};

use crate::AppState;
use crate::edge::Probe;
use crate::extract::address_of;
use crate::limit::Scope;
use crate::problem::Problem;
use crate::refusals::Refused;

const FORM: &str = "application/x-www-form-urlencoded";
/// Failed proofs of an address in a minute before it is told to wait. A correct proof passes all the same.
const FAILED_PROOFS_PER_MINUTE: u32 = 30;

/// The query of a DET's address.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the parameter; it is read as a proof, never as data")]
pub(in crate::routes) struct DetQuery {
    /// The webhook secret, for senders that can neither sign nor send user info.
    token: Option<String>,
}

/// A delivery as it came.
pub(in crate::routes) struct Delivery {
    presented: Presented,
    address: String,
    is_form: bool,
    body: Bytes,
    pub(in crate::routes) probe: bool,
}

/// A delivery that has shown to be the study's.
pub(in crate::routes) struct Proven {
    pub(in crate::routes) study: StudyId,
    pub(in crate::routes) form: DetForm,
    /// The studies that it was proven against; storing must confirm them.
    pub(in crate::routes) against: Candidates,
    /// Whether those are what was found some time ago: no refusal may rest on them.
    pub(in crate::routes) guessed: bool,
}

impl FromRequest<AppState> for Delivery {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let delivery = Self::without_body(&parts);
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let body = body.map_err(|_| Problem::Malformed("the body cannot be read".to_owned()))?;
        Ok(Self { body, ..delivery })
    }
}

impl Delivery {
    fn without_body(parts: &Parts) -> Self {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let query = parts.uri.query().unwrap_or_default();
        let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token").map(|(_, value)| value);
        let authorization = header(AUTHORIZATION.as_str());
        let kind = header(CONTENT_TYPE.as_str()).and_then(|value| value.split(';').next()).unwrap_or_default();
        Self {
            presented: Presented::new(header("x-metricis-signature"), authorization, token.as_deref()),
            address: address_of(&parts.extensions),
            is_form: kind.trim().eq_ignore_ascii_case(FORM),
            body: Bytes::new(),
            probe: parts.extensions.get::<Probe>().is_some(),
        }
    }
}

/// Reads the form, then finds the study whose secret the proof is made with.
///
/// # Errors
/// 415, 400 and 422 for the form; 401 without a valid proof, 429 for too many of those; 503 when a secret cannot be opened.
pub(in crate::routes) async fn prove_det(app: &AppState, delivery: &Delivery) -> Result<Proven, Problem> {
    if !delivery.is_form {
        return Err(Problem::UnsupportedType(FORM));
    }
    let form = DetForm::parse(&delivery.body).map_err(refuse_form)?;
    if delivery.presented.is_empty() {
        return Err(refuse_proof(app, delivery).await);
    }
    let candidates = app.lookup.candidates(&form.project_id).await?;
    let (mut readable, mut unreadable) = (0_usize, 0_usize);
    for candidate in of_origin(&candidates, &form) {
        for sealed in &candidate.sealed_secrets {
            match open_secret(app, candidate, sealed) {
                Some(secret) if delivery.presented.holds(&delivery.body, secret.expose_secret()) => {
                    let (study, against) = (candidate.study, Arc::clone(&candidates));
                    return Ok(Proven { study, form, against, guessed: false });
                }
                Some(_) => readable += 1,
                None => unreadable += 1,
            }
        }
    }
    // Counted and limited like any other; only when no secret opens at all must the operator hear of it by the answer.
    let refused = refuse_proof(app, delivery).await;
    match refused {
        Problem::WrongDetProof if readable == 0 && unreadable > 0 => Err(Problem::SecretUnreadable),
        refused => Err(refused),
    }
}

/// As `prove_det`, against the studies found last; none when that proves nothing, which says nothing.
pub(in crate::routes) fn guess_det(app: &AppState, delivery: &Delivery) -> Option<Proven> {
    if !delivery.is_form || delivery.presented.is_empty() {
        return None;
    }
    let form = DetForm::parse(&delivery.body).ok()?;
    let against = app.lookup.remembered(&form.project_id)?;
    let holds = |candidate: &&Candidate| {
        candidate.sealed_secrets.iter().any(|sealed| {
            let secret = app.opened.open(&app.sealer, candidate.study, sealed);
            secret.is_ok_and(|secret| delivery.presented.holds(&delivery.body, secret.expose_secret()))
        })
    };
    let study = of_origin(&against, &form).find(holds)?.study;
    Some(Proven { study, form, against, guessed: true })
}

fn of_origin<'a>(candidates: &'a [Candidate], form: &DetForm) -> impl Iterator<Item = &'a Candidate> + use<'a> {
    let origin = origin_of(&form.redcap_url);
    candidates.iter().filter(move |candidate| candidate.api_origin.is_none() || candidate.api_origin == origin)
}

fn open_secret(app: &AppState, candidate: &Candidate, sealed: &str) -> Option<Arc<SecretString>> {
    let opened = app.opened.open(&app.sealer, candidate.study, sealed);
    opened.map_err(|error| tracing::error!(study = %candidate.study, %error, "webhook secret unreadable")).ok()
}

async fn refuse_proof(app: &AppState, delivery: &Delivery) -> Problem {
    if delivery.probe {
        return Problem::WrongDetProof;
    }
    let now = app.now();
    app.refusals.count(now, Refused::DetProof, &format!("address:{}", delivery.address));
    let decision = app.limits.take(Scope::DetProof, &delivery.address, FAILED_PROOFS_PER_MINUTE, now).await;
    if decision.allowed { Problem::WrongDetProof } else { Problem::RateLimited(decision.retry_after_s) }
}

fn refuse_form(refusal: FormRefusal) -> Problem {
    match refusal {
        FormRefusal::Encoding(_) => Problem::Malformed(refusal.to_string()),
        FormRefusal::Missing(fields) => Problem::DetIncomplete(fields),
        FormRefusal::Invalid { .. } | FormRefusal::Doubled(_) => Problem::Invalid(refusal.to_string()),
    }
}
