//! A response as a value: status, field lines, and a plan for the body that the connection carries
//! out.

use super::archive::Archive;
use super::open_file::{Content, OpenFile};
use crate::http::response::FieldLines;
use crate::http::status::Status;
use std::fs::File;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// What is to be sent after the head.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A half-open interval of bytes in memory.
    Bytes(InMemory, Range<usize>),
    /// A half-open interval of an open file, in bytes: for `sendfile`.
    File(Arc<File>, Range<u64>),
    /// Parts that come one after the other: bytes, and files for `sendfile`.
    Archive(Box<Archive>),
}

/// Bytes in memory, which answers share with what made or keeps them.
#[derive(Clone, Debug)]
pub enum InMemory {
    /// A page's.
    Page(Arc<[u8]>),
    /// A small file's; none of a long one's.
    File(Arc<OpenFile>),
}

impl Deref for InMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            InMemory::Page(bytes) => bytes,
            InMemory::File(file) => file.bytes().unwrap_or_default(),
        }
    }
}

impl Body {
    /// A body of bytes made for this answer.
    pub fn text(text: Vec<u8>) -> Body {
        Body::page(Arc::from(text))
    }

    /// A page that several answers share.
    pub fn page(page: Arc<[u8]>) -> Body {
        let length = page.len();
        Body::Bytes(InMemory::Page(page), 0..length)
    }

    /// A half-open interval of an open file, in bytes.
    pub fn of_file(file: Arc<OpenFile>, interval: Range<u64>) -> Body {
        let bytes = match &file.content {
            Content::Handle(handle) => return Body::File(Arc::clone(handle), interval),
            Content::Bytes(bytes) => bytes.len(),
        };
        let within = |position| usize::try_from(position).unwrap_or(usize::MAX).min(bytes);
        let interval = within(interval.start)..within(interval.end);
        Body::Bytes(InMemory::File(file), interval)
    }

    /// Leaves out the first `count` bytes, because they are sent. Of an archive, only its parts
    /// are.
    pub fn advance(&mut self, count: u64) {
        match self {
            Body::Empty | Body::Archive(_) => {}
            Body::Bytes(_, interval) => {
                interval.start = interval.end.min(interval.start + count as usize);
            }
            Body::File(_, interval) => interval.start = interval.end.min(interval.start + count),
        }
    }

    /// The length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Body::Empty => 0,
            Body::Bytes(_, interval) => interval.len() as u64,
            Body::File(_, interval) => interval.end - interval.start,
            Body::Archive(archive) => archive.length(),
        }
    }
}

/// The answer to one request, decided in full before its first byte is sent. For HEAD it is the
/// answer to GET; the connection leaves the body unsent.
#[derive(Clone, Debug)]
pub struct Response {
    /// What its status line says.
    pub status: Status,
    /// Its field lines, but for those of the connection and of the body's length.
    pub fields: FieldLines,
    /// What follows the head, unless the request was HEAD.
    pub body: Body,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: Status) -> Response {
        Response { status, fields: FieldLines::new(), body: Body::Empty }
    }

    /// The same response with one more field line (see [`FieldLines::push`]).
    pub fn with(mut self, name: &str, value: &str) -> Response {
        self.fields.push(name, value);
        self
    }

    /// The same response with this body.
    pub fn with_body(self, body: Body) -> Response {
        Response { body, ..self }
    }
}
