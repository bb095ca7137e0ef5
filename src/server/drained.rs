//! The proof that a connection may wait: the kernel, or the queue for dear work, will tell the next
//! change.
//!
//! Events are edge-triggered (epoll(7)): a change is told once. A connection that waited without
//! having seen the end of what was told would wait for ever. So a state can only wait with a
//! [`Drained`] in hand, and only what stands here makes one.

/// The proof. It is used up by waiting.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a connection waits with it"]
pub struct Drained(());

/// The place of a connection in the queue for dear work, which tells it of its turn. It is proof
/// for as long as the connection keeps it.
#[derive(Debug)]
pub(super) struct InLine(());

impl InLine {
    /// The connection was put into the queue.
    pub(super) fn queued() -> InLine {
        InLine(())
    }
}

impl Drained {
    /// A call has returned EAGAIN: the next change is a new edge.
    pub(super) fn would_block() -> Drained {
        Drained(())
    }

    /// A receive brought less than there was room for, so nothing is left. `None` if the client has
    /// hung up: the end comes behind the bytes, and was told already.
    pub(super) fn short_receive(received: usize, room: usize, hung_up: bool) -> Option<Drained> {
        (received < room && !hung_up).then_some(Drained(()))
    }

    /// The connection is in the queue for dear work.
    pub(super) fn in_line(_: &InLine) -> Drained {
        Drained(())
    }

    /// The connection has a deadline, and is looked at when that has passed.
    pub(super) fn until_deadline() -> Drained {
        Drained(())
    }

    /// The connection was armed anew: the kernel tells once more what it is ready for.
    pub(super) fn armed() -> Drained {
        Drained(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_short_receive_from_a_client_that_is_there_drains() {
        let rows = [(10, 20, false, true), (20, 20, false, false), (10, 20, true, false)];
        for (received, room, hung_up, drains) in rows {
            assert_eq!(Drained::short_receive(received, room, hung_up).is_some(), drains);
        }
    }
}
