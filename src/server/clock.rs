//! The time, read once for all that a worker does after one wait.

use crate::http::date::{HttpDate, Timestamp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time of the present turn: on the monotonic clock for deadlines, on the wall clock for HTTP.
pub(super) struct Clock {
    started: Instant,
    looked: Instant,
    ticks: u64,
    wall: Timestamp,
    /// The wall clock's second as an HTTP-date, formatted once a second.
    date: HttpDate,
}

impl Clock {
    /// `started` is the server's: all its clocks count from there.
    pub(super) fn new(started: Instant) -> Clock {
        let wall = wall_clock();
        let mut clock = Clock { started, looked: started, ticks: 0, wall, date: date_of(wall) };
        clock.look();
        clock
    }

    /// Reads both clocks.
    pub(super) fn look(&mut self) {
        self.looked = Instant::now();
        self.ticks = milliseconds(self.looked.saturating_duration_since(self.started));
        let wall = wall_clock();
        if wall.seconds != self.wall.seconds {
            self.date = date_of(wall);
        }
        self.wall = wall;
    }

    /// When the clocks were read.
    pub(super) fn looked(&self) -> Instant {
        self.looked
    }

    /// Milliseconds since the server started.
    pub(super) fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Milliseconds from the server's start to this moment, not to the last look.
    pub(super) fn ticks_now(&self) -> u64 {
        milliseconds(self.started.elapsed())
    }

    /// The point `time` from now, in milliseconds since the server started.
    pub(super) fn after(&self, time: Duration) -> u64 {
        self.ticks.saturating_add(milliseconds(time))
    }

    /// The wall clock.
    pub(super) fn now(&self) -> Timestamp {
        self.wall
    }

    /// The wall clock as an HTTP-date.
    pub(super) fn date(&self) -> &HttpDate {
        &self.date
    }
}

/// A duration in whole milliseconds.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: since.subsec_nanos(),
    }
}

/// If the machine's clock is out of HTTP's bounds, this is the first second of 1970: every answer
/// needs a Date.
fn date_of(wall: Timestamp) -> HttpDate {
    let epoch = || Timestamp::from_seconds(0).http_date().expect("1970 has an HTTP-date");
    wall.http_date().unwrap_or_else(epoch)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_until_one_looks() {
        let mut clock = Clock::new(Instant::now());
        let (ticks, wall) = (clock.ticks(), clock.now());
        while milliseconds(clock.started.elapsed()) == ticks {}
        assert_eq!((clock.ticks(), clock.now()), (ticks, wall));
        clock.look();
        assert!(clock.ticks() > ticks);
    }

    #[test]
    fn no_time_is_too_long() {
        let clock = Clock::new(Instant::now());
        assert_eq!(clock.after(Duration::MAX), u64::MAX);
        assert_eq!(milliseconds(Duration::from_micros(1999)), 1);
    }

    #[test]
    fn a_machine_whose_clock_is_out_of_bounds_has_a_date() {
        let far = Timestamp::from_seconds(1 << 40);
        assert_eq!(date_of(far).as_str(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
