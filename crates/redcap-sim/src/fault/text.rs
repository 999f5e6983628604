//! Faults as text: what the command line, the orders over HTTP, the pages and tests write.
//! Invariant: what a fault writes reads back as the same fault; what is not understood is refused with the vocabulary.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::catalog::CATALOG;
use super::{BanReply, Fault, Length, Noise};

/// Why a text is no fault.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms: Vec<&str> = CATALOG.iter().map(|entry| entry.form).collect();
        write!(f, "'{}' is no fault; write one of {}", self.0, forms.join(", "))
    }
}

impl std::error::Error for UnknownFault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Down => f.write_str("down"),
            Fault::Slow { ms } => write!(f, "slow:{ms}"),
            Fault::Drip { ms } => write!(f, "drip:{ms}"),
            Fault::Status5xx(status) => write!(f, "status:{status}"),
            Fault::GatewayHtml(status) => write!(f, "gateway:{status}"),
            Fault::HtmlWith200 => f.write_str("html200"),
            Fault::MemoryTextWith200 => f.write_str("memory200"),
            Fault::MemoryTextWith500 => f.write_str("memory500"),
            Fault::DatabaseTextWith200 => f.write_str("database200"),
            Fault::SignInPage(status) => write!(f, "sso:{status}"),
            Fault::Offline(status) => write!(f, "offline:{status}"),
            Fault::Ban { per_minute, reply: BanReply::Page } => write!(f, "ban:{per_minute}"),
            Fault::Ban { per_minute, reply: BanReply::Closed } => write!(f, "ban:{per_minute}:close"),
            Fault::WrongToken => f.write_str("token"),
            Fault::Refusal(status) => write!(f, "error:{status}"),
            Fault::EmptyBody500 => f.write_str("empty500"),
            Fault::EmptyBody200 => f.write_str("empty200"),
            Fault::CutConnection => f.write_str("cut"),
            Fault::WrongLength(Length::Short) => f.write_str("length:short"),
            Fault::WrongLength(Length::Long) => f.write_str("length:long"),
            Fault::Noise(Noise::Blank) => f.write_str("noise:blank"),
            Fault::Noise(Noise::Sql) => f.write_str("noise:sql"),
            Fault::RefuseValidation { field } => write!(f, "validation:{field}"),
            Fault::LostRows => f.write_str("lost-rows"),
            Fault::StaleDateRange { seconds } => write!(f, "stale-range:{seconds}"),
            Fault::ShiftedLog { minutes } => write!(f, "dst-log:{minutes}"),
            Fault::DetLost => f.write_str("det-lost"),
            Fault::DetTwice => f.write_str("det-twice"),
        }
    }
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let (word, detail) = text.split_once(':').map_or((text, None), |(word, detail)| (word, Some(detail)));
        let fault = match detail {
            None => plain(word),
            Some(detail) => detailed(word, detail),
        };
        fault.ok_or_else(|| UnknownFault(text.to_owned()))
    }
}

/// A fault without a detail, or with that of its default.
fn plain(word: &str) -> Option<Fault> {
    Some(match word {
        "down" => Fault::Down,
        "html200" => Fault::HtmlWith200,
        "memory200" => Fault::MemoryTextWith200,
        "memory500" => Fault::MemoryTextWith500,
        "database200" => Fault::DatabaseTextWith200,
        "sso" => Fault::SignInPage(302),
        "offline" => Fault::Offline(503),
        "token" => Fault::WrongToken,
        "empty500" => Fault::EmptyBody500,
        "empty200" => Fault::EmptyBody200,
        "cut" => Fault::CutConnection,
        "length" => Fault::WrongLength(Length::default()),
        "noise" => Fault::Noise(Noise::default()),
        "lost-rows" => Fault::LostRows,
        "stale-range" => Fault::StaleDateRange { seconds: 90 },
        "dst-log" => Fault::ShiftedLog { minutes: -60 },
        "det-lost" => Fault::DetLost,
        "det-twice" => Fault::DetTwice,
        _ => return None,
    })
}

