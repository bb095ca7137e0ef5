//! One kept file: the open file, the directory in which it was found, and when it was used last.

use super::super::open_file::OpenFile;
use super::descriptors::Permit;
use super::directory::Directory;
use crate::http::date::Timestamp;
use crate::limits::KEPT_TIME;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Bytes that a kept file costs beside its path and content: its entry, its facts, and the field
/// lines that its answers share.
const ENTRY_BYTES: u64 = 512;

/// A file that is kept.
pub(super) struct KeptFile {
    pub file: Arc<OpenFile>,
    /// The directory that holds it.
    pub directory: Arc<Directory>,
    /// When it was used last, in seconds since 1970.
    used: AtomicI64,
    /// For the file's own descriptor, if it holds one.
    _permit: Option<Permit>,
}

impl KeptFile {
    /// A file in `directory`, used at `now`; with the permit for its descriptor, if it holds one.
    pub(super) fn new(
        file: Arc<OpenFile>,
        directory: Arc<Directory>,
        permit: Option<Permit>,
        now: Timestamp,
    ) -> KeptFile {
        KeptFile { file, directory, used: AtomicI64::new(now.seconds), _permit: permit }
    }

    /// Bytes that it costs to keep it by the path `relative`.
    pub(super) fn cost(&self, relative: &[u8]) -> u64 {
        cost(relative, self.file.bytes().map_or(0, |bytes| bytes.len() as u64))
    }

    /// Notes a use at `now`. It stores at most once a second, because all workers may use one file
    /// at once.
    pub(super) fn note_use(&self, now: Timestamp) {
        if !self.is_used_at(now) {
            self.used.store(now.seconds, Ordering::Relaxed);
        }
    }

    /// Whether a use in the second of `now` was noted.
    pub(super) fn is_used_at(&self, now: Timestamp) -> bool {
        self.used.load(Ordering::Relaxed) == now.seconds
    }

    /// Whether it has not been used for [`KEPT_TIME`]. A last use far in the future counts as none:
    /// the system's clock was set back.
    pub(super) fn is_unused(&self, now: Timestamp) -> bool {
        self.used.load(Ordering::Relaxed).abs_diff(now.seconds) >= KEPT_TIME.as_secs()
    }
}

/// Bytes that it costs to keep a file by the path `relative` with so many bytes of content.
pub(super) fn cost(relative: &[u8], content: u64) -> u64 {
    ENTRY_BYTES + relative.len() as u64 + content
}
