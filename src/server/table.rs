//! The connection table: a slot for each descriptor, in which a connection waits until a thread
//! owns it, and what other threads may know of it.

use super::connection::Connection;
use super::slot::{News, Slot};
use super::yields::Yields;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The place of one connection. The numbers beside the slot are hints for those who do not own it.
pub(super) struct Place {
    /// Boxed, so that the table stays small for descriptors that are no connections.
    slot: Slot<Box<Connection>>,
    /// When the connection will be late, in milliseconds of the server's clock.
    deadline: AtomicU64,
    /// From when on it can make room for another, in milliseconds of the server's clock.
    yields_at: AtomicU64,
    /// How little is lost when it does: a [`Yields`].
    yields: AtomicU8,
    /// Stands for the client's address; 0 in an empty place.
    client: AtomicU64,
}

/// A point in time that no clock reaches: for a connection that is never late, or never makes room.
pub(super) const NEVER: u64 = u64::MAX;

impl Place {
    fn empty() -> Place {
        Place {
            slot: Slot::empty(),
            deadline: AtomicU64::new(NEVER),
            yields_at: AtomicU64::new(NEVER),
            yields: AtomicU8::new(0),
            client: AtomicU64::new(0),
        }
    }

    /// Moves a new connection in (see [`Slot::put`]); `client` stands for its client's address.
    pub(super) fn put(&self, connection: Box<Connection>, client: u64) {
        self.client.store(client, Ordering::Relaxed);
        self.slot.put(connection);
    }

    /// Brings `news` (see [`Slot::attend`]). A connection that is acted on is not idle: it is
    /// hidden from [`Table::who_makes_room`].
    pub(super) fn attend(
        &self,
        news: News,
        mut act: impl FnMut(&mut Option<Box<Connection>>, News),
    ) {
        self.slot.attend(news, |place, news| {
            self.yields_at.store(NEVER, Ordering::Relaxed);
            act(place, news);
            match place {
                Some(connection) => self.note(connection),
                None => self.forget(),
            }
        });
    }

    /// Whether the connection here is late at `now`; a hint.
    pub(super) fn is_late(&self, now: u64) -> bool {
        self.deadline.load(Ordering::Relaxed) <= now
    }

    /// Whether there may be a connection here; a hint.
    pub(super) fn is_taken(&self) -> bool {
        self.client.load(Ordering::Relaxed) != 0
    }

    fn note(&self, connection: &Connection) {
        self.deadline.store(connection.deadline().unwrap_or(NEVER), Ordering::Relaxed);
        if let Some((yields, at)) = connection.yields() {
            self.yields.store(yields as u8, Ordering::Relaxed);
            self.yields_at.store(at, Ordering::Relaxed);
        }
    }

    fn forget(&self) {
        self.deadline.store(NEVER, Ordering::Relaxed);
        self.client.store(0, Ordering::Relaxed);
    }

    /// What it would lose by making room at `now`, and since when it could.
    fn could_yield(&self, now: u64) -> Option<(Yields, u64)> {
        let at = self.yields_at.load(Ordering::Relaxed);
        let yields = match self.yields.load(Ordering::Relaxed) {
            0 => Yields::Lingering,
            1 => Yields::Resting,
            _ => Yields::HalfAHead,
        };
        (at <= now).then_some((yields, at))
    }
}

/// All places, by descriptor number. Memory is taken for 1,024 at a time, as descriptors grow.
pub(super) struct Table {
    segments: Vec<OnceLock<Box<[Place]>>>,
}

const SEGMENT: usize = 1024;

impl Table {
    /// A table for descriptors below `descriptors_max`.
    pub(super) fn new(descriptors_max: usize) -> Table {
        let segments = descriptors_max.div_ceil(SEGMENT);
        Table { segments: (0..segments).map(|_| OnceLock::new()).collect() }
    }

