//! Passwords that were right lately, so that not each request costs a hash that is slow by design.
//!
//! What is kept of a password is a keyed hash of 128 bits (SipHash). The keys are made anew with
//! the site, at start and at SIGHUP, and with them all of it is forgotten.

use crate::http::date::Timestamp;
use crate::limits::{RIGHT_PASSWORD_SECONDS, RIGHT_PASSWORDS_MAX};
use crate::site::lock::lock;
use lru::LruCache;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

pub(super) struct Lately {
    keys: [RandomState; 2],
    /// When each was found right, in seconds.
    right: Mutex<LruCache<[u64; 2], i64>>,
}

impl Lately {
    pub(super) fn new() -> Lately {
        let keys = [RandomState::new(), RandomState::new()];
        Lately { keys, right: Mutex::new(LruCache::new(RIGHT_PASSWORDS_MAX)) }
    }

    /// Notes that the password is this user's.
    pub(super) fn note(&self, user: &[u8], password: &[u8], now: Timestamp) {
        lock(&self.right).put(self.digest(user, password), now.seconds);
    }

    /// Whether it was noted within the last [`RIGHT_PASSWORD_SECONDS`].
    pub(super) fn has(&self, user: &[u8], password: &[u8], now: Timestamp) -> bool {
        let digest = self.digest(user, password);
        let mut right = lock(&self.right);
        let age = right.get(&digest).map(|noted| now.seconds.saturating_sub(*noted));
        // Another worker's clock may lag behind by a moment, and so by one second.
        age.is_some_and(|age| (-1..RIGHT_PASSWORD_SECONDS).contains(&age))
    }

    fn digest(&self, user: &[u8], password: &[u8]) -> [u64; 2] {
        // Slices are hashed with their lengths, so no two pairs are one.
        [0, 1].map(|number: usize| self.keys[number].hash_one((user, password)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(NOW.seconds + seconds)
    }

    #[test]
    fn right_password_is_known_for_its_time_and_no_other() {
        let lately = Lately::new();
        lately.note(b"ab", b"c", NOW);
        assert!(lately.has(b"ab", b"c", NOW));
        assert!(lately.has(b"ab", b"c", after(-1)));
        assert!(lately.has(b"ab", b"c", after(RIGHT_PASSWORD_SECONDS - 1)));
        for (user, password, now) in [
            (&b"ab"[..], &b"c"[..], after(RIGHT_PASSWORD_SECONDS)),
            (b"ab", b"c", after(-2)),
            (b"a", b"bc", NOW),
            (b"abc", b"", NOW),
            (b"ab", b"C", NOW),
        ] {
            assert!(!lately.has(user, password, now));
        }
        assert!(!Lately::new().has(b"ab", b"c", NOW), "the keys are others");
    }

    #[test]
    fn no_more_than_so_many_are_kept() {
        let lately = Lately::new();
        let most = RIGHT_PASSWORDS_MAX.get();
        for number in 0..=most {
            lately.note(b"user", &number.to_be_bytes(), NOW);
        }
        assert!(!lately.has(b"user", &0_usize.to_be_bytes(), NOW));
        assert!(lately.has(b"user", &most.to_be_bytes(), NOW));
    }
}
