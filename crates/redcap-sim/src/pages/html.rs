//! The frame of every page and the few pieces that all pages use.
//! Invariant: whatever did not come from this crate's own source passes [`escape`] before it reaches a page.

use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A text as one segment of a path or one value of a query: everything but letters, digits, `-`, `_` and `.` is encoded.
pub(super) fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A whole page; `trail` are links (address, text) to where the reader came from, `body` is finished HTML.
pub(super) fn page(title: &str, trail: &[(String, String)], body: &str) -> String {
    let link = |(address, text): &(String, String)| format!("<a href=\"{}\">{}</a> › ", escape(address), escape(text));
    let trail: String = trail.iter().map(link).collect();
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · REDCap simulator</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/sim/style.css\"></head>\
         <body><header>{trail}<strong>REDCap simulator</strong></header><main><h1>{title}</h1>\n{body}</main></body></html>\n"
    )
}

/// The pages of one project, as a row of links; `here` is the last part of the address of this one.
pub(super) fn tabs(project_id: u32, here: &str) -> String {
    const TABS: [(&str, &str); 5] = [
        ("", "Project"),
        ("/dashboard", "Record status"),
        ("/log", "Logging"),
        ("/det", "Data Entry Trigger"),
        ("/api", "API"),
    ];
    let tab = |(path, text): &(&str, &str)| {
        let current = if *path == here { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"/projects/{project_id}{path}\"{current}>{text}</a>")
    };
    let tabs: String = TABS.iter().map(tab).collect();
    format!("<nav class=\"tabs\" aria-label=\"Pages of this project\">{tabs}</nav>")
}

/// Where a long list is cut: which part is shown, and the ways to the others.
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) size: usize,
    pub(super) all: usize,
}

impl Part {
    /// `number` counts from 1; one beyond the end is the last.
    pub(super) fn new(number: Option<usize>, size: usize, all: usize) -> Self {
        let last = all.div_ceil(size).max(1);
        Self { number: number.unwrap_or(1).clamp(1, last), size, all }
    }

    pub(super) fn skip(&self) -> usize {
        (self.number - 1) * self.size
    }

    /// Links to the parts before and after, as `address` makes them; nothing when there is one part only.
    pub(super) fn links(&self, address: impl Fn(usize) -> String) -> String {
        let last = self.all.div_ceil(self.size).max(1);
        if last == 1 {
            return String::new();
        }
        let link = |number: usize, text: &str| match (1..=last).contains(&number) {
            true => format!("<a class=\"button\" href=\"{}\">{text}</a>", escape(&address(number))),
            false => String::new(),
        };
        format!(
            "<nav class=\"actions\" aria-label=\"Parts of the list\">{}<span>Part {} of {last}</span>{}</nav>",
            link(self.number - 1, "‹ Before"),
            self.number,
            link(self.number + 1, "Next ›"),
        )
    }
}

/// A table that scrolls by itself where it is too wide, and by keyboard too; `name` says what it is.
pub(super) fn scroll(name: &str, table: &str) -> String {
    format!("<div class=\"scroll\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">{table}</div>", escape(name))
}

pub(super) fn ok(page: String) -> Response {
    Html(page).into_response()
}

/// A page that says what is wrong.
pub(super) fn refused(status: StatusCode, message: &str) -> Response {
    let body =
        format!("<p class=\"notice bad\" role=\"alert\">{}</p><p><a href=\"/\">All projects</a></p>", escape(message));
    (status, Html(page("That did not work", &[], &body))).into_response()
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

/// `<option>`s with one of them chosen.
pub(super) fn options<'a>(choices: impl IntoIterator<Item = (&'a str, &'a str)>, chosen: &str) -> String {
    let option = |(value, label): (&str, &str)| {
        let selected = if value == chosen { " selected" } else { "" };
        format!("<option value=\"{}\"{selected}>{}</option>", escape(value), escape(label))
    };
    choices.into_iter().map(option).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_becomes_markup_or_a_path() {
        assert_eq!(escape("<b x='1'>&\"</b>"), "&lt;b x=&#39;1&#39;&gt;&amp;&quot;&lt;/b&gt;");
        assert_eq!(encode("Ä-07/../x y"), "%C3%84-07%2F..%2Fx%20y");
        assert!(page("<i>", &[], "").contains("<title>&lt;i&gt;"));
    }
}
