//! PUT: a request's body becomes a file beneath the root (RFC 9110 §9.3.4).
//!
//! What can be judged without the body is judged before the client is asked for it. The body goes
//! to a temporary file, which moves to its place when it is whole and on the disk, so that a reader
//! sees the former bytes or the new ones. Just before the move the preconditions are judged again,
//! because the former file may have changed while the body arrived.
//!
//! A file that this process may not write is not replaced, even if the rights on its directory
//! would allow it. A file that replaces another takes over its permissions (see `taken_over`).
//!
//! Left out on purpose: partial PUT, new directories, and every name that is now something else
//! than a regular file. A symlink is refused: it would have to be written through, or replaced.

mod leftovers;
mod taken_over;
mod temporary_file;

pub use leftovers::remove_leftovers;

use super::asked::Sources;
use super::document_root::DocumentRoot;
use super::lock::lock;
use super::openat::{FileStatus, Kind};
use super::permissions::{self, Permissions};
use super::place::{self, ATTEMPTS_MAX, CHANGING};
use super::refusal::refusal;
use super::relative_path::split;
use super::response::Response;
use super::rules::Rules;
use super::status_code;
use crate::http::body::Framing;
use crate::http::date::Timestamp;
use crate::http::method::Method;
use crate::http::path::{PathError, RequestPath};
use crate::http::precondition::Preconditions;
use crate::http::request::Request;
use crate::http::status::Status;
use crate::http::validator::{EntityTag, EntityTagBuilder};
use crate::limits::SENDFILE_BYTES_MIN;
use rustix::fd::AsFd;
use rustix::io::Errno;
use std::sync::Arc;
use temporary_file::TemporaryFile;

/// A PUT that was accepted, and its file so far.
pub struct Upload {
    rules: Arc<Rules>,
    path: Vec<u8>,
    preconditions: Preconditions<'static>,
    file: TemporaryFile,
    /// Makes the tag of the bytes so far, as long as a file of this length is held in memory.
    tag: EntityTagBuilder,
    received: u64,
    /// Bytes that the body may still have: exactly those to come, if its length is known.
    room: u64,
}

impl Upload {
    /// Judges a PUT to `path`, and opens the file for its body. The error is its status: 400, 403,
    /// 404, 409, 411, 412, 413, 500, 503, 507.
    pub(super) fn begin(
        site: &Sources,
        request: &Request,
        path: &[u8],
        now: Timestamp,
    ) -> Result<Upload, Status> {
        let whole = RequestPath::parse(path).map_err(PathError::status)?;
        let path = site.rules.settings.prefix.cut(&whole).ok_or(Status::NotFound)?;
        expect_writable(&path)?;
        let begin = |root: &_| Upload::begin_in_root(site, root, request, path.relative(), now);
        place::in_root(site, request, begin)
    }

    fn begin_in_root(
        site: &Sources,
        root: &DocumentRoot,
        request: &Request,
        path: &[u8],
        now: Timestamp,
    ) -> Result<Upload, Status> {
        let room = room_for_body(request, site.rules.settings.body_bytes_max)?;
        let preconditions = Preconditions::of(&request.fields).into_owned();
        let (parent, name) = split(path);
        let failed = |errno| status_code::for_writing(errno, path);
        let directory = place::open_directory(root, parent).map_err(failed)?;
        let known = current(&directory, name)?.map(|file| file.0);
        place::expect_no_secret(&site.rules, known)?;
        place::judge(&preconditions, Method::Put, directory.as_fd(), name, known, now)?;
        Ok(Upload {
            rules: Arc::clone(&site.rules),
            path: path.to_vec(),
            preconditions,
            file: TemporaryFile::create(directory).map_err(failed)?,
            tag: EntityTagBuilder::new(),
            received: 0,
            room,
        })
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    ///
    /// The response that says why no more bytes are needed: 403, 413, 500 or 507.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Response> {
        let Some(room) = self.room.checked_sub(bytes.len() as u64) else {
            return Err(self.rules.refuse(Status::ContentTooLarge));
        };
        self.room = room;
        self.received += bytes.len() as u64;
        if self.received < SENDFILE_BYTES_MIN {
            self.tag.update(bytes);
        }
        let written = self.file.write(bytes);
        written.map_err(|errno| self.rules.refuse(self.failed(errno)))
    }

