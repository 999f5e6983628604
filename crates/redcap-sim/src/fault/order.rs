//! An order to misbehave: a fault and the calls that it is meant for.
//! Invariant: what an order writes reads back as the same order; one that could never come true is refused.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ban::Bans;
use super::{Fault, UnknownFault};
use crate::api::actions_of;

/// The values of `content` that an order may name (`redcap.md` 2.2).
const CONTENTS: [&str; 28] = [
    "record",
    "generateNextRecordName",
    "metadata",
    "exportFieldNames",
    "instrument",
    "pdf",
    "arm",
    "event",
    "formEventMapping",
    "repeatingFormsEvents",
    "dag",
    "userDagMapping",
    "user",
    "userRole",
    "userRoleMapping",
    "project",
    "project_settings",
    "project_xml",
    "version",
    "file",
    "fileRepository",
    "surveyLink",
    "surveyQueueLink",
    "surveyReturnCode",
    "surveyAccessCode",
    "participantList",
    "report",
    "log",
];

/// `FAULT [on CONTENT[/ACTION]] [over N] [after N] [times N]`: a fault and the calls that it is meant for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    pub(crate) fault: Fault,
    /// Only calls of this `content` and, when named, this action (`export` when a call names none).
    on: Option<(String, Option<String>)>,
    /// Only calls that touch more records than this.
    over: Option<usize>,
    /// So many calls that it is meant for are let through first.
    after: u32,
    /// It strikes so often and is gone then; always when `None`.
    times: Option<u32>,
    bans: Bans,
}

impl From<Fault> for Order {
    fn from(fault: Fault) -> Self {
        Self { fault, on: None, over: None, after: 0, times: None, bans: Bans::default() }
    }
}

/// Why a text is no order.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadOrder {
    #[error(transparent)]
    Fault(#[from] UnknownFault),
    #[error("'{0}' is no part of an order; write FAULT [on CONTENT[/ACTION]] [over N] [after N] [times N]")]
    Part(String),
    #[error("'{word} {value}' needs a whole number of at least {least}")]
    Number { word: &'static str, value: String, least: u32 },
    #[error("'{0}' is no content of the API; it has {contents}", contents = CONTENTS.join(", "))]
    Content(String),
    #[error("'{action}' is no action of {content}; it has {actions}")]
    Action { action: String, content: String, actions: String },
    #[error("'{fault}' can only be noticed on {noticed}, so that it cannot be ordered on {on}")]
    Never { fault: Fault, noticed: String, on: String },
    #[error("'{0}' is no matter of calls: it takes 'after' and 'times' only")]
    OfDet(Fault),
    #[error("'{0}' counts requests by itself: it takes neither 'over', 'after' nor 'times'")]
    OfBan(Fault),
}

/// One call that has arrived, as far as orders ask about it.
pub(crate) struct Arrival<'a> {
    pub(crate) content: &'a str,
    pub(crate) action: &'a str,
    pub(crate) from: IpAddr,
    pub(crate) now: DateTime<Utc>,
    /// How many records it touches; asked for only when an order wants to know.
    pub(crate) records: &'a dyn Fn() -> usize,
}

impl Order {
    /// Whether it is meant for a call.
    pub(crate) fn concerns(&self, call: &Arrival<'_>) -> bool {
        let named = self.on.as_ref().map(|(content, action)| (content.as_str(), action.as_deref()));
        let fits = |scope: Option<(&str, Option<&str>)>| {
            scope.is_none_or(|(content, action)| content == call.content && action.is_none_or(|a| a == call.action))
        };
        let of_calls = !self.fault.is_of_det();
        of_calls && fits(named) && fits(self.fault.own_scope()) && self.over.is_none_or(|n| (call.records)() > n)
    }

    /// Whether it strikes this time: a ban looks at who calls, every other order at how often it has been its turn.
    pub(crate) fn strikes(&mut self, call: &Arrival<'_>) -> bool {
        match self.fault {
            Fault::Ban { per_minute, .. } => self.bans.count(call.from, per_minute, call.now),
            _ => self.takes_its_turn(),
        }
    }

    pub(crate) fn takes_its_turn(&mut self) -> bool {
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        self.times = self.times.map(|times| times.saturating_sub(1));
        true
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.times == Some(0)
    }

