//! Budgets: of the memory, and of the descriptors, that connections hold while their clients take
//! their time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much all connections hold together, in bytes or descriptors, and from what amount on the
/// server saves.
///
/// It is a threshold, not a hard limit: an answer that has begun is held whatever it costs, so each
/// worker may exceed it by one connection.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicU64,
    max: u64,
}

/// What one connection holds; given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    budget: Arc<Budget>,
    amount: u64,
}

impl Budget {
    /// A budget of `max` bytes, or descriptors.
    pub(super) fn new(max: u64) -> Budget {
        Budget { held: AtomicU64::new(0), max }
    }

    /// Whether nothing is left.
    pub(super) fn is_short(&self) -> bool {
        !self.has_room_for(1)
    }

    /// Whether this amount is left.
    pub(super) fn has_room_for(&self, amount: u64) -> bool {
        self.held.load(Ordering::Relaxed).saturating_add(amount) <= self.max
    }

    /// Counts what one connection holds.
    pub(super) fn hold(self: &Arc<Budget>, amount: u64) -> Held {
        self.held.fetch_add(amount, Ordering::Relaxed);
        Held { budget: Arc::clone(self), amount }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_short_as_long_as_it_is_held() {
        let budget = Arc::new(Budget::new(100));
        let first = budget.hold(60);
        assert!(budget.has_room_for(40) && !budget.has_room_for(41));
        let second = budget.hold(60);
        assert!(budget.is_short());
        drop(first);
        assert!(!budget.is_short());
        drop(second);
        assert!(Budget::new(0).is_short());
    }
}
