//! The connection table: a slot for each descriptor, in which a connection waits until somebody
//! owns it.
//!
//! One connection is with one thread at a time: who holds the slot's lock owns what is in it.
//! Nobody waits for a lock. A thread that comes with news while another owns the connection leaves
//! the news in the slot and goes, and the owner looks for news once more after it has let go (see
//! [`Slot::attend`]).

use super::connection::Connection;
use std::io;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

/// News of a connection, as a set of bits. It is a hint only: whoever acts on it looks at the facts
/// again, since the descriptor may have been closed and given to another connection in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News(u8);

impl News {
    /// Nothing but what is noted already.
    pub const NONE: News = News(0);
    /// Bytes have come, or there is room for more of the answer.
    pub const READY: News = News(1);
    /// The client has ended its side, or the connection has failed.
    pub const HUNG_UP: News = News(1 | 2);
    /// The deadline has passed.
    pub const LATE: News = News(4);
    /// The connection should make room for a new one, if it rests.
    pub const MAKE_ROOM: News = News(8);
    /// The server is stopping.
    pub const STOPPING: News = News(16);

    /// Whether all of `other` is in this news.
    pub fn says(self, other: News) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The place of one connection.
pub struct Slot {
    /// News that nobody has acted on yet.
    news: AtomicU8,
    /// When the connection will be late, in milliseconds of the server's clock; [`NEVER`] in an
    /// empty slot.
    deadline: AtomicU64,
    /// Since when the connection has been resting between requests; [`NEVER`] where it does not
    /// rest.
    resting_since: AtomicU64,
    /// Boxed, so that the table stays small for descriptors that are no connections.
    connection: Mutex<Option<Box<Connection>>>,
}

/// A point in time that no clock reaches.
pub const NEVER: u64 = u64::MAX;

impl Slot {
    fn empty() -> Slot {
        Slot {
            news: AtomicU8::new(0),
            deadline: AtomicU64::new(NEVER),
            resting_since: AtomicU64::new(NEVER),
            connection: Mutex::new(None),
        }
    }

    /// Puts a new connection into the slot and `announce`s it; where that fails, the slot stays
    /// empty. Waits for the former owner of the descriptor, which has closed it and is about to let
    /// go.
    ///
    /// Returns whether news has come at once, so that the caller must attend to it.
    ///
    /// # Errors
    ///
    /// Those of `announce`.
    pub fn put(
        &self,
        mut connection: Box<Connection>,
        announce: impl FnOnce(&mut Connection) -> io::Result<()>,
    ) -> io::Result<bool> {
        let mut place = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.news.store(0, Ordering::SeqCst);
        announce(&mut connection)?;
        self.note_times(&connection);
        *place = Some(connection);
        drop(place);
        fence(Ordering::SeqCst);
        Ok(self.news.load(Ordering::SeqCst) != 0)
    }

    /// Brings `news` to the connection: `act` is called as its owner, here or, where another thread
    /// owns it now, there.
    ///
    /// The two fences make one order of "leave the news, then try the lock" on one side and "let go
    /// of the lock, then look for news" on the other, so that news is never left lying.
    pub fn attend(&self, news: News, mut act: impl FnMut(&mut Option<Box<Connection>>, News)) {
        self.news.fetch_or(news.0, Ordering::SeqCst);
        loop {
            fence(Ordering::SeqCst);
            let Some(mut place) = self.try_own() else {
                return;
            };
            // Who goes on does not rest, and is not to be found by who looks for room.
            self.resting_since.store(NEVER, Ordering::Relaxed);
            act(&mut place, News(self.news.swap(0, Ordering::SeqCst)));
            match &*place {
                Some(connection) => self.note_times(connection),
                None => self.forget_times(),
            }
            drop(place);
            fence(Ordering::SeqCst);
            if self.news.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    }

    /// Whether the connection here is late at `now`; a hint.
    pub fn is_late(&self, now: u64) -> bool {
        self.deadline.load(Ordering::Relaxed) <= now
    }

    /// Since when the connection here has been resting, [`NEVER`] where it does not; a hint.
    pub fn resting_since(&self) -> u64 {
        self.resting_since.load(Ordering::Relaxed)
    }

    /// Whether there may be a connection here; a hint.
    pub fn is_taken(&self) -> bool {
        self.deadline.load(Ordering::Relaxed) != NEVER
    }

    fn try_own(&self) -> Option<MutexGuard<'_, Option<Box<Connection>>>> {
        match self.connection.try_lock() {
            Ok(place) => Some(place),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn note_times(&self, connection: &Connection) {
        self.deadline.store(connection.deadline(), Ordering::Relaxed);
        self.resting_since.store(connection.resting_since().unwrap_or(NEVER), Ordering::Relaxed);
    }

    fn forget_times(&self) {
        self.deadline.store(NEVER, Ordering::Relaxed);
        self.resting_since.store(NEVER, Ordering::Relaxed);
    }
}

/// All slots, by descriptor number. Memory is taken for 1,024 at a time, as descriptors grow.
pub struct Table {
    segments: Vec<OnceLock<Box<[Slot]>>>,
}

const SEGMENT: usize = 1024;

impl Table {
    /// A table for descriptors below `descriptors_max`.
    pub fn new(descriptors_max: usize) -> Table {
        Table {
            segments: (0..descriptors_max.div_ceil(SEGMENT)).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The slot of a descriptor; `None` beyond the table.
    pub fn slot(&self, number: usize) -> Option<&Slot> {
        let segment = self.segments.get(number / SEGMENT)?;
        let slots = segment.get_or_init(|| (0..SEGMENT).map(|_| Slot::empty()).collect());
        slots.get(number % SEGMENT)
    }

    /// Every slot that was ever used, and its descriptor's number.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.segments.iter().filter_map(OnceLock::get).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_that_goes_on_does_not_rest() {
        let slot = Slot::empty();
        slot.resting_since.store(0, Ordering::Relaxed);
        slot.attend(News::READY, |_, _| assert_eq!(slot.resting_since(), NEVER));
    }
}