    fn checked(self) -> Result<Self, BadOrder> {
        let limited = self.over.is_some() || self.after > 0 || self.times.is_some();
        if self.fault.is_of_det() && (self.on.is_some() || self.over.is_some()) {
            return Err(BadOrder::OfDet(self.fault));
        }
        if matches!(self.fault, Fault::Ban { .. }) && limited {
            return Err(BadOrder::OfBan(self.fault));
        }
        let Some((content, action)) = &self.on else { return Ok(self) };
        if !CONTENTS.contains(&content.as_str()) {
            return Err(BadOrder::Content(content.clone()));
        }
        let actions = actions_of(content);
        if let Some(action) = action.as_deref().filter(|action| !actions.contains(action)) {
            let (action, actions) = (action.to_owned(), actions.join(", "));
            return Err(BadOrder::Action { action, content: content.clone(), actions });
        }
        match self.fault.own_scope() {
            Some((own, own_action))
                if own != content || action.as_deref().zip(own_action).is_some_and(|(a, own)| a != own) =>
            {
                let (noticed, on) = (written(own, own_action), written(content, action.as_deref()));
                Err(BadOrder::Never { fault: self.fault, noticed, on })
            }
            _ => Ok(self),
        }
    }
}

fn written(content: &str, action: Option<&str>) -> String {
    action.map_or_else(|| content.to_owned(), |action| format!("{content}/{action}"))
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        if let Some((content, action)) = &self.on {
            write!(f, " on {}", written(content, action.as_deref()))?;
        }
        if let Some(over) = self.over {
            write!(f, " over {over}")?;
        }
        if self.after > 0 {
            write!(f, " after {}", self.after)?;
        }
        self.times.map_or(Ok(()), |times| write!(f, " times {times}"))
    }
}

impl FromStr for Order {
    type Err = BadOrder;

    fn from_str(text: &str) -> Result<Self, BadOrder> {
        let mut words = text.split_whitespace();
        let mut order = Self::from(words.next().unwrap_or("").parse::<Fault>()?);
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| BadOrder::Part(word.to_owned()))?;
            let number = |word: &'static str, least: u32| {
                let number = value.parse().ok().filter(|number| *number >= least);
                number.ok_or_else(|| BadOrder::Number { word, value: value.to_owned(), least })
            };
            match word {
                "on" => {
                    let (content, action) = value.split_once('/').map_or((value, None), |(c, a)| (c, Some(a)));
                    order.on = Some((content.to_owned(), action.map(str::to_owned)));
                }
                "over" => order.over = Some(number("over", 0)? as usize),
                "after" => order.after = number("after", 1)?,
                "times" => order.times = Some(number("times", 1)?),
                _ => return Err(BadOrder::Part(word.to_owned())),
            }
        }
        order.checked()
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back_what_it_writes() {
        for text in [
            "down",
            "gateway:504 on record/export over 100 after 2 times 3",
            "memory200 on record over 0",
            "ban:600:close on record",
            "lost-rows on record/import times 1",
            "dst-log:60 on log",
            "det-lost after 1 times 2",
        ] {
            assert_eq!(text.parse::<Order>().map(|order| order.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_order_or_could_never_come_true_is_refused_with_the_reason() {
        let cases = [
            ("", "'' is no fault; write one of down"),
            ("cut twice", "'twice' is no part of an order; write FAULT [on CONTENT[/ACTION]]"),
            ("cut until 3", "'until' is no part of an order"),
            ("cut times 0", "'times 0' needs a whole number of at least 1"),
            ("cut on records", "'records' is no content of the API; it has record, "),
            ("cut on record/exprot", "'exprot' is no action of record; it has delete, export, import, "),
            ("lost-rows on log", "'lost-rows' can only be noticed on record, so that it cannot be ordered on log"),
            ("stale-range on record/import", "'stale-range:90' can only be noticed on record/export, so that"),
            ("det-lost on record", "'det-lost' is no matter of calls"),
            ("ban:5 times 1", "'ban:5' counts requests by itself"),
        ];
        for (text, reason) in cases {
            let refused = text.parse::<Order>().unwrap_err().to_string();
            assert!(refused.starts_with(reason), "{refused}");
        }
    }
}
