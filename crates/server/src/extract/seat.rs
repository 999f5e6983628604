//! A seat among the streams, taken before anything is asked of the database.
//!
//! Invariant: who has as many streams open as one person may is refused without a transaction.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::caller::claim_staff;
use crate::AppState;
use crate::changes::Seat;
use crate::problem::Problem;

/// The caller's seat, whatever the study says of them afterwards.
pub(crate) struct Seated(pub(crate) Seat);

impl FromRequestParts<AppState> for Seated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let claim = claim_staff(parts, app)?;
        app.take_seat(claim.user).map(Self)
    }
}
