//! What systems do differently, behind the same few functions on each. The rooms above name no
//! system: this file alone chooses.
//!
//! `linux/` has Linux's own calls. `blocking.rs` and `ready.rs` have the values that all systems
//! share.

mod blocking;
mod linux;
mod ready;

pub(crate) use blocking::Blocking;
pub(crate) use linux::{descriptors, files, listening, ready_set, sockets, stream};
pub(crate) use ready::{Event, Interest};
