//! Mode, owner and group of a file, and what they prove about the right to open it.

use super::openat::{self, FileStatus, Kind};
use crate::os::files;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{self, Access, AtFlags, Gid, Mode, Stat, Uid};
use rustix::io::Result;
use rustix::path::Arg;

/// The permissions of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permissions {
    /// The nine bits of reading, writing and executing.
    pub mode: Mode,
    pub owner: Uid,
    pub group: Gid,
}

impl Permissions {
    /// Those of an open file.
    pub(super) fn of(file: impl AsFd) -> Result<Permissions> {
        fs::fstat(file).map(|stat| Permissions::from_stat(&stat))
    }

    fn from_stat(stat: &Stat) -> Permissions {
        Permissions {
            mode: Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO),
            owner: Uid::from_raw(stat.st_uid),
            group: Gid::from_raw(stat.st_gid),
        }
    }
}

/// What `name` in `directory` stands for, and its permissions (see [`openat::look`]).
pub(super) fn look(directory: BorrowedFd<'_>, name: impl Arg) -> Result<(FileStatus, Permissions)> {
    let stat = fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((openat::status(&stat), Permissions::from_stat(&stat)))
}

/// Whether this process may write the file, or make and remove names in the directory.
///
/// # Errors
///
/// EACCES, EPERM (an immutable file), EROFS.
pub(super) fn check_writable(directory: BorrowedFd<'_>, name: impl Arg) -> Result<()> {
    fs::accessat(directory, name, Access::WRITE_OK, AtFlags::EACCESS)
}

/// What a file's mode alone proves of the right to open it, so that the kernel need not be asked
/// about each file of a large directory.
///
/// That is little: the owner may do what the owner's bits allow. For all other users an access
/// control list may say otherwise, and on a network file system its server decides. So this counts
/// only on the directory's own file system, if it is known to go by mode and list alone, and if no
/// security module goes by labels.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnFiles {
    /// The user and the file system; `None` if nothing is proved.
    known: Option<(Uid, u64)>,
}

impl OwnFiles {
    /// For what is directly in this directory.
    pub(super) fn in_directory(directory: BorrowedFd<'_>) -> OwnFiles {
        let local = Some(directory).filter(|directory| files::goes_by_mode(*directory));
        let device = local.and_then(|directory| openat::status_of(directory).ok());
        let user = rustix::process::geteuid();
        OwnFiles { known: device.map(|status| (user, status.facts.device)) }
    }

    /// Whether it is proved that this process may read the file, or enter the directory. `false`
    /// proves nothing.
    pub(super) fn may_open(&self, status: &FileStatus, permissions: Permissions) -> bool {
        let needed = match status.kind {
            Kind::Directory => Mode::XUSR,
            _ => Mode::RUSR,
        };
        self.known == Some((permissions.owner, status.facts.device))
            && permissions.mode.contains(needed)
    }
}
