//! A file that is written out of sight, and moved to its place when it is complete.
//!
//! It begins without a name (O_TMPFILE in open(2)), so that the kernel throws it away whenever this
//! process ends before the file is complete. A name it gets at the very end, for the moment between
//! linkat(2) and renameat2(2). Where the file system or a missing /proc does not allow that, it has
//! its name from the start. The name begins with a dot, so it is neither served nor listed, and
//! [`remove_leftovers`] knows it. Who writes holds a lock on the file (flock(2)), which tells a
//! file that is being written from one that was left behind.

use super::openat::{self, Kind, Status};
use crate::limits::LEFTOVER_NAMES_MAX;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::{Errno, Result};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::Path;

/// What the names of such files begin with. A random number follows.
const PREFIX: &str = ".tinyhttpd-upload-";

/// Less the bits of the process's umask.
const MODE: Mode = Mode::from_raw_mode(0o644);

/// A file that is being written. Unless it is put in its place, it is gone when dropped.
#[derive(Debug)]
pub struct TemporaryFile {
    file: File,
    directory: OwnedFd,
    name: String,
    /// Whether the file is to be found under `name`.
    is_named: bool,
}

impl TemporaryFile {
    /// A new file for a place in `directory`, which is open for reading.
    pub fn create(directory: OwnedFd) -> Result<TemporaryFile> {
        // Without /proc, a file that has no name would never get one.
        if fs::access("/proc/self/fd", fs::Access::EXISTS).is_err() {
            return TemporaryFile::create_named(directory);
        }
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        match fs::openat(&directory, ".", flags, MODE) {
            Ok(file) => Ok(TemporaryFile::new(file, directory, new_name(), false)),
            // How file systems say that they know no files without a name, and kernels that they
            // know no such flag.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                TemporaryFile::create_named(directory)
            }
            Err(errno) => Err(errno),
        }
    }

    fn create_named(directory: OwnedFd) -> Result<TemporaryFile> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let flags = flags | OFlags::WRONLY | OFlags::CLOEXEC;
        let name = new_name();
        let file = fs::openat(&directory, &name, flags, MODE)?;
        Ok(TemporaryFile::new(file, directory, name, true))
    }

    fn new(file: OwnedFd, directory: OwnedFd, name: String, is_named: bool) -> TemporaryFile {
        if let Err(error) = fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            log::debug!("flock: {error}");
        }
        TemporaryFile { file: File::from(file), directory, name, is_named }
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

    /// Has the file appear as `name` in its directory, all at once. With `replaces` it takes the
    /// place of what has the name now; without, EEXIST says that something has it.
    pub fn move_to(&mut self, name: &[u8], replaces: bool) -> Result<()> {
        self.give_name()?;
        let flags = if replaces { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        let (directory, own) = (&self.directory, self.name.as_str());
        match fs::renameat_with(directory, own, directory, name, flags) {
            // NFS knows no such flag: there, the caller's look at the name just before has to do.
            Err(Errno::INVAL | Errno::NOSYS) if !replaces => {
                fs::renameat(directory, own, directory, name)?;
            }
            result => result?,
        }
        self.is_named = false;
        Ok(())
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
            && let Err(error) = fs::unlinkat(&self.directory, &self.name, AtFlags::empty())
        {
            log::warn!("{} is left behind: {error}", self.name);
        }
    }
}

/// Random, so that nobody can lay something in its way.
fn new_name() -> String {
    format!("{PREFIX}{:016x}", RandomState::new().hash_one(()))
}

/// Removes what a process that was killed has left beneath `root`, and nothing that is still being
/// written. Symlinks are not followed.
pub fn remove_leftovers(root: &Path) {
    match openat::open_root(root).and_then(|root| find_leftovers(root.as_fd())) {
        Ok(0) => {}
        Ok(count) => log::info!("{count} broken-off uploads were cleared away"),
        Err(error) => log::warn!("not all broken-off uploads may be cleared away: {error}"),
    }
}

/// Walks the directories beneath `root`, and returns how many files it has removed.
fn find_leftovers(root: BorrowedFd<'_>) -> Result<usize> {
    let mut removed = 0;
    let mut names = 0;
    let mut directories = vec![b".".to_vec()];
    while let Some(path) = directories.pop() {
        // One that is gone by now, or may not be read, holds nothing of ours.
        let Ok(descriptor) = openat::open_directory(root, &path) else {
            continue;
        };
        for entry in Dir::read_from(&descriptor)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            names += 1;
            match kind(descriptor.as_fd(), name, entry.file_type()) {
                _ if names > LEFTOVER_NAMES_MAX => return Err(Errno::TOOBIG),
                Kind::Directory if !matches!(name, b"." | b"..") => {
                    directories.push([&path, &b"/"[..], name].concat());
                }
                Kind::Regular if name.starts_with(PREFIX.as_bytes()) => {
                    removed += usize::from(remove_if_abandoned(descriptor.as_fd(), name));
                }
                _ => {}
            }
        }
    }
    Ok(removed)
}

