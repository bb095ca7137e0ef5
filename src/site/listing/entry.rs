//! What is listed of a directory.

use crate::http::date::Timestamp;

/// Entries in one listing; of more, the first in the order asked for are shown, and the listing
/// says so. A page of so many has about 2 MB, and is still quick in a browser.
pub const ENTRIES_MAX: usize = 10_000;

/// One file or directory in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Any bytes but a slash and NUL.
    pub name: Vec<u8>,
    pub is_directory: bool,
    /// Bytes; of a directory it is not looked at.
    pub length: u64,
    pub modified: Timestamp,
}
