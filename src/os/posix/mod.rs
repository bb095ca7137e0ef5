//! The ways of POSIX, for macOS, FreeBSD, and for Linux where `--cfg posix` says so. What differs
//! between these systems is in `own`, one file a system.

pub(crate) mod descriptors;
pub(crate) mod files;
pub(crate) mod listening;
pub(crate) mod programs;
pub(crate) mod ready_set;
pub(crate) mod sockets;
pub(crate) mod stream;