/// What the name stands for; not all file systems tell while they list.
fn kind(directory: BorrowedFd<'_>, name: &[u8], told: FileType) -> Kind {
    match told {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::Regular,
        FileType::Unknown => openat::look(directory, name).map_or(Kind::Other, |seen| seen.kind),
        _ => Kind::Other,
    }
}

/// Whether a file that nobody writes to was removed.
fn remove_if_abandoned(directory: BorrowedFd<'_>, name: &[u8]) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let Ok(file) = fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty()) else {
        return false;
    };
    if fs::flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
        return false;
    }
    fs::unlinkat(directory, name, AtFlags::empty()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn open(directory: &Path) -> OwnedFd {
        openat::open_root(directory).expect("a directory")
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("a directory");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.map(|entry| entry.file_name());
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).expect("a name").into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
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
            assert_eq!(file.move_to(b"a", false), Err(Errno::EXIST));
            drop(file);
            assert_eq!(names(root.path()), ["a"]);
            assert_eq!(std::fs::read(root.path().join("a")).unwrap(), b"old");
        }
    }

    #[test]
    fn file_appears_whole_and_under_its_name_alone() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            for (content, replaces) in [("first", false), ("second", true)] {
                let mut file = create(open(root.path())).unwrap();
                file.write(content.as_bytes()).unwrap();
                file.move_to(b"a", replaces).unwrap();
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
            assert!(seen.iter().all(|name| name.starts_with(".tinyhttpd-upload-")));
        }
    }

    #[test]
    fn symlink_is_replaced_and_never_written_through() {
        for create in WAYS {
            let root = tempfile::tempdir().unwrap();
            std::fs::write(root.path().join("target"), "old").unwrap();
            symlink("target", root.path().join("link")).unwrap();
            let mut file = create(open(root.path())).unwrap();
            file.write(b"new").unwrap();
            file.move_to(b"link", true).unwrap();
            assert_eq!(std::fs::read(root.path().join("target")).unwrap(), b"old");
            assert_eq!(std::fs::read(root.path().join("link")).unwrap(), b"new");
        }
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        let leftover = format!("{PREFIX}0123456789abcdef");
        std::fs::create_dir_all(root.path().join(".hidden/b")).unwrap();
        std::fs::create_dir(root.path().join(format!("{PREFIX}directory"))).unwrap();
        for file in ["a", ".hidden/b/c", ".tinyhttpd", &leftover] {
            std::fs::write(root.path().join(file), "x").unwrap();
        }
        std::fs::write(root.path().join(".hidden/b").join(&leftover), "x").unwrap();
        std::fs::write(outside.path().join(&leftover), "x").unwrap();
        symlink(outside.path(), root.path().join("out")).unwrap();
        symlink(".", root.path().join("again")).unwrap();
        symlink(outside.path().join("a"), root.path().join(format!("{PREFIX}link"))).unwrap();
        let descriptor = open(root.path());
        assert_eq!(find_leftovers(descriptor.as_fd()), Ok(2));
        let directory = format!("{PREFIX}directory");
        let link = format!("{PREFIX}link");
        let left = [".hidden", ".tinyhttpd", &directory, &link, "a", "again", "out"];
        assert_eq!(names(root.path()), left);
        assert_eq!(names(&root.path().join(".hidden/b")), ["c"]);
        assert_eq!(names(outside.path()), [leftover]);
    }

    #[test]
    fn file_that_is_being_written_is_no_leftover() {
        let root = tempfile::tempdir().unwrap();
        let mut file = TemporaryFile::create_named(open(root.path())).unwrap();
        assert_eq!(find_leftovers(open(root.path()).as_fd()), Ok(0));
        file.move_to(b"a", false).unwrap();
        let mut unnamed = TemporaryFile::create(open(root.path())).unwrap();
        unnamed.give_name().unwrap();
        assert_eq!(find_leftovers(open(root.path()).as_fd()), Ok(0));
        unnamed.move_to(b"b", false).unwrap();
        assert_eq!(names(root.path()), ["a", "b"]);
    }
}
