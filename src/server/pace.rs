//! The pace of a body on its way, in or out, and the deadline that follows from it.

use super::clock::milliseconds;
use std::time::Duration;

/// When bytes moved, in milliseconds of the server's clock, and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    since: u64,
    last: u64,
    bytes: u64,
}

impl Pace {
    /// Nothing has moved at `now`.
    pub(super) fn new(now: u64) -> Pace {
        Pace { since: now, last: now, bytes: 0 }
    }

    /// Notes that `bytes` more have moved by `now`; none of them changes nothing.
    pub(super) fn note(&mut self, bytes: u64, now: u64) {
        if bytes > 0 {
            self.last = now;
            self.bytes += bytes;
        }
    }

    /// Until when bytes must move: `time` after the last, and no later than all bytes so far have
    /// earned at `rate_min` bytes a second.
    pub(super) fn deadline(&self, time: Duration, rate_min: u64) -> u64 {
        self.without_pause(time).min(self.on_average(time, rate_min))
    }

    /// Until when the average must be `rate_min` bytes a second; the first `time` is free.
    pub(super) fn on_average(&self, time: Duration, rate_min: u64) -> u64 {
        let earned = self.bytes.saturating_mul(1000) / rate_min;
        self.since.saturating_add(milliseconds(time)).saturating_add(earned)
    }

    fn without_pause(&self, time: Duration) -> u64 {
        self.last.saturating_add(milliseconds(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(30);

    #[test]
    fn each_kibibyte_earns_a_second_after_the_first_time() {
        let rows = [(0, 0), (1, 0), (512, 500), (1024, 1000), (64 << 20, 65_536_000)];
        for (bytes, earned) in rows {
            let mut pace = Pace::new(5);
            pace.note(bytes, 7);
            assert_eq!(pace.on_average(TIME, 1024), 5 + 30_000 + earned, "{bytes}");
        }
    }

    #[test]
    fn what_moves_no_byte_earns_no_time() {
        let mut pace = Pace::new(0);
        pace.note(1 << 20, 1000);
        pace.note(0, 9000);
        assert_eq!(pace.deadline(TIME, 1024), 31_000);
    }

    #[test]
    fn a_trickle_ends_though_it_never_pauses() {
        let mut pace = Pace::new(0);
        (1..=40).for_each(|second| pace.note(1, second * 1000));
        assert!(pace.deadline(TIME, 1024) < 40_000);
    }

    #[test]
    fn no_number_is_too_large() {
        let mut pace = Pace::new(u64::MAX - 1);
        pace.note(u64::MAX, u64::MAX);
        assert_eq!(pace.deadline(Duration::MAX, 1), u64::MAX);
    }
}
