//! The listing of a directory: from what the disk says of its names to a page or a JSON document.

mod entry;
mod index;
mod made;
mod order;
mod page;
mod reading;
mod text;

pub use entry::{ENTRIES_MAX, Entry};
pub use made::ListingAsked;
pub(super) use made::Listings;
pub use order::{Order, SortKey};
pub(super) use reading::{Wanted, entries};
