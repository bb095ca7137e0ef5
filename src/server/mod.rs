//! Sockets, threads, deadlines: from bound listeners to answered connections. What the answers are
//! is the site's.

mod accept;
mod access_log;
mod bind;
mod bound;
mod budget;
mod clock;
mod connection;
mod current_site;
mod drained;
mod duty;
mod inherited;
mod listener;
mod machine;
#[cfg(all(test, loom))]
mod model;
mod pace;
mod pool;
mod posts;
mod ready_set;
mod settings;
mod shared;
mod slot;
mod socket;
mod table;
#[cfg(all(test, not(loom)))]
mod testing;
mod tickets;
mod transfer;
mod turn;
mod watch;
mod wildcard;
mod worker;
mod yields;

pub use crate::http::forwarded::TrustedProxy;
pub use access_log::TARGET as ACCESS_LOG;
pub use bind::{BindAddress, bind_all};
#[cfg(feature = "internals")]
pub use bound::Bound;
pub use inherited::Inherited;
pub use listener::Listener;
pub use machine::machine_names;
pub use settings::Settings;
pub use wildcard::Wildcard;

use crate::limits::{HOUSEKEEPING_INTERVAL, SETTLE_TIME, THREADS_MAX};
use crate::site::Site;
use budget::Budget;
use clock::Clock;
use current_site::CurrentSite;
use pool::Pool;
use posts::Watch;
use ready_set::ReadySet;
use shared::Shared;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tickets::{Role, Tickets};
use worker::Worker;

/// A running server.
pub struct Server {
    pool: Arc<Pool>,
    listeners: Vec<Arc<Listener>>,
    /// The workers and the watcher.
    threads: Vec<JoinHandle<()>>,
    /// Looks after the files that are kept; it may be held up by them.
    housekeeper: JoinHandle<()>,
}

