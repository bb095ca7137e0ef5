//! A directory beneath the root, open to be read: its names, what each stands for, and whether that
//! would be served.

use super::openat::{self, FileStatus, Kind};
use super::permissions::{self, OwnFiles};
use crate::os::files;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::FileType;
use rustix::io::{Errno, Result};
use std::ffi::CStr;
use std::ops::ControlFlow;

/// An open directory.
pub(super) struct OpenDirectory<'a> {
    root: BorrowedFd<'a>,
    path: &'a [u8],
    descriptor: OwnedFd,
    own_files: OwnFiles,
}

/// What a name stands for, symlinks followed.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub status: FileStatus,
    /// Whether its mode proves that it may be opened. If not, the kernel must be asked.
    may_be_opened: bool,
}

impl<'a> OpenDirectory<'a> {
    /// Opens the directory `path` beneath `root`; `.` is the root itself.
    pub(super) fn open(root: BorrowedFd<'a>, path: &'a [u8]) -> Result<OpenDirectory<'a>> {
        let descriptor = openat::open_directory(root, path)?;
        let own_files = OwnFiles::in_directory(descriptor.as_fd());
        Ok(OpenDirectory { root, path, descriptor, own_files })
    }

    /// Gives each name but `.` and `..` to `take`, with what the directory says of it, until that
    /// breaks off.
    pub(super) fn read_names(
        &self,
        mut take: impl FnMut(&CStr, FileType) -> ControlFlow<()>,
    ) -> Result<()> {
        files::read_names(self.descriptor.as_fd(), |name, told| {
            match matches!(name.to_bytes(), b"." | b"..") {
                true => ControlFlow::Continue(()),
                false => take(name, told),
            }
        })
    }

    /// Looks at a name; where it is a symlink, at what it leads to beneath the root. `None` where
    /// that is neither a file nor a directory, or cannot be looked at.
    ///
    /// # Errors
    ///
    /// EMFILE and ENFILE: without descriptors, entries would be missing that are there.
    pub(super) fn look(&self, name: &CStr) -> Result<Option<Seen>> {
        let seen = match permissions::look(self.descriptor.as_fd(), name) {
            Ok((status, _)) if status.kind == Kind::Symlink => {
                let path = [self.path, b"/", name.to_bytes()].concat();
                let status = openat::look_beneath(self.root, &path);
                status.map(|status| Seen { status, may_be_opened: false })
            }
            looked => looked.map(|(status, permissions)| Seen {
                status,
                may_be_opened: self.own_files.may_open(&status, permissions),
            }),
        };
        match seen {
            Ok(seen) => Ok(Some(seen).filter(|seen| is_served(seen.status.kind))),
            Err(errno @ (Errno::MFILE | Errno::NFILE)) => Err(errno),
            Err(_) => Ok(None),
        }
    }

    /// Whether this process may read the file, or enter the directory, as which `name` was seen.
    pub(super) fn may_open(&self, name: &CStr, seen: &Seen) -> bool {
        seen.may_be_opened || openat::may_open(self.descriptor.as_fd(), name, seen.status.kind)
    }
}

/// The kind that a directory says a name has. `None` for what is never served. Some file systems do
/// not say what a name is: that is `Kind::Other`, to be looked at.
pub(super) fn told_kind(told: FileType) -> Option<Kind> {
    match told {
        FileType::RegularFile => Some(Kind::Regular),
        FileType::Directory => Some(Kind::Directory),
        FileType::Symlink => Some(Kind::Symlink),
        FileType::Unknown => Some(Kind::Other),
        _ => None,
    }
}

fn is_served(kind: Kind) -> bool {
    matches!(kind, Kind::Regular | Kind::Directory)
}
