//! What a worker brings to a connection: its buffers, its clock, the site, and whether it may
//! block.

use super::access_log;
use super::clock::Clock;
use super::ready_set::ReadySet;
use super::settings::Settings;
use super::tickets::Tickets;
use crate::limits::INPUT_BYTES;
use crate::site::Site;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What all workers have in common.
pub struct Common {
    pub ready: ReadySet,
    pub settings: Settings,
    pub tickets: Tickets,
    pub stopping: AtomicBool,
    pub started: Instant,
    pub site: CurrentSite,
}

/// The site that requests are answered from, until another takes its place.
pub struct CurrentSite {
    /// Counts the exchanges, so that a worker need not take the lock to see that there was none.
    generation: AtomicU64,
    site: Mutex<Arc<Site>>,
}

impl CurrentSite {
    pub fn new(site: Arc<Site>) -> CurrentSite {
        CurrentSite { generation: AtomicU64::new(0), site: Mutex::new(site) }
    }

    /// Puts another site in its place; requests that have begun end with the former one.
    pub fn replace(&self, site: Arc<Site>) {
        *self.site.lock().unwrap_or_else(PoisonError::into_inner) = site;
        self.generation.fetch_add(1, Ordering::Release);
    }

    fn get(&self) -> (u64, Arc<Site>) {
        let generation = self.generation.load(Ordering::Acquire);
        (generation, Arc::clone(&self.site.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// One thread's own things. Buffers belong to workers, not to connections, so that waiting costs no
/// memory.
pub struct Worker {
    pub common: Arc<Common>,
    pub clock: Clock,
    /// [`INPUT_BYTES`] for what is received.
    pub input: Vec<u8>,
    /// For the head of an answer.
    pub head: Vec<u8>,
    site: Arc<Site>,
    generation: u64,
    /// Whether this worker still holds its ticket to wait on the ready set.
    has_ticket: bool,
    /// Whether other connections depend on this worker's going on soon.
    is_awaited: bool,
}

impl Worker {
    /// A worker without a ticket, which may not block.
    pub fn new(common: Arc<Common>) -> Worker {
        let (generation, site) = common.site.get();
        Worker {
            clock: Clock::new(common.started),
            input: vec![0; INPUT_BYTES],
            head: Vec::with_capacity(1024),
            site,
            generation,
            has_ticket: false,
            is_awaited: true,
            common,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.common.settings
    }

    pub fn is_stopping(&self) -> bool {
        self.common.stopping.load(Ordering::Relaxed)
    }

    /// The present site.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// Begins a turn: looks at the clock, and whether there is another site.
    pub fn look_up(&mut self) {
        self.clock.look();
        if self.common.site.generation.load(Ordering::Acquire) != self.generation {
            (self.generation, self.site) = self.common.site.get();
        }
    }

    /// Gives the worker its buffers back after a panic, which may have lost them.
    pub fn recover(&mut self) {
        self.input.resize(INPUT_BYTES, 0);
        self.head.clear();
    }

    /// Waits for a ticket unless this worker has one. `false` once the pool is closed.
    pub fn take_ticket(&mut self) -> bool {
        if !self.has_ticket {
            access_log::flush();
            self.has_ticket = self.common.tickets.take();
        }
        self.has_ticket
    }

    /// Notes whether further connections wait for this worker, behind the one it goes on with now.
    pub fn set_awaited(&mut self, is_awaited: bool) {
        self.is_awaited = is_awaited;
    }

    /// Asks for leave to block on a client: given where no connection waits for this worker and a
    /// spare steps in.
    pub fn may_block(&mut self) -> bool {
        if self.is_awaited {
            return false;
        }
        if self.has_ticket && self.common.tickets.pass_on() {
            self.has_ticket = false;
        }
        if !self.has_ticket {
            access_log::flush();
        }
        !self.has_ticket
    }
}

#[cfg(test)]
impl Common {
    /// What the workers of a pool that serves `root` have in common, with one ticket.
    pub fn for_tests(root: &std::path::Path) -> Common {
        let site =
            crate::site::Settings { root: root.to_owned(), ..crate::site::Settings::default() };
        Common {
            ready: ReadySet::new().expect("a ready set"),
            tickets: Tickets::new(1),
            stopping: AtomicBool::new(false),
            started: Instant::now(),
            site: CurrentSite::new(Arc::new(Site::open(site).expect("a site"))),
            settings: Settings::default(),
        }
    }
}
