//! The state in one file, which survives the process: a journal of JSON lines, of which the last one about a thing counts.
//! Invariant: what was kept before a crash is there after it; a line is whole or it is not there; two processes never write
//! to one file.

mod line;
mod read;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::state::{Project, World};
use line::Line;

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{} is in use by another simulator", .0.display())]
    InUse(PathBuf),
    #[error("{}, line {line}: {reason}; move the file away to begin with an empty server", path.display())]
    Unreadable { path: PathBuf, line: usize, reason: String },
}

/// What is in the file already about one project: fingerprints of what is written as a whole, lengths of what only grows.
#[derive(Clone, Copy, Default)]
struct Known {
    head: Option<u64>,
    definition: Option<u64>,
    calls: Option<u64>,
    log: usize,
    deliveries: usize,
}

/// A file that follows a world.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    known: BTreeMap<u32, Known>,
    world: Option<u64>,
    /// Gathered and not yet written.
    pending: Vec<u8>,
    /// How long the file is.
    bytes: u64,
    /// How long it may become before it is written anew.
    allowance: u64,
}

/// A file that is shorter is not worth writing anew.
const LEAST_ALLOWANCE: u64 = 16 * 1024 * 1024;

impl Journal {
    /// Opens or makes the file, fills the world from it, and leaves it without what is out of date.
    ///
    /// # Errors
    /// It cannot be read or written, another process has it, or it is no state of a simulator.
    pub(crate) fn open(path: &Path, world: &mut World) -> Result<Self, StateError> {
        let failed = |error| StateError::Io { path: path.to_owned(), error };
        let file =
            private(OpenOptions::new().read(true).write(true).create(true).truncate(false), path).map_err(failed)?;
        lock(&file, path)?;
        read::fill(world, &file, path)?;
        Self::fresh(path.to_owned(), world)
    }

    /// Takes over what has changed since the last time. Holds nothing up except memory.
    pub(crate) fn gather(&mut self, world: &mut World) {
        self.world = self.line(&Line::World(world), self.world);
        let gone: Vec<u32> = self.known.keys().copied().filter(|id| !world.projects.contains_key(id)).collect();
        for id in gone {
            self.known.remove(&id);
            self.line(&Line::Removed(id), None);
        }
        for project in world.projects.values_mut() {
            self.project(project);
        }
    }

    fn project(&mut self, project: &mut Project) {
        let id = project.id;
        let known = self.known.get(&id).copied();
        // A file that does not know the project yet needs all of its records, and must not use up what another has to write.
        let names = if known.is_some() { project.records.take_changed() } else { project.records.names() };
        let known = known.unwrap_or_default();
        let head = self.line(&Line::Project(project), known.head);
        let definition =
            self.line(&Line::Definition { project: id, definition: &project.definition }, known.definition);
        let calls = self.line(&Line::Calls { project: id, calls: project.api_calls }, known.calls);
        for name in names {
            self.line(&Line::Record { project: id, name: &name, record: project.records.get(&name) }, None);
        }
        for entry in project.log.iter().skip(known.log) {
            self.line(&Line::Log { project: id, entry }, None);
        }
        for delivery in project.deliveries.iter().skip(known.deliveries) {
            self.line(&Line::Delivery { project: id, delivery }, None);
        }
        let (log, deliveries) = (project.log.len(), project.deliveries.len());
        self.known.insert(id, Known { head, definition, calls, log, deliveries });
    }

    /// Adds a line unless its fingerprint is `known`; the fingerprint.
    fn line(&mut self, line: &Line<'_>, known: Option<u64>) -> Option<u64> {
        let text = serde_json::to_vec(line).expect("the simulator's state has texts for keys and no broken numbers");
        let mut print = DefaultHasher::new();
        text.hash(&mut print);
        let print = Some(print.finish());
        if print != known {
            self.pending.extend_from_slice(&text);
            self.pending.push(b'\n');
        }
        print
    }

    /// Whether the file holds so much that is out of date that it should be written anew.
    pub(crate) fn is_due(&self) -> bool {
        self.bytes > self.allowance
    }

    /// Writes what was gathered. What could not be written is tried again the next time.
    ///
    /// # Errors
    /// The file cannot be written to.
    pub(crate) fn write(&mut self) -> Result<(), StateError> {
        let written = self.file.seek(SeekFrom::Start(self.bytes)).and_then(|_| self.file.write_all(&self.pending));
        if let Err(error) = written {
            // Half a line must not stay in front of the next one; should this fail too, the next write covers it.
            let _ = self.file.set_len(self.bytes);
            return Err(StateError::Io { path: self.path.clone(), error });
        }
        self.bytes += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// Writes everything to a new file, which then takes the old one's place.
    ///
    /// # Errors
    /// The new file cannot be made, written or moved; the old one is followed further then.
    pub(crate) fn rewrite(&mut self, world: &mut World) -> Result<(), StateError> {
        *self = Self::fresh(self.path.clone(), world)?;
        Ok(())
    }

    fn fresh(path: PathBuf, world: &mut World) -> Result<Self, StateError> {
        let new = path.with_added_extension("new");
        let failed = |error| StateError::Io { path: new.clone(), error };
        let file = private(OpenOptions::new().write(true).create(true).truncate(true), &new).map_err(failed)?;
        lock(&file, &new)?;
        let mut journal =
            Self { path, file, known: BTreeMap::new(), world: None, pending: Vec::new(), bytes: 0, allowance: 0 };
        journal.line(&Line::Format(line::FORMAT), None);
        journal.gather(world);
        journal.write()?;
        journal.file.sync_all().and_then(|()| std::fs::rename(&new, &journal.path)).map_err(failed)?;
        journal.allowance = (journal.bytes * 2).max(LEAST_ALLOWANCE);
        for project in world.projects.values_mut() {
            project.records.take_changed();
        }
        Ok(journal)
    }
}

/// A state holds tokens and what was answered: nobody but its owner reads it.
fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

fn lock(file: &File, path: &Path) -> Result<(), StateError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StateError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(StateError::Io { path: path.to_owned(), error }),
    }
}
