//! The pool: a fixed number of workers, each of which plays the role that its ticket says.

use super::clock::Clock;
use super::connection::{Connection, Fate};
use super::current_site::CurrentSite;
use super::listener::Listener;
use super::memory::Memory;
use super::ready_set::{Event, Events, ReadySet};
use super::settings::Settings;
use super::slot::News;
use super::socket::Socket;
use super::table::{Place, Table};
use super::tickets::{Dear, Role, Tickets};
use super::turn::{Buffers, Turn};
use super::watch::{Post, Watch};
use crate::site::Proofs;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Events that one wait may bring to one worker. With 4 a request costs 2 to 5% less CPU than with
/// 1 (1 KiB, 16 to 256 connections, 2 cores); 8 save no more, and at 64 connections double the 99th
/// percentile, because the last of them waits behind the others.
const EVENTS_MAX: usize = 4;

/// What all workers have in common.
pub struct Shared {
    pub ready: ReadySet,
    pub settings: Settings,
    pub tickets: Tickets,
    pub watch: Watch,
    pub memory: Arc<Memory>,
    pub site: CurrentSite,
    pub stopping: AtomicBool,
    pub started: Instant,
}

/// The connections, and the workers' work on them.
pub struct Pool {
    pub shared: Shared,
    /// Until the server stops.
    listeners: Mutex<Vec<Arc<Listener>>>,
    table: Table,
    /// News from who may not go on with connections, for a waiter to bring.
    told: Mutex<VecDeque<(usize, News)>>,
    /// Connections in the table.
    connections: AtomicUsize,
    /// Wakes who waits for a connection to end.
    ended: Condvar,
    /// Goes with `ended`; counts who waits.
    waiting: Mutex<usize>,
    /// When accept last failed because something has run out.
    ran_out: Mutex<Option<Instant>>,
    is_closed: AtomicBool,
}

/// One worker's own things.
pub struct Worker<'a> {
    post: &'a Post,
    clock: Clock,
    buffers: Buffers,
    proofs: Proofs,
    events: Events,
}

impl Pool {
    pub fn new(shared: Shared, listeners: Vec<Arc<Listener>>) -> Pool {
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

    /// Has no worker begin to accept.
    pub fn forget_listeners(&self) {
        lock(&self.listeners).clear();
    }

    /// One worker's life: takes a ticket and plays its role, until the pool is closed.
    pub fn work(&self, number: usize) {
        let mut worker = self.worker(number);
        while let Some(ticket) = self.shared.tickets.take() {
            worker.post.set_role(ticket.role);
            if let Some(other) = ticket.from.and_then(|from| self.shared.watch.posts().get(from)) {
                other.lines.flush();
                let left = std::mem::take(&mut *other.events());
                worker.post.events().extend(left);
            }
            match ticket.role {
                Role::Wait => self.wait_and_go_on(&mut worker),
                Role::Accept(listener) => self.accept_and_go_on(listener, &mut worker),
                Role::Dear(dear) => self.do_dear_work(dear, &mut worker),
            }
            worker.post.lines.flush();
        }
    }

    /// The worker of this number, before its first turn.
    pub fn worker(&self, number: usize) -> Worker<'_> {
        Worker {
            post: &self.shared.watch.posts()[number],
            clock: Clock::new(self.shared.started),
            buffers: Buffers::new(),
            proofs: Proofs::new(),
            events: Events::with_capacity(EVENTS_MAX),
        }
    }

    /// The role of a waiter: waits on the ready set and goes on with what it is told of, until the
    /// ticket has passed to another, or the pool is closed.
    fn wait_and_go_on(&self, worker: &mut Worker) {
        loop {
            // A spare begins with what was left by whom it steps in for.
            if worker.post.events().is_empty() && !self.wait(worker) {
                return;
            }
            let post = worker.post;
            let next = || post.events().pop_front();
            let keeps_ticket = self.turn(worker, None, |turn, buffers| {
                while let Some(event) = next() {
                    self.go_on_with(event, turn, buffers);
                }
            });
            if !keeps_ticket {
                return;
            }
        }
    }

    /// Waits for connections that can go on; `false` once the pool is closed. A worker that has
    /// nothing to do gives its lines of the access log away first.
    fn wait(&self, worker: &mut Worker) -> bool {
        let Worker { post, events, .. } = worker;
        let ready = &self.shared.ready;
        let waited = match post.lines.are_there() {
            true => ready.look(events).and_then(|()| match events.is_empty() {
                true => {
                    post.lines.flush();
                    ready.wait(events)
                }
                false => {
                    post.lines.flush_old();
                    Ok(())
                }
            }),
            false => ready.wait(events),
        };
        if let Err(error) = waited {
            log::error!("epoll_wait: {error}");
        }
        let Some(told) = events.told() else { return false };
        post.events().extend(told);
        true
    }

