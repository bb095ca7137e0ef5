//! The ready set by the crate `mio`: kqueue(2), and on Linux epoll(7).
//!
//! Events are edge-triggered (EV_CLEAR): the kernel tells a change once. `mio` has one thread wait
//! at a time, so waiters take turns: one waits in the kernel, the others for their turn.

use crate::os::ready::{Event, Interest};
use mio::unix::SourceFd;
use mio::{Poll, Registry, Token, Waker};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// What one wait brought.
pub(crate) struct Events {
    told: mio::Events,
    is_closed: bool,
}

impl Events {
    /// Room for `count` events a wait.
    pub(crate) fn with_capacity(count: usize) -> Events {
        Events { told: mio::Events::with_capacity(count), is_closed: false }
    }

    /// Forgets what was told.
    pub(crate) fn clear(&mut self) {
        self.told.clear();
    }

    /// Whether nothing was told.
    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty() && !self.is_closed
    }

    /// What was told; `None` once the set is closed.
    pub(crate) fn told(&self) -> Option<impl Iterator<Item = Event>> {
        (!self.is_closed).then(|| self.told.iter().map(event))
    }
}

/// A set of sockets that any number of workers wait on together.
pub(crate) struct ReadySet {
    /// Held while its holder waits.
    turn: Mutex<Poll>,
    registry: Registry,
    waker: Waker,
    is_closed: AtomicBool,
}

/// No connection has this number: it would be a descriptor beyond any limit.
const ANNOUNCED: Token = Token(usize::MAX);

impl ReadySet {
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub(crate) fn new() -> io::Result<ReadySet> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, ANNOUNCED)?;
        Ok(ReadySet { turn: Mutex::new(poll), registry, waker, is_closed: AtomicBool::new(false) })
    }

    /// Adds a socket; what it is ready for already counts as a change and is told at once.
    ///
    /// # Errors
    ///
    /// ENOMEM (kevent(2)).
    pub(crate) fn add(
        &self,
        socket: impl AsFd,
        number: usize,
        interest: Interest,
    ) -> io::Result<()> {
        let descriptor = socket.as_fd().as_raw_fd();
        self.registry.register(&mut SourceFd(&descriptor), Token(number), interests(interest))
    }

    /// Sets what a socket waits for, and has everything told anew that it is ready for: to add an
    /// event that is there already looks at its state anew.
    ///
    /// # Errors
    ///
    /// ENOMEM (kevent(2)).
    pub(crate) fn renew(
        &self,
        socket: impl AsFd,
        number: usize,
        interest: Interest,
    ) -> io::Result<()> {
        let descriptor = socket.as_fd().as_raw_fd();
        self.registry.reregister(&mut SourceFd(&descriptor), Token(number), interests(interest))
    }

    /// Waits until a connection can go on, and notes in `events` those that can: each is told to
    /// one waiter only.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub(crate) fn wait(&self, events: &mut Events) -> io::Result<()> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(turn, events, None)
    }

    /// As [`ReadySet::wait`], but where no connection can go on now, it notes none. While another
    /// worker has its turn, that one is told of all that can.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub(crate) fn look(&self, events: &mut Events) -> io::Result<()> {
        let turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                events.clear();
                return Ok(());
            }
        };
        self.fill(turn, events, Some(Duration::ZERO))
    }

    fn fill(
        &self,
        mut turn: MutexGuard<'_, Poll>,
        events: &mut Events,
        time: Option<Duration>,
    ) -> io::Result<()> {
        events.clear();
        let is_closed = || self.is_closed.load(Ordering::SeqCst);
        if !is_closed() {
            match turn.poll(&mut events.told, time) {
                Err(error) if error.kind() == ErrorKind::Interrupted => events.clear(),
                result => result?,
            }
        }
        events.is_closed = is_closed();
        Ok(())
    }

    /// Has one waiter told that something was announced: that there is news in the pool's own list.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn announce(&self) -> io::Result<()> {
        self.waker.wake()
    }

    /// Ends every wait, now and later: it wakes who waits in the kernel, and the others see it when
    /// their turn comes.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn close(&self) -> io::Result<()> {
        self.is_closed.store(true, Ordering::SeqCst);
        self.waker.wake()
    }
}

fn interests(interest: Interest) -> mio::Interest {
    match interest {
        Interest::Readable => mio::Interest::READABLE,
        Interest::ReadableOrWritable => mio::Interest::READABLE | mio::Interest::WRITABLE,
    }
}

fn event(told: &mio::event::Event) -> Event {
    match told.token() {
        ANNOUNCED => Event::Announced,
        Token(number) => {
            let hung_up = told.is_read_closed() || told.is_write_closed() || told.is_error();
            Event::Ready { number, hung_up }
        }
    }
}
