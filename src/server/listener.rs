//! A listening socket, bound by this server or left to it by another process.

use super::bound::Bound;
use super::inherited::Inherited;
use super::wildcard::Wildcard;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// It is closed when this server stops.
    Bound(Bound),
    /// Other processes hold it too, and go on listening after this server has stopped.
    Inherited(Inherited),
}

impl Listener {
    /// What a client has to say to reach this socket: `http://127.0.0.1:8080/`, or `unix:/path`.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (getsockname(2)).
    pub fn url(&self) -> io::Result<String> {
        match self {
            Listener::Bound(bound) => bound.url(),
            Listener::Inherited(inherited) => inherited.url(),
        }
    }

    /// The TCP address, with the port that the kernel chose for port 0.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Bound(bound) => bound.local_address(),
            Listener::Inherited(inherited) => inherited.local_address(),
        }
    }

    /// How it is reached, if that is by every address of this machine.
    pub fn wildcard(&self) -> Option<Wildcard> {
        Wildcard::of(self, self.local_address()?)
    }

    /// Ends every accept loop, blocked ones too.
    pub fn end_accepts(&self) {
        match self {
            Listener::Bound(bound) => bound.end_accepts(),
            Listener::Inherited(inherited) => inherited.end_accepts(),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Bound(bound) => bound.as_fd(),
            Listener::Inherited(inherited) => inherited.as_fd(),
        }
    }
}