    /// The role of an accept loop: blocks in accept, and goes on with each new connection as a
    /// waiter would, until the ticket has passed to another, or the server stops. A connection that
    /// is still open goes into the ready set, where the waiters take over.
    ///
    /// As accept returns no TCP connection before its request is there, most need no one else. This
    /// costs 21 µs of CPU for a connection with one request, to hand each over 24 to 26; without
    /// TCP_DEFER_ACCEPT it makes no difference. One loop for both cores costs 17, but has twice the
    /// median latency and half as much again at the 99th percentile; the listening socket in the
    /// ready set costs 21 to 22 (1 KiB, 64 connections, 2 cores).
    fn accept_and_go_on(&self, listener: usize, worker: &mut Worker) {
        let Some(listener) = lock(&self.listeners).get(listener).cloned() else { return };
        while let Some(socket) = listener.accept_one(self) {
            let keeps_ticket = self.turn(worker, None, |turn, buffers| {
                self.take_in(socket, turn, buffers);
            });
            if !keeps_ticket {
                return;
            }
            worker.post.lines.flush();
        }
    }

    /// Does dear work until none is queued. The ticket for it is not lent: its number is a bound.
    fn do_dear_work(&self, dear: Dear, worker: &mut Worker) {
        while let Some(number) = self.shared.tickets.next(dear) {
            self.turn(worker, Some(dear), |turn, buffers| {
                self.attend_to(number, News::DEAR, turn, buffers);
            });
        }
        if dear == Dear::Listing {
            self.shared.site.get().site().forget_listings();
        }
    }

    /// One turn of a worker. Whether the worker still has its ticket.
    pub fn turn(
        &self,
        worker: &mut Worker,
        dear: Option<Dear>,
        work: impl FnOnce(&mut Turn, &mut Buffers),
    ) -> bool {
        let Worker { post, clock, buffers, proofs, .. } = worker;
        self.shared.watch.begin(post, dear.is_none());
        let held = self.shared.site.take(&post.site);
        let mut turn = Turn::new(&self.shared, post, clock, held.site(), proofs, dear);
        work(&mut turn, buffers);
        proofs.clear();
        self.shared.site.leave(held, &post.site);
        post.duty.end()
    }

    fn go_on_with(&self, event: Event, turn: &mut Turn, buffers: &mut Buffers) {
        match event {
            Event::Ready { number, hung_up } => {
                let news = if hung_up { News::HUNG_UP } else { News::READY };
                self.attend_to(number, news, turn, buffers);
            }
            Event::Announced => self.attend_to_told(turn, buffers),
        }
    }

    /// Brings news to the connections that others have told of. What is left when the turn is over
    /// is announced again.
    fn attend_to_told(&self, turn: &mut Turn, buffers: &mut Buffers) {
        let next = || lock(&self.told).pop_front();
        while let Some((number, news)) = next() {
            self.attend_to(number, news, turn, buffers);
            if turn.is_over() {
                return self.announce();
            }
        }
    }

    fn attend_to(&self, number: usize, news: News, turn: &mut Turn, buffers: &mut Buffers) {
        if let Some(place) = self.table.place(number) {
            self.attend(place, news, turn, buffers);
        }
    }

    /// Brings news to the connection in `place`.
    fn attend(&self, place: &Place, news: News, turn: &mut Turn, buffers: &mut Buffers) {
        self.attend_by(Connection::go_on, place, news, turn, buffers);
    }

