//! A file that is written out of sight, and moved to its place when it is complete.
//!
//! It begins without a name (O_TMPFILE in open(2)), so that the kernel throws it away whenever this
//! process ends before the file is complete. It gets a name at the very end, for the moment between
//! linkat(2) and renameat2(2). Where the file system or a missing /proc does not allow that, it has
//! its name from the start. The name begins with a dot, so it is neither served nor listed, and
//! `leftovers` knows it. The writer holds a lock on the file (flock(2)): that tells a file that is
//! being written from one that was left behind.
//!
//! Between the making of a named file and its lock, somebody who clears up may take it for a
//! leftover. So the name is looked at once more after the lock, and if it is gone, a new file is
//! made. A file system without locks can prove nothing: there the name is one that nobody clears.

use super::openat::{self, Status};
use super::permissions::{self, Permissions};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::{Errno, Result};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;

/// What the names of files that their writers have locked begin with. A random number follows.
pub const PREFIX: &str = ".tinyhttpd-upload-";

/// The same for files that could not be locked. They are never cleared away.
const PREFIX_UNLOCKED: &str = ".tinyhttpd-unlocked-";

/// How often a file is made that somebody clears away before it is locked.
const ATTEMPTS_MAX: usize = 16;

/// Of a new file, less the bits of the process's umask.
const MODE_NEW: Mode = Mode::from_raw_mode(0o666);

/// Of a file that has a name while it is written.
const MODE_HIDDEN: Mode = Mode::from_raw_mode(0o600);

/// A file that is being written. Unless it is put in its place, it is gone when dropped.
#[derive(Debug)]
pub struct TemporaryFile {
    file: File,
    directory: OwnedFd,
    name: String,
    /// Whether the file is to be found under `name`.
    is_named: bool,
    /// For a place where no file is.
    mode_when_new: Mode,
}

impl TemporaryFile {
    /// A new file for a place in `directory`, which is open for reading.
    pub fn create(directory: OwnedFd) -> Result<TemporaryFile> {
        // Without /proc, a file that has no name would never get one.
        if fs::access("/proc/self/fd", fs::Access::EXISTS).is_err() {
            return TemporaryFile::create_named(directory);
        }
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        match fs::openat(&directory, ".", flags, MODE_NEW) {
            Ok(file) => TemporaryFile::from_unnamed(file, directory),
            // How file systems say that they know no files without a name, and kernels that they
            // know no such flag.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                TemporaryFile::create_named(directory)
            }
            Err(errno) => Err(errno),
        }
    }

    /// Nobody else can open a file without a name, so its mode and its lock come in time.
    fn from_unnamed(file: OwnedFd, directory: OwnedFd) -> Result<TemporaryFile> {
        let mode_when_new = Permissions::of(&file)?.mode;
        let prefix = if lock(file.as_fd()).is_ok() { PREFIX } else { PREFIX_UNLOCKED };
        let (file, name) = (File::from(file), new_name(prefix));
        Ok(TemporaryFile { file, directory, name, is_named: false, mode_when_new })
    }

    /// The same where files without a name are not to be had.
    pub(super) fn create_named(directory: OwnedFd) -> Result<TemporaryFile> {
        TemporaryFile::create_locked_by(lock, directory)
    }

    /// A file with a name, locked by `lock` where the file system knows locks.
    fn create_locked_by(
        lock: impl Fn(BorrowedFd<'_>) -> Result<()>,
        directory: OwnedFd,
    ) -> Result<TemporaryFile> {
        let mode_when_new = mode_of_new_file(directory.as_fd())?;
        let (file, name) = create_locked(lock, directory.as_fd())?;
        let file = File::from(file);
        Ok(TemporaryFile { file, directory, name, is_named: true, mode_when_new })
    }

    /// Appends `bytes`.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// Waits until all that was written is on the disk.
    pub fn sync(&self) -> Result<()> {
        fs::fsync(&self.file)
    }

    /// Waits until the names in the directory are on the disk as they are now.
    pub fn sync_directory(&self) -> Result<()> {
        match fs::fsync(&self.directory) {
            // Not every file system has directories to sync; the file is in its place.
            Err(Errno::INVAL | Errno::BADF) => Ok(()),
            result => result,
        }
    }

    /// The directory that the file is for.
    pub fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// What the kernel says of the file itself.
    pub fn status(&self) -> Result<Status> {
        openat::status_of(&self.file)
    }

    /// Has the file appear as `name` in its directory, all at once. With `replaces`, the
    /// permissions of what has the name now, it takes that one's place and permissions; without,
    /// EEXIST says that something has the name.
    pub fn move_to(&mut self, name: &[u8], replaces: Option<Permissions>) -> Result<()> {
        // Before it can be seen under any name but a hidden one of this user's own.
        self.permit(name, replaces)?;
        self.give_name()?;
        let flags = match replaces {
            Some(_) => RenameFlags::empty(),
            None => RenameFlags::NOREPLACE,
        };
        let (directory, own) = (&self.directory, self.name.as_str());
        match fs::renameat_with(directory, own, directory, name, flags) {
            // NFS knows no such flag: there, the caller's look at the name just before has to do.
            Err(Errno::INVAL | Errno::NOSYS) if replaces.is_none() => {
                fs::renameat(directory, own, directory, name)?;
            }
            result => result?,
        }
        self.is_named = false;
        Ok(())
    }

    fn permit(&self, name: &[u8], replaces: Option<Permissions>) -> Result<()> {
        let file = self.file.as_fd();
        match replaces {
            Some(permissions) => {
                let list = permissions::access_list(self.directory(), name)?;
                permissions.give_to(file, list.as_deref())
            }
            None => permissions::set_mode(file, self.mode_when_new),
        }
    }

    fn give_name(&mut self) -> Result<()> {
        if !self.is_named {
            let file = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            let follow = AtFlags::SYMLINK_FOLLOW;
            fs::linkat(fs::CWD, file, &self.directory, &self.name, follow)?;
            self.is_named = true;
        }
        Ok(())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if self.is_named
            && let Err(error) = remove(self.directory(), &self.name)
        {
            log::warn!("{} is left behind: {error}", self.name);
        }
    }
}

