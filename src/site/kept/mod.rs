//! Files kept after their first use, and the proof that makes keeping them honest: no answer is
//! stale, and none comes from a place that the kernel would not open now.
//!
//! Only a file whose path contains no symlink is kept. Each use walks that path anew, one look a
//! segment: every directory must be the one that was there, and the file the same one by device,
//! inode, length and both times. If anything differs, the file is dropped and opened the slow way,
//! where the kernel decides. A change of permissions shows in the time of change.
//!
//! A file changed so lately that a second change could leave the same times is not kept at all.
//! What `stat` does not show stays unseen here too: a store through a shared mapping that the
//! kernel has not dated yet.
//!
//! What has not been used for a minute is let go of, so that a removed file's blocks go back to the
//! disk, and a file system beneath the root can be unmounted.
//!
//! The files are spread over shards, each with its own lock. No lock is held during a system call.

mod descriptors;
mod directory;
mod file;
mod proofs;
mod shard;

pub(super) use directory::Directory;
pub use proofs::Proofs;

use super::lock::lock;
use super::open_file::{Content, OpenFile};
use super::openat::{self, FileStatus, Kind};
use super::relative_path::split;
use crate::http::date::Timestamp;
use crate::http::validator::{EntityTag, FileFacts};
use crate::limits::{SENDFILE_BYTES_MIN, THRIFTY_BYTES_MIN};
use descriptors::{Descriptors, Permit};
use directory::Directories;
use file::{KeptFile, cost};
use shard::{LET_GO_MAX, Shard};
use std::sync::{Arc, Mutex};
use xxhash_rust::xxh3::xxh3_64;

const SHARDS: usize = 16;

/// Segments of a path that is kept. To prove a longer one costs as much as opening the file.
const SEGMENTS_MAX: usize = 8;

/// Files dropped at most to win one descriptor. If that frees none, the new file is not kept.
const EVICTIONS_MAX: usize = 8;

/// How much is kept of the files beneath one root.
#[derive(Clone, Copy, Debug)]
pub struct KeptLimits {
    /// Bytes of file content, with 512 more a file and its path; 0 keeps nothing at all. No file of
    /// more than a sixteenth of them is kept. Entity-tags of files for which there is no room take
    /// an eighth of it more.
    pub bytes_max: u64,
    /// Open descriptors (files and directories).
    pub descriptors_max: usize,
}

/// What to do with a file that was opened just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Read it into memory, and keep it.
    Keep,
    /// Send it from the disk. This is its entity-tag, if it is known; else to be noted.
    SendFromDisk(Option<EntityTag>),
    /// No more than to answer.
    Nothing,
}

/// The files kept of one root, bounded in bytes and in descriptors. The least recently used file of
/// a shard goes first.
pub(super) struct KeptFiles {
    shards: [Mutex<Shard>; SHARDS],
    keeps: bool,
    directories: Directories,
    descriptors: Arc<Descriptors>,
}

impl KeptFiles {
    pub(super) fn new(root: Arc<Directory>, limits: KeptLimits) -> KeptFiles {
        let shard_bytes_max = limits.bytes_max / SHARDS as u64;
        KeptFiles {
            shards: std::array::from_fn(|_| Mutex::new(Shard::new(shard_bytes_max))),
            keeps: shard_bytes_max > 0,
            directories: Directories::new(root, limits.descriptors_max),
            descriptors: Arc::new(Descriptors::new(limits.descriptors_max)),
        }
    }

    /// The file of this path, proved to be there as it was kept. Allocates nothing, and makes one
    /// system call a segment, fewer if `proofs` may be used. `now` is noted as the time of this
    /// use.
    pub(super) fn get(
        &self,
        relative: &[u8],
        now: Timestamp,
        proofs: &Proofs,
    ) -> Option<Arc<OpenFile>> {
        if !self.keeps {
            return None;
        }
        let shard = self.shard(relative);
        let kept = lock(shard).get(relative, now)?;
        let file = Arc::clone(&kept.file);
        if proofs.have_file(&kept) {
            return Some(file);
        }
        if is_fresh(&kept, relative, proofs) {
            kept.note_use(now);
            proofs.note_file(kept);
            return Some(file);
        }
        lock(shard).remove(relative, &kept);
        None
    }

