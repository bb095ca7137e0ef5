//! The status code for a call that failed: one table from errno.
//!
//! The client is told the status and nothing else. The log is told the cause.

use crate::http::status::Status;
use rustix::io::Errno;
use std::io;

/// What was tried when an error came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Reading,
    Writing,
    Removing,
}

/// The status for a file or directory at `path` that cannot be read: 404, 403, 503 or 500. The last
/// is logged.
pub(super) fn for_reading(errno: Errno, path: &[u8]) -> Status {
    let status = of(errno, Tried::Reading);
    if status == Status::InternalServerError {
        log::error!("{}: {}", path.escape_ascii(), io::Error::from(errno));
    }
    status
}

/// The status for a file or directory at `path` that cannot be written or made: 409, 403, 413, 503, 507 or 500. The last
/// is logged, the others where the log shows details.
pub(super) fn for_writing(errno: Errno, path: &[u8]) -> Status {
    let status = of(errno, Tried::Writing);
    log::debug!("writing {}: {errno}", path.escape_ascii());
    if status == Status::InternalServerError {
        log::error!("cannot write {}: {errno}", path.escape_ascii());
    }
    status
}

/// The status for what is at `path` and cannot be removed: 403, 404, 409, 503 or 500. The last is
/// logged, the others where the log shows details.
pub(super) fn for_removing(errno: Errno, path: &[u8]) -> Status {
    let status = of(errno, Tried::Removing);
    log::debug!("DELETE {}: {errno}", path.escape_ascii());
    if status == Status::InternalServerError {
        log::error!("cannot remove {}: {errno}", path.escape_ascii());
    }
    status
}

fn of(errno: Errno, tried: Tried) -> Status {
    use Tried::{Reading, Removing, Writing};
    match (errno, tried) {
        // Nothing beneath the root has this name. XDEV and LOOP: a symlink leads out of the root,
        // is absolute or one of /proc's, or there are too many.
        (Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG, Reading | Removing) => Status::NotFound,
        (Errno::XDEV | Errno::LOOP, Reading | Removing) => Status::NotFound,
        (Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG, Writing) => Status::Conflict,
        (Errno::XDEV | Errno::LOOP, Writing) => Status::Conflict,
        // A socket or a device has taken the place of a file between the look and the open.
        (Errno::NXIO | Errno::NODEV, Reading) => Status::NotFound,
        // A name that this file system cannot give to a file.
        (Errno::ISDIR | Errno::INVAL, Writing) => Status::Conflict,
        // A directory with something in it, or one that a file system is mounted on.
        (Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY, Removing) => Status::Conflict,
        (Errno::ACCESS | Errno::PERM, _) | (Errno::ROFS, Writing | Removing) => Status::Forbidden,
        (Errno::MFILE | Errno::NFILE, _) => Status::ServiceUnavailable,
        (Errno::FBIG, Writing) => Status::ContentTooLarge,
        // MLINK: the directory has as many directories in it as it may.
        (Errno::NOSPC | Errno::DQUOT | Errno::MLINK, Writing) => Status::InsufficientStorage,
        _ => Status::InternalServerError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status() {
        let rows = [
            (Errno::NOENT, Status::NotFound, Status::Conflict),
            (Errno::NOTDIR, Status::NotFound, Status::Conflict),
            (Errno::NAMETOOLONG, Status::NotFound, Status::Conflict),
            (Errno::LOOP, Status::NotFound, Status::Conflict),
            (Errno::XDEV, Status::NotFound, Status::Conflict),
            (Errno::NXIO, Status::NotFound, Status::InternalServerError),
            (Errno::ACCESS, Status::Forbidden, Status::Forbidden),
            (Errno::PERM, Status::Forbidden, Status::Forbidden),
            (Errno::ROFS, Status::InternalServerError, Status::Forbidden),
            (Errno::MFILE, Status::ServiceUnavailable, Status::ServiceUnavailable),
            (Errno::NFILE, Status::ServiceUnavailable, Status::ServiceUnavailable),
            (Errno::NOSPC, Status::InternalServerError, Status::InsufficientStorage),
            (Errno::DQUOT, Status::InternalServerError, Status::InsufficientStorage),
            (Errno::IO, Status::InternalServerError, Status::InternalServerError),
        ];
        for (errno, reading, writing) in rows {
            assert_eq!(for_reading(errno, b"a"), reading, "{errno}");
            assert_eq!(for_writing(errno, b"a"), writing, "{errno}");
        }
        let rows = [
            (Errno::NOENT, Status::NotFound),
            (Errno::NOTDIR, Status::NotFound),
            (Errno::NAMETOOLONG, Status::NotFound),
            (Errno::XDEV, Status::NotFound),
            (Errno::LOOP, Status::NotFound),
            (Errno::NOTEMPTY, Status::Conflict),
            (Errno::EXIST, Status::Conflict),
            (Errno::BUSY, Status::Conflict),
            (Errno::ACCESS, Status::Forbidden),
            (Errno::PERM, Status::Forbidden),
            (Errno::ROFS, Status::Forbidden),
            (Errno::MFILE, Status::ServiceUnavailable),
            (Errno::IO, Status::InternalServerError),
        ];
        for (errno, removing) in rows {
            assert_eq!(for_removing(errno, b"a"), removing, "{errno}");
        }
    }
}
