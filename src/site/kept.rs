//! Files kept after their first use, and the proof that makes keeping them honest: no answer is
//! stale, and none comes from where the kernel would not let it come from now.
//!
//! Kept is a file whose path contains no symlink. Each use walks that path anew, by one look a
//! segment: every directory must be the one that was there, the file the same one by device, inode,
//! length and both times. Any difference, and the file is dropped and opened the slow way, where
//! the kernel decides. A change of permissions shows in the time of change.
//!
//! A file changed so lately that a second change could leave the same times is not kept at all.
//! What no server can see by `stat` stays unseen here too: a store through a shared mapping that
//! the kernel has not dated yet.
//!
//! What has not been used for a minute is let go of, so that a removed file's blocks go back to the
//! disk, and a file system beneath the root can be unmounted.
//!
//! The files are spread over shards, so there is no lock that all share, and none is held during a
//! system call.

use super::directory::{Descriptors, Directories, Directory, Permit, lock, split};
use super::document_root::{CacheLimits, Content, OpenFile};
use super::openat::{self, Kind, Status};
use super::proofs::Proofs;
use crate::http::date::Timestamp;
use crate::http::validator::FileFacts;
use crate::limits::KEPT_TIME;
use lru::LruCache;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

const SHARDS: usize = 16;

/// Segments of a path that is kept. To prove a longer one costs as much as opening the file.
const SEGMENTS_MAX: usize = 8;

/// Bytes that a kept file costs beside its path and content: the entry, the file's facts, the field
/// lines its answers share.
const ENTRY_BYTES: u64 = 512;

/// A file is not kept before its last change is this long ago, in whole seconds: FAT dates to two,
/// and the clock the kernel dates with lags behind by a tick.
const SETTLED_SECONDS: i64 = 2;

/// Files dropped at most to win one descriptor; if that frees none, what asked for it is not kept.
const EVICTIONS_MAX: usize = 8;

/// Files of one shard that one [`KeptFiles::let_go`] lets go of at most, so that it takes a few
/// milliseconds at the worst.
const LET_GO_MAX: usize = 256;

/// What is known of the files beneath one root, bounded in bytes and in descriptors. The least
/// recently used of a shard goes first.
pub struct KeptFiles {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    shard_bytes_max: u64,
    directories: Directories,
    descriptors: Arc<Descriptors>,
}

/// The files of one shard, by path, and the bytes they cost.
struct Shard {
    files: LruCache<Box<[u8]>, Arc<Kept>>,
    bytes: u64,
}

pub(super) struct Kept {
    file: Arc<OpenFile>,
    directory: Arc<Directory>,
    /// When it was used last, in seconds since 1970.
    used: AtomicI64,
    /// For the file's own descriptor, where it holds one.
    _permit: Option<Permit>,
}

impl KeptFiles {
    pub fn new(root: Arc<Directory>, limits: CacheLimits) -> KeptFiles {
        KeptFiles {
            shards: std::array::from_fn(|_| Mutex::new(Shard::new())),
            hasher: RandomState::new(),
            shard_bytes_max: limits.bytes_max / SHARDS as u64,
            directories: Directories::new(root, limits.descriptors_max),
            descriptors: Arc::new(Descriptors::new(limits.descriptors_max)),
        }
    }

    /// The file of this path, proved to be there as it was kept. Allocates nothing; as many system
    /// calls as segments, or fewer where `proofs` may be used. `now` says when it was used.
    pub fn get(&self, relative: &[u8], now: Timestamp, proofs: &Proofs) -> Option<Arc<OpenFile>> {
        if self.shard_bytes_max == 0 {
            return None;
        }
        let shard = self.shard(relative);
        let kept = lock(shard).files.get(relative).cloned()?;
        let file = Arc::clone(&kept.file);
        if proofs.have_file(&kept) {
            return Some(file);
        }
        if kept.is_fresh(relative, proofs) {
            kept.note_use(now);
            proofs.note_file(kept);
            return Some(file);
        }
        lock(shard).remove(relative, &kept);
        None
    }

