//! What is in an archive: its entries in the order in which they are sent, each in few bytes.
//!
//! An entry has its own name and its depth, and no path: in a deep tree, paths would take a hundred
//! times the bytes. [`Way`] puts them together again.

use super::header::{Header, Kind};
use crate::http::validator::FileFacts;
use crate::site::relative_path::{join, split};
use std::mem::size_of;

/// The entries of an archive. The first one is the folder itself, at depth 0; what is in a
/// directory follows it.
#[derive(Clone, Default)]
pub(super) struct Contents {
    names: Vec<u8>,
    entries: Vec<Entry>,
    /// Where each entry's name ends.
    name_ends: Vec<usize>,
}

/// One entry, without its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// How many directories of the archive it is in.
    pub depth: usize,
    pub kind: Kind,
    /// Seconds since 1970.
    pub modified: i64,
    pub identity: Identity,
}

/// Which file or directory it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(facts: &FileFacts) -> Identity {
        Identity { device: facts.device, inode: facts.inode }
    }
}

impl Contents {
    pub(super) fn push(&mut self, name: &[u8], entry: Entry) {
        self.names.extend_from_slice(name);
        self.name_ends.push(self.names.len());
        self.entries.push(entry);
    }

    /// The entry of this number, with its name.
    pub(super) fn get(&self, number: usize) -> Option<(Entry, &[u8])> {
        let entry = *self.entries.get(number)?;
        let begin = number.checked_sub(1).map_or(0, |before| self.name_ends[before]);
        Some((entry, &self.names[begin..self.name_ends[number]]))
    }

    /// Bytes that they hold in memory.
    pub(super) fn held_bytes(&self) -> u64 {
        let each = size_of::<Entry>() + size_of::<usize>();
        (self.names.capacity() + self.entries.capacity() * each) as u64
    }

    /// Gives back what was set aside for more.
    pub(super) fn shrink(&mut self) {
        self.names.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.name_ends.shrink_to_fit();
    }
}

/// A place in the archive, and the same place beneath the document root.
#[derive(Clone)]
pub(super) struct Way {
    /// The parent of the folder, relative to the root.
    parent: Vec<u8>,
    /// Whether the folder is the root itself, whose name is the archive's alone.
    is_of_root: bool,
    /// The path in the archive: it begins with the folder's name.
    path: Vec<u8>,
    /// How long the path is with each of its names.
    ends: Vec<usize>,
}

/// The name of the root's archive. The directory's own name is nobody's business.
const NAME_OF_ROOT: &[u8] = b"archive";

/// The name of the folder at `relative`, as its archive calls it.
pub(super) fn name_of(relative: &[u8]) -> &[u8] {
    if relative.is_empty() { NAME_OF_ROOT } else { split(relative).1 }
}

impl Way {
    /// A way into the folder at `relative`.
    pub(super) fn new(relative: &[u8]) -> Way {
        let is_of_root = relative.is_empty();
        let parent = split(relative).0.to_vec();
        Way { parent, is_of_root, path: Vec::new(), ends: Vec::new() }
    }

    /// Goes to `name`, which is in the last directory of depth `depth - 1` that the way led to.
    pub(super) fn go_to(&mut self, depth: usize, name: &[u8]) {
        self.ends.truncate(depth);
        self.path.truncate(self.ends.last().copied().unwrap_or(0));
        if depth > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        self.ends.push(self.path.len());
    }

    /// The place's path relative to the document root; `.` for the root itself.
    pub(super) fn beneath_root(&self) -> Vec<u8> {
        match (self.is_of_root, self.ends.len()) {
            (true, 0 | 1) => b".".to_vec(),
            (true, _) => self.path[self.ends[0] + 1..].to_vec(),
            (false, _) => join(&self.parent, &self.path),
        }
    }

    /// The header of `entry`, which is in this place.
    pub(super) fn header(&self, entry: &Entry) -> Header<'_> {
        Header { path: &self.path, kind: entry.kind, modified: entry.modified }
    }
}
