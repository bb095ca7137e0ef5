//! Paths kept beneath a directory by a walk, segment by segment: the way where `openat2` is
//! refused.
//!
//! Each directory on the way is opened in the one before it, by a call that follows no symlink, and
//! is held open until the walk is over. The text of a symlink is read and takes its place in the
//! path. `..` goes back to the directory that the walk has come from, by its descriptor, so that no
//! rename makes it lead elsewhere. Results and errors are those of `openat2` with RESOLVE_BENEATH:
//! EXDEV for an absolute symlink and for `..` in the root, ELOOP for too many symlinks.
//!
//! The kernel also proves, at the end, that what it has found is beneath the root at that moment: a
//! directory on the way may have been moved out meanwhile. Here, each directory on the way is
//! looked at once more, from the root down, after the last one was used. If one is not in its place
//! any more, the walk is to be made anew (EAGAIN). So each directory was in the one before it both
//! before and after the file was opened, though, unlike the kernel, the walk sees one after the
//! other. Neither way says what happens next.
//!
//! Two differences are left. The magic links of /proc are symlinks like others here: their texts
//! are absolute, or name nothing, so they are refused with another error. And Linux's setting
//! `fs.protected_symlinks` does not count, since no symlink is followed by the kernel; it still
//! leads nowhere but beneath the root.
//!
//! The calls are those of POSIX, but for what is said of [`STANDS_FOR`] and [`text_of`].

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fstat, openat, readlinkat, statat};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

/// Symlinks followed on one way at most, as Linux has it (path_resolution(7)).
const SYMLINKS_MAX: usize = 40;

/// Bytes of a path at most, with the NUL at its end: PATH_MAX, as Linux has it.
pub(super) const PATH_BYTES_MAX: usize = 4096;

/// Opens what it may not read, even a symlink, and touches nothing. Linux and FreeBSD have it; for
/// directories, POSIX has O_SEARCH.
const STANDS_FOR: OFlags = OFlags::PATH;

/// A descriptor of what `path` leads to beneath `root`, opened with `flags`, none of which creates
/// anything. EAGAIN where something was moved meanwhile: the caller tries again.
///
/// It takes one call for the last segment, and four for each before it: to open a directory, to
/// see which it is, to look whether it is still there, and to close it. That is once for a file
/// that is kept. As many descriptors as the path has segments are open at a time.
pub(super) fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    if path.len() >= PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    let mut walk = Walk { root, entered: Vec::new() };
    let mut path = relative(path)?.to_vec();
    let mut begin = 0;
    let mut symlinks = 0;
    loop {
        let (name, rest) = next_segment(&path[begin..]);
        let is_last = rest.iter().all(|&byte| byte == b'/');
        match walk.meet(name, flags_for(flags, is_last, rest))? {
            Met::Opened(descriptor) if is_last => return walk.proved(descriptor),
            Met::Opened(descriptor) => {
                walk.enter(name, descriptor);
                begin = path.len() - rest.len();
            }
            Met::Symlink(_) if symlinks == SYMLINKS_MAX => return Err(Errno::LOOP),
            Met::Symlink(text) => {
                symlinks += 1;
                path = [relative(&text)?, rest].concat();
                begin = 0;
            }
        }
    }
}

/// Whether `name` in `directory` stands for what `descriptor` is open on.
pub(super) fn is_at(descriptor: impl AsFd, directory: BorrowedFd<'_>, name: impl Arg) -> bool {
    let own = fstat(descriptor);
    let there = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
    matches!((own, there), (Ok(own), Ok(there))
        if (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino))
}

/// A walk, as far as it has come.
struct Walk<'a> {
    root: BorrowedFd<'a>,
    /// Each in the one before it, the first in the root.
    entered: Vec<Entered>,
}

/// A directory on the way, and its name in the one before it.
struct Entered {
    name: Vec<u8>,
    descriptor: OwnedFd,
}

/// What a name stands for.
enum Met {
    Opened(OwnedFd),
    /// A symlink with this text.
    Symlink(Vec<u8>),
}

