//! `POST /api/webhooks/redcap/det`: a save in REDCap arrives (system.md, *DET intake*).
//!
//! Invariants: 200 leaves after the row is durable, and nothing on the way calls REDCap or opens a transaction per request; what was
//! proven against studies found some time ago is told nothing but that it is stored.

mod proof;

use axum::Json;
use axum::extract::State;
use metricis_core::intake::natural_key;
use metricis_core::words::EventStatus;
use metricis_store::intake::{DetWriter, IntakeError, NewDet, Receipt};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub(super) use proof::{Delivery, DetQuery, prove_det};
use proof::{Proven, guess_det};

use crate::AppState;
use crate::edge::{request_id, trace_event};
use crate::limit::Scope;
use crate::probe::INSTRUMENT;
use crate::problem::{Answer, Problem, Refusals};

/// How often a delivery is proven while somebody changes its study; each time but the first by what is at that moment.
const PROOFS: u32 = 4;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(receive_det))
}

#[derive(serde::Serialize, ToSchema)]
struct DetReceipt {
    /// The row in `webhook_events`.
    event_id: Uuid,
    /// `received` or `duplicate`.
    #[schema(schema_with = crate::schema::event_status)]
    status: EventStatus,
    /// The original that it repeats.
    duplicate_of: Option<Uuid>,
}

impl From<Receipt> for DetReceipt {
    fn from(receipt: Receipt) -> Self {
        let duplicate_of = receipt.duplicate_of.map(|id| id.0);
        let status = if duplicate_of.is_some() { EventStatus::Duplicate } else { EventStatus::Received };
        Self { event_id: receipt.event.0, status, duplicate_of }
    }
}

/// Takes a Data Entry Trigger; answers once it is stored.
#[utoipa::path(post, path = "/api/webhooks/redcap/det", tag = "webhooks", params(DetQuery),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "REDCap's form, proven by `X-Metricis-Signature: sha256=<hex HMAC>`, HTTP Basic or `?token=`"),
    responses((status = 200, body = DetReceipt), Refusals))]
async fn receive_det(State(app): State<AppState>, delivery: Delivery) -> Answer<DetReceipt> {
    let writer = app.det_writer()?;
    let mut proven = match guess_det(&app, &delivery) {
        Some(proven) if !delivery.probe => proven,
        _ => prove_det(&app, &delivery).await?,
    };
    if delivery.probe {
        return Ok(Json(DetReceipt { event_id: Uuid::nil(), status: EventStatus::Received, duplicate_of: None }));
    }
    if proven.form.instrument == INSTRUMENT {
        confirm(&app, &delivery, &mut proven).await?;
        let refusal = format!("{INSTRUMENT} is the go/no-go board's own; such a DET is never stored");
        return Err(Problem::Invalid(refusal));
    }
    let per_minute = app.settings.det_rate_limit_per_minute;
    let decision = app.limits.take(Scope::Det, &proven.study.to_string(), per_minute, app.now()).await;
    if !decision.allowed {
        confirm(&app, &delivery, &mut proven).await?;
        writer.refuse_for_rate(proven.study).await?;
        return Err(Problem::RateLimited(decision.retry_after_s));
    }
    let receipt = store_det(&app, &writer, &delivery, proven).await?;
    trace_event(receipt.event);
    Ok(Json(receipt.into()))
}

/// Proves by what is now what was proven by a guess: before anything is refused, or the refusal would tell who holds a secret that has
/// been retired.
async fn confirm(app: &AppState, delivery: &Delivery, proven: &mut Proven) -> Result<(), Problem> {
    if proven.guessed {
        *proven = prove_det(app, delivery).await?;
    }
    Ok(())
}

/// Stores a proven DET, if it is proven at the commit as well; else it is proven again, by what is then.
async fn store_det(
    app: &AppState,
    writer: &DetWriter,
    delivery: &Delivery,
    mut proven: Proven,
) -> Result<Receipt, Problem> {
    for _ in 0..PROOFS {
        let Proven { study, form, against, guessed } = proven;
        let det = NewDet { study, natural_key: natural_key(&form), form, request: request_id() };
        match writer.receive_proven(det, against).await {
            Err(IntakeError::Stale) => proven = prove_det(app, delivery).await?,
            Err(refused) => {
                if guessed {
                    prove_det(app, delivery).await?;
                }
                return Err(refused.into());
            }
            Ok(receipt) => return Ok(receipt),
        }
    }
    Err(IntakeError::Stale.into())
}