    /// The place of a descriptor; `None` beyond the table.
    pub(super) fn place(&self, number: usize) -> Option<&Place> {
        let segment = self.segments.get(number / SEGMENT)?;
        let places = segment.get_or_init(|| (0..SEGMENT).map(|_| Place::empty()).collect());
        places.get(number % SEGMENT)
    }

    /// Every place that was ever used, with its descriptor's number.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, &Place)> {
        let segments = self.segments.iter().enumerate();
        let used = segments.filter_map(|(at, segment)| Some((at * SEGMENT, segment.get()?)));
        used.flat_map(|(first, places)| {
            places.iter().enumerate().map(move |(at, place)| (first + at, place))
        })
    }

    /// The number of the connection that makes room with the least loss: one that lingers, else the
    /// one that has rested longest, else the oldest half-sent head of the client that has the most
    /// connections, if it has several. `None` where there is none of these.
    pub(super) fn who_makes_room(&self, now: u64) -> Option<usize> {
        let candidates =
            || self.places().filter_map(|(number, at)| Some((at.could_yield(now)?, number, at)));
        let (best, number, _) = candidates().min_by_key(|&(loss, ..)| loss)?;
        if best.0 < Yields::HalfAHead {
            return Some(number);
        }
        let greediest = self.greediest_client()?;
        let is_its = |place: &Place| place.client.load(Ordering::Relaxed) == greediest;
        let of_it = candidates().filter(|(.., place)| is_its(place));
        of_it.min_by_key(|&(loss, ..)| loss).map(|(_, number, _)| number)
    }

    /// The client with the most connections; `None` where none has more than one.
    fn greediest_client(&self) -> Option<u64> {
        let mut clients: Vec<u64> =
            self.places().map(|(_, place)| place.client.load(Ordering::Relaxed)).collect();
        clients.retain(|&client| client != 0);
        clients.sort_unstable();
        let runs = clients.chunk_by(|one, other| one == other);
        let longest = runs.max_by_key(|run| run.len())?;
        (longest.len() > 1).then(|| longest[0])
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A table whose first places have these clients, losses and times.
    fn table(rows: &[(u64, Yields, u64)]) -> Table {
        let table = Table::new(rows.len());
        for (number, &(client, yields, at)) in rows.iter().enumerate() {
            let place = table.place(number).expect("a place");
            place.client.store(client, Ordering::Relaxed);
            place.yields.store(yields as u8, Ordering::Relaxed);
            place.yields_at.store(at, Ordering::Relaxed);
        }
        table
    }

    /// Which of them makes room at 100.
    fn chosen(rows: &[(u64, Yields, u64)]) -> Option<usize> {
        table(rows).who_makes_room(100)
    }

    #[test]
    fn who_loses_least_makes_room() {
        use Yields::{HalfAHead, Lingering, Resting};
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[(1, Resting, 50), (1, Lingering, 90), (1, Resting, 10)]), Some(1));
        assert_eq!(chosen(&[(1, Resting, 50), (1, HalfAHead, 5), (1, Resting, 10)]), Some(2));
        assert_eq!(chosen(&[(1, Resting, 101), (1, Resting, NEVER)]), None);
    }

    #[test]
    fn half_a_head_is_taken_from_the_client_with_the_most_connections() {
        use Yields::HalfAHead;
        let rows = [(1, HalfAHead, 5), (2, HalfAHead, 9), (2, HalfAHead, 7), (2, HalfAHead, 8)];
        assert_eq!(chosen(&rows), Some(2));
        // Nobody is the greediest where each has one.
        assert_eq!(chosen(&[(1, HalfAHead, 5), (2, HalfAHead, 9)]), None);
        // The greediest one is busy otherwise.
        assert_eq!(chosen(&[(1, HalfAHead, 5), (2, HalfAHead, NEVER), (2, HalfAHead, 101)]), None);
    }

    #[test]
    fn a_connection_that_is_acted_on_does_not_make_room() {
        let table = table(&[(1, Yields::Resting, 5)]);
        let place = table.place(0).expect("a place");
        place.attend(News::READY, |_, _| assert!(table.who_makes_room(100).is_none()));
    }
}
