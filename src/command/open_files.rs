//! The limit of open files (getrlimit(2)).

use crate::os::descriptors::highest_limit;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one, and returns it.
pub(super) fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let highest = highest_limit(limit.maximum);
    let raised = Rlimit { current: highest, maximum: limit.maximum };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => highest,
        Err(error) => {
            log::warn!("the limit of open files stays at {:?}: {error}", limit.current);
            limit.current
        }
    };
    log::debug!("open files: {:?} at most, {:?} before", now, limit.current);
    now.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX).min(1 << 20)
}
