//! The listing of a directory: from what the disk says of its names to a page or a JSON document.

mod filter;
mod index;
mod json;
mod link;
mod listed;
mod made;
mod order;
mod page;
mod reading;
mod readme;
#[cfg(test)]
mod tests;
mod text;
mod upload_page;
mod view;

pub use made::ListingAsked;
pub(super) use made::Listings;
#[cfg(test)]
pub(super) use {listed::Listed, order::Order, reading::Wanted, reading::entries};
