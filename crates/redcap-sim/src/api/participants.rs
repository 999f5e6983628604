//! `content=participantList`: whom a survey is for, with each one's link and how far they are.
//! Invariant: one row for each record that the caller sees; asking makes the links that nobody asked for before.

use super::Call;
use super::answer::{Answer, ApiError, cells};
use super::surveys::{access_code_of, survey_event, target_at};
use crate::state::records::{Record, Row};

/// # Errors
/// 400 when the instrument is no survey, or not one of the event.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let instrument = call.params.get("instrument").to_owned();
    let event = survey_event(call, &instrument)?;
    let seen = call.project.records.iter().filter(|(_, record)| call.user.sees(record.group.as_deref()));
    let people: Vec<(String, u32)> =
        seen.map(|(id, record)| (id.to_owned(), response_status(record, event, &instrument))).collect();
    let mut rows = Vec::new();
    for (record, status) in people {
        let code = call.site.survey_code(target_at(call, record.clone(), event, &instrument));
        let queue = call.site.queue_code(call.project.id, &record);
        rows.push(cells([
            ("email", "".into()),
            ("email_occurrence", "".into()),
            ("identifier", "".into()),
            ("record", record.into()),
            ("invitation_sent_status", 0.into()),
            ("invitation_send_time", "".into()),
            ("response_status", status.into()),
            ("survey_access_code", access_code_of(&code).into()),
            ("survey_link", format!("{}surveys/?s={code}", call.base_url).into()),
            ("survey_queue_link", format!("{}surveys/?sq={queue}", call.base_url).into()),
        ]));
    }
    Ok(Answer::table("participants", call.params.format(), rows))
}

/// 0 nothing yet, 1 begun, 2 complete: the furthest of all instances.
fn response_status(record: &Record, event: usize, instrument: &str) -> u32 {
    let at_event = record.rows.iter().filter(|(place, _)| place.event == event);
    let status = |row: &Row| match row.survey_times.get(instrument).map(String::as_str) {
        None => 0,
        Some("[not completed]") => 1,
        Some(_) => 2,
    };
    at_event.map(|(_, row)| status(row)).max().unwrap_or(0)
}