    /// Keeps a file just opened, where it may and can be kept.
    pub fn keep(&self, relative: &[u8], file: &Arc<OpenFile>, now: Timestamp) {
        let may_be_kept = self.shard_bytes_max > 0
            && is_settled(&file.facts, now)
            && relative.split(|&byte| byte == b'/').count() <= SEGMENTS_MAX
            && cost(relative, file) <= self.shard_bytes_max;
        if may_be_kept && let Some(kept) = self.entry(relative, file, now) {
            self.insert(relative, kept);
        }
    }

    /// Lets go of what has not been used for [`KEPT_TIME`]: first what was used longest ago, a
    /// bounded number each time. Returns whether there is more.
    ///
    /// It makes no system call but `close`.
    pub fn let_go(&self, now: Timestamp) -> bool {
        let mut is_more = false;
        for shard in &self.shards {
            let unused = lock(shard).remove_unused(now);
            is_more |= unused.len() == LET_GO_MAX;
        }
        is_more
    }

    /// The file with its directory; `None` where a symlink is on the way there, or no descriptor is
    /// to be had.
    ///
    /// That the file is in that directory needs no proof here: whatever was moved meanwhile, the
    /// next use will find out.
    fn entry(&self, relative: &[u8], file: &Arc<OpenFile>, now: Timestamp) -> Option<Kept> {
        let permit = || self.permit(relative);
        let directory = self.directories.open(split(relative).0, &permit)?;
        let permit = match file.content {
            Content::Bytes(_) => None,
            Content::Handle(_) => Some(permit()?),
        };
        let used = AtomicI64::new(now.seconds);
        Some(Kept { file: Arc::clone(file), directory, used, _permit: permit })
    }

    /// A permit for one more descriptor, won where there is none by dropping files of the shard
    /// that `relative` goes to.
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

    fn insert(&self, relative: &[u8], kept: Kept) {
        // Declared before the lock is taken, dropped after it is released: dropping may close
        // descriptors.
        let mut displaced = Vec::new();
        let mut shard = lock(self.shard(relative));
        displaced.extend(shard.insert(relative, Arc::new(kept)));
        while shard.bytes > self.shard_bytes_max
            && let Some(oldest) = shard.remove_oldest()
        {
            displaced.push(oldest);
        }
    }

    fn shard(&self, relative: &[u8]) -> &Mutex<Shard> {
        &self.shards[self.shard_index(relative)]
    }

    fn shard_index(&self, relative: &[u8]) -> usize {
        self.hasher.hash_one(relative) as usize % SHARDS
    }
}

impl Kept {
    /// Whether `relative` leads to this file, unchanged, at this moment.
    fn is_fresh(&self, relative: &[u8], proofs: &Proofs) -> bool {
        let (_, name) = split(relative);
        let directory = &self.directory;
        let is_in_place = proofs.have_directory(directory) || directory.is_in_place();
        if is_in_place {
            proofs.note_directory(directory);
        }
        is_in_place && openat::look(self.directory.descriptor(), name) == Ok(unchanged(&self.file))
    }

    /// Written once a second at most: a file may be used by all workers at once.
    fn note_use(&self, now: Timestamp) {
        if self.used.load(Ordering::Relaxed) != now.seconds {
            self.used.store(now.seconds, Ordering::Relaxed);
        }
    }

    /// A use that is long to come counts as none: the system's time was set back.
    fn is_unused(&self, now: Timestamp) -> bool {
        self.used.load(Ordering::Relaxed).abs_diff(now.seconds) >= KEPT_TIME.as_secs()
    }
}

impl Shard {
    fn new() -> Shard {
        Shard { files: LruCache::unbounded(), bytes: 0 }
    }

