//! What people and programs do to the simulated project past our client: change its design, save an instance, export, misbehave.

use metricis_redcap_sim::{SURVEY_RESPONDENT, SaveForm, Scope};
use serde_json::Value;

use crate::fixtures::escape;
use crate::world::World;

impl World {
    /// An instance of a repeating form, saved by its participant.
    pub async fn save_instance(&self, record: &str, event: &str, instrument: &str, instance: u32, complete: u8) {
        let form = SaveForm {
            record: record.to_owned(),
            event: Some(event.to_owned()),
            instrument: instrument.to_owned(),
            repeat_instance: Some(instance),
            values: [("wb_mood".to_owned(), "3".to_owned())].into(),
            complete,
            user: SURVEY_RESPONDENT.to_owned(),
            dag: None,
        };
        self.sim.save_form(self.project.project_id, form).await.expect("a saved form");
    }

    /// What a designer of the project does: a call of REDCap's API past our client.
    pub async fn design(&self, content: &str, rows: Value) {
        let rows = rows.to_string();
        self.post(&[("content", content), ("action", "import"), ("data", &rows)]).await;
    }

    pub async fn delete_event(&self, event: &str) {
        self.post(&[("content", "event"), ("action", "delete"), ("events[0]", event)]).await;
    }

    /// A record's rows with one field, as REDCap exports them.
    pub async fn export(&self, record: &str, field: &str) -> Vec<Value> {
        let form = [("content", "record"), ("records[0]", record), ("fields[0]", "record_id"), ("fields[1]", field)];
        serde_json::from_str(&self.post(&form).await).expect("rows")
    }

    async fn post(&self, form: &[(&str, &str)]) -> String {
        let study = self.read().await.study(self.study).await.expect("an answer").expect("the study");
        let address = study.config.redcap.api_url.expect("an address");
        let own = [("token", self.project.token.as_str()), ("format", "json")];
        let form = form.iter().chain(&own);
        let body: Vec<String> = form.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let call = reqwest::Client::new().post(address).header("content-type", "application/x-www-form-urlencoded");
        let answer = call.body(body.join("&")).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
        assert!(status.is_success(), "{status}: {text}");
        text
    }

    /// Makes calls of one kind misbehave, and lets the others through.
    pub fn order(&self, order: &str) {
        let order = order.parse().expect("an order");
        self.sim.give_order(Scope::Project(self.project.project_id), order).expect("the project");
    }
}
