//! What a handler's signature asks for: a proof with its transaction, an id of the path, a query, a body.
//!
//! Invariant: whatever cannot be had is a [`crate::problem::Problem`]; proofs come before bodies.

mod body;
mod call;
mod caller;
mod cross_site;
mod peer;
mod proofs;
mod seat;
mod still_there;

pub(crate) use body::{At, Body, Listed};
pub(crate) use call::{Call, OnStudy, Reproof};
pub(crate) use caller::{Caller, name_caller};
pub(crate) use cross_site::refuse_cross_site;
pub(crate) use peer::{Peer, address_of, bearer, name_client};
pub(crate) use proofs::{ConsoleSession, ParticipantSession, StaffUser, StudyAdmin, StudyCoordinator, StudyMember};
pub(crate) use seat::Seated;
pub(crate) use still_there::StillThere;
