//! What macOS does differently from FreeBSD.

use rustix::fs::{OFlags, Stat, fcntl_fullfsync, fsync};
use rustix::io::{Errno, FdFlags, Result, fcntl_setfd};
use rustix::net::sockopt::set_socket_nosigpipe;
use rustix::net::{self, AddressFamily, SendFlags, SocketAddrAny, SocketType};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};

/// O_SEARCH: opens a directory to be gone through (open(2)).
pub(crate) const SEARCH: OFlags = OFlags::from_bits_retain(nix::libc::O_SEARCH as u32);

/// OPEN_MAX: `setrlimit` takes no more, even where the hard limit is higher (setrlimit(2)).
pub(crate) const OPEN_FILES_MAX: Option<u64> = Some(10_240);

/// There is no MSG_NOSIGNAL; see [`raise_no_signal`].
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// What opens a URL in the browser that the user has chosen.
pub(crate) const OPENER: &str = "open";

/// Has sends on this socket raise no SIGPIPE (SO_NOSIGPIPE).
pub(crate) fn raise_no_signal(socket: impl AsFd) -> io::Result<()> {
    Ok(set_socket_nosigpipe(socket, true)?)
}

/// A socket that no child process gets. There is no SOCK_CLOEXEC, so one that is started at this
/// very moment would.
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    let socket = net::socket(family, kind, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok(socket)
}

/// Accepts who has connected; the same goes for the socket.
pub(crate) fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    let (socket, address) = net::acceptfrom(listener)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    Ok((socket, address))
}

/// Whether a stream socket listens: it cannot be asked (SO_ACCEPTCONN is there and does not work),
/// so that an accept has to tell.
pub(crate) fn listens(_socket: impl AsFd) -> io::Result<bool> {
    Ok(true)
}

/// SO_REUSEPORT lets several processes listen, but one gets all connections.
pub(crate) fn share_port(_socket: impl AsFd) -> io::Result<()> {
    let message = "this system does not share a port's connections out";
    Err(io::Error::new(ErrorKind::Unsupported, message))
}

/// The device that a file is on. It may be negative, and only has to be the same each time.
pub(crate) fn device(stat: &Stat) -> u64 {
    stat.st_dev as u64
}

/// Waits until what was written is on the disk: `fsync` alone waits until the drive has it, whose
/// cache may lose it (fcntl(2), F_FULLFSYNC). Not every file system has that.
pub(crate) fn sync(file: impl AsFd) -> Result<()> {
    match fcntl_fullfsync(&file) {
        Err(Errno::OPNOTSUPP | Errno::NOTSUP | Errno::NOTTY | Errno::INVAL) => fsync(file),
        result => result,
    }
}
