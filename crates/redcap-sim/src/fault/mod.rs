//! The ways in which the simulated REDCap can be told to misbehave, each seen on real servers (`redcap.md` 3.5).
//! Invariant: a fault changes how the API answers or whether a DET leaves, never what people see on the pages.

pub(crate) mod ban;
pub(crate) mod catalog;
pub(crate) mod order;
pub(crate) mod orders;
mod text;

pub use order::{BadOrder, Order};
pub use text::UnknownFault;

/// One way to misbehave. [`Order`] says for which calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The connection is closed without an answer.
    Down,
    /// The right answer, after this many milliseconds.
    Slow { ms: u64 },
    /// The right answer at once, its body trickling in over this many milliseconds.
    Drip { ms: u64 },
    /// An error answer with this status (500 to 599).
    Status5xx(u16),
    /// A proxy's or web server's HTML page with status 403, 404, 411, 413, 502, 503 or 504.
    GatewayHtml(u16),
    /// "Unknown error" as HTML with status 200.
    HtmlWith200,
    /// "REDCap ran out of server memory" with status 200.
    MemoryTextWith200,
    /// "REDCap ran out of memory" with status 500, as older servers say it.
    MemoryTextWith500,
    /// PHP cannot reach its database and says so with status 200.
    DatabaseTextWith200,
    /// A sign-in page instead of an answer: by a redirect (301, 302) or in place (200).
    SignInPage(u16),
    /// The administrators' "system offline" page, with status 503 or 200.
    Offline(u16),
    /// An address that sends more requests than this in sixty seconds is shut out until the fault is taken away.
    Ban { per_minute: u32, reply: BanReply },
    /// The token is refused with 403.
    WrongToken,
    /// REDCap's own error body, with this status: 200, 400, 401, 403, 404, 406, 500 or 501.
    Refusal(u16),
    /// Status 500 with nothing in it.
    EmptyBody500,
    /// Status 200 with nothing in it.
    EmptyBody200,
    /// The connection is cut in the middle of the right answer.
    CutConnection,
    /// `Content-Length` says something else than what comes.
    WrongLength(Length),
    /// Something stands before the right answer.
    Noise(Noise),
    /// Imports that hold a value for this field are refused; everything else works.
    RefuseValidation { field: String },
    /// Imports and exports lose their last record and say nothing about it.
    LostRows,
    /// `dateRangeBegin` and `dateRangeEnd` do not see what changed within these last seconds.
    StaleDateRange { seconds: u32 },
    /// The log writes and filters its times this many minutes off.
    ShiftedLog { minutes: i32 },
    /// The DET of a save never leaves.
    DetLost,
    /// The DET of a save arrives twice, as behind a proxy that repeats a request.
    DetTwice,
}

/// What an address hears that is banned. Nobody states it publicly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BanReply {
    /// An HTML page with status 403.
    #[default]
    Page,
    /// A closed connection.
    Closed,
}

/// How a length is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Length {
    /// Half of the body, and the transfer looks complete.
    #[default]
    Short,
    /// More than there is, and the transfer ends early.
    Long,
}

/// What stands before the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Noise {
    /// A byte order mark and empty lines.
    #[default]
    Blank,
    /// An SQL statement that somebody left printing.
    Sql,
}

impl Fault {
    /// Whether it stands for, delays or damages the whole answer; a call gets one of these at most.
    pub(crate) fn is_of_transport(&self) -> bool {
        !(self.is_quiet() || self.is_of_det())
    }

    /// Whether it changes what is in an answer that looks right.
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(
            self,
            Fault::RefuseValidation { .. } | Fault::LostRows | Fault::StaleDateRange { .. } | Fault::ShiftedLog { .. }
        )
    }

    pub(crate) fn is_of_det(&self) -> bool {
        matches!(self, Fault::DetLost | Fault::DetTwice)
    }

    /// The calls on which it can be noticed at all, as content and action; any call when `None`.
    pub(crate) fn own_scope(&self) -> Option<(&'static str, Option<&'static str>)> {
        match self {
            Fault::RefuseValidation { .. } => Some(("record", Some("import"))),
            Fault::LostRows => Some(("record", None)),
            Fault::StaleDateRange { .. } => Some(("record", Some("export"))),
            Fault::ShiftedLog { .. } => Some(("log", None)),
            _ => None,
        }
    }
}
