//! The ready set by epoll(7).
//!
//! Events are edge-triggered: the kernel tells a change once, to one waiting worker, and nothing
//! has to be armed anew after a request: one-shot events, which need a call each time, cost 2 to 9%
//! more CPU a request (1 KiB, 16 to 256 connections). This is the only file that knows epoll.

use crate::os::ready::{Event, Interest};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// What one wait brought.
pub(crate) struct Events(Vec<epoll::Event>);

impl Events {
    /// Room for `count` events a wait.
    pub(crate) fn with_capacity(count: usize) -> Events {
        Events(Vec::with_capacity(count))
    }

    /// Forgets what was told.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether nothing was told.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was told; `None` once the set is closed.
    pub(crate) fn told(&self) -> Option<impl ExactSizeIterator<Item = Event>> {
        let is_closed = self.0.iter().any(|event| event.data.u64() == CLOSED);
        (!is_closed).then(|| self.0.iter().map(event))
    }
}

/// A set of sockets that any number of workers wait on together.
pub(crate) struct ReadySet {
    epoll: OwnedFd,
    /// Readable once the set is closed, for every waiter: it is never read and not edge-triggered.
    closed: OwnedFd,
    /// Each write to it is an edge, and so is told to one waiter. It is never read.
    announced: OwnedFd,
}

/// No connection has one of these numbers: they would be descriptors beyond any limit.
const CLOSED: u64 = u64::MAX;
const ANNOUNCED: u64 = u64::MAX - 1;

impl ReadySet {
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub(crate) fn new() -> io::Result<ReadySet> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let (closed, announced) = (eventfd(0, flags)?, eventfd(0, flags)?);
        epoll::add(&epoll, &closed, EventData::new_u64(CLOSED), EventFlags::IN)?;
        let edge = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &announced, EventData::new_u64(ANNOUNCED), edge)?;
        Ok(ReadySet { epoll, closed, announced })
    }

    /// Adds a socket; what it is ready for already counts as a change and is told at once.
    ///
    /// # Errors
    ///
    /// ENOMEM, or ENOSPC where the user's limit of watched descriptors is reached (epoll_ctl(2)).
    pub(crate) fn add(
        &self,
        socket: impl AsFd,
        number: usize,
        interest: Interest,
    ) -> io::Result<()> {
        let data = EventData::new_u64(number as u64);
        epoll::add(&self.epoll, socket, data, flags(interest))?;
        Ok(())
    }

    /// Sets what a socket waits for, and has everything told anew that it is ready for: so a
    /// connection that gives way to others, although it could go on, comes back.
    ///
    /// # Errors
    ///
    /// ENOMEM (epoll_ctl(2)).
    pub(crate) fn renew(
        &self,
        socket: impl AsFd,
        number: usize,
        interest: Interest,
    ) -> io::Result<()> {
        let data = EventData::new_u64(number as u64);
        epoll::modify(&self.epoll, socket, data, flags(interest))?;
        Ok(())
    }

    /// Waits until a connection can go on, and notes in `events` those that can: each is told to
    /// one waiter only.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub(crate) fn wait(&self, events: &mut Events) -> io::Result<()> {
        self.fill(events, None)
    }

    /// As [`ReadySet::wait`], but where no connection can go on now, it notes none.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub(crate) fn look(&self, events: &mut Events) -> io::Result<()> {
        self.fill(events, Some(&Timespec::default()))
    }

    fn fill(&self, events: &mut Events, time: Option<&Timespec>) -> io::Result<()> {
        events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut events.0), time) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Has one waiter told that something was announced: that there is news in the pool's own list.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn announce(&self) -> io::Result<()> {
        rustix::io::write(&self.announced, &1u64.to_ne_bytes())?;
        Ok(())
    }

    /// Ends every wait, now and later.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn close(&self) -> io::Result<()> {
        rustix::io::write(&self.closed, &1u64.to_ne_bytes())?;
        Ok(())
    }
}

fn flags(interest: Interest) -> EventFlags {
    let readable = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    match interest {
        Interest::Readable => readable,
        Interest::ReadableOrWritable => readable | EventFlags::OUT,
    }
}

fn event(told: &epoll::Event) -> Event {
    let hung_up = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
    let told_flags = told.flags;
    match told.data.u64() {
        ANNOUNCED => Event::Announced,
        number => Event::Ready { number: number as usize, hung_up: told_flags.intersects(hung_up) },
    }
}
