//! The walk through a folder that finds what its archive will hold, and how long it will be.
//!
//! It goes a directory at a time, so that others can go on in between, and keeps no descriptor from
//! one to the next. Names come in the order of their bytes, and each directory is followed by what
//! is in it, so that the same files give the same archive.
//!
//! A symlink is what it leads to beneath the root, a directory too, as with `tar --dereference`;
//! what two ways lead to is there twice. A directory that is in itself by way of a symlink is left
//! out there: it would have no end. What cannot be read is left out, as a listing leaves it out.

use super::answer;
use super::contents::{Contents, Entry, Identity, Way, name_of};
use super::header::{END, Kind, padding, push_header};
use super::sending::Archive;
use crate::http::path::is_hidden_name;
use crate::http::status::Status;
use crate::site::kept::Directory;
use crate::site::openat::{self, FileStatus};
use crate::site::response::Response;
use crate::site::rules::Rules;
use crate::site::served::{OpenDirectory, told_kind};
use crate::site::status_code;
use rustix::io::Errno;
use std::ffi::CString;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A folder's archive in the making.
pub struct Gathering {
    root: Arc<Directory>,
    rules: Arc<Rules>,
    /// The folder, relative to the root.
    relative: Vec<u8>,
    way: Way,
    /// What was found and not gone to yet; the next one is the last.
    pending: Vec<Pending>,
    /// The directories that the way leads through, each at its depth.
    entered: Vec<Identity>,
    /// Names that may still be looked at.
    names_left: usize,
    contents: Contents,
    /// Bytes of the archive so far.
    length: u64,
}

struct Pending {
    depth: usize,
    name: Box<[u8]>,
    status: FileStatus,
}

/// Why there is no archive.
enum Failed {
    /// There are more names than may be looked at, or more bytes than a number can tell.
    TooMuch,
    Reading(Errno),
}

impl From<Errno> for Failed {
    fn from(errno: Errno) -> Failed {
        Failed::Reading(errno)
    }
}

impl Gathering {
    /// Of the directory at `relative` beneath `root`.
    ///
    /// # Errors
    ///
    /// The status that says why there is no such directory.
    pub(in crate::site) fn begin(
        root: &Arc<Directory>,
        rules: &Arc<Rules>,
        relative: &[u8],
    ) -> Result<Gathering, Status> {
        let mut way = Way::new(relative);
        way.go_to(0, name_of(relative));
        let status = openat::look_beneath(root.descriptor(), &way.beneath_root())
            .map_err(|errno| status_code::for_reading(errno, relative))?;
        if status.kind != openat::Kind::Directory {
            return Err(Status::NotFound);
        }
        let folder = Pending { depth: 0, name: name_of(relative).into(), status };
        Ok(Gathering {
            root: Arc::clone(root),
            rules: Arc::clone(rules),
            relative: relative.to_vec(),
            way,
            pending: vec![folder],
            entered: Vec::new(),
            names_left: rules.settings.archive_names_max,
            contents: Contents::default(),
            length: 0,
        })
    }

    /// Goes on as far as through the next directory. `Some` is the answer, and the end.
    pub fn step(&mut self) -> Option<Response> {
        let response = match self.go_on() {
            Ok(true) => return None,
            Ok(false) => self.finish(),
            Err(Failed::TooMuch) => {
                log::info!("{}/ is too much for an archive", self.relative.escape_ascii());
                answer::too_much(self.rules.settings.archive_names_max)
            }
            Err(Failed::Reading(errno)) => {
                return Some(self.rules.refuse(status_code::for_reading(errno, &self.relative)));
            }
        };
        Some(self.rules.complete(response))
    }

    /// Whether there is more.
    fn go_on(&mut self) -> Result<bool, Failed> {
        while let Some(next) = self.pending.pop() {
            self.way.go_to(next.depth, &next.name);
            if next.status.kind == openat::Kind::Directory {
                self.enter(&next)?;
                return Ok(true);
            }
            self.add(&next)?;
        }
        Ok(false)
    }

    /// Adds a directory, unless it is to be left out, and finds what is in it.
    fn enter(&mut self, next: &Pending) -> Result<(), Failed> {
        self.entered.truncate(next.depth);
        let identity = Identity::of(&next.status.facts);
        if self.entered.contains(&identity) {
            return Ok(());
        }
        let is_folder = next.depth == 0;
        match self.children(next.depth + 1) {
            Ok(children) => {
                self.entered.push(identity);
                self.add(next)?;
                self.pending.extend(children);
                Ok(())
            }
            // Without descriptors, files would be missing that are there.
            Err(Failed::Reading(errno)) if !is_folder && !is_for_want_of_descriptors(errno) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// What would be served of the directory that the way leads to, the first name last.
    fn children(&mut self, depth: usize) -> Result<Vec<Pending>, Failed> {
        let (root, path) = (Arc::clone(&self.root), self.way.beneath_root());
        let directory = OpenDirectory::open(root.descriptor(), &path)?;
        let names = self.names(&directory)?;
        let mut children = Vec::with_capacity(names.len());
        for name in names {
            // No longer path can be asked for, by a slash and a NUL.
            let is_too_long = path.len() + name.to_bytes().len() + 2 > openat::PATH_BYTES_MAX;
            if !is_too_long
                && let Some(seen) = directory.look(&name)?
                && directory.may_open(&name, &seen)
                && !self.rules.is_secret(&seen.status.facts)
            {
                let name = name.into_bytes().into_boxed_slice();
                children.push(Pending { depth, name, status: seen.status });
            }
        }
        Ok(children)
    }

    /// The names that may be served, sorted downwards.
    fn names(&mut self, directory: &OpenDirectory) -> Result<Vec<CString>, Failed> {
        let serves_hidden = self.rules.settings.serves_hidden;
        let mut names = Vec::new();
        let mut are_too_many = false;
        directory.read_names(|name, told| {
            let Some(left) = self.names_left.checked_sub(1) else {
                are_too_many = true;
                return ControlFlow::Break(());
            };
            self.names_left = left;
            let may_be_served = serves_hidden || !is_hidden_name(name.to_bytes());
            if may_be_served && told_kind(told).is_some() {
                names.push(name.to_owned());
            }
            ControlFlow::Continue(())
        })?;
        if are_too_many {
            return Err(Failed::TooMuch);
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    /// Adds what the way leads to.
    fn add(&mut self, next: &Pending) -> Result<(), Failed> {
        let facts = &next.status.facts;
        let kind = match next.status.kind {
            openat::Kind::Directory => Kind::Directory,
            _ => Kind::File(facts.length),
        };
        let identity = Identity::of(facts);
        let entry = Entry { depth: next.depth, kind, modified: facts.modified.seconds, identity };
        let mut header = Vec::new();
        push_header(&mut header, self.way.header(&entry));
        let length = kind.length();
        let bytes = (header.len() + padding(length)) as u64;
        let longer = self.length.checked_add(length).and_then(|sum| sum.checked_add(bytes));
        // Room is left for the end.
        self.length = longer.filter(|&sum| sum < u64::MAX / 2).ok_or(Failed::TooMuch)?;
        self.contents.push(&next.name, entry);
        Ok(())
    }

    fn finish(&mut self) -> Response {
        let mut contents = std::mem::take(&mut self.contents);
        contents.shrink();
        let length = self.length + END.len() as u64;
        let rules = Arc::clone(&self.rules);
        let is_secret = Arc::new(move |facts: &_| rules.is_secret(facts));
        let archive = Archive::new(&self.root, is_secret, &self.relative, contents, length);
        answer::response(&self.relative, archive)
    }
}

fn is_for_want_of_descriptors(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE)
}
