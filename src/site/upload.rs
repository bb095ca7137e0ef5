//! PUT: a request's body becomes a file beneath the root (RFC 9110 §9.3.4).
//!
//! All that can be judged without the body is judged before it is asked for. The body goes to a
//! file out of sight, and takes its place when it is whole and on the disk, so that a reader sees
//! the former bytes or the new ones. Just before, the preconditions are judged once more, since
//! much may happen while a body arrives.
//!
//! A file that this process may not write is not replaced by it either, though the rights on the
//! directory would do; what replaces a file has its permissions (see `permissions`).
//!
//! Left out on purpose: partial PUT, new directories, and every name that is no regular file now. A
//! symlink would have to be written through or replaced: it is refused.

use super::Site;
use super::directory::split;
use super::document_root::{self, Found};
use super::openat::{self, Kind, Status as FileStatus};
use super::permissions::{self, Permissions};
use super::refusal::{refusal, status_of_path};
use super::response::Response;
use super::temporary_file::TemporaryFile;
use crate::http::body::Framing;
use crate::http::date::Timestamp;
use crate::http::field::Fields;
use crate::http::precondition::{self, Verdict};
use crate::http::request::{Method, Request};
use crate::http::response::Status;
use crate::http::target::RequestPath;
use crate::http::validator::{EntityTag, EntityTagBuilder, Validators};
use crate::limits::SENDFILE_BYTES_MIN;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::{Arc, Mutex, PoisonError};

/// How often a file may appear in the very moment in which a new one is put in the same place.
const ATTEMPTS_MAX: usize = 16;

/// Held while preconditions are judged for the last time and the file moves, so that of two uploads
/// which expect the same former file one is told that it is late. One for the process: after
/// SIGHUP, uploads to the former site go on.
static MOVING: Mutex<()> = Mutex::new(());

/// A PUT that has been let in, and its file so far.
pub struct Upload {
    site: Arc<Site>,
    path: Vec<u8>,
    preconditions: Preconditions,
    file: TemporaryFile,
    /// Of the bytes so far, as long as they are few enough to be held in memory.
    tag: EntityTagBuilder,
    received: u64,
    /// Bytes that the body may still have: all that are to come, where its length is known.
    room: u64,
}

impl Site {
    /// Judges a PUT to `path`, and opens the file for its body. Else its status: 400, 403, 404,
    /// 409, 411, 412, 413, 500, 503, 507.
    pub(super) fn begin_upload(
        self: &Arc<Site>,
        request: &Request,
        path: &[u8],
        now: Timestamp,
    ) -> Result<Upload, Status> {
        let roots = self.roots.current();
        let root = roots.root(request.host).ok_or(Status::NotFound)?;
        let whole = RequestPath::parse(path).map_err(status_of_path)?;
        let path = self.settings.prefix.cut(&whole).ok_or(Status::NotFound)?;
        expect_writable(&path)?;
        let room = room_for_body(request, self.settings.body_bytes_max)?;
        let preconditions = Preconditions::of(&request.fields);
        let (parent, name) = split(path.relative());
        let failed = |errno| status_of(errno, path.relative());
        let directory = open_directory(root.descriptor(), parent).map_err(failed)?;
        let known = current(&directory, name)?.map(|file| file.0);
        preconditions.judge(&directory, name, known, now)?;
        Ok(Upload {
            site: Arc::clone(self),
            path: path.relative().to_vec(),
            preconditions,
            file: TemporaryFile::create(directory).map_err(failed)?,
            tag: EntityTagBuilder::new(),
            received: 0,
            room,
        })
    }
}

