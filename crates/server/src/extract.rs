//! What a handler's signature asks for: a proof with its transaction, an id of the path, a query, a body.
//!
//! Invariant: whatever cannot be had is a [`crate::problem::Problem`]; proofs come before bodies.

mod body;
mod call;
mod peer;
mod proofs;

pub(crate) use body::{At, Body, Listed};
pub(crate) use call::{Call, OnStudy};
pub(crate) use peer::{Peer, address_of, bearer, name_client};
pub(crate) use proofs::{ParticipantSession, StaffUser, StudyAdmin, StudyCoordinator, StudyMember};
