//! Paths kept beneath a directory by a walk, segment by segment: the way where `openat2` is
//! refused.
//!
//! Each directory on the way is opened in the one before it, by a call that follows no symlink, and
//! is held open until the walk is over. The text of a symlink is read and takes its place in the
//! path; whatever it says, it is walked like the rest. `..` goes back to the directory that the walk has come from, by its descriptor, so that no
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
//! The calls are those of POSIX, so this is the way of every system but Linux.

use crate::os::files::PASSAGE;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::{Errno, Result};
use rustix::path::Arg;

/// Symlinks followed on one way at most, as Linux has it (path_resolution(7)).
const SYMLINKS_MAX: usize = 40;

/// Bytes of a path at most, with the NUL at its end: PATH_MAX, as Linux has it.
pub(super) const PATH_BYTES_MAX: usize = 4096;

/// A descriptor of what `path` leads to beneath `root`, opened with `flags`, none of which creates
/// anything. EAGAIN where something was moved meanwhile: the caller tries again.
///
/// It takes one call for the last segment, and four for each before it: to open a directory, to
/// see which it is, to look whether it is still there, and to close it. That is once for a file
/// that is kept. As many descriptors as the path has segments are open at a time.
pub(super) fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    find(root, path, |directory, name, names_directory| {
        open_name(directory, name, if names_directory { flags | OFlags::DIRECTORY } else { flags })
    })
}

/// The status of what `path` leads to beneath `root`. EAGAIN as for [`open`].
pub(super) fn look(root: BorrowedFd<'_>, path: &[u8]) -> Result<Stat> {
    find(root, path, look_at_name)
}

/// Walks along `path`, and does `last` with the directory it ends in, its last name, and whether a
/// slash after the name says that it must be a directory.
fn find<T>(
    root: BorrowedFd<'_>,
    path: &[u8],
    last: impl Fn(BorrowedFd<'_>, &[u8], bool) -> Result<Met<T>>,
) -> Result<T> {
    if path.len() >= PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    let mut walk = Walk { root, entered: Vec::new() };
    let mut path = relative(path)?.to_vec();
    let mut begin = 0;
    let mut symlinks = 0;
    loop {
        let (name, rest) = next_segment(&path[begin..]);
        let name = walk.go_back_by(name)?;
        let is_last = rest.iter().all(|&byte| byte == b'/');
        let text = if is_last {
            match last(walk.directory(), name, !rest.is_empty())? {
                Met::Found(found) => return walk.proved(found),
                Met::Symlink(text) => text,
            }
        } else {
            match open_name(walk.directory(), name, PASSAGE | OFlags::CLOEXEC)? {
                Met::Found(directory) => {
                    walk.enter(name, directory);
                    begin = path.len() - rest.len();
                    continue;
                }
                Met::Symlink(text) => text,
            }
        };
        if symlinks == SYMLINKS_MAX {
            return Err(Errno::LOOP);
        }
        symlinks += 1;
        path = [relative(&text)?, rest].concat();
        begin = 0;
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
enum Met<T> {
    Found(T),
    /// A symlink with this text.
    Symlink(Vec<u8>),
}

impl Walk<'_> {
    /// The directory that the walk has come to.
    fn directory(&self) -> BorrowedFd<'_> {
        self.entered.last().map_or(self.root, |entered| entered.descriptor.as_fd())
    }

    /// For `..`, goes back to the directory that the walk has come from. Returns the name to go on
    /// with, which is `.` then.
    fn go_back_by<'n>(&mut self, name: &'n [u8]) -> Result<&'n [u8]> {
        if name != b".." {
            return Ok(name);
        }
        // As for every name, this needs the right to search the directory.
        openat(self.directory(), ".", PASSAGE | OFlags::CLOEXEC, Mode::empty())?;
        self.entered.pop().ok_or(Errno::XDEV)?;
        Ok(b".")
    }

    fn enter(&mut self, name: &[u8], descriptor: OwnedFd) {
        // For this one, the walk is there already.
        if name != b"." {
            self.entered.push(Entered { name: name.to_vec(), descriptor });
        }
    }

    /// What was `found`, if each directory on the way is where it was.
    fn proved<T>(&self, found: T) -> Result<T> {
        let mut parent = self.root;
        for Entered { name, descriptor } in &self.entered {
            if !is_at(descriptor, parent, name.as_slice()) {
                return Err(Errno::AGAIN);
            }
            parent = descriptor.as_fd();
        }
        Ok(found)
    }
}

/// Opens `name` in `directory`, or reads the symlink that it is.
fn open_name(directory: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<Met<OwnedFd>> {
    match openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
        // ELOOP says that it is a symlink, and so does FreeBSD's EMLINK; ENOTDIR says that it is no
        // directory, which it would have to be.
        Err(errno @ (Errno::LOOP | Errno::MLINK | Errno::NOTDIR)) => {
            match text_of(directory, name) {
                Err(Errno::AGAIN) if errno == Errno::NOTDIR => no_directory(directory, name),
                text => text.map(Met::Symlink),
            }
        }
        result => result.map(Met::Found),
    }
}

/// The status of `name` in `directory`, or the text of the symlink that it is.
fn look_at_name(
    directory: BorrowedFd<'_>,
    name: &[u8],
    names_directory: bool,
) -> Result<Met<Stat>> {
    let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Symlink => text_of(directory, name).map(Met::Symlink),
        FileType::Directory => Ok(Met::Found(stat)),
        _ if names_directory => Err(Errno::NOTDIR),
        _ => Ok(Met::Found(stat)),
    }
}

/// The text of a symlink; EAGAIN where the name is none, or none any more.
fn text_of(directory: BorrowedFd<'_>, name: &[u8]) -> Result<Vec<u8>> {
    match readlinkat(directory, name, Vec::new()) {
        Ok(text) => Ok(text.into_bytes()),
        Err(Errno::INVAL) => Err(Errno::AGAIN),
        Err(errno) => Err(errno),
    }
}

/// ENOTDIR, unless `name` stands for something else by now.
fn no_directory<T>(directory: BorrowedFd<'_>, name: &[u8]) -> Result<T> {
    let stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory | FileType::Symlink => Err(Errno::AGAIN),
        _ => Err(Errno::NOTDIR),
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
