//! The watcher: sees which worker is held up, and has a spare step in for it. It also looks for late
//! connections now and then.
//!
//! A worker tells that it is busy by one store a turn. The watcher looks every [`LOOK_INTERVAL`]
//! while there is work, and sleeps when there is none. A worker that it sees twice in the same turn
//! is held up by something: a disk, a network file system, a large page. Its ticket passes to a
//! spare, and the spare takes the events that the worker has not come to, and its lines.
//!
//! The watcher answers nothing and touches no file, so nothing can hold it up.

use super::access_log::Lines;
use super::clock::Clock;
use super::current_site::SiteCache;
use super::duty::{Duty, Seen};
use super::pool::Pool;
use super::ready_set::Event;
use super::tickets::{Role, Ticket};
use crate::limits::{LOOK_INTERVAL, LOOKS_BEFORE_SLEEP, SWEEP_INTERVAL};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};

/// What a worker shows to the others.
pub struct Post {
    /// The worker's number.
    pub number: usize,
    pub duty: Duty,
    role: AtomicUsize,
    /// Events of the present turn that the worker has not come to.
    events: Mutex<VecDeque<Event>>,
    pub lines: Lines,
    pub site: SiteCache,
}

impl Post {
    fn new(number: usize) -> Post {
        Post {
            number,
            duty: Duty::new(),
            role: AtomicUsize::new(0),
            events: Mutex::new(VecDeque::new()),
            lines: Lines::default(),
            site: SiteCache::default(),
        }
    }

    /// The role of the ticket that the worker holds, or has held last. Dear work is not passed on,
    /// so it counts as none.
    pub fn role(&self) -> Role {
        match self.role.load(Ordering::Relaxed) {
            0 => Role::Wait,
            listener => Role::Accept(listener - 1),
        }
    }

    /// Notes the role of a ticket that was taken.
    pub fn set_role(&self, role: Role) {
        let number = match role {
            Role::Wait | Role::Dear(_) => 0,
            Role::Accept(listener) => listener + 1,
        };
        self.role.store(number, Ordering::Relaxed);
    }

    /// The events that are left for this turn.
    pub fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All posts, and whether somebody looks at them.
pub struct Watch {
    posts: Box<[Post]>,
    is_asleep: AtomicBool,
    watcher: OnceLock<Thread>,
}

impl Watch {
    /// Posts for so many workers.
    pub fn new(workers: usize) -> Watch {
        Watch {
            posts: (0..workers).map(Post::new).collect(),
            is_asleep: AtomicBool::new(false),
            watcher: OnceLock::new(),
        }
    }

    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// Begins a turn of the worker at `post`, whose ticket may be lent or not.
    pub fn begin(&self, post: &Post, may_be_lent: bool) {
        post.duty.begin(may_be_lent);
        if self.is_asleep.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Has the watcher look at once.
    pub fn wake(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.get() {
            watcher.unpark();
        }
    }

    /// Whether a worker is in a turn.
    fn is_anyone_busy(&self) -> bool {
        self.posts.iter().any(|post| post.duty.look().is_busy())
    }
}

/// Watches the workers of `pool` until it is closed.
pub fn watch(pool: &Pool) {
    let watch = &pool.shared.watch;
    watch.watcher.get_or_init(thread::current);
    let mut clock = Clock::new(pool.shared.started);
    let mut seen = vec![Seen::default(); watch.posts.len()];
    let (mut quiet_looks, mut next_sweep) = (0, clock.after(SWEEP_INTERVAL));
    while !pool.is_closed() {
        clock.look();
        if clock.ticks() >= next_sweep {
            pool.sweep(clock.ticks());
            next_sweep = clock.after(SWEEP_INTERVAL);
        }
        quiet_looks = if look(pool, &mut seen) { 0 } else { quiet_looks + 1 };
        if quiet_looks < LOOKS_BEFORE_SLEEP {
            thread::park_timeout(LOOK_INTERVAL);
            continue;
        }
        watch.is_asleep.store(true, Ordering::SeqCst);
        // Whoever has begun before this store is seen here; whoever begins after it wakes us.
        if !watch.is_anyone_busy() {
            thread::park_timeout(SWEEP_INTERVAL);
        }
        if !watch.is_asleep.swap(false, Ordering::SeqCst) {
            quiet_looks = 0;
        }
    }
}

/// Looks at every worker, and has spares step in for those that are held up. Whether anything has
/// happened since the last look.
fn look(pool: &Pool, seen: &mut [Seen]) -> bool {
    let mut has_happened = false;
    for (post, seen) in pool.shared.watch.posts.iter().zip(seen) {
        let now = post.duty.look();
        has_happened |= now != *seen || now.is_busy();
        if now == *seen && now.holds_ticket() {
            lend(pool, post, now);
        }
        *seen = now;
    }
    has_happened
}

/// Has a spare, where there is one, play the role of a worker that is held up.
fn lend(pool: &Pool, post: &Post, seen: Seen) {
    let tickets = &pool.shared.tickets;
    if !tickets.has_spare() || !post.duty.take_from(seen) {
        return;
    }
    log::debug!("worker {} is held up: a spare steps in", post.number);
    // The ticket is out of the worker's hands, so it goes on whether the spare is still there or not.
    tickets.lay_down(Ticket { role: post.role(), from: Some(post.number) });
}
