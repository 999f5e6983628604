//! From a state file to a world.
//! Invariant: a last line without its end was cut off by a crash and does not count; any other that cannot be read refuses
//! the whole file.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::StateError;
use super::line::{FORMAT, OwnedLine};
use crate::state::{Project, World};

pub(super) fn fill(world: &mut World, file: &File, path: &Path) -> Result<(), StateError> {
    let mut lines = BufReader::new(file);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = lines.read_until(b'\n', &mut text);
        read.map_err(|error| StateError::Io { path: path.to_owned(), error })?;
        if text.is_empty() {
            break;
        }
        if text.pop() != Some(b'\n') {
            tracing::warn!(path = %path.display(), line, "the last line was cut off and is ignored");
            break;
        }
        let unreadable = |reason: String| StateError::Unreadable { path: path.to_owned(), line, reason };
        let said = serde_json::from_slice(&text).map_err(|error| unreadable(format!("this is no state ({error})")))?;
        match said {
            OwnedLine::Format(FORMAT) => {}
            OwnedLine::Format(other) => return Err(unreadable(format!("its format is {other}, not {FORMAT}"))),
            _ if line == 1 => return Err(unreadable("the file does not begin with its format".into())),
            said => take(world, said).map_err(unreadable)?,
        }
    }
    Ok(())
}

fn take(world: &mut World, said: OwnedLine) -> Result<(), String> {
    match said {
        OwnedLine::Format(_) => {}
        OwnedLine::World(new) => world.take_over(new),
        OwnedLine::Project(mut new) => {
            if let Some(old) = world.projects.remove(&new.id) {
                (new.definition, new.api_calls) = (old.definition, old.api_calls);
                (new.records, new.log, new.deliveries) = (old.records, old.log, old.deliveries);
            }
            world.projects.insert(new.id, *new);
        }
        OwnedLine::Removed(id) => {
            world.projects.remove(&id);
        }
        OwnedLine::Definition { project, definition } => known(world, project)?.definition = *definition,
        OwnedLine::Calls { project, calls } => known(world, project)?.api_calls = calls,
        OwnedLine::Record { project, name, record } => {
            let records = &mut known(world, project)?.records;
            match record {
                Some(record) => records.insert(&name, record),
                None => drop(records.remove(&name)),
            }
        }
        OwnedLine::Log { project, entry } => known(world, project)?.log.push(entry),
        OwnedLine::Delivery { project, delivery } => known(world, project)?.deliveries.push(delivery),
    }
    Ok(())
}

fn known(world: &mut World, project: u32) -> Result<&mut Project, String> {
    world.projects.get_mut(&project).ok_or_else(|| format!("it is about project {project}, which does not exist"))
}