fn detailed(word: &str, detail: &str) -> Option<Fault> {
    let status = |allowed: &[u16]| detail.parse().ok().filter(|status| allowed.contains(status));
    Some(match (word, detail) {
        ("slow", _) => Fault::Slow { ms: detail.parse().ok()? },
        ("drip", _) => Fault::Drip { ms: detail.parse().ok()? },
        ("status", _) => Fault::Status5xx(detail.parse().ok().filter(|status| (500..=599).contains(status))?),
        ("gateway", _) => Fault::GatewayHtml(status(&[403, 404, 411, 413, 502, 503, 504])?),
        ("error", _) => Fault::Refusal(status(&[200, 400, 401, 403, 404, 406, 500, 501])?),
        ("sso", _) => Fault::SignInPage(status(&[302, 301, 200])?),
        ("offline", _) => Fault::Offline(status(&[503, 200])?),
        ("ban", _) => ban(detail)?,
        ("length", "short") => Fault::WrongLength(Length::Short),
        ("length", "long") => Fault::WrongLength(Length::Long),
        ("noise", "blank") => Fault::Noise(Noise::Blank),
        ("noise", "sql") => Fault::Noise(Noise::Sql),
        ("validation", field) if !field.is_empty() => Fault::RefuseValidation { field: field.into() },
        ("stale-range", _) => Fault::StaleDateRange { seconds: detail.parse().ok()? },
        ("dst-log", _) => Fault::ShiftedLog { minutes: detail.parse().ok()? },
        _ => return None,
    })
}

fn ban(detail: &str) -> Option<Fault> {
    let (number, reply) = detail.split_once(':').map_or((detail, "403"), |(number, reply)| (number, reply));
    let reply = match reply {
        "403" => BanReply::Page,
        "close" => BanReply::Closed,
        _ => return None,
    };
    Some(Fault::Ban { per_minute: number.parse().ok().filter(|limit| *limit > 0)?, reply })
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
        let spelled = [
            "down",
            "slow:1500",
            "drip:20",
            "status:507",
            "gateway:411",
            "gateway:504",
            "html200",
            "memory200",
            "memory500",
            "database200",
            "sso:302",
            "sso:301",
            "sso:200",
            "offline:503",
            "offline:200",
            "ban:600",
            "ban:5:close",
            "token",
            "error:200",
            "error:406",
            "empty500",
            "empty200",
            "cut",
            "length:short",
            "length:long",
            "noise:blank",
            "noise:sql",
            "validation:rt_mean_ms",
            "lost-rows",
            "stale-range:30",
            "dst-log:-60",
            "dst-log:60",
            "det-lost",
            "det-twice",
        ];
        for text in spelled {
            assert_eq!(text.parse::<Fault>().map(|fault| fault.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn defaults_are_those_of_the_catalog() {
        let cases = [
            ("sso", "sso:302"),
            ("offline", "offline:503"),
            ("ban:9:403", "ban:9"),
            ("length", "length:short"),
            ("noise", "noise:blank"),
            ("stale-range", "stale-range:90"),
            ("dst-log", "dst-log:-60"),
        ];
        for (short, full) in cases {
            assert_eq!(short.parse::<Fault>().unwrap().to_string(), full);
        }
    }

    #[test]
    fn details_that_make_no_sense_are_refused_with_the_vocabulary() {
        let bad = [
            "status:404",
            "status:",
            "gateway:500",
            "slow:soon",
            "slow",
            "validation:",
            "down:1",
            "",
            "ban:0",
            "ban:5:later",
            "sso:404",
            "error",
            "error:418",
            "offline:418",
            "length:0",
            "stale-range:-1",
            "dst-log:",
            "nonsense",
        ];
        for text in bad {
            let refused = text.parse::<Fault>().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("'{text}' is no fault; write one of down, slow:MS")), "{refused}");
        }
    }
}
