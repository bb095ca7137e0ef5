//! Making sockets, and what they can be asked (socket(2), socket(7), unix(7)).

use rustix::net::sockopt;
use rustix::net::{self, AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Has a send on a connection that is gone return EPIPE and raise no signal.
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// A socket that no child process gets.
///
/// # Errors
///
/// Those of socket(2).
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    Ok(net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?)
}

/// The address family of a socket (SO_DOMAIN).
///
/// # Errors
///
/// ENOTSOCK.
pub(crate) fn family(socket: impl AsFd) -> io::Result<AddressFamily> {
    Ok(sockopt::socket_domain(socket)?)
}

/// Whether a stream socket listens (SO_ACCEPTCONN).
///
/// # Errors
///
/// ENOTSOCK.
pub(crate) fn listens(socket: impl AsFd) -> io::Result<bool> {
    Ok(sockopt::socket_acceptconn(socket)?)
}

/// The address of a Unix socket that has a name and no file.
///
/// # Errors
///
/// Where the name is too long.
pub(crate) fn abstract_address(name: &[u8]) -> io::Result<SocketAddrUnix> {
    Ok(SocketAddrUnix::new_abstract_name(name)?)
}

/// The name of such a socket.
pub(crate) fn abstract_name(address: &SocketAddrUnix) -> Option<&[u8]> {
    address.abstract_name()
}
