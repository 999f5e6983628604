//! From a REDCap record to a participant: whether to enrol, what the record says, and whether it has changed.
//!
//! Invariants: nothing is guessed – a date, an arm, a site or a zone that cannot be read is a refusal that names the
//! field and the kind of problem; no refusal shows an answer; a withdrawn participant is never revived.

mod code;
mod decide;
mod digest;
mod fields;
mod map;
mod replay;
mod settings;

pub use code::{CodeProblem, ParticipantCode, generate_participant_code};
pub use decide::{DetDecision, decide_det};
pub use digest::mapped_digest;
pub use fields::field_mapping_problems;
pub use map::{
    EnrolmentRefusal, MappedParticipant, RecordFacts, SiteFact, map_new_participant, map_participant, read_field_code,
};
pub use replay::{ReplayRefusal, STUCK_AFTER_MINUTES, refuse_replay};
pub use settings::{DictionaryField, compare_settings};
