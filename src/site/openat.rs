//! The system calls by which names beneath a directory are looked at, opened and read.
//!
//! Containment is the kernel's. `openat2` with RESOLVE_BENEATH follows a relative symlink as long
//! as no step of the way leaves the directory it starts from, and refuses every other way with
//! EXDEV, whatever is renamed meanwhile. Where the system refuses that call, the same is promised
//! by `walk`. Which it is, the first root that is opened decides for good: a later refusal is an
//! error.

use super::walk;
use crate::http::date::Timestamp;
use crate::http::validator::FileFacts;
use crate::os::files;
use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, Result, retry_on_intr};
use rustix::path::Arg;
use std::ffi::CStr;
use std::path::Path;
use std::sync::LazyLock;

pub(super) use super::walk::{PATH_BYTES_MAX, is_at};

/// How often a path is tried again after EAGAIN: a rename crossed the way, for `openat2` any rename
/// on the system where the way has `..`.
const ATTEMPTS_MAX: usize = 64;

/// What a name or a descriptor stands for, as far as this server tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Directory,
    Symlink,
    /// FIFO, socket, device: never served, never opened.
    Other,
}

/// What the kernel says of a name or a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStatus {
    pub kind: Kind,
    pub facts: FileFacts,
}

/// A descriptor of the document root itself, wherever and through whatever symlinks `directory`
/// leads.
///
/// ENOTDIR where it is no directory, EACCES where it may not be read or entered.
pub(super) fn open_root(directory: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = retry_on_intr(|| rustix::fs::open(directory, flags, Mode::empty()))?;
    // Walks into the root once: it may lack search permission.
    look(root.as_fd(), c".")?;
    Ok(root)
}

/// A directory, wherever it is named; it keeps this as long as a descriptor of it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DirectoryId {
    device: u64,
    inode: u64,
}

/// The directory that `path` leads to, through whatever symlinks; `None` where there is none.
pub(super) fn identify(path: &Path) -> Option<DirectoryId> {
    let seen = rustix::fs::stat(path).map(|stat| status(&stat)).ok()?;
    let FileFacts { device, inode, .. } = seen.facts;
    (seen.kind == Kind::Directory).then_some(DirectoryId { device, inode })
}

/// The same as [`open_root`] for a directory that must lie beneath `root`, as every path must:
/// EXDEV or ELOOP where a symlink leads out.
pub(super) fn open_root_beneath(root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd> {
    let directory = open_directory(root, path)?;
    look(directory.as_fd(), c".")?;
    Ok(directory)
}

/// The status of what `path` names, of the symlink where its last segment is one.
///
/// Symlinks in the other segments are followed anywhere: for a path of several segments it is a
/// hint, which an `open_` must prove. The kernel checks search permission on `directory` too,
/// though its descriptor be one of O_PATH.
pub(super) fn look(directory: BorrowedFd<'_>, path: impl Arg) -> Result<FileStatus> {
    rustix::fs::statat(directory, path, AtFlags::SYMLINK_NOFOLLOW).map(|stat| status(&stat))
}

/// Whether this process may read the file, or enter the directory, that `name` leads to.
pub(super) fn may_open(directory: BorrowedFd<'_>, name: &CStr, kind: Kind) -> bool {
    let access = match kind {
        Kind::Directory => Access::EXEC_OK,
        _ => Access::READ_OK,
    };
    rustix::fs::accessat(directory, name, access, AtFlags::EACCESS).is_ok()
}

/// The status of what a descriptor is open on.
pub(super) fn status_of(descriptor: impl AsFd) -> Result<FileStatus> {
    rustix::fs::fstat(descriptor).map(|stat| status(&stat))
}

/// Times are trusted when they are this old, in whole seconds: FAT dates to two, and the clock that
/// the kernel dates with lags behind by a tick.
const SETTLED_SECONDS: i64 = 2;

/// Whether every later change must show in these times. A time in the future has never settled.
pub(super) fn has_settled(facts: &FileFacts, now: Timestamp) -> bool {
    let last = facts.modified.max(facts.changed);
    last.seconds < now.seconds.saturating_sub(SETTLED_SECONDS)
}

/// The status of what `path` leads to beneath `root`; nothing notices it, a FIFO neither blocks it
/// nor wakes.
pub(super) fn look_beneath(root: BorrowedFd<'_>, path: &[u8]) -> Result<FileStatus> {
    WAY.look(root, path)
}

/// A descriptor to read `path` from. It must be proved regular before use; should a FIFO or a
/// terminal have taken the place of what was looked at before, O_NONBLOCK and O_NOCTTY keep the
/// harm away.
pub(super) fn open_file(root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    open_beneath(root, path, flags)
}

/// A descriptor to list the directory `path` from; ENOTDIR where it is none.
pub(super) fn open_directory(root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    open_beneath(root, path, flags)
}

/// A descriptor that stands for the directory `name`, a single segment, in `parent`; ENOTDIR where
/// it is a symlink.
pub(super) fn open_plain_directory(parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd> {
    let flags = files::PASSAGE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| rustix::fs::openat(parent, name, flags, Mode::empty()))
}

fn open_beneath(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    WAY.open(root, path, flags | OFlags::CLOEXEC)
}

/// How this system keeps a path beneath a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Openat2,
    Walk,
}

