//! MKCOL: a directory is made (RFC 4918 §9.3, where a directory is a collection).
//!
//! Left out on purpose: bodies, and the directories on the way.

use super::asked::Sources;
use super::document_root::DocumentRoot;
use super::lock::lock;
use super::openat;
use super::place::{self, CHANGING};
use super::refusal::refusal;
use super::relative_path::split;
use super::response::Response;
use super::status_code;
use crate::http::date::Timestamp;
use crate::http::method::Method;
use crate::http::path::{PathError, RequestPath};
use crate::http::precondition::Preconditions;
use crate::http::request::Request;
use crate::http::status::Status;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Mode, mkdirat};
use rustix::io::Errno;

/// The mode of a new directory, less the bits of the process's umask.
const MODE_NEW: Mode = Mode::from_raw_mode(0o777);

/// What is allowed where something is already.
const ALLOW_WHERE_TAKEN: &str = "GET, HEAD, OPTIONS, PUT, DELETE";

/// Makes a directory at `path`: 201 once it is on the disk. Else 400, 403 for a hidden name or
/// without permission, 404, 405 where something is already, 409 where the parent is missing, 412,
/// 415 for a body, 500, 503, 507.
///
/// Blocks until the disk has it.
pub(super) fn make(site: &Sources, request: &Request, path: &[u8], now: Timestamp) -> Response {
    match try_to_make(site, request, path, now) {
        Ok(()) => Response::empty(Status::Created),
        Err(Status::MethodNotAllowed) => {
            refusal(Status::MethodNotAllowed).with("Allow", ALLOW_WHERE_TAKEN)
        }
        Err(status) => refusal(status),
    }
}

fn try_to_make(
    site: &Sources,
    request: &Request,
    path: &[u8],
    now: Timestamp,
) -> Result<(), Status> {
    if request.framing.has_body() {
        return Err(Status::UnsupportedMediaType);
    }
    let whole = RequestPath::parse(path).map_err(PathError::status)?;
    let path = site.rules.settings.prefix.cut(&whole).ok_or(Status::NotFound)?;
    if path.is_hidden() {
        return Err(Status::Forbidden);
    }
    if path.relative().is_empty() {
        return Err(Status::MethodNotAllowed);
    }
    let preconditions = Preconditions::of(&request.fields);
    place::in_root(site, request, |root| make_in(root, path.relative(), &preconditions, now))
}

fn make_in(
    root: &DocumentRoot,
    path: &[u8],
    preconditions: &Preconditions,
    now: Timestamp,
) -> Result<(), Status> {
    let (parent, name) = split(path);
    let failed = |errno| status_code::for_writing(errno, path);
    let directory = place::open_directory(root, parent).map_err(failed)?;
    make_name(directory.as_fd(), name, preconditions, now, failed)?;
    place::sync_names(directory).map_err(failed)
}

fn make_name(
    directory: BorrowedFd<'_>,
    name: &[u8],
    preconditions: &Preconditions,
    now: Timestamp,
    failed: impl Fn(Errno) -> Status,
) -> Result<(), Status> {
    let _alone = lock(&CHANGING);
    if openat::look(directory, name).is_ok() {
        return Err(Status::MethodNotAllowed);
    }
    place::judge(preconditions, Method::Mkcol, directory, name, None, now)?;
    match mkdirat(directory, name, MODE_NEW) {
        Err(Errno::EXIST) => Err(Status::MethodNotAllowed),
        result => result.map_err(failed),
    }
}