/// A new file with its name, which this process has locked, or which nobody clears away.
fn create_locked(
    lock: impl Fn(BorrowedFd<'_>) -> Result<()>,
    directory: BorrowedFd<'_>,
) -> Result<(OwnedFd, String)> {
    for _ in 0..ATTEMPTS_MAX {
        let name = new_name(PREFIX);
        let file = create_file(directory, &name, MODE_HIDDEN)?;
        let locked = lock(file.as_fd());
        if locked.is_ok() && openat::is_at(&file, directory, &name) {
            return Ok((file, name));
        }
        // Somebody else has cleared it away, or is about to, or it cannot be locked.
        remove(directory, &name)?;
        if let Err(errno) = locked
            && errno != Errno::WOULDBLOCK
        {
            log::debug!("flock: {errno}");
            let name = new_name(PREFIX_UNLOCKED);
            return Ok((create_file(directory, &name, MODE_HIDDEN)?, name));
        }
    }
    Err(Errno::AGAIN)
}

/// Says that somebody writes to the file. EWOULDBLOCK where somebody else says so; every other
/// error means that this file system knows no locks.
fn lock(file: BorrowedFd<'_>) -> Result<()> {
    fs::flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// What the system makes of [`MODE_NEW`] in this directory: the umask counts, or the directory's
/// own rule (a default ACL). Asked by a file that is empty and gone at once, since the umask cannot
/// be read without setting it.
fn mode_of_new_file(directory: BorrowedFd<'_>) -> Result<Mode> {
    let name = new_name(PREFIX);
    let file = create_file(directory, &name, MODE_NEW)?;
    remove(directory, &name)?;
    Ok(Permissions::of(file)?.mode)
}

fn create_file(directory: BorrowedFd<'_>, name: &str, mode: Mode) -> Result<OwnedFd> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    fs::openat(directory, name, flags | OFlags::WRONLY | OFlags::CLOEXEC, mode)
}

/// Removes the name, if nobody has done so before.
fn remove(directory: BorrowedFd<'_>, name: &str) -> Result<()> {
    match fs::unlinkat(directory, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        result => result,
    }
}

/// Random, so that nobody can lay something in its way.
fn new_name(prefix: &str) -> String {
    format!("{prefix}{:016x}", RandomState::new().hash_one(()))
}

/// Removes a file whose writer is gone; whether it did. Nothing but its lock proves that, and the
/// lock is held until the name is gone, so that a writer which comes for it now makes another file.
pub fn remove_if_abandoned(directory: BorrowedFd<'_>, name: &[u8]) -> bool {
    // For writing: NFS grants no exclusive lock on anything else.
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty());
    file.is_ok_and(|file| {
        lock(file.as_fd()).is_ok() && fs::unlinkat(directory, name, AtFlags::empty()).is_ok()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::Cell;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    pub fn open(directory: &Path) -> OwnedFd {
        openat::open_root(directory).expect("a directory")
    }

    pub fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("a directory");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.map(|entry| entry.file_name());
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).expect("a name").into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    /// Of what is there now.
    fn permissions(directory: &Path, name: &str) -> Option<Permissions> {
        let looked = super::super::permissions::look(open(directory).as_fd(), name.as_bytes());
        looked.ok().map(|(_, permissions)| permissions)
    }

    type Create = fn(OwnedFd) -> Result<TemporaryFile>;

    /// With and without a name from the start.
    const WAYS: [Create; 2] = [TemporaryFile::create, TemporaryFile::create_named];

    #[test]
    fn dropped_file_leaves_nothing() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            let mut file = create(open(root.path())).unwrap();
            file.write(b"half").unwrap();
            drop(file);
            assert_eq!(names(root.path()), [""; 0]);
        }
    }

    #[test]
    fn file_that_loses_its_place_leaves_nothing() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            std::fs::write(root.path().join("a"), "old").unwrap();
            let mut file = create(open(root.path())).unwrap();
            assert_eq!(file.move_to(b"a", None), Err(Errno::EXIST));
            drop(file);
            assert_eq!(names(root.path()), ["a"]);
            assert_eq!(std::fs::read(root.path().join("a")).unwrap(), b"old");
        }
    }

    #[test]
    fn file_appears_whole_and_under_its_name_alone() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            for content in ["first", "second"] {
                let mut file = create(open(root.path())).unwrap();
                file.write(content.as_bytes()).unwrap();
                file.move_to(b"a", permissions(root.path(), "a")).unwrap();
                drop(file);
                assert_eq!(names(root.path()), ["a"]);
                let read = std::fs::read_to_string(root.path().join("a")).unwrap();
                assert_eq!(read, content);
            }
        }
    }

    #[test]
    fn file_that_is_being_written_is_seen_by_its_hidden_name_at_most() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            let file = create(open(root.path())).unwrap();
            let seen = names(root.path());
            assert_eq!(seen.len(), usize::from(file.is_named));
            assert!(seen.iter().all(|name| name.starts_with(PREFIX)));
        }
    }

    #[test]
    fn symlink_is_neither_replaced_nor_written_through() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            std::fs::write(root.path().join("target"), "old").unwrap();
            symlink("target", root.path().join("link")).unwrap();
            let mut file = create(open(root.path())).unwrap();
            file.write(b"new").unwrap();
            let moved = file.move_to(b"link", permissions(root.path(), "link"));
            assert_eq!(moved, Err(Errno::LOOP));
            drop(file);
            assert_eq!(names(root.path()), ["link", "target"]);
            assert_eq!(std::fs::read(root.path().join("link")).unwrap(), b"old");
        }
    }

    #[test]
    fn file_that_is_cleared_away_before_its_lock_is_made_anew() {
        let root = tempfile::tempdir().unwrap();
        // Somebody holds the lock, or has held it and removed the name.
        for told in [Err(Errno::WOULDBLOCK), Ok(())] {
            let is_first = Cell::new(true);
            let lock_late = |file: BorrowedFd<'_>| {
                if !is_first.take() {
                    return lock(file);
                }
                names(root.path()).iter().for_each(|name| {
                    std::fs::remove_file(root.path().join(name)).unwrap();
                });
                told
            };
            let mut file = TemporaryFile::create_locked_by(lock_late, open(root.path())).unwrap();
            file.write(b"whole").unwrap();
            file.move_to(b"a", permissions(root.path(), "a")).unwrap();
            drop(file);
            assert_eq!(names(root.path()), ["a"]);
            assert_eq!(std::fs::read(root.path().join("a")).unwrap(), b"whole");
        }
    }

    #[test]
    fn file_that_is_always_cleared_away_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let lock = |_: BorrowedFd<'_>| Err(Errno::WOULDBLOCK);
        let made = TemporaryFile::create_locked_by(lock, open(root.path()));
        assert_eq!(made.err(), Some(Errno::AGAIN));
        assert_eq!(names(root.path()), [""; 0]);
    }

    #[test]
    fn file_that_cannot_be_locked_has_a_name_that_nobody_clears() {
        for errno in [Errno::BADF, Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS] {
            let root = tempfile::tempdir().unwrap();
            let lock = |_: BorrowedFd<'_>| Err(errno);
            let file = TemporaryFile::create_locked_by(lock, open(root.path())).unwrap();
            let seen = names(root.path());
            assert_eq!(seen.len(), 1);
            assert!(seen[0].starts_with('.') && !seen[0].starts_with(PREFIX), "{seen:?}");
            drop(file);
            assert_eq!(names(root.path()), [""; 0]);
        }
    }

    #[test]
    fn only_a_file_that_nobody_writes_is_abandoned() {
        let root = tempfile::tempdir().unwrap();
        let directory = open(root.path());
        let mut file = TemporaryFile::create_named(open(root.path())).unwrap();
        let name = file.name.clone();
        assert!(!remove_if_abandoned(directory.as_fd(), name.as_bytes()));
        assert_eq!(names(root.path()), [&*name]);
        // As kill(2) leaves it: the descriptor is closed, the name stays.
        file.is_named = false;
        drop(file);
        assert!(remove_if_abandoned(directory.as_fd(), name.as_bytes()));
        assert_eq!(names(root.path()), [""; 0]);
    }

    #[test]
    fn new_file_has_the_mode_that_any_new_file_has() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            std::fs::write(root.path().join("plain"), "").unwrap();
            let mut file = create(open(root.path())).unwrap();
            file.move_to(b"a", None).unwrap();
            assert_eq!(permissions(root.path(), "a"), permissions(root.path(), "plain"));
        }
    }

    #[test]
    fn file_takes_over_the_mode_of_the_one_that_it_replaces() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join("a");
            for mode in [0o600, 0o640, 0o666, 0o700, 0o755, 0o444, 0o000, 0o4755, 0o2644] {
                std::fs::write(&path, "old").unwrap();
                std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
                let mut file = create(open(root.path())).unwrap();
                file.move_to(b"a", permissions(root.path(), "a")).unwrap();
                let taken = std::fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(taken & 0o7777, mode & 0o777, "{mode:o}");
                std::fs::remove_file(&path).unwrap();
            }
        }
    }

    #[test]
    fn file_with_a_name_is_its_writers_alone_until_it_is_in_its_place() {
        let root = tempfile::tempdir().unwrap();
        let file = TemporaryFile::create_named(open(root.path())).unwrap();
        let seen = std::fs::metadata(root.path().join(&file.name)).unwrap();
        assert_eq!(seen.permissions().mode() & 0o777, 0o600);
    }

    /// An access control list as the kernel keeps it: the owner and user 7 may read and write, the
    /// group nothing, all others nothing.
    fn list_for_one_more() -> Vec<u8> {
        const NOBODY_IN_PARTICULAR: u32 = u32::MAX;
        let mut list = 2u32.to_le_bytes().to_vec();
        for (tag, may, id) in [
            (0x01u16, 6u16, NOBODY_IN_PARTICULAR),
            (0x02, 6, 7),
            (0x04, 0, NOBODY_IN_PARTICULAR),
            (0x10, 6, NOBODY_IN_PARTICULAR),
            (0x20, 0, NOBODY_IN_PARTICULAR),
        ] {
            list.extend(tag.to_le_bytes());
            list.extend(may.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        list
    }

    // Its mode alone, 0660, would let the group in.
    #[test]
    fn file_takes_over_the_access_list_of_the_one_that_it_replaces() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join("a");
            std::fs::write(&path, "old").unwrap();
            let set = |path: &Path, name: &str, list: &[u8]| {
                fs::setxattr(path, name, list, fs::XattrFlags::empty()).unwrap();
            };
            set(&path, "system.posix_acl_access", &list_for_one_more());
            let list = || permissions::access_list(open(root.path()).as_fd(), b"a").unwrap();
            let former = list();
            assert!(former.is_some());
            let mut file = create(open(root.path())).unwrap();
            file.move_to(b"a", permissions(root.path(), "a")).unwrap();
            assert_eq!(list(), former);

            // One that the directory gives is not for what replaces a file without.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "old").unwrap();
            set(root.path(), "system.posix_acl_default", &list_for_one_more());
            let before = permissions(root.path(), "a");
            let mut file = create(open(root.path())).unwrap();
            file.move_to(b"a", before).unwrap();
            assert_eq!((list(), permissions(root.path(), "a")), (None, before));

            // A new file has it.
            std::fs::remove_file(&path).unwrap();
            let mut file = create(open(root.path())).unwrap();
            file.move_to(b"a", None).unwrap();
            assert_eq!(list(), former);
        }
    }
}