    /// Returns what had this path before.
    fn insert(&mut self, relative: &[u8], kept: Arc<Kept>) -> Option<Arc<Kept>> {
        self.bytes += cost(relative, &kept.file);
        let before = self.files.put(relative.into(), kept)?;
        self.bytes -= cost(relative, &before.file);
        Some(before)
    }

    /// Removes `kept`, not another that has taken its path meanwhile. The caller's own hold on it
    /// keeps its descriptors from being closed under the lock.
    fn remove(&mut self, relative: &[u8], kept: &Arc<Kept>) {
        let holds_it = |there: &Arc<Kept>| Arc::ptr_eq(there, kept);
        if self.files.peek(relative).is_some_and(holds_it) {
            self.files.pop(relative);
            self.bytes -= cost(relative, &kept.file);
        }
    }

    /// The caller drops them once the lock is released: that may close descriptors.
    fn remove_unused(&mut self, now: Timestamp) -> Vec<Arc<Kept>> {
        let mut unused = Vec::new();
        while unused.len() < LET_GO_MAX
            && let Some((_, oldest)) = self.files.peek_lru()
            && oldest.is_unused(now)
        {
            unused.extend(self.remove_oldest());
        }
        unused
    }

    fn remove_oldest(&mut self) -> Option<Arc<Kept>> {
        let (relative, kept) = self.files.pop_lru()?;
        self.bytes -= cost(&relative, &kept.file);
        Some(kept)
    }
}

/// What a look must say of the file as long as it is the same.
fn unchanged(file: &OpenFile) -> Status {
    Status { kind: Kind::Regular, facts: file.facts }
}

/// Whether every later change must show in the file's times. A time in the future is never settled.
fn is_settled(facts: &FileFacts, now: Timestamp) -> bool {
    let last = facts.modified.max(facts.changed);
    last.seconds < now.seconds.saturating_sub(SETTLED_SECONDS)
}

/// Bytes.
fn cost(relative: &[u8], file: &OpenFile) -> u64 {
    let content = match &file.content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Handle(_) => 0,
    };
    ENTRY_BYTES + (relative.len() + content) as u64
}

#[cfg(test)]
mod tests {
    use super::super::document_root::{DocumentRoot, Found};
    use super::*;
    use std::fs::{create_dir_all, write};
    use std::path::Path;

    const LATER: Timestamp = Timestamp::from_seconds(4_000_000_000);

    fn open(root: &Path, bytes_max: u64, descriptors_max: usize) -> DocumentRoot {
        let limits = CacheLimits { bytes_max, descriptors_max };
        DocumentRoot::open(root, limits).unwrap()
    }

    fn find(root: &DocumentRoot, path: &str, now: Timestamp) -> Arc<OpenFile> {
        match root.find(path.as_bytes(), now) {
            Ok(Found::File(file)) => file,
            other => panic!("{path}: {other:?}"),
        }
    }

    /// Whether a second use is given what the first was given.
    fn is_kept(root: &DocumentRoot, path: &str, now: Timestamp) -> bool {
        Arc::ptr_eq(&find(root, path, now), &find(root, path, now))
    }

    fn shard_bytes(root: &DocumentRoot) -> Vec<u64> {
        let shards = root.kept.shards.iter();
        shards.map(|shard| lock(shard).bytes).collect()
    }

    /// What the shards' files really cost, counted anew.
    fn counted_bytes(root: &DocumentRoot) -> Vec<u64> {
        let count = |shard: &Mutex<Shard>| {
            let shard = lock(shard);
            let files = shard.files.iter();
            files.map(|(relative, kept)| cost(relative, &kept.file)).sum()
        };
        root.kept.shards.iter().map(count).collect()
    }

