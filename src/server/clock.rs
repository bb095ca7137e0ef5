//! What time it is, asked once for all that a worker does after one wait.

use crate::http::date::{HttpDate, Timestamp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time of the present turn: on the monotonic clock for deadlines, on the wall clock for HTTP.
pub struct Clock {
    started: Instant,
    ticks: u64,
    wall: Timestamp,
    /// The wall clock's second as an HTTP-date, formatted once a second.
    date: HttpDate,
}

impl Clock {
    /// `started` is the server's: all its clocks count from there.
    pub fn new(started: Instant) -> Clock {
        let wall = wall_clock();
        let mut clock = Clock { started, ticks: 0, wall, date: date_of(wall) };
        clock.look();
        clock
    }

    /// Reads both clocks.
    pub fn look(&mut self) {
        self.ticks = milliseconds(self.started.elapsed());
        let wall = wall_clock();
        if wall.seconds != self.wall.seconds {
            self.date = date_of(wall);
        }
        self.wall = wall;
    }

    /// Milliseconds since the server started.
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// The point `time` from now, in milliseconds since the server started.
    pub fn after(&self, time: Duration) -> u64 {
        self.ticks.saturating_add(milliseconds(time))
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.wall
    }

    /// The wall clock as an HTTP-date.
    pub fn date(&self) -> &HttpDate {
        &self.date
    }
}

/// A duration in whole milliseconds.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: since.subsec_nanos(),
    }
}

/// A machine whose clock is out of HTTP's bounds gets the first second of 1970: an answer has to
/// have a Date.
fn date_of(wall: Timestamp) -> HttpDate {
    let epoch = || Timestamp::from_seconds(0).http_date().expect("1970 has an HTTP-date");
    wall.http_date().unwrap_or_else(epoch)
}
