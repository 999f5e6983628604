//! The vocabulary of faults for people: how each is written, what a button says, what it does and what it defaults to.
//! Invariant: every fault has one entry, and the example of every entry reads as a fault.

use super::Fault;

/// One kind of fault as people read about it.
pub(crate) struct Entry {
    /// How it is written, with its details and their defaults.
    pub(crate) form: &'static str,
    /// One that can be ordered as it stands.
    pub(crate) example: &'static str,
    pub(crate) meaning: &'static str,
}

const fn entry(form: &'static str, example: &'static str, meaning: &'static str) -> Entry {
    Entry { form, example, meaning }
}

/// All kinds, the loud ones first.
pub(crate) const CATALOG: [Entry; 25] = [
    entry("down", "down", "the connection is closed without an answer"),
    entry("slow:MS", "slow:3000", "the right answer, MS milliseconds late"),
    entry("drip:MS", "drip:3000", "the right answer, its body trickling in over MS milliseconds"),
    entry("status:5XX", "status:500", "an HTML error page with this status"),
    entry("gateway:403|404|411|413|502|503|504", "gateway:504", "a proxy's HTML page with this status"),
    entry("error:200|400|401|403|404|406|500|501", "error:400", "the API's own error body, with this status"),
    entry("html200", "html200", "\"unknown error, multiple browser tabs\" as HTML with status 200"),
    entry("memory200", "memory200", "\"ran out of server memory\" with status 200, before what may look like JSON"),
    entry("memory500", "memory500", "\"ERROR: REDCap ran out of memory!\" with status 500, as older servers have it"),
    entry("database200", "database200", "PHP's \"could not connect\" to the database with status 200"),
    entry("sso[:302|301|200]", "sso", "a sign-in page: by a redirect, or in place of the answer"),
    entry("offline[:503|200]", "offline", "the administrators' maintenance page (its status is not public: 503)"),
    entry(
        "ban:N[:403|:close]",
        "ban:600",
        "an address with more than N requests in 60 s hears nothing else until repair (403 page; not public)",
    ),
    entry("token", "token", "the token is refused with 403"),
    entry("empty500", "empty500", "status 500 with nothing in it"),
    entry("empty200", "empty200", "status 200 with nothing in it"),
    entry("cut", "cut", "the connection breaks in the middle of the right answer"),
    entry("length[:short|long]", "length", "Content-Length is half of the body (looks complete), or more than comes"),
    entry("noise[:blank|sql]", "noise", "a byte order mark and empty lines, or an SQL statement, before the answer"),
    entry("validation:FIELD", "validation:FIELD", "imports that hold a value for FIELD are refused, nothing is stored"),
    entry("lost-rows", "lost-rows", "imports and exports lose their last record in silence"),
    entry("stale-range[:SECONDS]", "stale-range", "dateRange filters miss what changed in the last SECONDS (90)"),
    entry("dst-log[:MINUTES]", "dst-log", "the log's times are MINUTES off (-60), in answers and in filters"),
    entry("det-lost", "det-lost", "the DET of a save never leaves"),
    entry("det-twice", "det-twice", "the DET of a save arrives twice"),
];

impl Fault {
    /// What a person reads on the button.
    pub(crate) fn title(&self) -> String {
        use super::{BanReply, Length, Noise};
        match self {
            Fault::Down => "Down: no answer at all".into(),
            Fault::Slow { ms } => format!("Slow: answers after {ms} ms"),
            Fault::Drip { ms } => format!("Drips its answer over {ms} ms"),
            Fault::Status5xx(status) => format!("Server error {status}"),
            Fault::GatewayHtml(status) => format!("Gateway page {status}"),
            Fault::HtmlWith200 => "HTML with status 200".into(),
            Fault::MemoryTextWith200 => "Out of memory with status 200".into(),
            Fault::MemoryTextWith500 => "Out of memory with status 500".into(),
            Fault::DatabaseTextWith200 => "No database, with status 200".into(),
            Fault::SignInPage(200) => "Sign-in page in place".into(),
            Fault::SignInPage(status) => format!("Redirect to a sign-in page ({status})"),
            Fault::Offline(status) => format!("Offline page ({status})"),
            Fault::Ban { per_minute, reply: BanReply::Page } => format!("Bans after {per_minute} requests a minute"),
            Fault::Ban { per_minute, reply: BanReply::Closed } => {
                format!("Bans after {per_minute} requests a minute, without a word")
            }
            Fault::WrongToken => "Token refused (403)".into(),
            Fault::Refusal(status) => format!("The API's own error, with status {status}"),
            Fault::EmptyBody500 => "500 with an empty body".into(),
            Fault::EmptyBody200 => "200 with an empty body".into(),
            Fault::CutConnection => "Cuts the connection mid-answer".into(),
            Fault::WrongLength(Length::Short) => "Length too short: half an answer".into(),
            Fault::WrongLength(Length::Long) => "Length too long: ends early".into(),
            Fault::Noise(Noise::Blank) => "Blank lines before the answer".into(),
            Fault::Noise(Noise::Sql) => "SQL before the answer".into(),
            Fault::RefuseValidation { field } => format!("Refuses values of {field}"),
            Fault::LostRows => "Loses the last record silently".into(),
            Fault::StaleDateRange { seconds } => format!("Date range lags {seconds} s"),
            Fault::ShiftedLog { minutes } => format!("Log times {minutes:+} min"),
            Fault::DetLost => "DET never leaves".into(),
            Fault::DetTwice => "DET arrives twice".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_fault_and_every_kind_has_one() {
        let mut kinds = Vec::new();
        for entry in &CATALOG {
            let fault: Fault = entry.example.parse().unwrap();
            assert!(entry.form.starts_with(entry.example.split(':').next().unwrap()), "{}", entry.form);
            let kind = std::mem::discriminant(&fault);
            assert!(!kinds.contains(&kind), "{} stands twice", entry.form);
            kinds.push(kind);
        }
    }
}