    /// What to do with a file that was opened just now, and has these facts.
    pub(super) fn plan(&self, relative: &[u8], facts: &FileFacts, now: Timestamp) -> Plan {
        if !self.keeps || !openat::has_settled(facts, now) {
            return Plan::Nothing;
        }
        let is_near = relative.split(|&byte| byte == b'/').count() <= SEGMENTS_MAX;
        let is_sent_from_memory = facts.length < SENDFILE_BYTES_MIN;
        let content = if is_sent_from_memory { facts.length } else { 0 };
        let mut shard = lock(self.shard(relative));
        if is_near && shard.admits(cost(relative, content)) {
            return Plan::Keep;
        }
        match is_sent_from_memory && facts.length > THRIFTY_BYTES_MIN {
            true => Plan::SendFromDisk(shard.tag(relative, facts)),
            false => Plan::Nothing,
        }
    }

    /// Keeps a file that is planned to be kept, if that can be done.
    pub(super) fn keep(&self, relative: &[u8], file: &Arc<OpenFile>, now: Timestamp) {
        if let Some(kept) = self.entry(relative, file, now) {
            let displaced = lock(self.shard(relative)).insert(relative, Arc::new(kept));
            // This may close descriptors, so the lock is released by now.
            drop(displaced);
        }
    }

    /// Notes the entity-tag of a short file that is not kept, unless it has changed since that was
    /// planned.
    pub(super) fn note_tag(&self, relative: &[u8], file: &OpenFile, now: Timestamp) {
        if openat::has_settled(&file.facts, now)
            && let Some(tag) = file.entity_tag()
        {
            lock(self.shard(relative)).note_tag(relative, &file.facts, tag);
        }
    }

    /// Lets go of files not used for [`KEPT_TIME`](crate::limits::KEPT_TIME), the longest unused
    /// first, a bounded number each time. Returns whether there is more.
    ///
    /// It makes no system call but `close`.
    pub(super) fn let_go(&self, now: Timestamp) -> bool {
        let mut is_more = false;
        for shard in &self.shards {
            let unused = lock(shard).remove_unused(now);
            is_more |= unused.len() == LET_GO_MAX;
        }
        is_more
    }

    /// The file with its directory; `None` if a symlink is on the way there, or no descriptor is
    /// free.
    ///
    /// That the file is in that directory needs no proof here: if it was moved meanwhile, the next
    /// use finds out.
    fn entry(&self, relative: &[u8], file: &Arc<OpenFile>, now: Timestamp) -> Option<KeptFile> {
        let permit = || self.permit(relative);
        let directory = self.directories.open(split(relative).0, &permit)?;
        let permit = match file.content {
            Content::Bytes(_) => None,
            Content::Handle(_) => Some(permit()?),
        };
        Some(KeptFile::new(Arc::clone(file), directory, permit, now))
    }

    /// A permit for one more descriptor. If none is left, files of the shard of `relative` are
    /// dropped for it.
    fn permit(&self, relative: &[u8]) -> Option<Permit> {
        for _ in 0..EVICTIONS_MAX {
            if let Some(permit) = self.descriptors.permit() {
                return Some(permit);
            }
            let oldest = lock(self.shard(relative)).remove_oldest();
            drop(oldest?);
        }
        self.descriptors.permit()
    }

    fn shard(&self, relative: &[u8]) -> &Mutex<Shard> {
        &self.shards[shard_index(relative)]
    }
}

/// Names that are chosen so as to share a shard lose nothing but its room.
fn shard_index(relative: &[u8]) -> usize {
    xxh3_64(relative) as usize % SHARDS
}

/// Whether `relative` leads to `kept`, unchanged, at this moment: first the directories on the way
/// from the root down, then the file.
fn is_fresh(kept: &KeptFile, relative: &[u8], proofs: &Proofs) -> bool {
    let directory = &kept.directory;
    if !proofs.have_directory(directory) && !directory.is_in_place() {
        return false;
    }
    proofs.note_directory(directory);
    let unchanged = FileStatus { kind: Kind::Regular, facts: kept.file.facts };
    openat::look(directory.descriptor(), split(relative).1) == Ok(unchanged)
}

#[cfg(test)]
mod tests;
