//! Names that are not in the document root, and the proof that they still are not.
//!
//! A directory's times change whenever a name in it comes, goes or is replaced. So one look at the
//! root itself, which finds its times as they were, proves that all names are missing that were
//! looked for in vain since: the one that is asked for, and `404.html`. This is as exact as a look
//! at each of them.
//!
//! Only times are trusted that have settled, so that a later change must show, and only on file
//! systems that are known to date their directories: some that are mounted over a network or by a
//! program do not. Only names in the root itself are known, since for any other name the look at
//! each directory on its way costs as much.

use super::lock::lock;
use super::openat::{self, FileStatus};
use crate::http::date::Timestamp;
use crate::os::files;
use lru::LruCache;
use rustix::fd::BorrowedFd;
use std::sync::Mutex;

/// Names that are known at most: what browsers, crawlers and scanners ask every site for.
const NAMES_MAX: usize = 256;

/// The names that are known to be missing in one directory.
pub(super) struct AbsentNames {
    /// Whether the directory's times say of every change.
    are_dated: bool,
    known: Mutex<Known>,
}

struct Known {
    /// The directory's times before each of the names was looked for; they had settled.
    times: Option<Times>,
    names: LruCache<Box<[u8]>, ()>,
}

/// When a directory was changed last (`st_mtim` and `st_ctim`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    modified: Timestamp,
    changed: Timestamp,
}

impl Times {
    fn of(status: &FileStatus) -> Times {
        Times { modified: status.facts.modified, changed: status.facts.changed }
    }
}

impl AbsentNames {
    /// No name yet of `directory`.
    pub(super) fn new(directory: BorrowedFd<'_>) -> AbsentNames {
        let known = Known { times: None, names: LruCache::unbounded() };
        AbsentNames { are_dated: files::dates_directories(directory), known: Mutex::new(known) }
    }

    /// The directory's times since which `name` is known to be missing, if they are unchanged: to
    /// be proved by [`AbsentNames::are_unchanged`].
    pub(super) fn since(&self, name: &[u8]) -> Option<Times> {
        if !self.may_know(name) {
            return None;
        }
        let mut known = lock(&self.known);
        known.names.get(name)?;
        known.times
    }

    /// Whether `directory`, the one of these names, still has these times at `now`. If it has
    /// others, no name is known any more.
    pub(super) fn are_unchanged(
        &self,
        directory: BorrowedFd<'_>,
        times: Times,
        now: Timestamp,
    ) -> bool {
        let seen = settled_times(directory, now);
        if seen != Some(times) {
            self.begin(seen);
        }
        seen == Some(times)
    }

    /// The times that all names are known since: for a look at `name`, to be taken before it.
    pub(super) fn times(&self, name: &[u8]) -> Option<Times> {
        if self.may_know(name) { lock(&self.known).times } else { None }
    }

    /// Notes that `name` was looked for in vain, after [`AbsentNames::times`] had returned `before`.
    pub(super) fn note(
        &self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        before: Option<Times>,
        now: Timestamp,
    ) {
        if !self.may_know(name) {
            return;
        }
        if before.is_none() {
            return self.begin(settled_times(directory, now));
        }
        let mut known = lock(&self.known);
        if known.times == before {
            known.names.put(name.into(), ());
            if known.names.len() > NAMES_MAX {
                known.names.pop_lru();
            }
        }
    }

    fn may_know(&self, name: &[u8]) -> bool {
        self.are_dated && !name.contains(&b'/')
    }

    /// Forgets all names; those that come are missing since `times`.
    fn begin(&self, times: Option<Times>) {
        let mut known = lock(&self.known);
        if known.times != times {
            known.times = times;
            known.names.clear();
        }
    }
}

/// The times of `directory`, if every later change must show in them.
fn settled_times(directory: BorrowedFd<'_>, now: Timestamp) -> Option<Times> {
    let status = openat::status_of(directory).ok()?;
    openat::has_settled(&status.facts, now).then(|| Times::of(&status))
}

#[cfg(test)]
mod tests;
