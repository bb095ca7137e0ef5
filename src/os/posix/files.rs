//! Calls on files, as far as POSIX has them.

use crate::os::own;
use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, Result};
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How a directory is opened that is only to be gone through: it needs no right to read it.
pub(crate) const PASSAGE: OFlags = own::SEARCH.union(OFlags::DIRECTORY);

/// How a name would be opened that is only to be looked at; [`open_beneath`] refuses it.
pub(crate) const STANDS_FOR: OFlags = OFlags::RDONLY;

/// Whether the system may have [`open_beneath`].
pub(crate) const OPENS_BENEATH: bool = false;

/// Opens `path` beneath `root`: not here, so that each path is walked.
///
/// # Errors
///
/// ENOSYS, always.
pub(crate) fn open_beneath(_root: BorrowedFd<'_>, _path: &[u8], _flags: OFlags) -> Result<OwnedFd> {
    Err(Errno::NOSYS)
}

/// The device that a file is on.
pub(crate) fn device(stat: &Stat) -> u64 {
    own::device(stat)
}

/// Gives `each` the names in `directory`, `.` and `..` too, and what the file system says each is,
/// until it breaks off (readdir(3)).
///
/// # Errors
///
/// Those of openat(2) and readdir(3).
pub(crate) fn read_names(
    directory: BorrowedFd<'_>,
    mut each: impl FnMut(&CStr, FileType) -> ControlFlow<()>,
) -> Result<()> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        if each(entry.file_name(), entry.file_type()).is_break() {
            break;
        }
    }
    Ok(())
}

/// Whether what the owner's mode bits allow is exactly what the owner may do, for files directly in
/// `directory`: nothing says so here, and the kernel is asked about each.
pub(crate) fn goes_by_mode(_directory: BorrowedFd<'_>) -> bool {
    false
}

/// Whether the times of `directory` are known to change with each name in it: nothing says so here.
pub(crate) fn dates_directories(_directory: BorrowedFd<'_>) -> bool {
    false
}

/// A new file in `directory` that has no name: none, since POSIX has no such files.
pub(crate) fn create_unnamed(_directory: BorrowedFd<'_>, _mode: Mode) -> Result<Option<OwnedFd>> {
    Ok(None)
}

/// Gives a file that has no name one: there is no such file.
pub(crate) fn give_name(_file: impl AsFd, _directory: BorrowedFd<'_>, _name: &str) -> Result<()> {
    Err(Errno::OPNOTSUPP)
}

/// Renames `old` to `new`, both in `directory`; EEXIST where `new` is there already (linkat(2),
/// unlinkat(2)). A file system without links has to do with the caller's last look at `new`.
pub(crate) fn rename_to_free(directory: BorrowedFd<'_>, old: &str, new: &[u8]) -> Result<()> {
    match fs::linkat(directory, old, directory, new, AtFlags::empty()) {
        Ok(()) => fs::unlinkat(directory, old, AtFlags::empty()),
        Err(Errno::OPNOTSUPP | Errno::PERM | Errno::NOSYS) => {
            fs::renameat(directory, old, directory, new)
        }
        Err(errno) => Err(errno),
    }
}

/// Waits until what was written is on the disk.
pub(crate) fn sync(file: impl AsFd) -> Result<()> {
    own::sync(file)
}

/// The access control list of a file: POSIX has none, and those of macOS and FreeBSD (acl(3)) are
/// not taken over. The mode is.
pub(crate) fn access_list(_file: impl AsFd) -> Result<Option<Vec<u8>>> {
    Ok(None)
}

/// Gives a file the access control list of another: there is none to give.
pub(crate) fn set_access_list(_file: impl AsFd, _list: &[u8]) -> Result<()> {
    Err(Errno::OPNOTSUPP)
}

/// Removes the access control list that a new file got from its directory: there is none.
pub(crate) fn remove_access_list(_file: impl AsFd) -> Result<()> {
    Ok(())
}
