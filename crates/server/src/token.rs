//! Access tokens: HS256, an audience for staff and one for participants, so that neither passes for the other.

use chrono::Duration;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use metricis_core::Timestamp;
use metricis_core::ids::{ParticipantId, SignInId, UserId};
use metricis_store::ParticipantSignIn;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::Problem;

const STAFF: &str = "metricis-staff";
const PARTICIPANT: &str = "metricis-participant";

/// The member of staff that a token or a session names. The database has the last word: an account that is disabled, or of another
/// generation, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StaffClaim {
    pub(crate) user: UserId,
    /// The account's when the credential was issued.
    pub(crate) generation: i64,
}

/// Whom a valid token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A member of staff.
    Staff(StaffClaim),
    /// A participant. The database has the last word here too: a sign-in that has ended is refused.
    Participant(ParticipantSignIn),
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    aud: String,
    /// Of staff only.
    #[serde(default, rename = "gen")]
    generation: i64,
    /// Of participants only: the sign-in.
    #[serde(default, rename = "sid", skip_serializing_if = "Option::is_none")]
    sign_in: Option<Uuid>,
    iat: i64,
    exp: i64,
}

/// Signs and reads tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub(crate) fn new(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would read the system's clock; expiry is compared below with the time of the request.
        validation.validate_exp = false;
        validation.set_audience(&[STAFF, PARTICIPANT]);
        validation.set_required_spec_claims(&["exp", "sub", "aud"]);
        Self { encoding: EncodingKey::from_secret(bytes), decoding: DecodingKey::from_secret(bytes), validation }
    }

    /// A token for `subject`, valid for `minutes`.
    ///
    /// # Errors
    /// Internal, if it cannot be signed.
    pub(crate) fn issue(&self, subject: Subject, now: Timestamp, minutes: u32) -> Result<String, Problem> {
        let (sub, aud, generation, sign_in) = match subject {
            Subject::Staff(claim) => (claim.user.0, STAFF, claim.generation, None),
            Subject::Participant(sign_in) => (sign_in.participant.0, PARTICIPANT, 0, Some(sign_in.id.0)),
        };
        let exp = (now + Duration::minutes(i64::from(minutes))).timestamp();
        let claims = Claims { sub, aud: aud.to_owned(), generation, sign_in, iat: now.timestamp(), exp };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(Problem::internal)
    }

    /// Whom `token` names; none when it is forged, of another kind, or over.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<Subject> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        if claims.exp <= now.timestamp() {
            return None;
        }
        match claims.aud.as_str() {
            STAFF => Some(Subject::Staff(StaffClaim { user: UserId(claims.sub), generation: claims.generation })),
            PARTICIPANT => {
                let id = SignInId(claims.sign_in?);
                Some(Subject::Participant(ParticipantSignIn { participant: ParticipantId(claims.sub), id }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_and_another_secret_does_not_read_it() {
        let now = Timestamp::from_timestamp(1_772_442_000, 0).expect("a moment");
        let (ours, others) = (Tokens::new(&"one".into()), Tokens::new(&"two".into()));
        let subject = Subject::Staff(StaffClaim { user: UserId(Uuid::from_u128(7)), generation: 2 });
        let token = ours.issue(subject, now, 60).expect("a token");
        assert_eq!(ours.read(&token, now + Duration::minutes(59)), Some(subject));
        assert_eq!(ours.read(&token, now + Duration::minutes(60)), None);
        assert_eq!(others.read(&token, now), None);
        let unsigned = format!("{}.", token.rsplit_once('.').expect("three parts").0);
        assert_eq!(ours.read(&unsigned, now), None);
    }
}
