//! The leave to do dear work: what costs a hundred times an ordinary answer, and so waits its turn.

use super::listing::ListingAsked;

/// What a request has asked leave for. It gets its answer when it is asked again with this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// To make a listing, which is read after this moment.
    Listing(ListingAsked),
    /// To change a name, and to wait until that is on the disk.
    Change,
    /// To hash a password.
    Hash,
}

impl Leave {
    /// The leave for a listing, if it is one.
    pub(super) fn listing(self) -> Option<ListingAsked> {
        match self {
            Leave::Listing(asked) => Some(asked),
            Leave::Change | Leave::Hash => None,
        }
    }
}
