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

/// The status for a file at `path` that cannot be written: 409, 403, 413, 503, 507 or 500. The last
/// is logged, the others where the log shows details.
pub(super) fn for_writing(errno: Errno, path: &[u8]) -> Status {
    let status = of(errno, Tried::Writing);
    log::debug!("PUT {}: {errno}", path.escape_ascii());
    if status == Status::InternalServerError {
        log::error!("cannot write {}: {errno}", path.escape_ascii());
    }
    status
}

fn of(errno: Errno, tried: Tried) -> Status {
    use Tried::{Reading, Writing};
    match (errno, tried) {
        // Nothing beneath the root has this name. XDEV and LOOP: a symlink leads out of the root,
        // is absolute or one of /proc's, or there are too many.
        (Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG, Reading) => Status::NotFound,
        (Errno::XDEV | Errno::LOOP, Reading) => Status::NotFound,
        (Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG, Writing) => Status::Conflict,
        (Errno::XDEV | Errno::LOOP, Writing) => Status::Conflict,
        // A socket or a device has taken the place of a file between the look and the open.
        (Errno::NXIO | Errno::NODEV, Reading) => Status::NotFound,
        // A name that this file system cannot give to a file.
        (Errno::ISDIR | Errno::INVAL, Writing) => Status::Conflict,
        (Errno::ACCESS | Errno::PERM, _) | (Errno::ROFS, Writing) => Status::Forbidden,
        (Errno::MFILE | Errno::NFILE, _) => Status::ServiceUnavailable,
        (Errno::FBIG, Writing) => Status::ContentTooLarge,
        (Errno::NOSPC | Errno::DQUOT, Writing) => Status::InsufficientStorage,
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
    }
}
