//! What is the same for every change of a name beneath the root, by PUT, DELETE or MKCOL: the root
//! that it is in, its preconditions, and that changes come one after the other.

use super::asked::Sources;
use super::document_root::DocumentRoot;
use super::open_file::{Found, open_file};
use super::openat::{self, FileStatus};
use super::relative_path::or_dot;
use super::roots::Opened;
use super::rules::Rules;
use crate::http::date::Timestamp;
use crate::http::method::Method;
use crate::http::precondition::{Preconditions, Verdict};
use crate::http::request::Request;
use crate::http::status::Status;
use crate::http::validator::Validators;
use crate::os::files;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::{Errno, Result as IoResult};
use std::sync::Mutex;

/// How often a change is tried again, because another process has changed the name just before.
pub(super) const ATTEMPTS_MAX: usize = 16;

/// Held while preconditions are judged for the last time and the name is changed: of two changes
/// that expect the same file, one gets 412. One lock for the process, because uploads to the former
/// site go on after SIGHUP.
pub(super) static CHANGING: Mutex<()> = Mutex::new(());

/// Does `act` in the root that the request is about; once more if the root was replaced a moment
/// ago.
pub(super) fn in_root<T>(
    site: &Sources,
    request: &Request,
    act: impl Fn(&DocumentRoot) -> Result<T, Status>,
) -> Result<T, Status> {
    let act_in = |roots: &Opened| act(roots.root(request.host).ok_or(Status::NotFound)?);
    let (roots, settings) = (site.roots.current(), &site.rules.settings);
    match act_in(&roots) {
        Err(Status::NotFound | Status::Conflict)
            if site.roots.look_for(settings, request.host, &roots) =>
        {
            act_in(&site.roots.current())
        }
        done => done,
    }
}

/// The directory at `path`, empty for the root, to change a name in.
pub(super) fn open_directory(root: &DocumentRoot, path: &[u8]) -> IoResult<OwnedFd> {
    openat::open_directory(root.descriptor(), or_dot(path))
}

/// 403 for the file of passwords, which no client may change.
pub(super) fn expect_no_secret(rules: &Rules, current: Option<FileStatus>) -> Result<(), Status> {
    match current.is_some_and(|status| rules.is_secret(&status.facts)) {
        true => Err(Status::Forbidden),
        false => Ok(()),
    }
}

/// 412 where the preconditions do not hold for `current`, what has this name now.
pub(super) fn judge(
    preconditions: &Preconditions,
    method: Method,
    directory: BorrowedFd<'_>,
    name: &[u8],
    current: Option<FileStatus>,
    now: Timestamp,
) -> Result<(), Status> {
    let current = current.map(|status| match preconditions.name_entity_tags() {
        true => validators(directory, name, now),
        false => Validators::of_file(None, &status.facts, now),
    });
    match preconditions.evaluate(method, current.as_ref(), now) {
        Verdict::Proceed => Ok(()),
        Verdict::Failed | Verdict::NotModified => Err(Status::PreconditionFailed),
    }
}

/// The validators of the file of this name; none if it cannot be read, so that no entity-tag
/// matches it. A short file is read for its entity-tag.
fn validators(directory: BorrowedFd<'_>, name: &[u8], now: Timestamp) -> Validators {
    match open_file(directory, name) {
        Ok(Found::File(file)) => Validators::of_file(file.entity_tag(), &file.facts, now),
        Ok(Found::Directory) | Err(_) => Validators::NONE,
    }
}

/// Waits until the names in the directory are on the disk as they are now.
pub(super) fn sync_names(directory: impl AsFd) -> IoResult<()> {
    match files::sync(directory) {
        // Not every file system has directories to sync; the name is changed.
        Err(Errno::INVAL | Errno::BADF) => Ok(()),
        result => result,
    }
}
