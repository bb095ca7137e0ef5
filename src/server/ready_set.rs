//! The ready set: which connections can go on now. It is the pool's queue, kept by the kernel
//! (epoll(7)).
//!
//! Events are edge-triggered: the kernel tells a change once, to one waiting worker, and nothing
//! has to be armed anew after a request: one-shot events, which need a call each time, cost 2 to 9%
//! more CPU a request (1 KiB, 16 to 256 connections). What is told while a connection is with
//! another worker is noted in its slot (see `table`). This is the only file that knows epoll.

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// What a connection may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Bytes from the client, or its end.
    Readable,
    /// That, and room for more of the answer.
    ReadableOrWritable,
}

/// A change the kernel told of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number that the connection was added with.
    pub number: usize,
    /// Whether the client has ended its side, or the connection has failed.
    pub hung_up: bool,
}

/// What one wait brought.
pub struct Events(Vec<epoll::Event>);

impl Events {
    /// Room for `count` events a wait.
    pub fn with_capacity(count: usize) -> Events {
        Events(Vec::with_capacity(count))
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was told; `None` once the set is closed.
    pub fn told(&self) -> Option<impl ExactSizeIterator<Item = Event>> {
        let is_closed = self.0.iter().any(|event| event.data.u64() == CLOSED);
        (!is_closed).then(|| self.0.iter().map(event))
    }
}

/// A set of sockets that any number of workers wait on together.
pub struct ReadySet {
    epoll: OwnedFd,
    /// Readable once the set is closed, for every waiter: it is never read and not edge-triggered.
    closed: OwnedFd,
}

/// No connection has this number: it would be a descriptor beyond any limit.
const CLOSED: u64 = u64::MAX;

impl ReadySet {
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub fn new() -> io::Result<ReadySet> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let closed = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &closed, EventData::new_u64(CLOSED), EventFlags::IN)?;
        Ok(ReadySet { epoll, closed })
    }

    /// Adds a socket; what it is ready for already counts as a change and is told at once.
    ///
    /// # Errors
    ///
    /// ENOMEM, or ENOSPC where the user's limit of watched descriptors is reached (epoll_ctl(2)).
    pub fn add(&self, socket: impl AsFd, number: usize, interest: Interest) -> io::Result<()> {
        let data = EventData::new_u64(number as u64);
        Ok(epoll::add(&self.epoll, socket, data, flags(interest))?)
    }

    /// Sets what a socket waits for, and has everything told anew that it is ready for: so a
    /// connection that gives way to others, although it could go on, comes back.
    ///
    /// # Errors
    ///
    /// ENOMEM (epoll_ctl(2)).
    pub fn renew(&self, socket: impl AsFd, number: usize, interest: Interest) -> io::Result<()> {
        let data = EventData::new_u64(number as u64);
        Ok(epoll::modify(&self.epoll, socket, data, flags(interest))?)
    }

    /// Waits until a connection can go on, and notes in `events` those that can: each is told to
    /// one waiter only.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub fn wait(&self, events: &mut Events) -> io::Result<()> {
        self.fill(events, None)
    }

    /// As [`ReadySet::wait`], but where no connection can go on now, it notes none.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub fn look(&self, events: &mut Events) -> io::Result<()> {
        self.fill(events, Some(&Timespec::default()))
    }

    fn fill(&self, events: &mut Events, time: Option<&Timespec>) -> io::Result<()> {
        events.0.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut events.0), time) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends every wait, now and later.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub fn close(&self) -> io::Result<()> {
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
    Event { number: told.data.u64() as usize, hung_up: told_flags.intersects(hung_up) }
}