impl Server {
    /// Starts the workers, and returns at once.
    ///
    /// There are [`Settings::threads`] workers for connections, and as many more as block in
    /// accept, and one, so that there is a spare to begin with.
    ///
    /// # Errors
    ///
    /// Where the process is out of descriptors or threads.
    pub fn start(listeners: Vec<Listener>, site: Site, settings: Settings) -> io::Result<Server> {
        let listeners: Vec<_> = listeners.into_iter().map(Arc::new).collect();
        let at_once = waiting_at_once(settings.threads);
        let accepting = at_once.saturating_mul(listeners.len());
        let workers = settings.threads.max(1).saturating_add(accepting).saturating_add(1);
        if workers > THREADS_MAX {
            let message = format!("{workers} threads are more than {THREADS_MAX}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let changes = (settings.threads / 4).max(1);
        let shared = Shared {
            ready: ReadySet::new()?,
            tickets: Tickets::new(roles(at_once, listeners.len()), listings_at_once(), changes),
            watch: Watch::new(workers),
            memory: Arc::new(Budget::new(settings.memory_max)),
            descriptors: Arc::new(Budget::new(settings.connection_descriptors_max as u64)),
            site: CurrentSite::new(Arc::new(site)),
            leaving: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            started: Instant::now(),
            settings,
        };
        let pool = Arc::new(Pool::new(shared, listeners.clone()));
        match start_threads(&pool, workers) {
            Ok((threads, housekeeper)) => Ok(Server { pool, listeners, threads, housekeeper }),
            Err(error) => {
                listeners.iter().for_each(|listener| listener.end_accepts());
                pool.close();
                Err(error)
            }
        }
    }

    /// The listening sockets, in the order they were given.
    pub fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter().map(Arc::as_ref)
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.pool.connections()
    }

    /// Answers further requests from another site. The former one is let go of as soon as the turns
    /// that have begun with it are over.
    pub fn replace_site(&self, site: Site) {
        let places = self.pool.shared.watch.posts().iter().map(|post| &post.site);
        self.pool.shared.site.replace(Arc::new(site), places);
    }

    /// From here on each answer is the last of its connection, so that clients and proxies go
    /// elsewhere; no client is refused. To be called some time before the server is stopped.
    pub fn leave(&self) {
        self.pool.shared.leaving.store(true, Ordering::SeqCst);
    }

    /// Stops: serves the clients that the kernel has let in already and no others, closes the
    /// listening sockets and the resting connections, waits for the requests in flight, and ends
    /// the threads. All this takes [`Settings::grace_time`] at most. Returns how many connections
    /// were cut off.
    pub fn stop(self) -> usize {
        let pool = Arc::clone(&self.pool);
        let (threads, _housekeeper) = self.close();
        if pool.connections() == 0 {
            threads.into_iter().for_each(join);
        }
        pool.connections()
    }

    /// The same as [`Server::stop`], but returns only when no thread is left, however long a disk
    /// holds one up.
    pub fn stop_and_join(self) {
        let (threads, housekeeper) = self.close();
        threads.into_iter().for_each(join);
        join(housekeeper);
    }

    /// Ends the connections, and tells the threads to end.
    fn close(self) -> Threads {
        let pool = &self.pool;
        let grace = pool.shared.settings.grace_time.min(LONGEST_GRACE);
        let deadline = Instant::now() + grace;
        self.leave();
        pool.shared.stopping.store(true, Ordering::SeqCst);
        self.listeners.iter().for_each(|listener| accept::drain(listener, pool, deadline));
        self.listeners.iter().for_each(|listener| listener.end_accepts());
        pool.forget_listeners();
        drop(self.listeners);
        pool.tell_stopping();
        let left = deadline.saturating_duration_since(Instant::now());
        let all_ended = pool.wait_for_fewer_than(1, left);
        pool.close();
        self.housekeeper.thread().unpark();
        if !all_ended {
            // A worker that the disk holds up is not waited for, one that is just ending a
            // connection is.
            let cut_off = pool.cut_off();
            pool.wait_for_fewer_than(cut_off + 1, SETTLE_TIME);
        }
        (self.threads, self.housekeeper)
    }
}

/// A grace beyond any use, so that no sum of times overflows.
const LONGEST_GRACE: Duration = Duration::from_secs(1 << 32);

/// How many workers wait on the ready set at once, and as many accept on each listener: one a core,
/// but if there are several workers never all of them, so that there is a spare.
///
/// A second waiting worker a core costs 3 to 6% more CPU a request (1 KiB, 16 to 256 connections, 2
/// cores), since the kernel then wakes one that finds its core busy. A worker that is about to
/// block passes its ticket on anyway.
fn waiting_at_once(threads: usize) -> usize {
    cores().min(threads.saturating_sub(1)).max(1)
}

/// How many listings are made at once: half of the cores are left for all else.
fn listings_at_once() -> usize {
    (cores() / 2).max(1)
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The roles that are always played: `at_once` waiters, and as many accept loops on each listener.
/// Their order mixes them, so that no kind is missing if there are too few workers for all.
fn roles(at_once: usize, listeners: usize) -> impl Iterator<Item = Role> {
    let each = move || [Role::Wait].into_iter().chain((0..listeners).map(Role::Accept));
    (0..at_once).flat_map(move |_| each())
}

/// The workers with the watcher, and the housekeeper.
type Threads = (Vec<JoinHandle<()>>, JoinHandle<()>);

fn start_threads(pool: &Arc<Pool>, workers: usize) -> io::Result<Threads> {
    let mut threads = Vec::with_capacity(workers + 1);
    for number in 0..workers {
        let pool = Arc::clone(pool);
        threads.push(spawn(format!("worker {number}"), move || Worker::new(&pool, number).work())?);
    }
    let watched = Arc::clone(pool);
    threads.push(spawn("watcher".to_owned(), move || watch::watch(&watched))?);
    let kept = Arc::clone(pool);
    let housekeeper = spawn("housekeeper".to_owned(), move || keep_house(&kept))?;
    Ok((threads, housekeeper))
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

/// Lets the site look after what it keeps, now and then, until the pool is closed. The disk may
/// hold this thread up, so no other thread waits for it.
fn keep_house(pool: &Pool) {
    while !pool.is_closed() {
        thread::park_timeout(HOUSEKEEPING_INTERVAL);
        let held = pool.shared.site.get();
        let site = held.site();
        site.look_at_root();
        let now = Clock::new(pool.shared.started).now();
        while site.let_go(now) {}
    }
}
