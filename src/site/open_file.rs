//! One open file: its content, in memory or behind a descriptor, and what the kernel says of it.

use super::openat::{self, Kind};
use super::representation::Representation;
use crate::http::validator::{EntityTag, FileFacts};
use crate::limits::SENDFILE_BYTES_MIN;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::fs::File;
use std::sync::{Arc, OnceLock};

/// How often a small file is read anew that changes its length while it is read; after that it is
/// sent as a long one is.
const READ_ATTEMPTS_MAX: usize = 3;

/// One regular file beneath the root, open or in memory.
#[derive(Debug)]
pub struct OpenFile {
    pub facts: FileFacts,
    pub content: Content,
    /// Made on first use, as it may cost a look at all bytes.
    entity_tag: OnceLock<Option<EntityTag>>,
    /// Set by the site on first use: what all answers about this file share.
    pub representation: OnceLock<Arc<Representation>>,
}

#[derive(Debug)]
pub enum Content {
    /// All bytes of a file shorter than `SENDFILE_BYTES_MIN`.
    Bytes(Arc<[u8]>),
    /// An open descriptor of a longer one.
    Handle(Arc<File>),
}

#[derive(Debug)]
pub enum Found {
    File(Arc<OpenFile>),
    Directory,
}

impl OpenFile {
    fn new(facts: FileFacts, content: Content) -> OpenFile {
        let (entity_tag, representation) = (OnceLock::new(), OnceLock::new());
        OpenFile { facts, content, entity_tag, representation }
    }

    /// The entity-tag of the bytes as they are in the file: made of themselves where they are in
    /// memory, of length and time else. `None` for a long file whose time says nothing.
    pub fn entity_tag(&self) -> Option<EntityTag> {
        *self.entity_tag.get_or_init(|| match &self.content {
            Content::Bytes(bytes) => Some(EntityTag::of_bytes(bytes)),
            Content::Handle(_) => EntityTag::of_long_file(&self.facts),
        })
    }
}

/// Opens what was a regular file a moment ago, beneath `directory`, and goes by what the descriptor
/// is.
pub(super) fn open_file(directory: BorrowedFd<'_>, relative: &[u8]) -> Result<Found, Errno> {
    let descriptor = openat::open_file(directory, relative)?;
    let status = openat::status_of(&descriptor)?;
    match status.kind {
        Kind::Regular => Ok(Found::File(Arc::new(load(descriptor, status.facts)?))),
        Kind::Directory => Ok(Found::Directory),
        Kind::Symlink | Kind::Other => Err(Errno::NOENT),
    }
}

/// The content of an open regular file: in memory where it is small and keeps still.
fn load(descriptor: OwnedFd, mut facts: FileFacts) -> Result<OpenFile, Errno> {
    for _ in 0..READ_ATTEMPTS_MAX {
        if facts.length >= SENDFILE_BYTES_MIN {
            break;
        }
        if let Some(bytes) = openat::read_whole(descriptor.as_fd(), facts.length as usize)? {
            return Ok(OpenFile::new(facts, Content::Bytes(bytes)));
        }
        facts = openat::status_of(&descriptor)?.facts;
    }
    let handle = Content::Handle(Arc::new(File::from(descriptor)));
    Ok(OpenFile::new(facts, handle))
}
