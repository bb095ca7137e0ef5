//! The budget of what answers hold in memory while their clients do not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes held by all answers together, and how many they may be before the server gets thrifty.
///
/// It is a threshold and no wall: an answer that has begun is held whatever it costs, so each worker
/// may go beyond by the one answer that it is at.
#[derive(Debug)]
pub struct Memory {
    held: AtomicU64,
    max: u64,
}

/// What one answer holds; given back when dropped.
#[derive(Debug)]
pub struct Held {
    memory: Arc<Memory>,
    bytes: u64,
}

impl Memory {
    /// A budget of `max` bytes.
    pub fn new(max: u64) -> Memory {
        Memory { held: AtomicU64::new(0), max }
    }

    /// Whether the budget is used up: a short file is then sent as a long one is, and a listing
    /// waits.
    pub fn is_short(&self) -> bool {
        self.held.load(Ordering::Relaxed) >= self.max
    }

    /// Counts the bytes of one answer.
    pub fn hold(self: &Arc<Memory>, bytes: u64) -> Held {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        Held { memory: Arc::clone(self), bytes }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_short_as_long_as_it_is_held() {
        let memory = Arc::new(Memory::new(100));
        let first = memory.hold(60);
        assert!(!memory.is_short());
        let second = memory.hold(60);
        assert!(memory.is_short());
        drop(first);
        assert!(!memory.is_short());
        drop(second);
        assert!(Memory::new(0).is_short());
    }
}
