//! A folder as one download: an uncompressed tar of what would be served of it.
//!
//! [`Gathering`] walks through the folder, a directory at a time, and so knows the archive's length
//! before its first byte is sent. [`Archive`] then opens one file after the other, as the sending
//! comes to it. `contents` is what the walk leaves for the sending, `header` the format, and
//! `answer` what a client is told.
//!
//! Left out on purpose: compression, whose length nobody knows beforehand; owners and modes, of
//! which no other answer tells; hard links.

mod answer;
mod contents;
mod gathering;
mod header;
mod sending;
#[cfg(test)]
mod tests;

pub(super) use answer::{is_asked_for, representation};
pub use gathering::Gathering;
pub use sending::{Archive, Part};
