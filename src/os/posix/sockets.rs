//! Making sockets, and what they can be asked (socket(2), unix(4)).

use crate::os::own;
use rustix::net::{self, AddressFamily, SendFlags, SocketAddrUnix, SocketType};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};

/// Has a send on a connection that is gone return EPIPE and raise no signal.
pub(crate) const NO_SIGNAL: SendFlags = own::NO_SIGNAL;

/// A socket that no child process gets.
///
/// # Errors
///
/// Those of socket(2).
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    let socket = own::socket(family, kind)?;
    own::raise_no_signal(&socket)?;
    Ok(socket)
}

/// The address family of a socket (getsockname(2)).
///
/// # Errors
///
/// ENOTSOCK.
pub(crate) fn family(socket: impl AsFd) -> io::Result<AddressFamily> {
    Ok(net::getsockname(socket)?.address_family())
}

/// Whether a stream socket listens.
///
/// # Errors
///
/// ENOTSOCK.
pub(crate) fn listens(socket: impl AsFd) -> io::Result<bool> {
    own::listens(socket)
}

/// The address of a Unix socket that has a name and no file.
///
/// # Errors
///
/// Always: only Linux has such names.
pub(crate) fn abstract_address(_name: &[u8]) -> io::Result<SocketAddrUnix> {
    let message = "this system has no sockets without a file";
    Err(io::Error::new(ErrorKind::Unsupported, message))
}

/// The name of such a socket: none has one.
pub(crate) fn abstract_name(_address: &SocketAddrUnix) -> Option<&[u8]> {
    None
}
