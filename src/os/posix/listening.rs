//! A listening socket: its options, accept, and how that ends (accept(2), poll(2)).
//!
//! `shutdown` wakes nobody who blocks in accept here. So accept loops wait by poll, for a client or
//! for the end, which is a pipe that becomes readable.

use crate::os::own;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::SocketAddrAny;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Whether the kernel ends a connection whose client takes nothing of its answer. Here the
/// connection's own deadline does.
pub(crate) const LIMITS_WRITE_TIME: bool = false;

/// A listener of this process's own, whose accept can be ended.
#[derive(Debug)]
pub struct Acceptor<L> {
    listener: L,
    end: End,
}

impl<L: AsFd> Acceptor<L> {
    /// Accept never blocks from now on: another accept loop may be faster.
    ///
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub(crate) fn new(listener: L) -> io::Result<Acceptor<L>> {
        rustix::io::ioctl_fionbio(&listener, true)?;
        Ok(Acceptor { listener, end: End::new()? })
    }

    /// To be called before each accept: waits for a client. `false` once accepting was ended.
    ///
    /// # Errors
    ///
    /// ENOMEM (poll(2)).
    pub(crate) fn wait(&self) -> io::Result<bool> {
        let mut polled =
            [PollFd::new(&self.listener, PollFlags::IN), PollFd::new(&self.end, PollFlags::IN)];
        loop {
            match poll(&mut polled, None) {
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
                Ok(_) => return Ok(polled[1].revents().is_empty()),
            }
        }
    }

    /// Ends every wait, now and later.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn end(&self) -> io::Result<()> {
        self.end.come()
    }
}

impl<L> Deref for Acceptor<L> {
    type Target = L;

    fn deref(&self) -> &L {
        &self.listener
    }
}

/// An end that many may wait for: a descriptor that stays readable once it has come (pipe(2)).
#[derive(Debug)]
pub(crate) struct End {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl End {
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub(crate) fn new() -> io::Result<End> {
        let (reader, writer) = io::pipe()?;
        Ok(End { reader: reader.into(), writer: writer.into() })
    }

    /// It has come. The byte is never read.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn come(&self) -> io::Result<()> {
        rustix::io::write(&self.writer, b"x")?;
        Ok(())
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

/// Accepts who has connected, as a socket that no child process gets.
///
/// # Errors
///
/// Those of accept(2).
pub(crate) fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    own::accept(listener)
}

/// Lets several processes listen on one port; the kernel shares connections out among them.
///
/// # Errors
///
/// Where the system does not share them out.
pub(crate) fn share_port(socket: impl AsFd) -> io::Result<()> {
    own::share_port(socket)
}

/// Keeps a new connection with the kernel until its client has sent something: not here, so that
/// accept returns at once and the connection waits in the ready set.
///
/// # Errors
///
/// None.
pub(crate) fn defer_accept(_socket: impl AsFd, _seconds: usize) -> io::Result<()> {
    Ok(())
}

/// Ends a call that blocks on the client. None does: an accepted socket would not inherit
/// SO_SNDTIMEO, and each send waits by poll (see [`Stream`](super::stream::Stream)).
///
/// # Errors
///
/// None.
pub(crate) fn limit_block_time(_socket: impl AsFd) -> io::Result<()> {
    Ok(())
}

/// Ends a connection whose client takes nothing of its answer for `time`: not here (see
/// [`LIMITS_WRITE_TIME`]).
///
/// # Errors
///
/// None.
pub(crate) fn limit_write_time(_socket: impl AsFd, _time: Duration) -> io::Result<()> {
    Ok(())
}

/// Has the kernel make no further connections to a TCP socket that still listens. Returns whether
/// the system can do that.
///
/// # Errors
///
/// None.
pub(crate) fn refuse_new(_listener: impl AsFd) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn waits_end_though_no_client_comes_and_stay_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let acceptor = Acceptor::new(listener).expect("a pipe");
        std::thread::scope(|scope| {
            let waits = [0; 2].map(|_| scope.spawn(|| acceptor.wait().expect("a poll")));
            acceptor.end().expect("room");
            for wait in waits {
                assert!(!wait.join().expect("no panic"));
            }
        });
        assert!(!acceptor.wait().expect("a poll"));
    }

    #[test]
    fn client_ends_the_wait_and_accept_does_not_block() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let acceptor = Acceptor::new(listener).expect("a pipe");
        let error = acceptor.accept().expect_err("nobody has connected");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        let _client = TcpStream::connect(address).expect("a connection");
        assert!(acceptor.wait().expect("a poll"));
        assert!(acceptor.accept().is_ok());
    }
}