impl Walk<'_> {
    /// The directory that the walk has come to.
    fn directory(&self) -> BorrowedFd<'_> {
        self.entered.last().map_or(self.root, |entered| entered.descriptor.as_fd())
    }

    /// Opens what `name` stands for in the directory that the walk has come to; for `..`, the walk
    /// goes back first.
    fn meet(&mut self, name: &[u8], flags: OFlags) -> Result<Met> {
        if name == b".." {
            // As for every name, this needs the right to search the directory.
            openat(self.directory(), ".", flags_for(flags, false, b""), Mode::empty())?;
            self.entered.pop().ok_or(Errno::XDEV)?;
            return meet(self.directory(), b".", flags);
        }
        meet(self.directory(), name, flags)
    }

    fn enter(&mut self, name: &[u8], descriptor: OwnedFd) {
        // For these two, the walk is there already.
        if !matches!(name, b"." | b"..") {
            self.entered.push(Entered { name: name.to_vec(), descriptor });
        }
    }

    /// `descriptor`, if each directory on the way is where it was.
    fn proved(&self, descriptor: OwnedFd) -> Result<OwnedFd> {
        let mut parent = self.root;
        for Entered { name, descriptor } in &self.entered {
            if !is_at(descriptor, parent, name.as_slice()) {
                return Err(Errno::AGAIN);
            }
            parent = descriptor.as_fd();
        }
        Ok(descriptor)
    }
}

/// Opens `name` in `directory`, or reads the symlink that it is.
fn meet(directory: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<Met> {
    let opened = openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty());
    match opened {
        Ok(descriptor) if may_be_symlink(flags) && kind_of(&descriptor)? == FileType::Symlink => {
            text_of(&descriptor).map(Met::Symlink)
        }
        // ELOOP says that it is a symlink, and so does FreeBSD's EMLINK; ENOTDIR says that it is no
        // directory, which it would have to be.
        Err(errno @ (Errno::LOOP | Errno::MLINK | Errno::NOTDIR)) => {
            let flags = STANDS_FOR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let descriptor = openat(directory, name, flags, Mode::empty())?;
            match kind_of(&descriptor)? {
                FileType::Symlink => text_of(&descriptor).map(Met::Symlink),
                FileType::Directory => Err(Errno::AGAIN),
                _ if errno == Errno::NOTDIR => Err(errno),
                _ => Err(Errno::AGAIN),
            }
        }
        result => result.map(Met::Opened),
    }
}

/// Whether a descriptor that was opened with these flags may stand for a symlink.
fn may_be_symlink(flags: OFlags) -> bool {
    flags.contains(STANDS_FOR) && !flags.contains(OFlags::DIRECTORY)
}

fn kind_of(descriptor: &OwnedFd) -> Result<FileType> {
    fstat(descriptor).map(|stat| FileType::from_raw_mode(stat.st_mode))
}

/// The text of the symlink that `descriptor` stands for. Linux and FreeBSD read it by the
/// descriptor, so it is the very symlink that was met; POSIX knows it by its name alone.
fn text_of(descriptor: &OwnedFd) -> Result<Vec<u8>> {
    readlinkat(descriptor, "", Vec::new()).map(|text| text.into_bytes())
}

/// The flags for a segment: those for the last one are the caller's, any other stands for a
/// directory. A slash at the end says that the last one does, too.
fn flags_for(flags: OFlags, is_last: bool, rest: &[u8]) -> OFlags {
    match (is_last, rest) {
        (true, []) => flags,
        (true, _) => flags | OFlags::DIRECTORY,
        (false, _) => STANDS_FOR | OFlags::DIRECTORY | OFlags::CLOEXEC,
    }
}

/// A path that can be walked: ENOENT for an empty one, EXDEV for an absolute one.
fn relative(path: &[u8]) -> Result<&[u8]> {
    match path.first() {
        None => Err(Errno::NOENT),
        Some(b'/') => Err(Errno::XDEV),
        Some(_) => Ok(path),
    }
}

/// The first segment, and what follows it; slashes before it are skipped.
fn next_segment(path: &[u8]) -> (&[u8], &[u8]) {
    let begin = path.iter().position(|&byte| byte != b'/').unwrap_or(path.len());
    let path = &path[begin..];
    let end = path.iter().position(|&byte| byte == b'/').unwrap_or(path.len());
    path.split_at(end)
}

#[cfg(test)]
mod tests;
