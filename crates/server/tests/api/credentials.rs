//! What the personas prove themselves with.

use chrono::Duration;
use jsonwebtoken::{EncodingKey, Header, encode};
use metricis_core::ids::{ParticipantId, SignInId};
use metricis_server::{ServerSettings, SessionStorage};
use metricis_store::ParticipantSignIn;
use serde_json::{Value, json};

use crate::ask::Persona;
use crate::world::{JWT, World};

impl World {
    pub fn token_of(&self, persona: Persona) -> Option<String> {
        let (sub, aud) = match persona {
            Persona::Ada => (self.user("ada").0, "metricis-staff"),
            Persona::Ben => (self.user("ben").0, "metricis-staff"),
            Persona::Cleo => (self.user("cleo").0, "metricis-staff"),
            Persona::Gus => (self.user("gus").0, "metricis-staff"),
            Persona::Pia => return Some(self.token_of_sign_in(self.signed_in)),
            Persona::Nobody => return None,
        };
        Some(self.mint(&json!({ "sub": sub, "aud": aud, "iat": 0, "exp": self.in_an_hour() })))
    }

    pub fn token_of_sign_in(&self, signed_in: ParticipantSignIn) -> String {
        let (sub, sid) = (signed_in.participant, signed_in.id);
        self.mint(&json!({ "sub": sub, "aud": "metricis-participant", "sid": sid, "iat": 0, "exp": self.in_an_hour() }))
    }

    fn in_an_hour(&self) -> i64 {
        (self.now() + Duration::hours(1)).timestamp()
    }

    pub fn mint(&self, claims: &Value) -> String {
        encode(&Header::default(), claims, &EncodingKey::from_secret(JWT.as_bytes())).expect("a token")
    }

    /// A password that opens the persona's account.
    pub async fn give_password(&self, name: &str, password: &str) {
        let hash = metricis_server::password::hash(password.into()).await.expect("a hash");
        let hash = secrecy::ExposeSecret::expose_secret(&hash);
        let set = format!("UPDATE users SET password_hash = '{hash}' WHERE email = '{name}@example.org'");
        self.db.as_server(&set).await.expect("a password");
    }

    /// What the use of a link opens.
    pub async fn sign_in(&self, participant: ParticipantId) -> ParticipantSignIn {
        let hash = SignInId::at(self.now()).to_string();
        let tx = self.tx().await;
        tx.insert_link(&hash, participant, tx.now() + Duration::minutes(1)).await.expect("a link");
        let signed_in = tx.use_link(&hash).await.expect("an answer").expect("a fresh link");
        self.done(tx).await;
        signed_in
    }
}

/// Sessions that all processes share.
pub fn redis(settings: &mut ServerSettings) {
    settings.session_storage = SessionStorage::Redis;
    settings.redis_url = Some(std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL").into());
}
