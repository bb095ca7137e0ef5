//! What all states need of their connection: its socket, its deadline, and how it waits.

use crate::server::budget::Held;
use crate::server::clock::Clock;
use crate::server::drained::Drained;
use crate::server::ready_set::{Interest, ReadySet};
use crate::server::socket::Socket;
use std::io;

/// What all states need of their connection.
pub(super) struct Io {
    pub socket: Socket,
    /// What the ready set tells of it; `None` as long as it is not there.
    pub interest: Option<Interest>,
    /// In milliseconds of the server's clock; `None` where nothing is asked of the client.
    pub deadline: Option<u64>,
    /// When the last request was answered. A connection that was never used counts from
    /// [`FRESH_TIME_MIN`](crate::limits::FRESH_TIME_MIN) after accept.
    pub rests_since: u64,
    /// Whether an answer has been sent on it.
    pub is_used: bool,
    /// Whether the kernel has told that the client ended its side.
    pub hung_up: bool,
    /// Whether the next bytes had arrived before this turn's wait returned.
    pub has_come: bool,
    /// Whether the last turn received exactly once, and received one whole request and nothing
    /// else. After such a turn, the bytes that the next event tells of are there when the wait
    /// returns.
    pub is_plain: bool,
    /// Requests answered in this turn.
    pub answered: u32,
    /// Whether the dear work that was asked for can be done now.
    pub is_its_turn: bool,
    /// The socket's own descriptor.
    pub _held: Held,
}

impl Io {
    /// The number by which the ready set and the table know the connection.
    pub(super) fn number(&self) -> usize {
        self.socket.number()
    }

    pub(super) fn is_late(&self, clock: &Clock) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= clock.ticks())
    }

    /// Lets the connection wait for what `interest` says. Without the proof that it has `drained`
    /// its events it is armed anew, so that the next wait returns it at once.
    pub(super) fn wait(
        &mut self,
        interest: Interest,
        drained: Option<Drained>,
        ready: &ReadySet,
    ) -> io::Result<Drained> {
        match drained {
            Some(drained) if self.interest == Some(interest) => Ok(drained),
            Some(_) => self.arm(interest, ready),
            None => self.arm(Interest::ReadableOrWritable, ready),
        }
    }

    /// Makes the ready set tell anew what the connection is ready for.
    fn arm(&mut self, interest: Interest, ready: &ReadySet) -> io::Result<Drained> {
        let (socket, number) = (&self.socket, self.socket.number());
        match self.interest.replace(interest) {
            None => ready.add(socket, number, interest),
            Some(_) => ready.renew(socket, number, interest),
        }
    }
}
