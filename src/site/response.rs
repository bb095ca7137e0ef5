//! A response as a value: status, field lines, and a plan for the body that the connection carries
//! out.

use super::archive::Archive;
use crate::http::response::FieldLines;
use crate::http::status::Status;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// What is to be sent after the head.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A half-open interval of bytes in memory: a small file's, shared with what is kept, or a
    /// page's.
    Bytes(Arc<[u8]>, Range<usize>),
    /// A half-open interval of an open file, in bytes: for `sendfile`.
    File(Arc<File>, Range<u64>),
    /// Parts that come one after the other: bytes, and files for `sendfile`.
    Archive(Box<Archive>),
}

impl Body {
    /// A body of bytes made for this answer.
    pub fn text(text: Vec<u8>) -> Body {
        let length = text.len();
        Body::Bytes(Arc::from(text), 0..length)
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