    /// Brings news to the connection in `place`, which `go_on` goes on with. A panic costs that one.
    /// What was logged of a connection that ends is in the log before its client sees the end.
    fn attend_by(
        &self,
        go_on: fn(&mut Connection, News, &mut Turn, &mut Buffers) -> Fate,
        place: &Place,
        news: News,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) {
        place.attend(news, |place, news| {
            let Some(connection) = place else { return };
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

    /// Takes in an accepted socket that has been counted: goes on with it as far as it can now.
    fn take_in(&self, socket: Socket, turn: &mut Turn, buffers: &mut Buffers) {
        if let Some(place) = self.put(socket, turn.clock) {
            self.attend(place, News::READY, turn, buffers);
        }
    }

    /// Puts an accepted socket that has been counted into its place, where nobody is told of it yet.
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
        place.put(Box::new(Connection::new(socket, clock, &self.shared.settings)), client);
        Some(place)
    }

    /// Takes in an accepted socket without going on with it: a waiter is told of it.
    pub fn hand_over(&self, socket: Socket, clock: &Clock) {
        let number = socket.number();
        if self.put(socket, clock).is_some() {
            self.tell([(number, News::READY)]);
        }
    }

    /// Counts a connection that is about to be taken in; `false` where there are as many as there
    /// may be.
    pub fn count_in(&self) -> bool {
        let max = self.shared.settings.connections_max;
        let one_more = |count| (count < max).then_some(count + 1);
        self.connections.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until fewer than `count` connections are left, at most `time`; whether they are.
    pub fn wait_for_fewer_than(&self, count: usize, time: Duration) -> bool {
        let mut waiting = lock(&self.waiting);
        *waiting += 1;
        let (mut waiting, _) = self
            .ended
            .wait_timeout_while(waiting, time, |_| self.connections() >= count)
            .unwrap_or_else(PoisonError::into_inner);
        *waiting -= 1;
        self.connections() < count
    }

    /// Notes that accept has failed because something has run out. Whether it is the first time for
    /// `time`: one line a burst is enough.
    pub fn is_new_burst(&self, time: Duration) -> bool {
        let last = lock(&self.ran_out).replace(Instant::now());
        last.is_none_or(|last| last.elapsed() > time)
    }

    /// Has the connection that loses least by it make room, if there is one.
    pub fn make_room(&self, now: u64) {
        let number = self.table.who_makes_room(now);
        self.tell(number.map(|number| (number, News::MAKE_ROOM)));
    }

    /// Has a waiter look at every connection whose deadline has passed.
    pub fn sweep(&self, now: u64) {
        // Those of the last time come first.
        if lock(&self.told).is_empty() {
            let late = self.table.places().filter(|(_, place)| place.is_late(now));
            self.tell(late.map(|(number, _)| (number, News::LOOK)));
        }
    }

    /// Has a waiter look at every connection, because the server is stopping: those that rest are
    /// closed.
    pub fn tell_stopping(&self) {
        let taken = self.table.places().filter(|(_, place)| place.is_taken());
        self.tell(taken.map(|(number, _)| (number, News::LOOK)));
    }

    /// Has a waiter bring news to connections. Whoever tells it is never held up.
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

    /// Closes every connection that no worker is busy with, so that its answer has a line in the
    /// log. One that does not rest is cut off, and still counts; returns how many these are.
    pub fn cut_off(&self) -> usize {
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

    /// Ends the workers, once each has finished with the connection it goes on with.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.shared.tickets.close();
        if let Err(error) = self.shared.ready.close() {
            log::error!("the ready set: {error}");
        }
        self.shared.watch.wake();
    }

    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Counts a connection that has ended.
    fn count_end(&self) {
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
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    /// A connection that the pool has taken in: the client's end, and the place.
    fn connect<'a>(pool: &'a Pool, worker: &mut Worker) -> (UnixStream, &'a Place) {
        let (client, socket) = UnixStream::pair().expect("sockets");
        let socket = Socket::new(OwnedFd::from(socket), Peer::Unix);
        let number = socket.number();
        assert!(pool.count_in());
        pool.turn(worker, None, |turn, buffers| pool.take_in(socket, turn, buffers));
        (client, pool.table.place(number).expect("a place"))
    }

    #[test]
    fn a_panic_costs_one_connection_and_the_worker_goes_on() {
        let room = Room::new();
        let pool = &room.pool;
        let mut worker = room.worker();
        let (mut client, place) = connect(pool, &mut worker);
        assert_eq!(pool.connections(), 1);
        pool.turn(&mut worker, None, |turn, buffers| {
            let panics = |_: &mut Connection, _, _: &mut Turn, _: &mut Buffers| panic!("as asked");
            pool.attend_by(panics, place, News::READY, turn, buffers);
        });
        assert_eq!(pool.connections(), 0);
        assert_eq!(client.read(&mut [0]).expect("an end"), 0);
        let (mut client, place) = connect(pool, &mut worker);
        client.write_all(b"GET /file HTTP/1.0\r\n\r\n").expect("room");
        pool.turn(&mut worker, None, |turn, buffers| {
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
        let socket = Socket::new(OwnedFd::from(socket), Peer::Unix);
        assert!(pool.count_in());
        pool.hand_over(socket, &Clock::new(pool.shared.started));
        pool.sweep(u64::MAX - 1);
        assert_eq!(pool.connections(), 1);
        assert!(pool.wait(&mut worker));
        assert_eq!(worker.post.events().pop_front(), Some(Event::Announced));
        pool.turn(&mut worker, None, |turn, buffers| pool.attend_to_told(turn, buffers));
        assert_eq!(pool.connections(), 0);
    }
}