impl Upload {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    ///
    /// The response that says why there is no use in more: 403, 413, 500 or 507.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Response> {
        let Some(room) = self.room.checked_sub(bytes.len() as u64) else {
            return Err(self.site.refuse(Status::ContentTooLarge));
        };
        self.room = room;
        self.received += bytes.len() as u64;
        if self.received < SENDFILE_BYTES_MIN {
            self.tag.update(bytes);
        }
        let written = self.file.write(bytes);
        written.map_err(|errno| self.site.refuse(self.status_of(errno)))
    }

    /// Puts the file, whose body is whole, in its place. The response is 201 or 204 with the
    /// entity-tag that GET will have; else 403, 409, 412, 500 or 507, and nothing has changed,
    /// unless the disk fails in the last moment (500).
    ///
    /// Blocks until the file is on the disk.
    pub fn finish(mut self, now: Timestamp) -> Response {
        let response = self.put_in_place(now).unwrap_or_else(refusal);
        self.site.complete(response)
    }

    fn put_in_place(&mut self, now: Timestamp) -> Result<Response, Status> {
        self.file.sync().map_err(|errno| self.status_of(errno))?;
        let status = self.move_file(now)?;
        let synced = self.file.sync_directory();
        synced.map_err(|errno| self.status_of(errno))?;
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
        let known = self.file.status().map_err(|errno| self.status_of(errno))?;
        Ok(EntityTag::of_long_file(&known.facts))
    }

    /// Moves the file to its place if the preconditions still hold: 201 where it is the first
    /// there, 204 where it takes another's place.
    fn move_file(&mut self, now: Timestamp) -> Result<Status, Status> {
        let (_, name) = split(&self.path);
        let _alone = MOVING.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..ATTEMPTS_MAX {
            let current = current(self.file.directory(), name)?;
            let known = current.map(|file| file.0);
            self.preconditions.judge(self.file.directory(), name, known, now)?;
            match self.file.move_to(name, current.map(|file| file.1)) {
                Ok(()) if current.is_some() => return Ok(Status::NoContent),
                Ok(()) => return Ok(Status::Created),
                // Another process was faster: its file is the current one now, or none is.
                Err(Errno::EXIST | Errno::NOENT) => {}
                Err(errno) => return Err(self.status_of(errno)),
            }
        }
        Err(Status::Conflict)
    }

    fn status_of(&self, errno: Errno) -> Status {
        status_of(errno, &self.path)
    }
}

/// The preconditions of a request, kept for the time in which its body arrives.
struct Preconditions {
    /// Field lines.
    lines: Vec<u8>,
}

impl Preconditions {
    /// Those that count for PUT (RFC 9110 §13.2.1).
    const NAMES: [&str; 3] = ["If-Match", "If-None-Match", "If-Unmodified-Since"];

    fn of(fields: &Fields) -> Preconditions {
        let mut lines = Vec::new();
        for name in Preconditions::NAMES {
            for value in fields.all(name) {
                // No longer than it was in the head, which had a colon and a line end too.
                lines.extend_from_slice(&[name.as_bytes(), b":", value, b"\n"].concat());
            }
        }
        Preconditions { lines }
    }

    /// 412 where they do not hold for `current`, the present file of this name.
    fn judge(
        &self,
        directory: impl AsFd,
        name: &[u8],
        current: Option<FileStatus>,
        now: Timestamp,
    ) -> Result<(), Status> {
        let fields = Fields::parse(&self.lines).map_err(|_| Status::PreconditionFailed)?;
        let asks_for_tag = ["If-Match", "If-None-Match"]
            .into_iter()
            .any(|field| fields.all(field).any(|value| value != b"*"));
        let current = current.map(|status| match asks_for_tag {
            true => validators(directory, name, now),
            false => Validators::of_file(None, &status.facts, now),
        });
        match precondition::evaluate(Method::Put, &fields, current.as_ref(), now) {
            Verdict::Proceed => Ok(()),
            Verdict::Failed | Verdict::NotModified => Err(Status::PreconditionFailed),
        }
    }
}

/// Whether the path may be written to. A hidden one never is, even where it is served: 403. One that
/// names a directory, or the root, is 409.
fn expect_writable(path: &RequestPath) -> Result<(), Status> {
    let names_directory = path.names_directory() || path.relative().is_empty();
    match (path.is_hidden(), names_directory) {
        (true, _) => Err(Status::Forbidden),
        (false, true) => Err(Status::Conflict),
        (false, false) => Ok(()),
    }
}

