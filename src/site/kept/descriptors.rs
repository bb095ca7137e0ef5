//! The descriptors that kept files and directories hold open: counted, and no more than are
//! allowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many descriptors are held open, and how many may be.
pub(super) struct Descriptors {
    open: AtomicUsize,
    max: usize,
}

/// The right to hold one descriptor open; dropping it gives it back.
pub(super) struct Permit(Arc<Descriptors>);

impl Descriptors {
    /// At most `max` descriptors.
    pub(super) fn new(max: usize) -> Descriptors {
        Descriptors { open: AtomicUsize::new(0), max }
    }

    /// `None` while `max` are open.
    pub(super) fn permit(self: &Arc<Descriptors>) -> Option<Permit> {
        let one_more = |open| (open < self.max).then_some(open + 1);
        self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Permit(Arc::clone(self)))
    }

    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
