//! Sockets, threads, deadlines: from bound listeners to answered connections. What the answers are
//! is the site's.

mod access_log;
mod bind;
mod clock;
mod connection;
mod listener;
mod pool;
mod ready_set;
mod receiving;
mod sending;
mod settings;
mod socket;
mod table;
mod tickets;
mod transfer;
mod worker;

pub use access_log::TARGET as ACCESS_LOG;
pub use bind::{BindAddress, BindError, bind_all};
pub use listener::Listener;
pub use settings::Settings;

use crate::limits::{SWEEP_INTERVAL, TIDY_TURNS};
use crate::site::Site;
use pool::Pool;
use ready_set::ReadySet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tickets::Tickets;
use worker::{Common, CurrentSite, Worker};

/// A running server.
pub struct Server {
    pool: Arc<Pool>,
    listeners: Vec<Arc<Listener>>,
    /// The accept loops, as many for each listener as there are workers that wait.
    accepting: Vec<JoinHandle<()>>,
    /// The workers, and the thread that looks for late connections.
    working: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts the workers and the accept loops, and returns at once.
    ///
    /// # Errors
    ///
    /// Where the process is out of descriptors or threads.
    pub fn start(listeners: Vec<Listener>, site: Site, settings: Settings) -> io::Result<Server> {
        let threads = settings.threads.max(1);
        let common = Arc::new(Common {
            ready: ReadySet::new()?,
            tickets: Tickets::new(waiting_at_once(threads)),
            stopping: AtomicBool::new(false),
            started: Instant::now(),
            site: CurrentSite::new(Arc::new(site)),
            settings,
        });
        let pool = Arc::new(Pool::new(common));
        let listeners: Vec<_> = listeners.into_iter().map(Arc::new).collect();
        let mut working = Vec::with_capacity(threads + 1);
        for number in 0..threads {
            let pool = Arc::clone(&pool);
            working.push(spawn(format!("worker {number}"), move || pool.work())?);
        }
        let swept = Arc::clone(&pool);
        working.push(spawn("deadlines".to_owned(), move || look_for_late_ones(&swept))?);
        let accept = |listener: &Arc<Listener>| {
            let (listener, pool) = (Arc::clone(listener), Arc::clone(&pool));
            spawn("accept".to_owned(), move || listener::accept_all(&listener, &pool))
        };
        let accepting = (0..waiting_at_once(threads))
            .flat_map(|_| listeners.iter().map(accept))
            .collect::<io::Result<_>>()?;
        Ok(Server { pool, listeners, accepting, working })
    }

    /// The listening sockets, in the order they were given.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().map(Arc::as_ref)
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.pool.connections()
    }

    /// Answers further requests from another site.
    pub fn replace_site(&self, site: Site) {
        self.pool.common.site.replace(Arc::new(site));
    }

    /// Stops: closes the listening sockets and what rests, waits for the requests in flight, at
    /// most [`Settings::grace_time`], and ends the threads. Returns how many connections were cut
    /// off.
    pub fn stop(self) -> usize {
        let common = &self.pool.common;
        common.stopping.store(true, Ordering::SeqCst);
        self.listeners.iter().for_each(|listener| listener.stop());
        self.accepting.into_iter().for_each(join);
        drop(self.listeners);
        let mut worker = Worker::new(Arc::clone(common));
        worker.look_up();
        self.pool.tell_stopping(&mut worker);
        access_log::flush();
        let all_ended = self.pool.wait_for_fewer_than(1, common.settings.grace_time);
        self.pool.close();
        self.working.iter().for_each(|thread| thread.thread().unpark());
        if all_ended {
            self.working.into_iter().for_each(join);
        } else {
            self.pool.cut_off();
            access_log::flush();
        }
        self.pool.connections()
    }
}

/// How many workers wait on the ready set at once: one a core, but never all of two or more, so
/// that there is a spare.
///
/// A second waiting worker a core costs 3 to 6% more CPU a request (1 KiB, 16 to 256 connections, 2
/// cores), since the kernel then wakes one that finds its core busy. A worker that is about to
/// block passes its ticket on anyway.
fn waiting_at_once(threads: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.min(threads - 1).max(1)
}

/// Stack of one thread in bytes: listings and requests live on the heap, so a little is enough.
const STACK_BYTES: usize = 256 * 1024;

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(work)
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        log::error!("a thread of the server panicked");
    }
}

/// Looks for late connections now and then, and seldom for files that are kept in vain, until the
/// server has stopped.
fn look_for_late_ones(pool: &Pool) {
    let mut worker = Worker::new(Arc::clone(&pool.common));
    let mut turns_to_tidy = TIDY_TURNS;
    while !pool.is_closed() {
        thread::park_timeout(SWEEP_INTERVAL);
        worker.look_up();
        pool.sweep(&mut worker);
        access_log::flush();
        turns_to_tidy -= 1;
        if turns_to_tidy == 0 {
            worker.site().tidy();
            turns_to_tidy = TIDY_TURNS;
        }
    }
}
