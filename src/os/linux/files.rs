//! Calls on files that POSIX does not have, or that do more here.

use rustix::buffer::spare_capacity;
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RawDir, RenameFlags, ResolveFlags, Stat};
use rustix::io::{Errno, Result};
use std::ffi::CStr;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::LazyLock;

/// How a directory is opened that is only to be gone through: it needs no right to read it.
pub(crate) const PASSAGE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);

/// How a name is opened that is only to be looked at.
pub(crate) const STANDS_FOR: OFlags = OFlags::PATH;

/// Whether the system may have [`open_beneath`]; it can still refuse it.
pub(crate) const OPENS_BENEATH: bool = true;

/// Opens `path` beneath `root`, or EXDEV: no symlink and no rename leads out. EAGAIN where a rename
/// crossed the way (openat2(2)).
///
/// # Errors
///
/// ENOSYS and EPERM where the system refuses the call itself.
#[inline]
pub(crate) fn open_beneath(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    fs::openat2(root, path, flags, Mode::empty(), resolve)
}

/// The device that a file is on.
#[inline]
pub(crate) fn device(stat: &Stat) -> u64 {
    stat.st_dev
}

/// Bytes of the buffer in which the kernel returns names.
const NAMES_BYTES: usize = 64 * 1024;

/// Gives `each` the names in `directory`, `.` and `..` too, and what the file system says each is,
/// until it breaks off (getdents64(2)).
///
/// # Errors
///
/// Those of getdents64(2).
pub(crate) fn read_names(
    directory: BorrowedFd<'_>,
    mut each: impl FnMut(&CStr, FileType) -> ControlFlow<()>,
) -> Result<()> {
    let mut buffer = Vec::with_capacity(NAMES_BYTES);
    let mut names = RawDir::new(directory, buffer.spare_capacity_mut());
    while let Some(entry) = names.next() {
        let entry = entry?;
        if each(entry.file_name(), entry.file_type()).is_break() {
            break;
        }
    }
    Ok(())
}

/// Whether, for files directly in `directory`, what the owner's mode bits allow is exactly what the
/// owner may do: the file system is local and known to go by mode and access control list alone,
/// and no security module goes by labels.
pub(crate) fn goes_by_mode(directory: BorrowedFd<'_>) -> bool {
    is_local(directory) && !*LABELS_COUNT
}

/// Whether the times of `directory` are known to change whenever a name in it comes, goes or is
/// replaced, at once and for every observer.
pub(crate) fn dates_directories(directory: BorrowedFd<'_>) -> bool {
    is_local(directory)
}

fn is_local(directory: BorrowedFd<'_>) -> bool {
    fs::fstatfs(directory).is_ok_and(|stat| {
        let number = stat.f_type as u64 & u64::from(u32::MAX);
        LOCAL_FILE_SYSTEMS.contains(&number)
    })
}

/// Their magic numbers in statfs(2): ext2 to ext4, XFS, Btrfs, F2FS and tmpfs.
const LOCAL_FILE_SYSTEMS: [u64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x0102_1994];

/// Whether this kernel's security module may refuse by label what a mode allows. It cannot change
/// while the system runs.
static LABELS_COUNT: LazyLock<bool> = LazyLock::new(|| {
    let known = std::fs::read_to_string("/proc/filesystems");
    known.map_or(true, |known| ["selinuxfs", "smackfs"].iter().any(|name| known.contains(name)))
});

/// A new file in `directory` that has no name, for writing (O_TMPFILE in open(2)). `None` where it
/// must have one: the file system knows no such files, or the kernel no such flag; or there is no
/// /proc, without which it would never get a name.
pub(crate) fn create_unnamed(directory: BorrowedFd<'_>, mode: Mode) -> Result<Option<OwnedFd>> {
    if fs::access("/proc/self/fd", fs::Access::EXISTS).is_err() {
        return Ok(None);
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match fs::openat(directory, ".", flags, mode) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Gives a file that has no name the name `name` in `directory` (linkat(2)).
pub(crate) fn give_name(file: impl AsFd, directory: BorrowedFd<'_>, name: &str) -> Result<()> {
    let file = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    fs::linkat(fs::CWD, file, directory, name, AtFlags::SYMLINK_FOLLOW)
}

/// Renames `old` to `new`, both in `directory`; EEXIST where `new` is there already (renameat2(2)).
/// NFS knows no such call: there the caller's last look at `new` has to do.
pub(crate) fn rename_to_free(directory: BorrowedFd<'_>, old: &str, new: &[u8]) -> Result<()> {
    match fs::renameat_with(directory, old, directory, new, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => fs::renameat(directory, old, directory, new),
        result => result,
    }
}

/// Waits until what was written is on the disk (fsync(2)).
pub(crate) fn sync(file: impl AsFd) -> Result<()> {
    fs::fsync(file)
}

/// The extended attribute that holds an access control list (acl(5)).
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Bytes of an extended attribute at most (XATTR_SIZE_MAX, xattr(7)).
const ACCESS_LIST_BYTES_MAX: usize = 64 * 1024;

/// The access control list of a file, if it has one; it holds the mode too.
pub(crate) fn access_list(file: impl AsFd) -> Result<Option<Vec<u8>>> {
    let mut list = Vec::with_capacity(ACCESS_LIST_BYTES_MAX);
    match fs::fgetxattr(file, ACCESS_LIST, spare_capacity(&mut list)) {
        Ok(_) => Ok(Some(list)),
        Err(errno) if has_no_list(errno) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Gives a file the access control list of another.
pub(crate) fn set_access_list(file: impl AsFd, list: &[u8]) -> Result<()> {
    fs::fsetxattr(file, ACCESS_LIST, list, fs::XattrFlags::empty())
}

/// Removes the access control list that a new file got from its directory.
pub(crate) fn remove_access_list(file: impl AsFd) -> Result<()> {
    match fs::fremovexattr(file, ACCESS_LIST) {
        Err(errno) if has_no_list(errno) => Ok(()),
        result => result,
    }
}

fn has_no_list(errno: Errno) -> bool {
    matches!(errno, Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS)
}
