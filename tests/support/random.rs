//! Numbers that look random, the same for the same seed.

use std::hash::{BuildHasher, RandomState};

/// Marsaglia's xorshift: good enough for tests.
pub struct Random(u64);

impl Random {
    /// Begins with `TEST_SEED` from the environment, else with a seed of its own; a test that fails
    /// shows it.
    pub fn new() -> Random {
        let given = std::env::var("TEST_SEED").ok();
        let own = || RandomState::new().hash_one(0);
        let seed = given.map_or_else(own, |seed| seed.parse().expect("a number"));
        println!("TEST_SEED={seed}");
        Random::from_seed(seed)
    }

    pub fn from_seed(seed: u64) -> Random {
        Random(seed | 1)
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % end
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}