/// It stays as it was when the first root was opened.
static WAY: LazyLock<Way> = LazyLock::new(Way::of_this_system);

impl Way {
    /// Asks the kernel once, and says so where it refuses what the system should have.
    ///
    /// Kernels before Linux 5.6 refuse `openat2`, and so do the filters of sandboxes that cannot
    /// look into its arguments (`RestrictSUIDSGID` and `DynamicUser` of systemd, systemd-nspawn).
    fn of_this_system() -> Way {
        if !files::OPENS_BENEATH {
            return Way::Walk;
        }
        // The empty path names nothing, so no file is touched: ENOENT says that the call is there.
        let refusal = match files::open_beneath(CWD, b"", OFlags::CLOEXEC) {
            Err(Errno::NOSYS) => "ENOSYS",
            Err(Errno::PERM) => "EPERM",
            _ => return Way::Openat2,
        };
        log::info!("openat2 is refused here ({refusal}): paths are walked segment by segment");
        Way::Walk
    }

    fn open(self, root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
        attempt(|| match self {
            Way::Openat2 => files::open_beneath(root, path, flags),
            Way::Walk => walk::open(root, path, flags),
        })
    }

    fn look(self, root: BorrowedFd<'_>, path: &[u8]) -> Result<FileStatus> {
        match self {
            Way::Openat2 => {
                self.open(root, path, files::STANDS_FOR | OFlags::CLOEXEC).and_then(status_of)
            }
            Way::Walk => attempt(|| walk::look(root, path)).map(|stat| status(&stat)),
        }
    }
}

/// Tries again where a rename crossed the way, or a signal the call.
fn attempt<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let mut attempts = 1;
    loop {
        match work() {
            Err(Errno::AGAIN | Errno::INTR) if attempts < ATTEMPTS_MAX => attempts += 1,
            result => return result,
        }
    }
}

/// All bytes of a regular file, if they are `length` in number; `None` where the file has become
/// shorter or longer.
pub(super) fn read_whole(file: BorrowedFd<'_>, length: usize) -> Result<Option<Box<[u8]>>> {
    // With room for one byte more, so that the one call that reads a file also tells that it has
    // grown.
    let mut bytes = Vec::with_capacity(length + 1);
    loop {
        let offset = bytes.len() as u64;
        let count = retry_on_intr(|| rustix::io::pread(file, spare_capacity(&mut bytes), offset))?;
        if count == 0 || bytes.len() >= length {
            return Ok((bytes.len() == length).then(|| bytes.into_boxed_slice()));
        }
    }
}

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// Gives all bytes of a regular file to `take`, a piece at a time. Returns how many there were.
pub(super) fn read_pieces(file: BorrowedFd<'_>, mut take: impl FnMut(&[u8])) -> Result<u64> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    let mut offset = 0;
    loop {
        piece.clear();
        let count = retry_on_intr(|| rustix::io::pread(file, spare_capacity(&mut piece), offset))?;
        if count == 0 {
            return Ok(offset);
        }
        take(&piece);
        offset += count as u64;
    }
}

