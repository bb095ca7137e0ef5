//! Descriptors of this process: how many it may have, and opening one anew.

use crate::os::own::OPEN_FILES_MAX;
use rustix::fs::OFlags;
use rustix::io::{Errno, Result};
use std::os::fd::{AsFd, OwnedFd};

/// The highest limit of open files that can be set where the hard limit is `hard`; `None` is no
/// limit (getrlimit(2)).
pub(crate) fn highest_limit(hard: Option<u64>) -> Option<u64> {
    let most = [hard, OPEN_FILES_MAX].into_iter().flatten().min();
    most.or(hard)
}

/// What `descriptor` is open on, opened a second time with `flags`.
///
/// # Errors
///
/// Always: POSIX has no way to do that. To open /dev/fd/N only duplicates the descriptor here, so
/// that flags would go for everybody who has it.
pub(crate) fn reopen(_descriptor: impl AsFd, _flags: OFlags) -> Result<OwnedFd> {
    Err(Errno::OPNOTSUPP)
}
