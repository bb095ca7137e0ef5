//! Posts: each worker shows here what it does, to the watcher and to a spare that takes over.

use super::access_log::Lines;
use super::current_site::SitePlace;
use super::duty::Duty;
use super::ready_set::Event;
use super::tickets::Role;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// What a worker shows to the others.
pub(super) struct Post {
    /// The worker's number.
    pub number: usize,
    pub duty: Duty,
    role: AtomicUsize,
    /// Events of the present turn that the worker has not come to.
    events: Mutex<VecDeque<Event>>,
    pub lines: Lines,
    pub site: SitePlace,
}

impl Post {
    fn new(number: usize) -> Post {
        Post {
            number,
            duty: Duty::new(),
            role: AtomicUsize::new(0),
            events: Mutex::new(VecDeque::new()),
            lines: Lines::default(),
            site: SitePlace::default(),
        }
    }

    /// The role of the ticket that the worker holds, or has held last. Dear work is not passed on,
    /// so it counts as none.
    pub(super) fn role(&self) -> Role {
        match self.role.load(Ordering::Relaxed) {
            0 => Role::Wait,
            listener => Role::Accept(listener - 1),
        }
    }

    /// Notes the role of a ticket that was taken.
    pub(super) fn set_role(&self, role: Role) {
        let number = match role {
            Role::Wait | Role::Dear(_) => 0,
            Role::Accept(listener) => listener + 1,
        };
        self.role.store(number, Ordering::Relaxed);
    }

    /// The events that are left for this turn.
    pub(super) fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All posts, and whether somebody looks at them.
pub(super) struct Watch {
    posts: Box<[Post]>,
    is_asleep: AtomicBool,
    watcher: OnceLock<Thread>,
}

impl Watch {
    /// Posts for this number of workers.
    pub(super) fn new(workers: usize) -> Watch {
        Watch {
            posts: (0..workers).map(Post::new).collect(),
            is_asleep: AtomicBool::new(false),
            watcher: OnceLock::new(),
        }
    }

    pub(super) fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// Begins a turn of the worker at `post`, whose ticket may be lent or not.
    pub(super) fn begin(&self, post: &Post, may_be_lent: bool) {
        post.duty.begin(may_be_lent);
        if self.is_asleep.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Wakes the watcher, so that it looks at once.
    pub(super) fn wake(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.get() {
            watcher.unpark();
        }
    }

    /// Makes the calling thread the one that [`Watch::wake`] wakes.
    pub(super) fn begin_to_look(&self) {
        self.watcher.get_or_init(thread::current);
    }

    /// Sleeps for at most `time`, or not at all while a worker is in a turn. Returns whether a
    /// worker has begun a turn since.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        // A worker that began its turn before this store is seen here; one that begins after it
        // wakes us.
        if !self.is_anyone_busy() {
            thread::park_timeout(time);
        }
        !self.is_asleep.swap(false, Ordering::SeqCst)
    }

    /// Whether a worker is in a turn.
    fn is_anyone_busy(&self) -> bool {
        self.posts.iter().any(|post| post.duty.look().is_busy())
    }
}
