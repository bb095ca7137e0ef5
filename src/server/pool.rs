//! The pool: a fixed number of workers over the ready set (see `design` in the README).

use super::access_log;
use super::connection::{Connection, Fate};
use super::ready_set::{Event, Events};
use super::socket::Socket;
use super::table::{News, Slot, Table};
use super::worker::{Common, Worker};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Events that one wait may bring to one worker. With 4 a request costs 2 to 5% less CPU than with
/// 1 (1 KiB, 16 to 256 connections, 2 cores); 8 save no more, and at 64 connections double the 99th
/// percentile, because the last of them waits behind the others.
const EVENTS_MAX: usize = 4;

/// The connections, and the workers' work on them.
pub struct Pool {
    pub common: Arc<Common>,
    table: Table,
    /// Connections in the table.
    connections: AtomicUsize,
    /// Wakes who waits for a connection to end.
    ended: Condvar,
    /// Goes with `ended`; counts who waits.
    waiting: Mutex<usize>,
    is_closed: AtomicBool,
}

impl Pool {
    pub fn new(common: Arc<Common>) -> Pool {
        Pool {
            table: Table::new(common.settings.descriptors_max),
            common,
            connections: AtomicUsize::new(0),
            ended: Condvar::new(),
            waiting: Mutex::new(0),
            is_closed: AtomicBool::new(false),
        }
    }

    /// One worker's life: takes a ticket, waits, goes on with what can go on, until the pool is
    /// closed.
    pub fn work(&self) {
        let mut worker = Worker::new(Arc::clone(&self.common));
        let mut events = Events::with_capacity(EVENTS_MAX);
        while worker.take_ticket() {
            if let Err(error) = self.wait(&mut events) {
                log::error!("epoll_wait: {error}");
            }
            let Some(told) = events.told() else { break };
            self.go_on_with(told, &mut worker);
        }
        self.common.tickets.close();
        access_log::flush();
    }

    /// Waits for connections that can go on. A worker that has nothing to do gives its lines of the
    /// access log away first.
    fn wait(&self, events: &mut Events) -> io::Result<()> {
        if access_log::has_lines() {
            self.common.ready.look(events)?;
            if !events.is_empty() {
                access_log::flush_old();
                return Ok(());
            }
            access_log::flush();
        }
        self.common.ready.wait(events)
    }

    fn go_on_with(&self, mut told: impl ExactSizeIterator<Item = Event>, worker: &mut Worker) {
        worker.look_up();
        while let Some(Event { number, hung_up }) = told.next() {
            worker.set_awaited(told.len() > 0);
            if let Some(slot) = self.table.slot(number) {
                self.attend(slot, if hung_up { News::HUNG_UP } else { News::READY }, worker);
            }
        }
        worker.set_awaited(true);
    }

    /// Brings news to the connection in `slot`.
    fn attend(&self, slot: &Slot, news: News, worker: &mut Worker) {
        slot.attend(news, |place, news| {
            let Some(connection) = place else { return };
            if go_on(connection, news, worker) == Fate::Close {
                *place = None;
                self.count_end();
            }
        });
    }

    /// Counts a connection that is about to be taken in; `false` where there are as many as there
    /// may be.
    pub fn count_in(&self) -> bool {
        let max = self.common.settings.connections_max;
        let one_more = |count| (count < max).then_some(count + 1);
        let counted = self.connections.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        counted.is_ok()
    }

    /// Takes in an accepted socket that has been counted: goes on with it as far as it can now, and
    /// puts it into the ready set if it is to wait.
    pub fn take_in(&self, socket: Socket, worker: &mut Worker) {
        let mut connection = Box::new(Connection::new(socket, &worker.clock, worker.settings()));
        if go_on(&mut connection, News::READY, worker) == Fate::Close {
            drop(connection);
            return self.count_end();
        }
        let Some(slot) = self.table.slot(connection.socket().number()) else {
            log::error!(
                "no place for {}: beyond {} descriptors",
                connection.socket(),
                self.common.settings.descriptors_max
            );
            return self.count_end();
        };
        match slot.put(connection, |connection| connection.watch(&self.common.ready)) {
            Ok(false) => {}
            Ok(true) => self.attend(slot, News::NONE, worker),
            Err(error) => {
                log::error!("epoll_ctl: {error}");
                self.count_end();
            }
        }
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until fewer than `count` connections are left, at most `time`; whether they are.
    pub fn wait_for_fewer_than(&self, count: usize, time: Duration) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting += 1;
        let (mut waiting, _) = self
            .ended
            .wait_timeout_while(waiting, time, |_| self.connections() >= count)
            .unwrap_or_else(PoisonError::into_inner);
        *waiting -= 1;
        self.connections() < count
    }

