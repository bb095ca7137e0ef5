//! A listening socket that somebody else holds: a service manager, or a parent that restarts the
//! server (sd_listen_fds(3)).
//!
//! The other processes that hold it go on listening after this server has stopped. So a stop
//! neither shuts the socket down nor empties its queue nor removes its path: what the kernel has
//! connected, and this server has not accepted, is for the process that accepts next. No option is
//! set on it either, since options would stay; what an accepted socket needs is set on that. The
//! one exception is O_NONBLOCK: without it, an accept loop could not be ended. A service manager
//! sets it as it likes at each start.

use super::settings::Settings;
use super::socket::{Peer, Socket};
use crate::os::listening::{self, End};
use crate::os::sockets;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketType, sockopt};
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A socket that listens, and that others hold too.
#[derive(Debug)]
pub struct Inherited {
    socket: OwnedFd,
    is_tcp: bool,
    /// For each accepted socket.
    write_time: Duration,
    /// Comes when nobody else is to be accepted.
    end: End,
    /// One accept loop waits at a time: a new connection wakes all that poll the socket.
    claim: Mutex<()>,
}

/// The right to accept from a socket that has a connection, most likely.
pub struct Claim<'a> {
    _held: MutexGuard<'a, ()>,
}

impl Inherited {
    /// Takes over `socket`.
    ///
    /// # Errors
    ///
    /// Where it is no TCP or Unix stream socket, or does not listen; the error says which.
    pub fn new(socket: OwnedFd, settings: &Settings) -> io::Result<Inherited> {
        let not = |why| Err(io::Error::new(ErrorKind::InvalidInput, why));
        if sockopt::socket_type(&socket)? != SocketType::STREAM {
            return not("it is no stream socket; TCP and Unix stream sockets can be served");
        }
        let is_tcp = match sockets::family(&socket)? {
            AddressFamily::INET | AddressFamily::INET6 => true,
            AddressFamily::UNIX => false,
            _ => return not("it is neither a TCP nor a Unix socket"),
        };
        if !sockets::listens(&socket)? {
            return not("it does not listen; a socket unit needs Accept=no");
        }
        let (end, write_time) = (End::new()?, settings.write_time);
        let inherited = Inherited { socket, is_tcp, write_time, end, claim: Mutex::new(()) };
        log::trace!("inherited({})", inherited.url()?);
        Ok(inherited)
    }

    /// What a client has to say to reach this socket: `http://127.0.0.1:8080/`, `unix:/path`, or
    /// `unix:@name` for a name without a file.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (getsockname(2)).
    pub fn url(&self) -> io::Result<String> {
        let address = net::getsockname(&self.socket)?;
        if self.is_tcp {
            return Ok(format!("http://{}/", SocketAddr::try_from(address)?));
        }
        let address = SocketAddrUnix::try_from(address)?;
        let path = |bytes| Path::new(OsStr::from_bytes(bytes)).display();
        Ok(match (sockets::abstract_name(&address), address.path_bytes()) {
            (Some(name), _) => format!("unix:@{}", path(name)),
            (None, Some(bytes)) => format!("unix:{}", path(bytes)),
            (None, None) => "unix:".to_owned(),
        })
    }

    /// The TCP address.
    pub fn local_address(&self) -> Option<SocketAddr> {
        net::getsockname(&self.socket).ok()?.try_into().ok()
    }

    /// Blocks until a client has connected. `None` once nobody else is to be accepted.
    ///
    /// # Errors
    ///
    /// ENOMEM (poll(2)).
    pub fn wait(&self) -> io::Result<Option<Claim<'_>>> {
        let claim = Claim { _held: self.claim.lock().unwrap_or_else(PoisonError::into_inner) };
        let mut polled =
            [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.end, PollFlags::IN)];
        loop {
            match poll(&mut polled, None) {
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) if !polled[1].revents().is_empty() => return Ok(None),
                Ok(_) => return Ok(Some(claim)),
            }
        }
    }

    /// Accepts the client that waits.
    ///
    /// # Errors
    ///
    /// Those of accept(2); "would block" where another process was faster.
    pub fn accept(&self, claim: Claim) -> io::Result<Socket> {
        // Each time, because a service manager that starts another process on the same socket may
        // take it back; then an accept that comes too late would block.
        rustix::io::ioctl_fionbio(&self.socket, true)?;
        let (socket, address) = listening::accept(&self.socket)?;
        drop(claim);
        listening::limit_block_time(&socket)?;
        let mut peer = Peer::Unix;
        if self.is_tcp {
            sockopt::set_tcp_nodelay(&socket, true)?;
            listening::limit_write_time(&socket, self.write_time)?;
            let address = address.ok_or(ErrorKind::ConnectionAborted)?;
            peer = Peer::Inet(SocketAddr::try_from(address)?.ip().to_canonical());
        }
        let socket = Socket::new(socket, peer)?;
        log::trace!("accept: {socket}");
        Ok(socket)
    }

    /// Ends every accept loop, those that wait too. Connections stay in the kernel's queue.
    pub fn end_accepts(&self) {
        if let Err(error) = self.end.come() {
            log::error!("the accept loops are not told of the end: {error}");
        }
    }
}

impl AsFd for Inherited {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
