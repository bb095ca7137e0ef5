//! A file that nobody sees while it is written, and that moves to its place when it is complete.
//!
//! It begins without a name, so that the kernel removes it if this process ends before the file is
//! complete, and gets one at the end, for a moment before the move. Where the system or the file
//! system knows no such files, it has its name from the start. The name begins with a dot, so it is neither served nor listed, and `leftovers`
//! knows it. The writer holds a lock on the file (flock(2)): that tells a file that is being
//! written from one that was left behind.
//!
//! Another process that tidies may take a named file for a leftover before it is locked. So the
//! name is looked at again after the lock, and if it is gone, a new file is made. A file system
//! without locks proves nothing: there the name is one that is never tidied away.

use super::super::openat::{self, FileStatus};
use super::super::permissions::Permissions;
use super::taken_over;
use crate::os::files;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::{Errno, Result};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;

/// What the names of files that their writers have locked begin with. A random number follows.
pub(super) const PREFIX: &str = ".tinyhttpd-upload-";

/// The same for files that could not be locked. They are never tidied away.
const PREFIX_UNLOCKED: &str = ".tinyhttpd-unlocked-";

/// How often a file is made anew because it was tidied away before it was locked.
const ATTEMPTS_MAX: usize = 16;

/// The mode of a new file, less the bits of the process's umask.
const MODE_NEW: Mode = Mode::from_raw_mode(0o666);

/// The mode of a file that has a name while it is written.
const MODE_HIDDEN: Mode = Mode::from_raw_mode(0o600);

/// A file that is being written. Unless it is put in its place, it is gone when dropped.
#[derive(Debug)]
pub(super) struct TemporaryFile {
    file: File,
    directory: OwnedFd,
    name: String,
    /// Whether the file has this name now.
    is_named: bool,
    /// Its mode if it replaces no file.
    mode_when_new: Mode,
}

impl TemporaryFile {
    /// A new file for a place in `directory`, which is open for reading.
    pub(super) fn create(directory: OwnedFd) -> Result<TemporaryFile> {
        match files::create_unnamed(directory.as_fd(), MODE_NEW)? {
            Some(file) => TemporaryFile::from_unnamed(file, directory),
            None => TemporaryFile::create_named(directory),
        }
    }

    /// Nobody else can open a file without a name, so it is early enough to lock it now.
    fn from_unnamed(file: OwnedFd, directory: OwnedFd) -> Result<TemporaryFile> {
        let mode_when_new = Permissions::of(&file)?.mode;
        let prefix = if lock(file.as_fd()).is_ok() { PREFIX } else { PREFIX_UNLOCKED };
        let (file, name) = (File::from(file), new_name(prefix));
        Ok(TemporaryFile { file, directory, name, is_named: false, mode_when_new })
    }

    /// The same for a file system without files that have no name.
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
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    /// Waits until all bytes written are on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        files::sync(&self.file)
    }

    /// The directory that the file is for.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// What the kernel says of the file itself.
    pub(super) fn status(&self) -> Result<FileStatus> {
        openat::status_of(&self.file)
    }

    /// Moves the file to `name` in its directory, in one step. `replaces` has the permissions of
    /// the file that it replaces, and takes over; `None` is for a free name, and EEXIST says that
    /// it is not free.
    pub(super) fn move_to(&mut self, name: &[u8], replaces: Option<Permissions>) -> Result<()> {
        // Before others can see it: until now it has no name, or one that only this user may open.
        self.permit(name, replaces)?;
        self.give_name()?;
        let (directory, own) = (self.directory.as_fd(), self.name.as_str());
        match replaces {
            Some(_) => fs::renameat(directory, own, directory, name)?,
            None => files::rename_to_free(directory, own, name)?,
        }
        self.is_named = false;
        Ok(())
    }

    fn permit(&self, name: &[u8], replaces: Option<Permissions>) -> Result<()> {
        let file = self.file.as_fd();
        match replaces {
            Some(permissions) => {
                let list = taken_over::access_list(self.directory(), name)?;
                taken_over::give(permissions, list.as_deref(), file)
            }
            None => taken_over::set_mode(file, self.mode_when_new),
        }
    }

    fn give_name(&mut self) -> Result<()> {
        if !self.is_named {
            files::give_name(&self.file, self.directory.as_fd(), &self.name)?;
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

/// A new file with its name: locked by this process, or with a name that is never tidied away.
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
        // Another process has tidied it away, or is about to, or it cannot be locked.
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

/// Locks the file, which says that it is being written. EWOULDBLOCK if another process holds the
/// lock; every other error means that this file system knows no locks.
fn lock(file: BorrowedFd<'_>) -> Result<()> {
    fs::flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// What the system makes of [`MODE_NEW`] in this directory, by the umask or by the directory's
/// default ACL. To find out, it makes an empty file and removes it: the umask cannot be read
/// without setting it.
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

/// Removes the name, if it is still there.
fn remove(directory: BorrowedFd<'_>, name: &str) -> Result<()> {
    match fs::unlinkat(directory, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        result => result,
    }
}

/// A random name, so that nobody can take it before.
fn new_name(prefix: &str) -> String {
    format!("{prefix}{:016x}", RandomState::new().hash_one(()))
}

/// Removes a file whose writer is gone, and returns whether it did. Only the lock proves that the
/// writer is gone. It is held until the name is removed, so a writer that has just made the file
/// sees the loss, and makes another.
pub(super) fn remove_if_abandoned(directory: BorrowedFd<'_>, name: &[u8]) -> bool {
    // For writing: NFS grants no exclusive lock on anything else.
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::openat(directory, name, flags | OFlags::CLOEXEC, Mode::empty());
    file.is_ok_and(|file| {
        lock(file.as_fd()).is_ok() && fs::unlinkat(directory, name, AtFlags::empty()).is_ok()
    })
}

#[cfg(test)]
pub(super) mod tests;