    /// Puts the file, whose body is whole, in its place. The response is 201 or 204 with the
    /// entity-tag that GET will have; else 403, 409, 412, 500 or 507, and nothing has changed. Only
    /// if the disk fails after the move (500) may the new file be in its place.
    ///
    /// Blocks until the file is on the disk.
    pub fn finish(mut self, now: Timestamp) -> Response {
        let response = self.put_in_place(now).unwrap_or_else(refusal);
        self.rules.complete(response)
    }

    fn put_in_place(&mut self, now: Timestamp) -> Result<Response, Status> {
        self.file.sync().map_err(|errno| self.failed(errno))?;
        let status = self.move_file(now)?;
        let synced = place::sync_names(self.file.directory());
        synced.map_err(|errno| self.failed(errno))?;
        let response = Response::empty(status);
        Ok(match self.entity_tag()? {
            Some(tag) => response.with("ETag", tag.as_str()),
            None => response,
        })
    }

    /// The entity-tag that GET will have.
    fn entity_tag(&self) -> Result<Option<EntityTag>, Status> {
        if self.received < SENDFILE_BYTES_MIN {
            return Ok(Some(self.tag.entity_tag()));
        }
        let known = self.file.status().map_err(|errno| self.failed(errno))?;
        Ok(EntityTag::of_long_file(&known.facts))
    }

    /// Moves the file to its place if the preconditions still hold: 201 if nothing was there, 204
    /// if it takes another file's place.
    fn move_file(&mut self, now: Timestamp) -> Result<Status, Status> {
        let (_, name) = split(&self.path);
        let _alone = lock(&CHANGING);
        for _ in 0..ATTEMPTS_MAX {
            let directory = self.file.directory();
            let current = current(directory, name)?;
            let known = current.map(|file| file.0);
            place::expect_no_secret(&self.rules, known)?;
            place::judge(&self.preconditions, Method::Put, directory, name, known, now)?;
            match self.file.move_to(name, current.map(|file| file.1)) {
                Ok(()) if current.is_some() => return Ok(Status::NoContent),
                Ok(()) => return Ok(Status::Created),
                // Another process was faster: it has put a file there, or removed it.
                Err(Errno::EXIST | Errno::NOENT) => {}
                Err(errno) => return Err(self.failed(errno)),
            }
        }
        Err(Status::Conflict)
    }

    fn failed(&self, errno: Errno) -> Status {
        status_code::for_writing(errno, &self.path)
    }
}

/// Whether the path may be written to. A hidden one never is, even where it is served: 403. One
/// that names a directory, or the root, is 409.
fn expect_writable(path: &RequestPath) -> Result<(), Status> {
    let names_directory = path.names_directory() || path.relative().is_empty();
    match (path.is_hidden(), names_directory) {
        (true, _) => Err(Status::Forbidden),
        (false, true) => Err(Status::Conflict),
        (false, false) => Ok(()),
    }
}

/// Bytes that the body may have. 400 for a part of a file (RFC 9110 §14.5), 411 for a request that
/// says nothing of a body, 413 for a length over the limit; a chunked body may turn out to be too
/// long later.
fn room_for_body(request: &Request, body_bytes_max: u64) -> Result<u64, Status> {
    match request.framing {
        _ if request.fields.get("Content-Range").is_some() => Err(Status::BadRequest),
        Framing::None => Err(Status::LengthRequired),
        Framing::Length(length) if length > body_bytes_max => Err(Status::ContentTooLarge),
        Framing::Length(length) => Ok(length),
        Framing::Chunked => Ok(body_bytes_max),
    }
}

/// The regular file of this name, if there is one; 403 if this process may not write it, 409 if
/// something else has the name.
fn current(directory: impl AsFd, name: &[u8]) -> Result<Option<(FileStatus, Permissions)>, Status> {
    let directory = directory.as_fd();
    let looked = permissions::look(directory, name).and_then(|file| match file.0.kind {
        Kind::Regular => taken_over::check_writable(directory, name).map(|()| Some(file)),
        _ => Ok(None),
    });
    match looked {
        Ok(Some(file)) => Ok(Some(file)),
        Ok(None) => Err(Status::Conflict),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(status_code::for_writing(errno, name)),
    }
}
