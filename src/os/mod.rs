//! What systems do differently, behind the same few functions on each. The rooms above name no
//! system: this file alone chooses.
//!
//! `linux/` has Linux's own calls. `posix/` has the ways of all other systems, with `macos.rs` and
//! `freebsd.rs` for what differs between those. `--cfg posix` takes these ways on Linux too, by
//! `linux_as_posix.rs`, so that all tests can run with them. `blocking.rs` and `ready.rs` have the
//! values that all systems share.

mod blocking;
mod ready;

#[cfg(target_os = "freebsd")]
pub(crate) mod freebsd;
#[cfg(all(target_os = "linux", not(posix)))]
mod linux;
#[cfg(all(target_os = "linux", posix))]
pub(crate) mod linux_as_posix;
#[cfg(target_os = "macos")]
pub(crate) mod macos;
#[cfg(any(not(target_os = "linux"), posix))]
mod posix;

pub(crate) use blocking::Blocking;
pub(crate) use ready::{Event, Interest};

#[cfg(all(target_os = "linux", not(posix)))]
pub(crate) use linux::{descriptors, files, listening, programs, ready_set, sockets, stream};
#[cfg(any(not(target_os = "linux"), posix))]
pub(crate) use posix::{descriptors, files, listening, programs, ready_set, sockets, stream};

// What differs between the systems that have the ways of POSIX.
#[cfg(target_os = "freebsd")]
pub(crate) use freebsd as own;
#[cfg(all(target_os = "linux", posix))]
pub(crate) use linux_as_posix as own;
#[cfg(target_os = "macos")]
pub(crate) use macos as own;
