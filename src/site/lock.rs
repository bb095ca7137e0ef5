//! The one way in which this room takes a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, though a thread may have panicked while it held the lock.
///
/// Only for values that a panic cannot leave half changed: `()`, or a collection that is changed by
/// calls which do not panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
