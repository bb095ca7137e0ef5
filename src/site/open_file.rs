//! One open file: its content, in memory or behind a descriptor, and what the kernel says of it.
//! Only regular files are opened.

use super::openat::{self, FileStatus, Kind};
use super::representation::Representation;
use crate::http::validator::{EntityTag, EntityTagBuilder, FileFacts};
use crate::limits::SENDFILE_BYTES_MIN;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::fs::File;
use std::sync::{Arc, OnceLock};

/// How often a small file is read if its length changes while it is read. After that it is sent as
/// a long one is.
const READ_ATTEMPTS_MAX: usize = 3;

/// One regular file beneath the root, open or in memory.
#[derive(Debug)]
pub struct OpenFile {
    pub facts: FileFacts,
    pub content: Content,
    /// Made on first use, because it may take all bytes of the file.
    entity_tag: OnceLock<Option<EntityTag>>,
    /// What all answers about this file share. The site sets it on first use.
    pub representation: OnceLock<Representation>,
}

/// Where the bytes of an open file are.
#[derive(Debug)]
pub enum Content {
    /// All bytes of a file shorter than `SENDFILE_BYTES_MIN`.
    Bytes(Box<[u8]>),
    /// An open descriptor of a longer one, or of one whose entity-tag is known.
    Handle(Arc<File>),
}

/// What a path names.
#[derive(Debug)]
pub enum Found {
    File(Arc<OpenFile>),
    Directory,
}

impl OpenFile {
    fn in_memory(bytes: Box<[u8]>, facts: FileFacts) -> OpenFile {
        let (entity_tag, representation) = (OnceLock::new(), OnceLock::new());
        OpenFile { facts, content: Content::Bytes(bytes), entity_tag, representation }
    }

    fn behind(
        descriptor: OwnedFd,
        facts: FileFacts,
        entity_tag: OnceLock<Option<EntityTag>>,
    ) -> OpenFile {
        let content = Content::Handle(Arc::new(File::from(descriptor)));
        OpenFile { facts, content, entity_tag, representation: OnceLock::new() }
    }

    /// All bytes, if they are in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Handle(_) => None,
        }
    }

    /// The entity-tag of the file's bytes, without a content coding: a hash of them if they are in
    /// memory, else length and time. `None` for a long file whose time says nothing.
    pub fn entity_tag(&self) -> Option<EntityTag> {
        *self.entity_tag.get_or_init(|| match &self.content {
            Content::Bytes(bytes) => Some(EntityTag::of_bytes(bytes)),
            Content::Handle(_) => EntityTag::of_long_file(&self.facts),
        })
    }
}

/// Opens what was a regular file a moment ago, beneath `directory`. What counts is what the
/// descriptor is open on.
pub(super) fn open_file(directory: BorrowedFd<'_>, relative: &[u8]) -> Result<Found, Errno> {
    open_file_by(directory, relative, |_| Way::Usual)
}

/// How the content of a file is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// In memory, if the file is small.
    Usual,
    /// Behind a descriptor; this is the entity-tag of the bytes, if it is known. Else they are read
    /// for it, a piece at a time.
    Disk(Option<EntityTag>),
}

/// As [`open_file`], in the way that is chosen by the file's facts.
pub(super) fn open_file_by(
    directory: BorrowedFd<'_>,
    relative: &[u8],
    choose: impl FnOnce(&FileFacts) -> Way,
) -> Result<Found, Errno> {
    let descriptor = openat::open_file(directory, relative)?;
    let FileStatus { kind, facts } = openat::status_of(&descriptor)?;
    match kind {
        Kind::Regular => {}
        Kind::Directory => return Ok(Found::Directory),
        Kind::Symlink | Kind::Other => return Err(Errno::NOENT),
    }
    let tag = match choose(&facts) {
        Way::Usual => None,
        Way::Disk(Some(tag)) => Some(tag),
        Way::Disk(None) => hash(&descriptor, &facts)?,
    };
    let file = match tag {
        Some(tag) => OpenFile::behind(descriptor, facts, OnceLock::from(Some(tag))),
        None => load(descriptor, facts)?,
    };
    Ok(Found::File(Arc::new(file)))
}

/// The entity-tag of the bytes of a file; `None` if it changes meanwhile.
fn hash(descriptor: &OwnedFd, facts: &FileFacts) -> Result<Option<EntityTag>, Errno> {
    let mut tag = EntityTagBuilder::new();
    let length = openat::read_pieces(descriptor.as_fd(), |piece| tag.update(piece))?;
    let is_same = length == facts.length && openat::status_of(descriptor)?.facts == *facts;
    Ok(is_same.then(|| tag.entity_tag()))
}

/// The content of an open regular file: in memory if it is small and does not change meanwhile.
fn load(descriptor: OwnedFd, mut facts: FileFacts) -> Result<OpenFile, Errno> {
    for _ in 0..READ_ATTEMPTS_MAX {
        if facts.length >= SENDFILE_BYTES_MIN {
            break;
        }
        if let Some(bytes) = openat::read_whole(descriptor.as_fd(), facts.length as usize)? {
            return Ok(OpenFile::in_memory(bytes, facts));
        }
        facts = openat::status_of(&descriptor)?.facts;
    }
    Ok(OpenFile::behind(descriptor, facts, OnceLock::new()))
}
