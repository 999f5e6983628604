//! What one line of a state file says.
//! Invariant: a line that is written and one that is read have the same names; a change to them needs a new [`FORMAT`].

use serde::{Deserialize, Serialize};

use crate::det::DetDelivery;
use crate::project::definition::Definition;
use crate::state::log::LogEntry;
use crate::state::records::Record;
use crate::state::{Project, World};

/// The version of the lines; the file's first line tells it.
pub(super) const FORMAT: u32 = 3;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line<'a> {
    Format(u32),
    /// Everything of the server except its projects.
    World(&'a World),
    /// What a project is, except what the following lines say of it.
    Project(&'a Project),
    Definition {
        project: u32,
        definition: &'a Definition,
    },
    /// How many API requests have arrived.
    Calls {
        project: u32,
        calls: u64,
    },
    Removed(u32),
    /// A record as it is now; none when it is gone.
    Record {
        project: u32,
        name: &'a str,
        record: Option<&'a Record>,
    },
    Log {
        project: u32,
        entry: &'a LogEntry,
    },
    Delivery {
        project: u32,
        delivery: &'a DetDelivery,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OwnedLine {
    Format(u32),
    World(World),
    Project(Box<Project>),
    Definition { project: u32, definition: Box<Definition> },
    Calls { project: u32, calls: u64 },
    Removed(u32),
    Record { project: u32, name: String, record: Option<Record> },
    Log { project: u32, entry: LogEntry },
    Delivery { project: u32, delivery: DetDelivery },
}