/// Bytes that the body may have. A part of a file is 400 (RFC 9110 §14.5), a body that is not told
/// of 411, a length over the limit 413; a chunked body may turn out to be too long later.
fn room_for_body(request: &Request, body_bytes_max: u64) -> Result<u64, Status> {
    match request.framing {
        _ if request.fields.get("Content-Range").is_some() => Err(Status::BadRequest),
        Framing::None => Err(Status::LengthRequired),
        Framing::Length(length) if length > body_bytes_max => Err(Status::ContentTooLarge),
        Framing::Length(length) => Ok(length),
        Framing::Chunked => Ok(body_bytes_max),
    }
}

/// The directory at `path`, empty for the root, to make a file in.
fn open_directory(root: BorrowedFd<'_>, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    openat::open_directory(root, if path.is_empty() { b"." } else { path })
}

/// The regular file of this name, if there is one; 403 where this process may not write it, 409
/// where something else has the name.
fn current(directory: impl AsFd, name: &[u8]) -> Result<Option<(FileStatus, Permissions)>, Status> {
    let directory = directory.as_fd();
    let looked = permissions::look(directory, name).and_then(|file| match file.0.kind {
        Kind::Regular => permissions::check_writable(directory, name).map(|()| Some(file)),
        _ => Ok(None),
    });
    match looked {
        Ok(Some(file)) => Ok(Some(file)),
        Ok(None) => Err(Status::Conflict),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(status_of(errno, name)),
    }
}

/// The validators of the file of this name; none of them where it cannot be read, so that no
/// entity-tag names it. A short file is read for it.
fn validators(directory: impl AsFd, name: &[u8], now: Timestamp) -> Validators {
    match document_root::open_file(directory.as_fd(), name) {
        Ok(Found::File(file)) => Validators::of_file(file.entity_tag(), &file.facts, now),
        Ok(Found::Directory) | Err(_) => Validators::NONE,
    }
}

/// What the client is told; what it was stays in the log.
fn status_of(errno: Errno, path: &[u8]) -> Status {
    log::debug!("PUT {}: {errno}", path.escape_ascii());
    match errno {
        // There is no such directory beneath the root, or no such name in a directory.
        Errno::NOENT | Errno::NOTDIR | Errno::XDEV | Errno::LOOP => Status::Conflict,
        Errno::NAMETOOLONG | Errno::ISDIR | Errno::INVAL => Status::Conflict,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => Status::Forbidden,
        Errno::FBIG => Status::ContentTooLarge,
        Errno::NOSPC | Errno::DQUOT => Status::InsufficientStorage,
        Errno::MFILE | Errno::NFILE => Status::ServiceUnavailable,
        errno => {
            log::error!("cannot write {}: {errno}", path.escape_ascii());
            Status::InternalServerError
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refuses_has_its_status() {
        let rows = [
            (Errno::NOSPC, Status::InsufficientStorage),
            (Errno::DQUOT, Status::InsufficientStorage),
            (Errno::ROFS, Status::Forbidden),
            (Errno::ACCESS, Status::Forbidden),
            (Errno::PERM, Status::Forbidden),
            (Errno::MFILE, Status::ServiceUnavailable),
            (Errno::XDEV, Status::Conflict),
            (Errno::IO, Status::InternalServerError),
        ];
        for (errno, status) in rows {
            assert_eq!(status_of(errno, b"a"), status, "{errno}");
        }
    }

    #[test]
    fn preconditions_fit_wherever_they_were_received() {
        let lines = "If-Match:\"a\"\n".repeat(100);
        let fields = Fields::parse(lines.as_bytes()).expect("as many lines as may be");
        let kept = Preconditions::of(&fields).lines;
        assert_eq!(kept, lines.as_bytes());
        assert!(Fields::parse(&kept).is_ok());
    }

    #[test]
    fn preconditions_for_other_methods_are_left_out() {
        let lines = b"If-Modified-Since: x\nif-none-match: *\nIf-Range: \"a\"\nAccept: */*\n";
        let fields = Fields::parse(lines).expect("field lines");
        assert_eq!(Preconditions::of(&fields).lines, b"If-None-Match:*\n");
    }
}
