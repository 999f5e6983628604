//! `content=log`: the project's log, newest first.
//! Invariant: a person inside a group sees the lines about that group's records, and those about no record.

use super::Call;
use super::answer::{Answer, ApiError, cells};
use crate::state::log::LogEntry;

/// Times are compared as REDCap writes them, to the minute and in the server's own time.
pub(super) fn export(call: &mut Call<'_>) -> Result<Answer, ApiError> {
    let params = call.params;
    let (logtype, user, record) = (params.get("logtype"), params.get("user"), params.get("record"));
    let (from, to) = (params.get("beginTime"), params.get("endTime"));
    let group = call.user.dag.as_deref().unwrap_or(params.get("dag"));
    let shift = call.faults.log_shift();
    let minute = |entry: &LogEntry| call.server_time(entry.at + shift).chars().take(16).collect::<String>();
    let in_group = |entry: &LogEntry| {
        let of = entry.record.as_deref().and_then(|record| call.project.records.get(record));
        group.is_empty() || entry.record.is_none() || of.and_then(|record| record.group.as_deref()) == Some(group)
    };
    let wanted = |entry: &&LogEntry| {
        let at = minute(entry);
        entry.is(logtype)
            && (user.is_empty() || entry.username == user)
            && (record.is_empty() || entry.record.as_deref() == Some(record))
            && (from.is_empty() || at.as_str() >= from.get(..16).unwrap_or(from))
            && (to.is_empty() || at.as_str() <= to.get(..16).unwrap_or(to))
            && in_group(entry)
    };
    let rows = call.project.log.iter().rev().filter(wanted).map(|entry| {
        cells([
            ("timestamp", minute(entry).into()),
            ("username", entry.username.as_str().into()),
            ("action", entry.action.as_str().into()),
            ("details", entry.details.as_str().into()),
            ("record", entry.record.as_deref().unwrap_or("").into()),
        ])
    });
    Ok(Answer::table("logs", params.format(), rows.collect()))
}