/// What a stat(2) says, as far as this server is concerned.
pub(super) fn status(stat: &Stat) -> FileStatus {
    FileStatus {
        kind: kind(FileType::from_raw_mode(stat.st_mode)),
        facts: FileFacts {
            device: files::device(stat),
            inode: stat.st_ino,
            length: stat.st_size.try_into().unwrap_or(0),
            modified: timestamp(stat.st_mtime, stat.st_mtime_nsec),
            changed: timestamp(stat.st_ctime, stat.st_ctime_nsec),
        },
    }
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::Regular,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

/// `nanoseconds` has another width on each architecture; the kernel keeps it below a thousand
/// million.
fn timestamp(seconds: i64, nanoseconds: impl TryInto<u32>) -> Timestamp {
    Timestamp { seconds, nanoseconds: nanoseconds.try_into().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::super::linux;
    use super::super::refused::{REFUSALS, expect_tests_to_pass, without_openat2};
    use super::*;
    use std::fs::{File, create_dir_all, rename, write};
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn paths_are_walked_where_openat2_is_refused() {
        if !linux::has("openat2") {
            return;
        }
        for refusal in REFUSALS {
            assert_eq!(without_openat2(refusal, Way::of_this_system), Way::Walk, "{refusal:?}");
        }
        assert_eq!(Way::of_this_system(), Way::Openat2);
    }

    #[test]
    fn all_is_the_same_where_openat2_is_refused() {
        if !linux::has("openat2") {
            return;
        }
        // What compares both ways needs both.
        expect_tests_to_pass(Errno::NOSYS, &["site::"], &["openat2"]);
    }

    /// `a/b` changes places with a directory that lies elsewhere, so that `../..` of it is outside.
    #[test]
    fn moved_directory_never_leads_above_the_root_by_openat2_and_walk() {
        if !linux::has("openat2") {
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        create_dir_all(path("root/a/b")).unwrap();
        create_dir_all(path("outside/c")).unwrap();
        symlink("../../file", path("root/a/b/up")).unwrap();
        write(path("root/file"), "inside").unwrap();
        write(path("file"), "outside").unwrap();
        let root = open_root(&path("root")).unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..5_000 {
                    rename(path("root/a/b"), path("outside/c/b")).unwrap();
                    rename(path("outside/c/b"), path("root/a/b")).unwrap();
                }
                is_over.store(true, Ordering::Release);
            });
            let inside = status_of(File::open(path("root/file")).unwrap()).unwrap();
            let mut opened = [0; 2];
            while !is_over.load(Ordering::Acquire) || opened.contains(&0) {
                for (way, opened) in [Way::Openat2, Way::Walk].into_iter().zip(&mut opened) {
                    match way.open(root.as_fd(), b"a/b/up", OFlags::RDONLY | OFlags::CLOEXEC) {
                        Ok(file) => {
                            assert_eq!(status_of(file), Ok(inside), "{way:?}");
                            *opened += 1;
                        }
                        Err(Errno::NOENT | Errno::XDEV | Errno::AGAIN) => {}
                        Err(errno) => panic!("{way:?}: {errno}"),
                    }
                }
            }
        });
    }

    #[test]
    fn whole_file_is_read_only_at_its_length() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let rows: [(&[u8], usize, bool); 6] = [
            (b"shorter", 8, false),
            (b"longer", 5, false),
            (b"x", 0, false),
            (b"", 1, false),
            (b"", 0, true),
            (b"000 004 008 ", 12, true),
        ];
        for (content, length, is_whole) in rows {
            std::fs::write(&path, content).unwrap();
            let read = read_whole(File::open(&path).unwrap().as_fd(), length).unwrap();
            assert_eq!(read.as_deref(), is_whole.then_some(content), "{length}");
        }
    }

    #[test]
    fn root_must_be_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(open_root(&file).unwrap_err(), Errno::NOTDIR);
        let missing = directory.path().join("missing");
        assert_eq!(open_root(&missing).unwrap_err(), Errno::NOENT);
        assert!(open_root(directory.path()).is_ok());
    }
}
