//! The proofs: what a caller has shown to be. The rule itself is `metricis_core::access::decide`.
//!
//! Invariants: a study id is read from the path here and nowhere else; whoever has no role on a study gets the 404 of a study
//! that does not exist; a global role grants nothing (guarantee 16).

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use metricis_core::access::{Access, Need, decide};
use metricis_core::action::Actor;
use metricis_core::ids::{SignInId, StudyId, UserId};
use metricis_core::words::{GlobalRole, StudyRole};
use metricis_store::{ParticipantSignIn, Snapshot, StoredParticipant};

use super::call::{Claimant, OnStudy};
use super::caller::{Caller, claim_participant, claim_session, claim_staff};
use crate::AppState;
use crate::problem::Problem;
use crate::refusals::Refused;
use crate::session::OpenSession;
use crate::token::StaffClaim;

/// How a proof is had: first what the request claims, then what the database says of it.
pub(crate) trait Proof: Sized + Send {
    type Claim: Send;
    fn claim(parts: &mut Parts, app: &AppState) -> impl Future<Output = Result<Self::Claim, Problem>> + Send;
    fn prove(claim: Self::Claim, app: &AppState, db: &Snapshot) -> impl Future<Output = Result<Self, Problem>> + Send;
}

/// A member of staff who may sign in.
pub(crate) struct StaffUser {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) role: GlobalRole,
    /// The browser's session; none of the holder of a token.
    pub(crate) session: Option<OpenSession>,
}

impl Proof for StaffUser {
    type Claim = (StaffClaim, Option<OpenSession>);

    async fn claim(parts: &mut Parts, app: &AppState) -> Result<Self::Claim, Problem> {
        let claim = claim_staff(parts, app)?;
        let session = match parts.extensions.get::<Caller>() {
            Some(Caller::Session(session)) => Some(session.clone()),
            _ => None,
        };
        Ok((claim, session))
    }

    async fn prove((claim, session): Self::Claim, _app: &AppState, db: &Snapshot) -> Result<Self, Problem> {
        let user = db.user(claim.user).await?;
        let user = user.filter(|user| !user.disabled && user.token_generation == claim.generation);
        let user = user.ok_or(Problem::Unauthenticated)?;
        Ok(Self { id: user.id, email: user.email, role: user.role, session })
    }
}

/// The browser's session itself, for its end: not even an account that is still allowed is asked for.
pub(crate) struct ConsoleSession(pub(crate) OpenSession);

impl FromRequestParts<AppState> for ConsoleSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        claim_session(parts, app).map(Self)
    }
}

async fn study_in_path(parts: &mut Parts) -> Option<StudyId> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    params.iter().find(|(name, _)| *name == "study_id").and_then(|(_, value)| value.parse().ok())
}

/// How much a proof demands of the role.
pub(crate) trait Level: Send {
    /// For the rule.
    const NEED: Need;
    /// For people.
    const NEEDED: &'static str;
}

/// Any role.
pub(crate) struct Member;
/// Running the study.
pub(crate) struct Coordinator;
/// Configuring the study.
pub(crate) struct Admin;

impl Level for Member {
    const NEED: Need = Need::Member;
    const NEEDED: &'static str = "a role";
}
impl Level for Coordinator {
    const NEED: Need = Need::Coordinator;
    const NEEDED: &'static str = "the role coordinator, admin or owner";
}
impl Level for Admin {
    const NEED: Need = Need::Admin;
    const NEEDED: &'static str = "the role admin or owner";
}

/// Somebody with a role on the study that is enough for `L`.
pub(crate) struct RoleOn<L> {
    study: StudyId,
    claim: StaffClaim,
    pub(crate) role: StudyRole,
    level: PhantomData<L>,
}

/// Somebody with any role on the study.
pub(crate) type StudyMember = RoleOn<Member>;
/// Somebody who runs the study day by day.
pub(crate) type StudyCoordinator = RoleOn<Coordinator>;
/// Somebody who configures the study.
pub(crate) type StudyAdmin = RoleOn<Admin>;

impl<L: Level> Proof for RoleOn<L> {
    type Claim = (StaffClaim, StudyId);

    async fn claim(parts: &mut Parts, app: &AppState) -> Result<Self::Claim, Problem> {
        let claim = claim_staff(parts, app)?;
        let study = study_in_path(parts).await.ok_or(Problem::NotFound)?;
        Ok((claim, study))
    }

    async fn prove((claim, study): Self::Claim, app: &AppState, db: &Snapshot) -> Result<Self, Problem> {
        let standing = db.standing(claim.user, study).await?;
        let standing = standing.filter(|found| !found.disabled && found.token_generation == claim.generation);
        let role = standing.ok_or(Problem::Unauthenticated)?.role;
        let refused = match (decide(role, L::NEED), role) {
            (Access::Granted, Some(role)) => return Ok(Self { study, claim, role, level: PhantomData }),
            (Access::Forbidden, _) => Problem::Forbidden(format!("this needs {} on this study", L::NEEDED)),
            (Access::Hidden | Access::Granted, _) => Problem::NotFound,
        };
        app.refusals.count(db.now(), Refused::Access, &format!("user:{}", claim.user));
        Err(refused)
    }
}

impl<L: Level> Claimant for RoleOn<L> {
    fn claim_again(&self) -> Self::Claim {
        (self.claim, self.study)
    }
}

impl<L> OnStudy for RoleOn<L> {
    fn study(&self) -> StudyId {
        self.study
    }
    fn actor(&self) -> Actor {
        Actor::User(self.claim.user)
    }
}

/// A participant with a session of their own.
pub(crate) struct ParticipantSession {
    pub(crate) participant: StoredParticipant,
    /// What they end by signing out.
    pub(crate) sign_in: SignInId,
}

impl Proof for ParticipantSession {
    type Claim = ParticipantSignIn;

    async fn claim(parts: &mut Parts, _app: &AppState) -> Result<ParticipantSignIn, Problem> {
        claim_participant(parts)
    }

    async fn prove(claim: ParticipantSignIn, _app: &AppState, db: &Snapshot) -> Result<Self, Problem> {
        let participant = db.signed_in_participant(claim).await?.ok_or(Problem::Unauthenticated)?;
        Ok(Self { participant, sign_in: claim.id })
    }
}

impl OnStudy for ParticipantSession {
    fn study(&self) -> StudyId {
        self.participant.study
    }
    fn actor(&self) -> Actor {
        Actor::Participant(self.participant.id)
    }
}
