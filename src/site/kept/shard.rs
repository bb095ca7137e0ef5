//! One part of the kept files, behind a lock of its own: the files by path, in the order of their
//! last use.
//!
//! What is removed is returned, because dropping it may close descriptors: the caller drops it when
//! the lock is released.

use super::file::KeptFile;
use crate::http::date::Timestamp;
use crate::http::validator::{EntityTag, FileFacts};
use lru::LruCache;
use std::sync::Arc;

/// Files that one [`Shard::remove_unused`] removes at most, so that it takes a few milliseconds at
/// the worst.
pub(super) const LET_GO_MAX: usize = 256;

/// Of the files that would displace others, one in so many is kept.
///
/// With far more files than fit, nearly every new one would be displaced before its next use: to
/// read, keep and free it costs more than the few uses save. A file that is asked for often is soon
/// the one. With four times as many bytes as fit, asked for at random in files of 32 KiB, a request
/// costs a quarter less CPU than if each was kept.
pub(super) const DISPLACING_ONE_IN: u32 = 16;

/// The files of one shard, by path, and the bytes they cost.
pub(super) struct Shard {
    pub files: LruCache<Box<[u8]>, Arc<KeptFile>>,
    pub bytes: u64,
    bytes_max: u64,
    /// Files that would have displaced others.
    displacing: u32,
    /// The entity-tags of files for which there was no room, and the facts of the file as it had
    /// them.
    tags: LruCache<Box<[u8]>, (FileFacts, EntityTag)>,
    tags_max: usize,
}

/// Bytes that a noted entity-tag takes, with the path of its file.
const TAG_BYTES: u64 = 256;

impl Shard {
    /// For files that cost `bytes_max` at most together.
    pub(super) fn new(bytes_max: u64) -> Shard {
        let tags_max = usize::try_from(bytes_max / 8 / TAG_BYTES).unwrap_or(usize::MAX);
        Shard {
            files: LruCache::unbounded(),
            bytes: 0,
            bytes_max,
            displacing: 0,
            tags: LruCache::unbounded(),
            tags_max,
        }
    }

    /// The entity-tag of the bytes of the file of this path, if it was noted of one with the same
    /// facts.
    pub(super) fn tag(&mut self, relative: &[u8], facts: &FileFacts) -> Option<EntityTag> {
        self.tags.get(relative).filter(|(noted, _)| noted == facts).map(|(_, tag)| *tag)
    }

    #[cfg(test)]
    pub(super) fn tags(&self) -> usize {
        self.tags.len()
    }

    /// Notes the entity-tag of the bytes of a file that has these facts, which have settled.
    pub(super) fn note_tag(&mut self, relative: &[u8], facts: &FileFacts, tag: EntityTag) {
        self.tags.put(relative.into(), (*facts, tag));
        if self.tags.len() > self.tags_max {
            self.tags.pop_lru();
        }
    }

    /// The file of this path, which counts as used at `now`.
    ///
    /// The order of two uses in one second is lost: to put it right would write to the memory of
    /// four other files for each request.
    pub(super) fn get(&mut self, relative: &[u8], now: Timestamp) -> Option<Arc<KeptFile>> {
        match self.files.peek(relative) {
            Some(kept) if kept.is_used_at(now) => Some(Arc::clone(kept)),
            Some(_) => self.files.get(relative).cloned(),
            None => None,
        }
    }

    /// Whether a file that costs `cost` bytes is to be kept: if there is room, or as one in
    /// [`DISPLACING_ONE_IN`].
    pub(super) fn admits(&mut self, cost: u64) -> bool {
        if self.bytes + cost <= self.bytes_max {
            return true;
        }
        self.displacing = (self.displacing + 1) % DISPLACING_ONE_IN;
        cost <= self.bytes_max && self.displacing == 0
    }

    /// Returns what had this path before, and the files that had to make room.
    pub(super) fn insert(&mut self, relative: &[u8], kept: Arc<KeptFile>) -> Vec<Arc<KeptFile>> {
        self.bytes += kept.cost(relative);
        let before = self.files.put(relative.into(), kept);
        self.bytes -= before.as_ref().map_or(0, |before| before.cost(relative));
        let mut displaced = Vec::from_iter(before);
        while self.bytes > self.bytes_max
            && let Some(oldest) = self.remove_oldest()
        {
            displaced.push(oldest);
        }
        displaced
    }

    /// Removes `kept`, unless another file has this path by now. The caller still holds `kept`, so
    /// no descriptor is closed here.
    pub(super) fn remove(&mut self, relative: &[u8], kept: &Arc<KeptFile>) {
        let is_it = |there: &Arc<KeptFile>| Arc::ptr_eq(there, kept);
        if self.files.peek(relative).is_some_and(is_it) {
            self.files.pop(relative);
            self.bytes -= kept.cost(relative);
        }
    }

    /// Removes what is unused at `now`, the longest unused first, and [`LET_GO_MAX`] at most.
    pub(super) fn remove_unused(&mut self, now: Timestamp) -> Vec<Arc<KeptFile>> {
        let mut unused = Vec::new();
        while unused.len() < LET_GO_MAX
            && let Some((_, oldest)) = self.files.peek_lru()
            && oldest.is_unused(now)
        {
            unused.extend(self.remove_oldest());
        }
        unused
    }

    /// Removes the file that was used longest ago.
    pub(super) fn remove_oldest(&mut self) -> Option<Arc<KeptFile>> {
        let (relative, kept) = self.files.pop_lru()?;
        self.bytes -= kept.cost(&relative);
        Some(kept)
    }
}

#[cfg(test)]
mod tests;
