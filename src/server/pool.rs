//! The pool: all connections, and how news reaches them.
//!
//! What one worker does is in `worker`.

use super::clock::Clock;
use super::connection::{Connection, Fate};
use super::listener::Listener;
use super::ready_set::Event;
use super::settings::Settings;
use super::shared::Shared;
use super::slot::News;
use super::socket::Socket;
use super::table::{Place, Table};
use super::turn::{Buffers, Turn};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The connections, and how news reaches them.
pub(super) struct Pool {
    pub shared: Shared,
    /// Empty once the server stops.
    listeners: Mutex<Vec<Arc<Listener>>>,
    table: Table,
    /// News from threads that may not act on connections themselves (the watcher, accept loops): a
    /// waiter brings it.
    told: Mutex<VecDeque<(usize, News)>>,
    /// Connections in the table.
    connections: AtomicUsize,
    /// Wakes the threads that wait for a connection to end.
    ended: Condvar,
    /// The number of threads that wait on `ended`.
    waiting: Mutex<usize>,
    /// When accept last failed because something has run out.
    ran_out: Mutex<Option<Instant>>,
    is_closed: AtomicBool,
}

impl Pool {
    pub(super) fn new(shared: Shared, listeners: Vec<Arc<Listener>>) -> Pool {
        Pool {
            table: Table::new(shared.settings.descriptors_max),
            shared,
            told: Mutex::new(VecDeque::new()),
            listeners: Mutex::new(listeners),
            connections: AtomicUsize::new(0),
            ended: Condvar::new(),
            waiting: Mutex::new(0),
            ran_out: Mutex::new(None),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Takes the listeners away, so that no worker begins to accept.
    pub(super) fn forget_listeners(&self) {
        lock(&self.listeners).clear();
    }

    /// The listener of this position, until the server stops.
    pub(super) fn listener(&self, position: usize) -> Option<Arc<Listener>> {
        lock(&self.listeners).get(position).cloned()
    }

    /// Acts on one event of the ready set.
    pub(super) fn go_on_with(&self, event: Event, turn: &mut Turn, buffers: &mut Buffers) {
        match event {
            Event::Ready { number, hung_up } => {
                let news = if hung_up { News::HUNG_UP } else { News::READY };
                self.attend_to(number, news, turn, buffers);
            }
            Event::Announced => self.attend_to_told(turn, buffers),
        }
    }

    /// Brings the news that other threads have left. What is left when the turn is over is
    /// announced again.
    fn attend_to_told(&self, turn: &mut Turn, buffers: &mut Buffers) {
        let next = || lock(&self.told).pop_front();
        while let Some((number, news)) = next() {
            self.attend_to(number, news, turn, buffers);
            if turn.is_over() {
                return self.announce();
            }
        }
    }

    /// Brings news to the connection `number`, if there is one.
    pub(super) fn attend_to(
        &self,
        number: usize,
        news: News,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) {
        if let Some(place) = self.table.place(number) {
            self.attend(place, news, turn, buffers);
        }
    }

    /// Brings news to the connection in `place`.
    fn attend(&self, place: &Place, news: News, turn: &mut Turn, buffers: &mut Buffers) {
        self.attend_by(Connection::go_on, place, news, turn, buffers);
    }

    /// Brings news to the connection in `place`, and calls `go_on` on it. A panic costs this
    /// connection only. A connection that ends has its lines in the log before its client sees the
    /// end.
    fn attend_by(
        &self,
        go_on: fn(&mut Connection, News, &mut Turn, &mut Buffers) -> Fate,
        place: &Place,
        news: News,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) {
        let mut is_first = true;
        place.attend(news, |place, news| {
            let Some(connection) = place else { return };
            // News that another worker has brought since may be of a request that came after the
            // looks of this turn.
            if !std::mem::replace(&mut is_first, false) {
                turn.forget_looks();
            }
            let gone_on = AssertUnwindSafe(|| go_on(connection, news, turn, buffers));
            let fate = catch_unwind(gone_on).unwrap_or_else(|_| {
                let socket = connection.socket();
                log::error!("a worker panicked; it costs the connection {socket}");
                Fate::Close
            });
            if fate == Fate::Close {
                turn.lines().flush();
                *place = None;
                self.count_end();
            }
        });
    }

    /// Takes in an accepted socket that has been counted, and answers what has come on it.
    pub(super) fn take_in(&self, socket: Socket, turn: &mut Turn, buffers: &mut Buffers) {
        if let Some(place) = self.put(socket, turn.clock) {
            self.attend(place, News::READY, turn, buffers);
        }
    }

    /// Puts an accepted socket that has been counted into its place. No thread acts on it yet.
    fn put(&self, socket: Socket, clock: &Clock) -> Option<&Place> {
        let number = socket.number();
        let Some(place) = self.table.place(number) else {
            let max = self.shared.settings.descriptors_max;
            log::error!("{socket} is beyond the limit of {max} descriptors");
            drop(socket);
            self.count_end();
            return None;
        };
        let client = socket.peer().number();
        place.put(Box::new(Connection::new(socket, clock, &self.shared)), client);
        Some(place)
    }

    /// Takes in an accepted socket and leaves it to a waiter.
    pub(super) fn hand_over(&self, socket: Socket, clock: &Clock) {
        let number = socket.number();
        if self.put(socket, clock).is_some() {
            self.tell([(number, News::READY)]);
        }
    }

    /// Counts a connection that is about to be taken in; `false` if there are too many, or too few
    /// descriptors left for it.
    pub(super) fn count_in(&self) -> bool {
        let Settings { connections_max, descriptors_each, .. } = self.shared.settings;
        if !self.shared.descriptors.has_room_for(descriptors_each as u64) {
            return false;
        }
        let one_more = |count| (count < connections_max).then_some(count + 1);
        self.connections.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    /// Connections now.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits at most `time` until fewer than `count` connections are left. Returns whether they
    /// are.
    pub(super) fn wait_for_fewer_than(&self, count: usize, time: Duration) -> bool {
        let mut waiting = lock(&self.waiting);
        *waiting += 1;
        let (mut waiting, _) = self
            .ended
            .wait_timeout_while(waiting, time, |_| self.connections() >= count)
            .unwrap_or_else(PoisonError::into_inner);
        *waiting -= 1;
        self.connections() < count
    }

    /// Notes that accept has failed because something has run out. Returns whether this is the
    /// first time within `time`, since one line in the log is enough for a burst.
    pub(super) fn is_new_burst(&self, time: Duration) -> bool {
        let last = lock(&self.ran_out).replace(Instant::now());
        last.is_none_or(|last| last.elapsed() > time)
    }

    /// Tells the connection that loses least by it to make room, if there is one.
    pub(super) fn make_room(&self, now: u64) {
        let number = self.table.who_makes_room(now);
        self.tell(number.map(|number| (number, News::MAKE_ROOM)));
    }

    /// Leaves every connection whose deadline has passed to a waiter. If descriptors are short,
    /// also tells one connection to make room for the answers that wait for a descriptor.
    pub(super) fn sweep(&self, now: u64) {
        if self.shared.descriptors.is_short() {
            self.make_room(now);
        }
        // What the last sweep has left comes first.
        if lock(&self.told).is_empty() {
            let late = self.table.places().filter(|(_, place)| place.is_late(now));
            self.tell(late.map(|(number, _)| (number, News::LOOK)));
        }
    }

    /// Leaves every connection to a waiter, because the server is stopping: those that rest are
    /// closed.
    pub(super) fn tell_stopping(&self) {
        let taken = self.table.places().filter(|(_, place)| place.is_taken());
        self.tell(taken.map(|(number, _)| (number, News::LOOK)));
    }

    /// Leaves news to a waiter. This never holds the caller up.
    fn tell(&self, news: impl IntoIterator<Item = (usize, News)>) {
        let mut told = lock(&self.told);
        told.extend(news);
        let is_news = !told.is_empty();
        drop(told);
        if is_news {
            self.announce();
        }
    }

    fn announce(&self) {
        if let Err(error) = self.shared.ready.announce() {
            log::error!("the ready set: {error}");
        }
    }

    /// Closes every connection that no worker is busy with, and logs the answer that it was
    /// sending. Returns how many were cut off, because they did not rest; these still count as
    /// connections.
    pub(super) fn cut_off(&self) -> usize {
        let mut cut_off = 0;
        let lines = &self.shared.watch.posts()[0].lines;
        for (_, place) in self.table.places().filter(|(_, place)| place.is_taken()) {
            place.attend(News::LOOK, |place, _| {
                let Some(connection) = place.take() else { return };
                connection.log_cut_off(lines);
                match connection.rests() {
                    true => self.count_end(),
                    false => cut_off += 1,
                }
            });
        }
        self.shared.watch.posts().iter().for_each(|post| post.lines.flush());
        cut_off
    }

    /// Ends each worker once it has finished with its present connection.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.shared.tickets.close();
        if let Err(error) = self.shared.ready.close() {
            log::error!("the ready set: {error}");
        }
        self.shared.watch.wake();
    }

    /// Whether the pool was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Counts a connection that has ended, or was not taken in after all.
    pub(super) fn count_end(&self) {
        self.connections.fetch_sub(1, Ordering::SeqCst);
        if *lock(&self.waiting) > 0 {
            self.ended.notify_all();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::server::socket::Peer;
    use crate::server::testing::Room;
    use crate::server::worker::Worker;
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    /// A connection that the pool has taken in: the client's end, and the place.
    fn connect<'a>(pool: &'a Pool, worker: &mut Worker) -> (UnixStream, &'a Place) {
        let (client, socket) = UnixStream::pair().expect("sockets");
        let socket = Socket::new(OwnedFd::from(socket), Peer::Unix).expect("a socket");
        let number = socket.number();
        assert!(pool.count_in());
        worker.turn(None, |turn, buffers| pool.take_in(socket, turn, buffers));
        (client, pool.table.place(number).expect("a place"))
    }

    #[test]
    fn a_panic_costs_one_connection_and_the_worker_goes_on() {
        let room = Room::new();
        let pool = &room.pool;
        let mut worker = room.worker();
        let (mut client, place) = connect(pool, &mut worker);
        assert_eq!(pool.connections(), 1);
        worker.turn(None, |turn, buffers| {
            let panics = |_: &mut Connection, _, _: &mut Turn, _: &mut Buffers| panic!("as asked");
            pool.attend_by(panics, place, News::READY, turn, buffers);
        });
        assert_eq!(pool.connections(), 0);
        assert_eq!(client.read(&mut [0]).expect("an end"), 0);
        let (mut client, place) = connect(pool, &mut worker);
        client.write_all(b"GET /file HTTP/1.0\r\n\r\n").expect("room");
        worker.turn(None, |turn, buffers| {
            pool.attend(place, News::READY, turn, buffers);
        });
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    }

    #[test]
    fn who_is_late_is_attended_to_by_a_waiter_and_not_by_the_watcher() {
        let room = Room::with(|_, server| server.head_time = Duration::ZERO);
        let pool = &room.pool;
        let mut worker = room.worker();
        // Late at once: closed by the turn that takes it in. One that is put there and not attended
        // to waits for the sweep.
        let (_client, socket) = UnixStream::pair().expect("sockets");
        let socket = Socket::new(OwnedFd::from(socket), Peer::Unix).expect("a socket");
        assert!(pool.count_in());
        pool.hand_over(socket, &Clock::new(pool.shared.started));
        pool.sweep(u64::MAX - 1);
        assert_eq!(pool.connections(), 1);
        assert!(worker.wait());
        let events = || pool.shared.watch.posts()[0].events();
        assert_eq!(events().pop_front(), Some(Event::Announced));
        worker.turn(None, |turn, buffers| pool.attend_to_told(turn, buffers));
        assert_eq!(pool.connections(), 0);
    }
}
