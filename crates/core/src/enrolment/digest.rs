//! The fingerprint of what a record says about its participant: tells whether a re-read has changed anything.
//!
//! Invariant: keyed, because dates and record ids are few enough to be guessed from a plain hash.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{MappedParticipant, ParticipantCode};

/// Hex HMAC-SHA256 over the mapped fields, each preceded by its name and by both lengths, so that no two different
/// participants share a text. The order of fields is fixed here, not by the record.
#[must_use]
pub fn mapped_digest(key: &[u8], mapped: &MappedParticipant) -> String {
    // Destructured, so that a new field cannot be forgotten.
    let MappedParticipant { external_id, participant_code, enrollment_date, arm_num, site, dag, time_zone } = mapped;
    let fields = [
        ("arm_num", Some(arm_num.to_string())),
        ("dag", dag.clone()),
        ("enrollment_date", Some(enrollment_date.to_string())),
        ("external_id", Some(external_id.clone())),
        ("participant_code", participant_code.as_ref().map(ParticipantCode::to_string)),
        ("site", site.map(|site| site.to_string())),
        ("time_zone", Some(time_zone.name().to_owned())),
    ];
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for (name, value) in fields.iter().filter_map(|(name, value)| Some((name, value.as_deref()?))) {
        for part in [name, value] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
    }
    hex::encode(mac.finalize().into_bytes())
}
