//! Descriptors of this process: how many it may have, and opening one anew.

use crate::os::own::OPEN_FILES_MAX;
use rustix::fs::{Mode, OFlags};
use rustix::io::Result;
use rustix::termios::ttyname;
use std::os::fd::{AsFd, OwnedFd};

/// The highest limit of open files that can be set where the hard limit is `hard`; `None` is no
/// limit (getrlimit(2)).
pub(crate) fn highest_limit(hard: Option<u64>) -> Option<u64> {
    let most = [hard, OPEN_FILES_MAX].into_iter().flatten().min();
    most.or(hard)
}

/// Bytes that a pipe takes as a whole, or not at all: what POSIX promises (_POSIX_PIPE_BUF).
pub(crate) const PIPE_BYTES: usize = 512;

/// The terminal that `descriptor` is open on, opened a second time with `flags`, so that they go
/// for nobody else (ttyname(3)).
///
/// # Errors
///
/// ENOTTY for anything but a terminal: POSIX has no way to do that. To open /dev/fd/N only
/// duplicates the descriptor on these systems. And those of open(2).
pub(crate) fn reopen(descriptor: impl AsFd, flags: OFlags) -> Result<OwnedFd> {
    let name = ttyname(descriptor, Vec::new())?;
    rustix::fs::open(name, flags, Mode::empty())
}
