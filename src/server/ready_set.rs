//! The ready set: which connections can go on now. It is the pool's queue, kept by the kernel.
//!
//! Events are edge-triggered: the kernel tells a change once, to one waiting worker. What it tells
//! while another worker has the connection is noted in the connection's slot (see `table`). A
//! connection that is armed has the proof that it may wait.

use super::drained::Drained;
use crate::os::ready_set as os;
use std::io;
use std::os::fd::AsFd;

pub(super) use crate::os::ready_set::Events;
pub(super) use crate::os::{Event, Interest};

/// A set of sockets that any number of workers wait on together.
pub(super) struct ReadySet(os::ReadySet);

impl ReadySet {
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub(super) fn new() -> io::Result<ReadySet> {
        os::ReadySet::new().map(ReadySet)
    }

    /// Adds a socket; what it is ready for already counts as a change and is told at once.
    ///
    /// # Errors
    ///
    /// ENOMEM, or the limit of watched descriptors is reached.
    pub(super) fn add(
        &self,
        socket: impl AsFd,
        number: usize,
        interest: Interest,
    ) -> io::Result<Drained> {
        self.0.add(socket, number, interest)?;
        Ok(Drained::armed())
    }

    /// Sets what a socket waits for, and has everything told anew that it is ready for: so a
    /// connection that gives way to others, although it could go on, comes back.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(super) fn renew(
        &self,
        socket: impl AsFd,
        number: usize,
        interest: Interest,
    ) -> io::Result<Drained> {
        self.0.renew(socket, number, interest)?;
        Ok(Drained::armed())
    }

    /// Waits until a connection can go on, and notes in `events` those that can: each is told to
    /// one waiter only.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub(super) fn wait(&self, events: &mut Events) -> io::Result<()> {
        self.0.wait(events)
    }

    /// As [`ReadySet::wait`], but where no connection can go on now, it notes none.
    ///
    /// # Errors
    ///
    /// None that a correct program meets; a caller may try again.
    pub(super) fn look(&self, events: &mut Events) -> io::Result<()> {
        self.0.look(events)
    }

    /// Has one waiter told that something was announced: that there is news in the pool's own list.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(super) fn announce(&self) -> io::Result<()> {
        self.0.announce()
    }

    /// Ends every wait, now and later.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(super) fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    const READY: Event = Event::Ready { number: 7, hung_up: false };

    /// What a look tells.
    fn told(ready: &ReadySet) -> Vec<Event> {
        let mut events = Events::with_capacity(4);
        ready.look(&mut events).expect("a look");
        events.told().expect("an open set").collect()
    }

    #[test]
    fn a_change_is_told_once_and_again_when_armed_anew() {
        let ready = ReadySet::new().expect("a set");
        let (mut client, socket) = UnixStream::pair().expect("sockets");
        let _ = ready.add(&socket, 7, Interest::Readable).expect("room");
        assert_eq!(told(&ready), []);
        client.write_all(b"a").expect("room");
        assert_eq!(told(&ready), [READY]);
        assert_eq!(told(&ready), []);
        let _ = ready.renew(&socket, 7, Interest::Readable).expect("it is there");
        assert_eq!(told(&ready), [READY]);
    }

    #[test]
    fn room_is_told_to_who_waits_for_it_alone() {
        let ready = ReadySet::new().expect("a set");
        let (_client, socket) = UnixStream::pair().expect("sockets");
        let _ = ready.add(&socket, 7, Interest::ReadableOrWritable).expect("room");
        assert_eq!(told(&ready), [READY]);
        let _ = ready.renew(&socket, 7, Interest::Readable).expect("it is there");
        assert_eq!(told(&ready), []);
    }

    #[test]
    fn the_end_of_the_clients_side_is_told() {
        let ready = ReadySet::new().expect("a set");
        let (client, socket) = UnixStream::pair().expect("sockets");
        let _ = ready.add(&socket, 7, Interest::Readable).expect("room");
        client.shutdown(Shutdown::Write).expect("an open socket");
        assert_eq!(told(&ready), [Event::Ready { number: 7, hung_up: true }]);
    }

    #[test]
    fn each_announcement_is_told_and_a_closed_set_tells_nothing_else() {
        let ready = ReadySet::new().expect("a set");
        for _ in 0..3 {
            ready.announce().expect("room");
            assert_eq!(told(&ready), [Event::Announced]);
            assert_eq!(told(&ready), []);
        }
        ready.close().expect("room");
        let mut events = Events::with_capacity(4);
        ready.wait(&mut events).expect("a wait");
        assert!(events.told().is_none());
    }
}
