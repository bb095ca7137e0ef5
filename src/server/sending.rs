//! An answer that the client has not taken at once: when a worker may block on it, and when it is
//! too late.

use super::clock::{Clock, milliseconds};
use super::socket::{Blocking, Peer, Socket};
use super::transfer::{After, Pushed, Transfer};
use super::worker::Worker;
use crate::limits::{STAY_TIME, WRITE_RATE_MIN};
use std::io;
use std::time::Instant;

/// An answer that the client has not taken at once.
#[derive(Debug)]
pub struct Sending {
    transfer: Transfer<'static>,
    /// In milliseconds of the server's clock, as the next.
    since: u64,
    /// When the socket last took a byte.
    last_taken: u64,
    /// Whether the client was too slow for a worker to block on it.
    is_slow: bool,
}

impl Sending {
    pub fn new(transfer: Transfer<'static>, clock: &Clock) -> Sending {
        Sending { transfer, since: clock.ticks(), last_taken: clock.ticks(), is_slow: false }
    }

    /// What becomes of the connection once all is sent.
    pub fn after(&self) -> After {
        self.transfer.after()
    }

    /// Sends what the socket takes now, and waits for a client that keeps up where the worker may
    /// block.
    ///
    /// # Errors
    ///
    /// Those of [`Transfer::push`].
    pub fn push(&mut self, socket: &mut Socket, worker: &mut Worker) -> io::Result<Pushed> {
        let before = self.transfer.sent();
        let pushed = match self.transfer.push(socket, Blocking::No)? {
            Pushed::Blocked if !self.is_slow && worker.may_block() => self.push_blocking(socket)?,
            pushed => pushed,
        };
        if self.transfer.sent() > before {
            self.last_taken = worker.clock.ticks();
        }
        Ok(pushed)
    }

    /// Stays with a client that keeps up, for [`STAY_TIME`] at most. One that does not is not
    /// waited for again.
    fn push_blocking(&mut self, socket: &mut Socket) -> io::Result<Pushed> {
        let began = Instant::now();
        loop {
            match self.transfer.push(socket, Blocking::Yes)? {
                Pushed::Paused if began.elapsed() < STAY_TIME => {}
                Pushed::Blocked => {
                    self.is_slow = true;
                    return Ok(Pushed::Blocked);
                }
                pushed => return Ok(pushed),
            }
        }
    }

    /// Until when the answer must have come further.
    ///
    /// That a client takes nothing at all for [`Settings::write_time`] is for TCP_USER_TIMEOUT to
    /// notice, since only TCP knows what has been acknowledged; a Unix socket has no such thing and
    /// a small buffer, so there it is noticed here.
    pub fn deadline(&self, peer: Peer, worker: &Worker) -> u64 {
        let write_time = milliseconds(worker.settings().write_time);
        let on_average =
            self.since.saturating_add(write_time).saturating_add(earned(self.transfer.sent()));
        match peer {
            Peer::Inet(_) => on_average,
            Peer::Unix => on_average.min(self.last_taken.saturating_add(write_time)),
        }
    }
}

/// Milliseconds that an answer has earned by the bytes of it that were sent: so many as they take
/// at [`WRITE_RATE_MIN`].
fn earned(sent: u64) -> u64 {
    sent.saturating_mul(1000) / WRITE_RATE_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::worker::Common;
    use crate::site::response::Body;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    #[test]
    fn each_kibibyte_sent_earns_a_second() {
        for (sent, expected) in [(0, 0), (1, 0), (512, 500), (1024, 1000), (64 << 20, 65_536_000)] {
            assert_eq!(earned(sent), expected, "{sent}");
        }
        assert!(earned(u64::MAX) >= earned(1 << 50));
    }

    #[test]
    fn what_takes_no_byte_earns_no_time() {
        let root = tempfile::tempdir().expect("a directory");
        let mut worker = Worker::new(Arc::new(Common::for_tests(root.path())));
        let (_client, accepted) = UnixStream::pair().expect("sockets");
        let mut socket = Socket::new(OwnedFd::from(accepted), Peer::Unix);
        let body = Body::Text(vec![0; 64 << 20]);
        let transfer = Transfer::new(Vec::new(), body, After::Close, None);
        let mut sending = Sending::new(transfer, &worker.clock);
        let pushed = sending.push(&mut socket, &mut worker);
        assert_eq!(pushed.expect("no error"), Pushed::Blocked);
        let deadline = sending.deadline(Peer::Unix, &worker);
        let ticks = worker.clock.ticks();
        while worker.clock.ticks() == ticks {
            worker.clock.look();
        }
        let pushed = sending.push(&mut socket, &mut worker);
        assert_eq!(pushed.expect("no error"), Pushed::Blocked);
        assert_eq!(sending.deadline(Peer::Unix, &worker), deadline);
    }
}
