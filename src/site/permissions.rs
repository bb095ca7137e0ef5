//! Who may do what with a file: what a new file takes over from the one it replaces.
//!
//! Mode, access control list, group and owner are taken over, as far as this process may give them
//! away. Left out on purpose: the bits that are more than permissions (set-user-ID, set-group-ID
//! and sticky, which write(2) clears too), and other extended attributes.

use super::openat::{self, Kind, Status};
use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{self, Access, AtFlags, Gid, Mode, OFlags, Stat, Uid, XattrFlags};
use rustix::io::{Errno, Result};
use rustix::path::Arg;
use std::sync::LazyLock;

/// Of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The nine bits of reading, writing and executing.
    pub mode: Mode,
    owner: Uid,
    group: Gid,
}

impl Permissions {
    /// Those of an open file.
    pub fn of(file: impl AsFd) -> Result<Permissions> {
        fs::fstat(file).map(|stat| Permissions::from_stat(&stat))
    }

    fn from_stat(stat: &Stat) -> Permissions {
        Permissions {
            mode: Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO),
            owner: Uid::from_raw(stat.st_uid),
            group: Gid::from_raw(stat.st_gid),
        }
    }

    /// Gives them, with the access control list `list`, to `file`, which this process has made and
    /// whose name nobody knows yet.
    ///
    /// A process that is not root's can give away the owner never, and the group only to one of its
    /// own groups. Another group than before may then do what all others may, and no more, and the
    /// list is left out.
    pub fn give_to(self, file: BorrowedFd<'_>, list: Option<&[u8]>) -> Result<()> {
        let own = Permissions::of(file)?;
        let keeps_group =
            own.group == self.group || fs::fchown(file, None, Some(self.group)).is_ok();
        match list {
            // It says the mode too.
            Some(list) if keeps_group => {
                fs::fsetxattr(file, ACCESS_LIST, list, XattrFlags::empty())?;
            }
            _ => {
                remove_access_list(file)?;
                set_mode(file, if keeps_group { self.mode } else { without_group(self.mode) })?;
            }
        }
        // Last: what is somebody else's may not be changed any more.
        if own.owner != self.owner
            && let Err(errno) = fs::fchown(file, Some(self.owner), None)
        {
            log::debug!("the owner of a replaced file is not kept: {errno}");
        }
        Ok(())
    }
}

/// Sets a mode that the file does not have. Some file systems know no other than they give.
pub fn set_mode(file: BorrowedFd<'_>, mode: Mode) -> Result<()> {
    match Permissions::of(file)?.mode == mode {
        true => Ok(()),
        false => fs::fchmod(file, mode),
    }
}

/// The access control list (acl(5)) of the regular file `name`, if it has one.
pub fn access_list(directory: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty())?;
    let mut list = Vec::with_capacity(ACCESS_LIST_BYTES_MAX);
    match fs::fgetxattr(file, ACCESS_LIST, spare_capacity(&mut list)) {
        Ok(_) => Ok(Some(list)),
        Err(errno) if has_no_list(errno) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Removes the list that a file has from its directory.
fn remove_access_list(file: BorrowedFd<'_>) -> Result<()> {
    match fs::fremovexattr(file, ACCESS_LIST) {
        Err(errno) if has_no_list(errno) => Ok(()),
        result => result,
    }
}

fn has_no_list(errno: Errno) -> bool {
    matches!(errno, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
}

/// The extended attribute that an access control list is.
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Bytes of an extended attribute at most (XATTR_SIZE_MAX, xattr(7)).
const ACCESS_LIST_BYTES_MAX: usize = 64 * 1024;

/// What `name` in `directory` stands for, and its permissions (see [`openat::look`]).
pub fn look(directory: BorrowedFd<'_>, name: impl Arg) -> Result<(Status, Permissions)> {
    let stat = fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok((openat::status(&stat), Permissions::from_stat(&stat)))
}

/// Whether this process may read and write the file: only then may another take its place, since
/// the rights on its directory would allow more than the rights on the file.
///
/// # Errors
///
/// EACCES, EPERM (an immutable file), EROFS.
pub fn check_writable(directory: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    let access = Access::READ_OK | Access::WRITE_OK;
    fs::accessat(directory, name, access, AtFlags::EACCESS)
}

/// What a file's mode alone proves of the right to open it, so that the kernel need not be asked
/// about each file of a large directory.
///
/// That is little: the owner may do what the owner's bits allow. For all others an access control
/// list may say otherwise, and on a network the server has the last word. So it counts on the
/// directory's own file system, one of those known to go by mode and list alone, and where no
/// security module goes by labels.
#[derive(Clone, Copy, Debug)]
pub struct OwnFiles {
    /// The user and the file system; `None` where nothing is proved.
    known: Option<(Uid, u64)>,
}

/// Their magic numbers in statfs(2): ext2 to ext4, XFS, Btrfs, F2FS and tmpfs.
const LOCAL_FILE_SYSTEMS: [u64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];

/// Whether this kernel's security module may refuse by label what a mode allows. It stays as it was
/// when the system started.
static LABELS_COUNT: LazyLock<bool> = LazyLock::new(|| {
    let known = std::fs::read_to_string("/proc/filesystems");
    known.map_or(true, |known| ["selinuxfs", "smackfs"].iter().any(|name| known.contains(name)))
});

impl OwnFiles {
    /// For what is directly in this directory.
    pub fn in_directory(directory: BorrowedFd<'_>) -> OwnFiles {
        let is_local = |stat: &fs::StatFs| {
            let number = stat.f_type as u64 & u64::from(u32::MAX);
            LOCAL_FILE_SYSTEMS.contains(&number) && !*LABELS_COUNT
        };
        let local = fs::fstatfs(directory).ok().filter(is_local);
        let device = local.and_then(|_| openat::status_of(directory).ok());
        let user = rustix::process::geteuid();
        OwnFiles { known: device.map(|status| (user, status.facts.device)) }
    }

    /// Whether it is proved that this process may read the file, or enter the directory; `false`
    /// says nothing.
    pub fn may_open(&self, status: &Status, permissions: Permissions) -> bool {
        let needed = match status.kind {
            Kind::Directory => Mode::XUSR,
            _ => Mode::RUSR,
        };
        self.known == Some((permissions.owner, status.facts.device))
            && permissions.mode.contains(needed)
    }
}

/// The mode where the group is one that was not asked: it gets no right that not all others have.
fn without_group(mode: Mode) -> Mode {
    let of_all = Mode::from_raw_mode((mode.as_raw_mode() & 0o007) << 3);
    mode & (Mode::RWXU | Mode::RWXO | of_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_group_has_no_more_rights_than_all() {
        let rows = [
            (0o660, 0o600),
            (0o664, 0o644),
            (0o604, 0o604),
            (0o775, 0o755),
            (0o777, 0o777),
            (0o070, 0o000),
            (0o647, 0o647),
        ];
        for (mode, expected) in rows {
            let left = without_group(Mode::from_raw_mode(mode)).as_raw_mode();
            assert_eq!(left, expected, "{mode:o}: {left:o}");
        }
    }
}
