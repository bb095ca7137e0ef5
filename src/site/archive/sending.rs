//! An archive on its way: its headers, and its files one after the other.
//!
//! A file is opened when the sending comes to it, so there is one at a time. It was looked at some
//! time before, and its length is promised. One that has become longer is cut at that length. One
//! that is shorter, is gone, or is another file of another length ends the archive: the rest would
//! not be where the headers say.

use super::contents::{Contents, Entry, Identity, Way};
use super::header::{END, Kind, padding, push_header};
use crate::http::validator::FileFacts;
use crate::site::kept::Directory;
use crate::site::openat;
use rustix::io::Errno;
use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Bytes of headers that go out together, about.
const PART_BYTES: usize = 16 * 1024;

/// What is still to be sent of an archive.
#[derive(Clone)]
pub struct Archive {
    root: Arc<Directory>,
    /// Whether a file is for nobody, such as the one that has the passwords.
    is_secret: Arc<dyn Fn(&FileFacts) -> bool + Send + Sync>,
    contents: Contents,
    way: Way,
    /// The number of the entry that comes next.
    next: usize,
    /// Zeros that are due behind the file that was sent last.
    padding: usize,
    is_over: bool,
    length: u64,
}

/// A part of an archive.
pub struct Part {
    /// Bytes that come first.
    pub bytes: Vec<u8>,
    /// A file that follows them, and how many bytes of it, from its beginning.
    pub file: Option<(File, u64)>,
}

impl Archive {
    /// The archive of the folder at `relative` with these contents, of so many bytes.
    pub(super) fn new(
        root: &Arc<Directory>,
        is_secret: Arc<dyn Fn(&FileFacts) -> bool + Send + Sync>,
        relative: &[u8],
        contents: Contents,
        length: u64,
    ) -> Archive {
        let (root, way) = (Arc::clone(root), Way::new(relative));
        Archive { root, is_secret, contents, way, next: 0, padding: 0, is_over: false, length }
    }

    /// The length of the whole archive in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Bytes that it holds in memory, with one part.
    pub fn held_bytes(&self) -> u64 {
        self.contents.held_bytes() + PART_BYTES as u64
    }

    /// Whether all parts were given.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The part that is to be sent next, without a byte if there is no more.
    ///
    /// # Errors
    ///
    /// If the next file is not as it was: then nothing more can be sent. The log says which.
    pub fn next_part(&mut self) -> io::Result<Part> {
        let mut bytes = vec![0; std::mem::take(&mut self.padding)];
        while bytes.len() < PART_BYTES {
            let Some((entry, name)) = self.contents.get(self.next) else {
                if !self.is_over {
                    bytes.extend_from_slice(&END);
                    self.is_over = true;
                }
                break;
            };
            self.next += 1;
            self.way.go_to(entry.depth, name);
            push_header(&mut bytes, self.way.header(&entry));
            if let Kind::File(length @ 1..) = entry.kind {
                self.padding = padding(length);
                return Ok(Part { bytes, file: Some((self.open(&entry)?, length)) });
            }
        }
        Ok(Part { bytes, file: None })
    }

    /// Opens the file that the way leads to.
    fn open(&self, entry: &Entry) -> io::Result<File> {
        let path = self.way.beneath_root();
        self.open_as(entry, &path).map_err(|errno| {
            let why = match errno {
                Errno::STALE => "it has changed its length".to_owned(),
                errno => errno.to_string(),
            };
            let message = format!("an archive breaks off at {}: {why}", path.escape_ascii());
            log::warn!("{message}");
            io::Error::other(message)
        })
    }

    /// ESTALE where it is not, or no longer, as long as `entry` says.
    fn open_as(&self, entry: &Entry, path: &[u8]) -> Result<File, Errno> {
        let root = self.root.descriptor();
        // Looked at first: to open a FIFO wakes the process at its other end.
        let kind = match openat::look(root, path)?.kind {
            openat::Kind::Symlink => openat::look_beneath(root, path)?.kind,
            kind => kind,
        };
        if kind != openat::Kind::Regular {
            return Err(Errno::NOENT);
        }
        let descriptor = openat::open_file(root, path)?;
        let status = openat::status_of(&descriptor)?;
        if (self.is_secret)(&status.facts) {
            return Err(Errno::NOENT);
        }
        let is_same = Identity::of(&status.facts) == entry.identity;
        let (length, promised) = (status.facts.length, entry.kind.length());
        match status.kind {
            openat::Kind::Regular if length == promised || is_same && length > promised => {
                Ok(File::from(descriptor))
            }
            openat::Kind::Regular => Err(Errno::STALE),
            _ => Err(Errno::NOENT),
        }
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Archive of {} bytes, before entry {}", self.length, self.next)
    }
}