    /// Has the connection that has rested longest make room; `false` where none rests.
    pub fn make_room(&self, worker: &mut Worker) -> bool {
        let now = worker.clock.ticks();
        let resting = self.table.slots().filter(|slot| slot.resting_since() <= now);
        let Some(longest) = resting.min_by_key(|slot| slot.resting_since()) else {
            return false;
        };
        self.attend(longest, News::MAKE_ROOM, worker);
        true
    }

    /// Goes on with every connection whose deadline has passed.
    pub fn sweep(&self, worker: &mut Worker) {
        let now = worker.clock.ticks();
        self.table
            .slots()
            .filter(|slot| slot.is_late(now))
            .for_each(|slot| self.attend(slot, News::LATE, worker));
    }

    /// Tells every connection that the server is stopping: those that rest are closed.
    pub fn tell_stopping(&self, worker: &mut Worker) {
        self.table
            .slots()
            .filter(|slot| slot.is_taken())
            .for_each(|slot| self.attend(slot, News::STOPPING, worker));
    }

    /// Closes every connection that no worker is busy with, so that its answer has a line in the
    /// log. It still counts.
    pub fn cut_off(&self) {
        self.table
            .slots()
            .filter(|slot| slot.is_taken())
            .for_each(|slot| slot.attend(News::NONE, |place, _| *place = None));
    }

    /// Ends the workers, once each has finished with the connection it goes on with.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.common.tickets.close();
        if let Err(error) = self.common.ready.close() {
            log::error!("the ready set: {error}");
        }
    }

    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Counts a connection that has ended.
    fn count_end(&self) {
        self.connections.fetch_sub(1, Ordering::SeqCst);
        if *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) > 0 {
            self.ended.notify_all();
        }
    }
}

/// Goes on with a connection. A panic costs that one. What was logged of it is in the log before
/// its client sees the end.
fn go_on(connection: &mut Connection, news: News, worker: &mut Worker) -> Fate {
    let fate = catch_unwind(AssertUnwindSafe(|| connection.go_on(news, worker)));
    let fate = fate.unwrap_or_else(|_| {
        log::error!("a worker panicked; it costs the connection {}", connection.socket());
        worker.recover();
        Fate::Close
    });
    if fate == Fate::Close {
        access_log::flush();
    }
    fate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::socket::Peer;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;

    /// A connection that the pool has taken in: the client's end, and the slot.
    fn connect<'a>(pool: &'a Pool, worker: &mut Worker) -> (TcpStream, &'a Slot) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).expect("a connection");
        let (accepted, peer) = listener.accept().expect("a connection");
        let socket = Socket::new(OwnedFd::from(accepted), Peer::Inet(peer.ip()));
        let number = socket.number();
        assert!(pool.count_in());
        pool.take_in(socket, worker);
        (client, pool.table.slot(number).expect("a slot"))
    }

    #[test]
    fn a_panic_costs_one_connection_and_the_worker_goes_on() {
        let root = tempfile::tempdir().expect("a directory");
        let pool = Pool::new(Arc::new(Common::for_tests(root.path())));
        let mut worker = Worker::new(Arc::clone(&pool.common));
        let (mut client, slot) = connect(&pool, &mut worker);
        client.write_all(b"GET / HT").expect("bytes are taken");
        pool.attend(slot, News::READY, &mut worker);
        assert_eq!(pool.connections(), 1);
        // Without room for what it has kept, the connection panics.
        worker.input = Vec::new();
        pool.attend(slot, News::READY, &mut worker);
        assert_eq!(pool.connections(), 0);
        assert_eq!(client.read(&mut [0]).expect("an end"), 0);
        let (mut client, slot) = connect(&pool, &mut worker);
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("bytes are taken");
        pool.attend(slot, News::READY, &mut worker);
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.0 404 "), "{answer}");
    }
}
