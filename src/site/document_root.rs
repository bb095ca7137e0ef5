//! The document root: from a path beneath it to an open file, contained as `openat` tells.
//!
//! Only regular files are opened for reading, and only directories are found beside them. Rules
//! about names (dotfiles, index files) are not known here. `kept` keeps the files that were found
//! and that it can prove on each use.

use super::absent::AbsentNames;
use super::kept::{Directory, KeptFiles, KeptLimits, Plan, Proofs};
use super::open_file::{Found, OpenFile, Way, open_file, open_file_by};
use super::openat::{self, Kind};
use super::status_code;
use crate::http::date::Timestamp;
use crate::http::status::Status;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::Dir;
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An open document root, with what is kept of its files.
pub struct DocumentRoot {
    root: Arc<Directory>,
    pub(super) kept: KeptFiles,
    absent: AbsentNames,
}

impl DocumentRoot {
    /// Opens a directory that may be read and entered. It stays open when it is renamed.
    ///
    /// # Errors
    ///
    /// The error names the directory.
    pub fn open(directory: &Path, kept: KeptLimits) -> io::Result<DocumentRoot> {
        let descriptor = openat::open_root(directory).map_err(|errno| {
            let error = io::Error::from(errno);
            io::Error::new(error.kind(), format!("{}: {error}", directory.display()))
        })?;
        Ok(DocumentRoot::at(descriptor, kept))
    }

    /// The directory that a descriptor of [`openat::open_root`] or [`openat::open_root_beneath`] is
    /// open on.
    pub(super) fn at(descriptor: OwnedFd, kept: KeptLimits) -> DocumentRoot {
        let root = Arc::new(Directory::root(descriptor));
        let absent = AbsentNames::new(root.descriptor());
        DocumentRoot { kept: KeptFiles::new(Arc::clone(&root), kept), absent, root }
    }

    /// The file or directory that `relative` names: segments joined by slashes, none of them `.` or
    /// `..`; empty for the root.
    ///
    /// A file that is kept costs one system call a segment of its path, any other five as a rule: a
    /// look at what it is, `openat2` (or the calls of a walk), `fstat` on what was really opened,
    /// and for a small one `pread` and `close`. To keep it costs one more for each directory on its
    /// way. A name in the root that is known to be missing costs one. `now` may lag behind, it must
    /// not be ahead.
    ///
    /// # Errors
    ///
    /// The status that tells the client why there is neither (see `status_code`).
    pub fn find(&self, relative: &[u8], now: Timestamp) -> Result<Found, Status> {
        self.find_with(relative, now, &Proofs::new())
    }

    /// The same, with `proofs` that save system calls if they may be used; what is proved here is
    /// noted in them.
    ///
    /// # Errors
    ///
    /// As with [`DocumentRoot::find`].
    pub fn find_with(
        &self,
        relative: &[u8],
        now: Timestamp,
        proofs: &Proofs,
    ) -> Result<Found, Status> {
        if relative.is_empty() {
            return Ok(Found::Directory);
        }
        if let Some(file) = self.kept.get(relative, now, proofs) {
            return Ok(Found::File(file));
        }
        let found = match self.is_absent(relative, now, proofs) {
            true => Err(Errno::NOENT),
            false => self.find_anew(relative, now),
        };
        found.map_err(|errno| status_code::for_reading(errno, relative))
    }

    /// An open descriptor of a file that is in memory, so that it can be sent as a long one is.
    /// `None` if it has changed since it was read.
    pub fn reopen(&self, relative: &[u8], file: &OpenFile) -> Option<Arc<File>> {
        let descriptor = openat::open_file(self.descriptor(), relative).ok()?;
        let status = openat::status_of(&descriptor).ok()?;
        let is_same = status.kind == Kind::Regular && status.facts == file.facts;
        is_same.then(|| Arc::new(File::from(descriptor)))
    }

    /// The names in the root itself, whatever they stand for.
    pub(super) fn names(&self) -> io::Result<Vec<CString>> {
        let directory = openat::open_directory(self.descriptor(), b".")?;
        let names = Dir::new(directory)?.map(|entry| Ok(entry?.file_name().to_owned()));
        names.collect()
    }

    /// Lets go of files that are kept and have not been used for a minute, a bounded number each
    /// time. Returns whether there is more.
    pub fn let_go(&self, now: Timestamp) -> bool {
        self.kept.let_go(now)
    }

    /// The root itself, for an answer that outlives the request.
    pub(super) fn shared(&self) -> &Arc<Directory> {
        &self.root
    }

    /// The root itself, to look at and open names beneath it.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.root.descriptor()
    }

    /// Whether the root proves that it still lacks a name that was looked for in vain.
    fn is_absent(&self, relative: &[u8], now: Timestamp, proofs: &Proofs) -> bool {
        let Some(times) = self.absent.since(relative) else { return false };
        let address = std::ptr::from_ref(self).addr();
        if proofs.facts().unchanged == address {
            return true;
        }
        let is_unchanged = self.absent.are_unchanged(self.descriptor(), times, now);
        proofs.note_facts(|facts| facts.unchanged = if is_unchanged { address } else { 0 });
        is_unchanged
    }

    /// Looks before it opens: to open a FIFO wakes the process at its other end, and to open a
    /// device may do anything.
    fn find_anew(&self, relative: &[u8], now: Timestamp) -> Result<Found, Errno> {
        let before = self.absent.times(relative);
        match openat::look(self.descriptor(), relative) {
            Ok(look) if look.kind == Kind::Regular => self.open_and_keep(relative, now),
            // Beneath the root or not, it is not served.
            Ok(look) if look.kind == Kind::Other => Err(Errno::NOENT),
            Err(Errno::NOENT) => {
                self.absent.note(self.descriptor(), relative, before, now);
                Err(Errno::NOENT)
            }
            // The look follows symlinks out of the root. A directory may be outside, and so may
            // what could not be looked at: a client must not learn that it is there.
            Ok(_) | Err(_) => self.resolve(relative),
        }
    }

    fn open_and_keep(&self, relative: &[u8], now: Timestamp) -> Result<Found, Errno> {
        let mut plan = Plan::Nothing;
        let found = open_file_by(self.descriptor(), relative, |facts| {
            plan = self.kept.plan(relative, facts, now);
            match plan {
                Plan::Keep | Plan::Nothing => Way::Usual,
                Plan::SendFromDisk(tag) => Way::Disk(tag),
            }
        })?;
        if let Found::File(file) = &found {
            match plan {
                Plan::Keep => self.kept.keep(relative, file, now),
                Plan::SendFromDisk(None) => self.kept.note_tag(relative, file, now),
                Plan::SendFromDisk(Some(_)) | Plan::Nothing => {}
            }
        }
        Ok(found)
    }

    /// Proves that `relative` leads to something beneath the root, and says what it is. A file found this way, by a
    /// symlink, is not kept.
    fn resolve(&self, relative: &[u8]) -> Result<Found, Errno> {
        match openat::look_beneath(self.descriptor(), relative)?.kind {
            Kind::Regular => open_file(self.descriptor(), relative),
            Kind::Directory => Ok(Found::Directory),
            Kind::Symlink | Kind::Other => Err(Errno::NOENT),
        }
    }
}

#[cfg(test)]
mod tests;
