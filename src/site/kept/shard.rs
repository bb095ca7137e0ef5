//! One part of the kept files, behind a lock of its own: the files by path, in the order of their
//! last use.
//!
//! What is removed is returned, because dropping it may close descriptors: the caller drops it when
//! the lock is released.

use super::file::{KeptFile, cost};
use crate::http::date::Timestamp;
use lru::LruCache;
use std::sync::Arc;

/// Files that one [`Shard::remove_unused`] removes at most, so that it takes a few milliseconds at
/// the worst.
pub(super) const LET_GO_MAX: usize = 256;

/// The files of one shard, by path, and the bytes they cost.
pub(super) struct Shard {
    pub files: LruCache<Box<[u8]>, Arc<KeptFile>>,
    pub bytes: u64,
}

impl Shard {
    pub(super) fn new() -> Shard {
        Shard { files: LruCache::unbounded(), bytes: 0 }
    }

    /// The file of this path, which counts as used now.
    pub(super) fn get(&mut self, relative: &[u8]) -> Option<Arc<KeptFile>> {
        self.files.get(relative).cloned()
    }

    /// Returns what had this path before.
    pub(super) fn insert(&mut self, relative: &[u8], kept: Arc<KeptFile>) -> Option<Arc<KeptFile>> {
        self.bytes += cost(relative, &kept.file);
        let before = self.files.put(relative.into(), kept)?;
        self.bytes -= cost(relative, &before.file);
        Some(before)
    }

    /// Removes `kept`, unless another file has this path by now. The caller still holds `kept`, so
    /// no descriptor is closed here.
    pub(super) fn remove(&mut self, relative: &[u8], kept: &Arc<KeptFile>) {
        let is_it = |there: &Arc<KeptFile>| Arc::ptr_eq(there, kept);
        if self.files.peek(relative).is_some_and(is_it) {
            self.files.pop(relative);
            self.bytes -= cost(relative, &kept.file);
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
        self.bytes -= cost(&relative, &kept.file);
        Some(kept)
    }
}
