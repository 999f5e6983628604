//! Who holds which role on a study.
//!
//! Invariants: only an owner makes or unmakes owners and admins; a study keeps an owner.

use axum::Json;
use metricis_core::access::may_grant;
use metricis_core::action::Action;
use metricis_core::words::StudyRole;
use metricis_store::{Membership, Tx};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::AppState;
use crate::extract::{Body, Call, StudyAdmin, StudyMember};
use crate::problem::{Answer, Problem, Refusals};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_members, grant_study_role))
}

#[derive(serde::Serialize, ToSchema)]
struct MemberList {
    members: Vec<Member>,
}

#[derive(serde::Serialize, ToSchema)]
struct Member {
    user_id: Uuid,
    email: String,
    #[schema(schema_with = crate::schema::study_role)]
    role: StudyRole,
}

impl From<Membership> for Member {
    fn from(member: Membership) -> Self {
        Self { user_id: member.user.0, email: member.email, role: member.role }
    }
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// Address of an account.
    email: String,
    #[schema(schema_with = crate::schema::study_role)]
    role: StudyRole,
}

/// Everybody with a role on the study.
#[utoipa::path(get, path = "/api/studies/{study_id}/members", tag = "studies", params(("study_id" = Uuid, Path)),
    security(("token" = [])), responses((status = 200, body = MemberList), Refusals))]
async fn list_members(call: Call<StudyMember>) -> Answer<MemberList> {
    let members = call.tx.members(call.study_id()).await?;
    Ok(Json(MemberList { members: members.into_iter().map(Into::into).collect() }))
}

/// Gives somebody a role on the study, in place of any former one.
#[utoipa::path(post, path = "/api/studies/{study_id}/members", tag = "studies", params(("study_id" = Uuid, Path)),
    request_body = Grant, security(("token" = [])), responses((status = 200, body = Member), Refusals))]
async fn grant_study_role(call: Call<StudyAdmin, Tx>, Body(grant): Body<Grant>) -> Answer<Member> {
    // Locked, as `grant_role` needs it to keep an owner on the study.
    let study = call.lock_study().await?.id;
    let unknown = || Problem::Invalid("nobody has this address; `metricis user create` makes the account".to_owned());
    let user = call.tx.user_by_email(grant.email.trim()).await?.filter(|user| !user.disabled).ok_or_else(unknown)?;
    let before = call.tx.role_on(study, user.id).await?;
    for role in before.into_iter().chain([grant.role]) {
        if !may_grant(call.who.role, role) {
            return Err(Problem::Forbidden(format!("only an owner of this study may make or unmake an {role}")));
        }
    }
    call.tx.grant_role(study, user.id, grant.role).await?;
    let action = Action::GrantStudyRole { study, user: user.id, role: grant.role, before, recovery: false };
    call.commit(action).await?;
    Ok(Json(Member { user_id: user.id.0, email: user.email, role: grant.role }))
}