    #[test]
    fn nothing_is_kept_without_bytes() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path().join("file"), "content").unwrap();
        let root = open(directory.path(), 0, 100);
        assert!(!is_kept(&root, "file", LATER));
        assert_eq!(shard_bytes(&root), [0; SHARDS]);
        assert!(is_kept(&open(directory.path(), 1 << 20, 100), "file", LATER));
    }

    #[test]
    fn file_is_kept_only_when_its_times_have_settled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write(&path, "content").unwrap();
        let root = open(directory.path(), 1 << 20, 100);
        let changed = find(&root, "file", Timestamp::from_seconds(0)).facts.changed.seconds;
        let rows = [(-9, false), (0, false), (1, false), (2, false), (3, true)];
        for (age, kept) in rows {
            let now = Timestamp::from_seconds(changed + age);
            assert_eq!(is_kept(&root, "file", now), kept, "{age} s");
        }
    }

    #[test]
    fn file_dated_in_the_future_is_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write(&path, "content").unwrap();
        let future = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_001);
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(future).unwrap();
        let root = open(directory.path(), 1 << 20, 100);
        assert!(!is_kept(&root, "file", LATER));
    }

    #[test]
    fn bytes_stay_within_their_limit_and_are_counted_right() {
        let directory = tempfile::tempdir().unwrap();
        let bytes_max = 64 * 1024;
        let root = open(directory.path(), bytes_max, 100);
        for number in 0..200 {
            let name = format!("file{number}");
            write(directory.path().join(&name), vec![b'x'; 17 * number]).unwrap();
            find(&root, &name, LATER);
            assert!(shard_bytes(&root).iter().sum::<u64>() <= bytes_max);
        }
        assert_eq!(shard_bytes(&root), counted_bytes(&root));
        assert!(shard_bytes(&root).iter().sum::<u64>() > bytes_max / 2);
        for number in 0..200 {
            write(directory.path().join(format!("file{number}")), "short").unwrap();
            find(&root, &format!("file{number}"), LATER);
        }
        assert_eq!(shard_bytes(&root), counted_bytes(&root));
    }

    #[test]
    fn file_larger_than_a_share_is_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path().join("small"), vec![b'x'; 3000]).unwrap();
        write(directory.path().join("large"), vec![b'x'; 4000]).unwrap();
        let root = open(directory.path(), 4096 * SHARDS as u64, 100);
        assert!(is_kept(&root, "small", LATER));
        assert!(!is_kept(&root, "large", LATER));
    }

    #[test]
    fn least_recently_used_goes_first() {
        let directory = tempfile::tempdir().unwrap();
        // Two files of 2000 bytes fit into a shard's share, three do not.
        let root = open(directory.path(), 6000 * SHARDS as u64, 100);
        let names: Vec<String> = (0..1000)
            .map(|number| format!("file{number}"))
            .filter(|name| root.kept.shard_index(name.as_bytes()) == 0)
            .take(3)
            .collect();
        for name in &names {
            write(directory.path().join(name), vec![b'x'; 2000]).unwrap();
        }
        let first = find(&root, &names[0], LATER);
        let second = find(&root, &names[1], LATER);
        assert!(Arc::ptr_eq(&first, &find(&root, &names[0], LATER)));
        find(&root, &names[2], LATER);
        assert!(Arc::ptr_eq(&first, &find(&root, &names[0], LATER)));
        assert!(!Arc::ptr_eq(&second, &find(&root, &names[1], LATER)));
    }

    #[test]
    fn descriptors_stay_within_their_limit() {
        let directory = tempfile::tempdir().unwrap();
        let root = open(directory.path(), 16 << 20, 10);
        for number in 0..60 {
            let name = format!("directory{number}");
            create_dir_all(directory.path().join(&name)).unwrap();
            for file in ["small", "large"] {
                let path = directory.path().join(&name).join(file);
                let length = if file == "large" { 256 * 1024 } else { 9 };
                write(&path, vec![b'x'; length]).unwrap();
                find(&root, &format!("{name}/{file}"), LATER);
                assert!(root.kept.descriptors.open() <= 10);
            }
        }
        assert!(root.kept.descriptors.open() > 5);
        assert_eq!(shard_bytes(&root), counted_bytes(&root));
    }

    #[test]
    fn without_descriptors_only_small_files_in_the_root_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        create_dir_all(directory.path().join("a")).unwrap();
        write(directory.path().join("a/small"), "content").unwrap();
        write(directory.path().join("small"), "content").unwrap();
        write(directory.path().join("large"), vec![b'x'; 256 * 1024]).unwrap();
        let root = open(directory.path(), 16 << 20, 0);
        assert!(is_kept(&root, "small", LATER));
        assert!(!is_kept(&root, "large", LATER));
        assert!(!is_kept(&root, "a/small", LATER));
    }

    #[test]
    fn long_way_down_is_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let root = open(directory.path(), 1 << 20, 100);
        for (segments, kept) in [(SEGMENTS_MAX, true), (SEGMENTS_MAX + 1, false)] {
            let parent = vec!["a"; segments - 1].join("/");
            create_dir_all(directory.path().join(&parent)).unwrap();
            let path = format!("{parent}/file");
            write(directory.path().join(&path), "content").unwrap();
            assert_eq!(is_kept(&root, &path, LATER), kept, "{segments}");
        }
    }

    /// The same time, so many seconds later.
    fn later(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(LATER.seconds + seconds)
    }

    #[test]
    fn what_is_not_used_for_a_minute_is_let_go_of() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            create_dir_all(directory.path().join(name)).unwrap();
            write(directory.path().join(name).join("large"), vec![b'x'; 256 * 1024]).unwrap();
            write(directory.path().join(name).join("small"), "content").unwrap();
        }
        let root = open(directory.path(), 16 << 20, 100);
        for path in ["a/large", "a/small", "b/large", "b/small"] {
            find(&root, path, LATER);
        }
        let descriptors = |expected: usize| assert_eq!(root.kept.descriptors.open(), expected);
        descriptors(4);
        assert!(!root.kept.let_go(later(59)));
        descriptors(4);
        find(&root, "a/small", later(59));
        assert!(!root.kept.let_go(later(60)));
        // The directory of the one that was used.
        descriptors(1);
        assert_eq!(shard_bytes(&root), counted_bytes(&root));
        assert!(!root.kept.let_go(later(118)));
        descriptors(1);
        root.kept.let_go(later(119));
        descriptors(0);
        assert_eq!(shard_bytes(&root), [0; SHARDS]);
        // Asked for again, it is kept again.
        assert!(is_kept(&root, "a/large", later(200)));
    }

    #[test]
    fn clock_that_is_set_back_keeps_nothing_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path().join("file"), "content").unwrap();
        let root = open(directory.path(), 1 << 20, 100);
        find(&root, "file", later(3600));
        // Workers' clocks are not quite the same.
        root.kept.let_go(later(3599));
        assert_ne!(shard_bytes(&root), [0; SHARDS]);
        root.kept.let_go(LATER);
        assert_eq!(shard_bytes(&root), [0; SHARDS]);
    }

    #[test]
    fn one_call_lets_go_of_a_bounded_number() {
        const FILES: usize = SHARDS * LET_GO_MAX + 1000;
        let directory = tempfile::tempdir().unwrap();
        write(directory.path().join("file"), "content").unwrap();
        let root = open(directory.path(), 64 << 20, 100);
        for number in 0..FILES {
            let name = format!("file{number}");
            std::fs::hard_link(directory.path().join("file"), directory.path().join(&name))
                .unwrap();
            find(&root, &name, LATER);
        }
        let left = || -> usize {
            let shards = root.kept.shards.iter();
            shards.map(|shard| lock(shard).files.len()).sum()
        };
        let mut calls = 1;
        let mut before = left();
        while root.kept.let_go(later(60)) {
            assert!(before - left() <= SHARDS * LET_GO_MAX);
            before = left();
            calls += 1;
        }
        assert_eq!(left(), 0);
        assert!(calls > 1, "{calls}");
    }
}
