//! What is listed of a directory.

use crate::http::date::Timestamp;
use crate::limits::ENTRIES_MAX;

/// One file or directory in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Any bytes but a slash and NUL.
    pub name: Vec<u8>,
    pub is_directory: bool,
    /// Bytes; of a directory it is not looked at.
    pub length: u64,
    pub modified: Timestamp,
}

/// The first [`ENTRIES_MAX`] entries, and whether there are more.
pub(super) fn cut(entries: &[Listed]) -> (&[Listed], bool) {
    let count = entries.len().min(ENTRIES_MAX);
    (&entries[..count], count < entries.len())
}

/// A directory's path for people, with slashes at both ends; what is not UTF-8 is U+FFFD.
pub(super) fn full_path(path: &[u8]) -> String {
    match String::from_utf8_lossy(path) {
        root if root.is_empty() => "/".to_owned(),
        path => format!("/{path}/"),
    }
}
