//! Who may do what on a study: one pure rule, asked by every proof.
//!
//! A global role grants nothing here (guarantee 16): the only input is the role held *on that study*.

use crate::words::StudyRole;

/// What an operation asks of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Any role on the study.
    Member,
    /// Running the study day by day.
    Coordinator,
    /// Configuring it: the high-risk REDCap operations among others.
    Admin,
    /// Granting owner or admin.
    Owner,
}

/// The answer to a [`Need`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Go on.
    Granted,
    /// Not a member: the study does not exist for this caller (404).
    Hidden,
    /// A member without the role (403).
    Forbidden,
}

/// Decides whether `role`, held on the study in question, meets `need`.
#[must_use]
pub const fn decide(role: Option<StudyRole>, need: Need) -> Access {
    let Some(role) = role else { return Access::Hidden };
    let enough = match need {
        Need::Member => true,
        Need::Coordinator => matches!(role, StudyRole::Owner | StudyRole::Admin | StudyRole::Coordinator),
        Need::Admin => matches!(role, StudyRole::Owner | StudyRole::Admin),
        Need::Owner => matches!(role, StudyRole::Owner),
    };
    if enough { Access::Granted } else { Access::Forbidden }
}

/// Whether `granter` may give `role` to somebody on the same study: only an owner makes owners and admins.
#[must_use]
pub const fn may_grant(granter: StudyRole, role: StudyRole) -> bool {
    match role {
        StudyRole::Owner | StudyRole::Admin => matches!(granter, StudyRole::Owner),
        _ => matches!(granter, StudyRole::Owner | StudyRole::Admin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_sees_nothing_and_a_member_without_the_role_is_told_so() {
        assert_eq!(decide(None, Need::Member), Access::Hidden);
        assert_eq!(decide(None, Need::Admin), Access::Hidden);
        assert_eq!(decide(Some(StudyRole::Coordinator), Need::Admin), Access::Forbidden);
        assert_eq!(decide(Some(StudyRole::Monitor), Need::Coordinator), Access::Forbidden);
        assert_eq!(decide(Some(StudyRole::Monitor), Need::Member), Access::Granted);
        assert_eq!(decide(Some(StudyRole::Admin), Need::Admin), Access::Granted);
        assert_eq!(decide(Some(StudyRole::Admin), Need::Owner), Access::Forbidden);
    }

    #[test]
    fn only_an_owner_makes_owners_and_admins() {
        for granter in StudyRole::ALL {
            for role in [StudyRole::Owner, StudyRole::Admin] {
                assert_eq!(may_grant(*granter, role), *granter == StudyRole::Owner);
            }
        }
        assert!(may_grant(StudyRole::Admin, StudyRole::Coordinator));
        assert!(!may_grant(StudyRole::Coordinator, StudyRole::Monitor));
    }
}
