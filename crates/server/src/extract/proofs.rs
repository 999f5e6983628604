//! The proofs: what a caller has shown to be. The rule itself is `metricis_core::access::decide`.
//!
//! Invariants: a study id is read from the path here and nowhere else; whoever has no role on a study gets the 404 of a study
//! that does not exist; a global role grants nothing (guarantee 16).

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use metricis_core::access::{Access, Need, decide};
use metricis_core::action::Actor;
use metricis_core::ids::{ParticipantId, StudyId, UserId};
use metricis_core::words::{GlobalRole, StudyRole};
use metricis_store::{Snapshot, StoredParticipant};

use super::call::{Claimant, OnStudy};
use super::peer::bearer;
use crate::AppState;
use crate::problem::Problem;
use crate::refusals::Refused;
use crate::token::Subject;

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
}

impl Proof for StaffUser {
    type Claim = UserId;

    async fn claim(parts: &mut Parts, app: &AppState) -> Result<UserId, Problem> {
        claim_staff(parts, app)
    }

    async fn prove(claim: UserId, _app: &AppState, db: &Snapshot) -> Result<Self, Problem> {
        let user = db.user(claim).await?.filter(|user| !user.disabled).ok_or(Problem::Unauthenticated)?;
        Ok(Self { id: user.id, email: user.email, role: user.role })
    }
}

fn claim_staff(parts: &Parts, app: &AppState) -> Result<UserId, Problem> {
    match bearer(&parts.headers).and_then(|token| app.tokens.read(token, app.now())) {
        Some(Subject::Staff(user)) => Ok(user),
        Some(Subject::Participant(_)) | None => Err(Problem::Unauthenticated),
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
    user: UserId,
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
    type Claim = (UserId, StudyId);

    async fn claim(parts: &mut Parts, app: &AppState) -> Result<Self::Claim, Problem> {
        let user = claim_staff(parts, app)?;
        let study = study_in_path(parts).await.ok_or(Problem::NotFound)?;
        Ok((user, study))
    }

    async fn prove((user, study): Self::Claim, app: &AppState, db: &Snapshot) -> Result<Self, Problem> {
        let role = db.role_on(study, user).await?;
        let refused = match (decide(role, L::NEED), role) {
            (Access::Granted, Some(role)) => return Ok(Self { study, user, role, level: PhantomData }),
            (Access::Forbidden, _) => Problem::Forbidden(format!("this needs {} on this study", L::NEEDED)),
            (Access::Hidden | Access::Granted, _) => Problem::NotFound,
        };
        app.refusals.count(db.now(), Refused::Access, &format!("user:{user}"));
        Err(refused)
    }
}

impl<L: Level> Claimant for RoleOn<L> {
    fn claim_again(&self) -> Self::Claim {
        (self.user, self.study)
    }
}

impl<L> OnStudy for RoleOn<L> {
    fn study(&self) -> StudyId {
        self.study
    }
    fn actor(&self) -> Actor {
        Actor::User(self.user)
    }
}

/// A participant with a session of their own.
pub(crate) struct ParticipantSession {
    pub(crate) participant: StoredParticipant,
}

impl Proof for ParticipantSession {
    type Claim = ParticipantId;

    async fn claim(parts: &mut Parts, app: &AppState) -> Result<ParticipantId, Problem> {
        match bearer(&parts.headers).and_then(|token| app.tokens.read(token, app.now())) {
            Some(Subject::Participant(id)) => Ok(id),
            Some(Subject::Staff(_)) | None => Err(Problem::Unauthenticated),
        }
    }

    async fn prove(claim: ParticipantId, _app: &AppState, db: &Snapshot) -> Result<Self, Problem> {
        let participant = db.participant(claim).await?.ok_or(Problem::Unauthenticated)?;
        Ok(Self { participant })
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
