//! A listening socket that this server has bound: accept, and how it ends.

use super::socket::{Peer, Socket};
use crate::os::listening::{self, Acceptor};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

/// A socket that listens, and that is this server's own.
#[derive(Debug)]
pub enum Bound {
    /// Reached by address and port.
    Tcp(Acceptor<TcpListener>),
    /// Reached by the path of its file, which is removed when the value is dropped.
    Unix(Acceptor<UnixListener>, PathBuf),
}

impl Bound {
    /// What a client has to say to reach this socket: `http://127.0.0.1:8080/`, or `unix:/path`.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (getsockname(2)).
    pub fn url(&self) -> io::Result<String> {
        match self {
            Bound::Tcp(listener) => Ok(format!("http://{}/", listener.local_addr()?)),
            Bound::Unix(_, path) => Ok(format!("unix:{}", path.display())),
        }
    }

    /// The TCP address, with the port that the kernel chose for port 0.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Bound::Tcp(listener) => listener.local_addr().ok(),
            Bound::Unix(..) => None,
        }
    }

    /// Blocks until a client connects, and on TCP has sent something or let
    /// [`DEFER_SECONDS`](crate::limits::DEFER_SECONDS) pass.
    ///
    /// # Errors
    ///
    /// Those of accept(2); any error once nobody else is to be accepted; "would block" where another
    /// accept loop was faster, on systems where accept waits for nobody.
    pub fn accept(&self) -> io::Result<Socket> {
        let waited = match self {
            Bound::Tcp(listener) => listener.wait(),
            Bound::Unix(listener, _) => listener.wait(),
        };
        match waited? {
            true => self.accept_now(),
            false => Err(ErrorKind::ConnectionAborted.into()),
        }
    }

    /// As [`Bound::accept`], but where accept cannot block: after [`Bound::set_nonblocking`].
    ///
    /// # Errors
    ///
    /// Those of accept(2).
    pub fn accept_now(&self) -> io::Result<Socket> {
        let (socket, peer) = match self {
            Bound::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // An IPv4 client of an IPv6 socket is told as what it is.
                (OwnedFd::from(stream), Peer::Inet(address.ip().to_canonical()))
            }
            Bound::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                listening::limit_block_time(&stream)?;
                (OwnedFd::from(stream), Peer::Unix)
            }
        };
        let socket = Socket::new(socket, peer)?;
        log::trace!("accept: {socket}");
        Ok(socket)
    }

    /// Makes every accept return with an error, blocked ones too.
    pub fn end_accepts(&self) {
        let ended = match self {
            Bound::Tcp(listener) => listener.end(),
            Bound::Unix(listener, _) => listener.end(),
        };
        if let Err(error) = ended {
            log::debug!("shutdown of a listening socket: {error}");
        }
    }

    /// Stops the kernel from making further connections, though the socket still listens. Returns
    /// whether the system can do that.
    ///
    /// # Errors
    ///
    /// Those of setsockopt(2) for a TCP socket, of unlink(2) for a Unix socket.
    pub fn refuse_new(&self) -> io::Result<bool> {
        match self {
            Bound::Tcp(_) => listening::refuse_new(self),
            Bound::Unix(_, path) => std::fs::remove_file(path).map(|()| true),
        }
    }

    /// Makes accept return with "would block" if no client waits.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (ioctl(2)).
    pub fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Bound::Tcp(listener) => listener.set_nonblocking(true),
            Bound::Unix(listener, _) => listener.set_nonblocking(true),
        }
    }

    /// Whether somebody waits to be accepted, or comes within `time`.
    pub fn is_readable_within(&self, time: Duration) -> bool {
        let mut polled = [PollFd::new(self, PollFlags::IN)];
        let time = Timespec::try_from(time).ok();
        matches!(poll(&mut polled, time.as_ref()), Ok(1..) | Err(Errno::INTR))
    }
}

impl AsFd for Bound {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Bound::Tcp(listener) => listener.as_fd(),
            Bound::Unix(listener, _) => listener.as_fd(),
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if let Bound::Unix(_, path) = self
            && let Err(error) = std::fs::remove_file(&*path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("cannot remove unix:{}: {error}", path.display());
        }
    }
}
