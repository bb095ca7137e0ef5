//! DELETE: a file or an empty directory is removed (RFC 9110 §9.3.5).
//!
//! What this process may not write it does not remove either, though the rights on the directory
//! would allow it: else DELETE and PUT together could replace what PUT alone may not.
//!
//! Left out on purpose: a directory with anything in it, hidden names too; and symlinks and special
//! files, which no client can have made. A symlink on the way is followed as long as it stays
//! beneath the root; none is ever followed in the last segment.

use super::asked::Sources;
use super::document_root::DocumentRoot;
use super::lock::lock;
use super::openat::{self, Kind};
use super::permissions;
use super::place::{self, ATTEMPTS_MAX, CHANGING};
use super::relative_path::split;
use super::response::Response;
use super::rules::Rules;
use super::status_code;
use crate::http::date::Timestamp;
use crate::http::method::Method;
use crate::http::path::{PathError, RequestPath};
use crate::http::precondition::Preconditions;
use crate::http::request::Request;
use crate::http::status::Status;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

/// Removes what `path` names, and returns 204 once that is on the disk. The error is its status:
/// 400, 403 for a hidden name, the root, or without permission, 404, 409, 412, 500, 503.
///
/// Blocks until the disk has it.
pub(super) fn remove(
    site: &Sources,
    request: &Request,
    path: &[u8],
    now: Timestamp,
) -> Result<Response, Status> {
    let whole = RequestPath::parse(path).map_err(PathError::status)?;
    let path = site.rules.settings.prefix.cut(&whole).ok_or(Status::NotFound)?;
    if path.is_hidden() || path.relative().is_empty() {
        return Err(Status::Forbidden);
    }
    let preconditions = Preconditions::of(&request.fields);
    let removal = Removal { rules: &site.rules, path, preconditions, now };
    place::in_root(site, request, |root| removal.remove_in(root))?;
    Ok(Response::empty(Status::NoContent))
}

/// A DELETE, before its root is known.
struct Removal<'a> {
    rules: &'a Rules,
    path: RequestPath<'a>,
    preconditions: Preconditions<'a>,
    now: Timestamp,
}

impl Removal<'_> {
    fn remove_in(&self, root: &DocumentRoot) -> Result<(), Status> {
        let (parent, name) = split(self.path.relative());
        let directory = place::open_directory(root, parent).map_err(|errno| self.failed(errno))?;
        self.remove_name(directory.as_fd(), name)?;
        place::sync_names(directory).map_err(|errno| self.failed(errno))
    }

    fn remove_name(&self, directory: BorrowedFd<'_>, name: &[u8]) -> Result<(), Status> {
        let _alone = lock(&CHANGING);
        for _ in 0..ATTEMPTS_MAX {
            let current = openat::look(directory, name).map_err(|errno| self.failed(errno))?;
            let flags = match current.kind {
                Kind::Directory => AtFlags::REMOVEDIR,
                Kind::Regular if self.path.names_directory() => return Err(Status::NotFound),
                Kind::Regular => AtFlags::empty(),
                Kind::Symlink | Kind::Other => return Err(Status::Conflict),
            };
            let may_write = permissions::check_writable(directory, name);
            may_write.map_err(|errno| self.failed(errno))?;
            place::expect_no_secret(self.rules, Some(current))?;
            let Removal { preconditions, now, .. } = self;
            place::judge(preconditions, Method::Delete, directory, name, Some(current), *now)?;
            match unlinkat(directory, name, flags) {
                Ok(()) => return Ok(()),
                // Another process has put something of another kind in its place.
                Err(Errno::ISDIR | Errno::NOTDIR) => {}
                Err(errno) => return Err(self.failed(errno)),
            }
        }
        Err(Status::Conflict)
    }

    fn failed(&self, errno: Errno) -> Status {
        status_code::for_removing(errno, self.path.relative())
    }
}
