//! The ways in which the simulated REDCap can be told to misbehave, each seen on real servers (`redcap.md` 3.5).
//! Invariant: a fault changes how the API answers, never what people see on the pages; text and value convert both ways.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One way to misbehave; it holds for every API call of a project until it is taken away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection is closed without an answer.
    Down,
    /// The right answer, after this many milliseconds.
    Slow { ms: u64 },
    /// An error answer with this status (500 to 599).
    Status5xx(u16),
    /// A proxy's HTML page with status 502, 503 or 504.
    GatewayHtml(u16),
    /// "Unknown error" as HTML with status 200.
    HtmlWith200,
    /// "REDCap ran out of server memory" with status 200.
    MemoryTextWith200,
    /// The token is refused with 403.
    WrongToken,
    /// Imports that hold a value for this field are refused; everything else works.
    RefuseValidation { field: String },
    /// Status 500 with nothing in it.
    EmptyBody500,
    /// Imports and exports lose their last record and say nothing about it.
    LostRows,
    /// The connection is cut in the middle of the right answer.
    CutConnection,
}

/// Why a text is no fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' is no fault; write one of down, slow:MS, status:5XX, gateway:502|503|504, html200, memory200, token, validation:FIELD, empty500, lost-rows, cut"
)]
pub struct UnknownFault(String);

impl Fault {
    /// What a person reads on the button.
    pub(crate) fn title(&self) -> String {
        match self {
            Fault::Down => "Down: no answer at all".into(),
            Fault::Slow { ms } => format!("Slow: answers after {ms} ms"),
            Fault::Status5xx(status) => format!("Server error {status}"),
            Fault::GatewayHtml(status) => format!("Gateway page {status}"),
            Fault::HtmlWith200 => "HTML with status 200".into(),
            Fault::MemoryTextWith200 => "Out of memory with status 200".into(),
            Fault::WrongToken => "Token refused (403)".into(),
            Fault::RefuseValidation { field } => format!("Refuses values of {field}"),
            Fault::EmptyBody500 => "500 with an empty body".into(),
            Fault::LostRows => "Loses the last record silently".into(),
            Fault::CutConnection => "Cuts the connection mid-answer".into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Down => f.write_str("down"),
            Fault::Slow { ms } => write!(f, "slow:{ms}"),
            Fault::Status5xx(status) => write!(f, "status:{status}"),
            Fault::GatewayHtml(status) => write!(f, "gateway:{status}"),
            Fault::HtmlWith200 => f.write_str("html200"),
            Fault::MemoryTextWith200 => f.write_str("memory200"),
            Fault::WrongToken => f.write_str("token"),
            Fault::RefuseValidation { field } => write!(f, "validation:{field}"),
            Fault::EmptyBody500 => f.write_str("empty500"),
            Fault::LostRows => f.write_str("lost-rows"),
            Fault::CutConnection => f.write_str("cut"),
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.to_owned());
        let (word, detail) = text.split_once(':').unwrap_or((text, ""));
        let status = |allowed: std::ops::RangeInclusive<u16>| {
            detail.parse().ok().filter(|status| allowed.contains(status)).ok_or_else(unknown)
        };
        Ok(match (word, detail) {
            ("down", "") => Fault::Down,
            ("slow", _) => Fault::Slow { ms: detail.parse().map_err(|_| unknown())? },
            ("status", _) => Fault::Status5xx(status(500..=599)?),
            ("gateway", _) => Fault::GatewayHtml(status(502..=504)?),
            ("html200", "") => Fault::HtmlWith200,
            ("memory200", "") => Fault::MemoryTextWith200,
            ("token", "") => Fault::WrongToken,
            ("validation", field) if !field.is_empty() => Fault::RefuseValidation { field: field.into() },
            ("empty500", "") => Fault::EmptyBody500,
            ("lost-rows", "") => Fault::LostRows,
            ("cut", "") => Fault::CutConnection,
            _ => return Err(unknown()),
        })
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        String::deserialize(source)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_reads_back_what_it_writes() {
        let faults = [
            Fault::Down,
            Fault::Slow { ms: 1500 },
            Fault::Status5xx(507),
            Fault::GatewayHtml(504),
            Fault::HtmlWith200,
            Fault::MemoryTextWith200,
            Fault::WrongToken,
            Fault::RefuseValidation { field: "rt_mean_ms".into() },
            Fault::EmptyBody500,
            Fault::LostRows,
            Fault::CutConnection,
        ];
        for fault in faults {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
    }

    #[test]
    fn statuses_that_are_no_server_errors_are_refused() {
        for text in ["status:404", "status:", "gateway:500", "slow:soon", "validation:", "down:1", ""] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
