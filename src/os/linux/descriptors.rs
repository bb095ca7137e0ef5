//! Descriptors of this process: how many it may have, and opening one anew.

use rustix::fs::{Mode, OFlags};
use rustix::io::Result;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The highest limit of open files that can be set where the hard limit is `hard`; `None` is no
/// limit (getrlimit(2)).
pub(crate) fn highest_limit(hard: Option<u64>) -> Option<u64> {
    hard
}

/// Bytes that a pipe takes as a whole, or not at all (PIPE_BUF, pipe(7)).
pub(crate) const PIPE_BYTES: usize = 4096;

/// What `descriptor` is open on, opened a second time with `flags`, so that they go for nobody else
/// (proc(5)).
///
/// # Errors
///
/// Those of open(2); ENOENT without /proc, ENXIO for a socket.
pub(crate) fn reopen(descriptor: impl AsFd, flags: OFlags) -> Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", descriptor.as_fd().as_raw_fd());
    rustix::fs::open(path, flags, Mode::empty())
}
