//! Linux in the place of a system that has the ways of POSIX: for `--cfg posix`, by which they are
//! tested here.

use rustix::fs::{OFlags, Stat, fsync};
use rustix::io::Result;
use rustix::net::{
    self, AddressFamily, SendFlags, SocketAddrAny, SocketFlags, SocketType, sockopt,
};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Linux has no O_SEARCH; for a directory, O_PATH is the same.
pub(crate) const SEARCH: OFlags = OFlags::PATH;

/// The hard limit alone counts (setrlimit(2)).
pub(crate) const OPEN_FILES_MAX: Option<u64> = None;

/// What opens a URL in the browser that the user has chosen.
pub(crate) const OPENER: &str = "xdg-open";

/// Has a send on a connection that is gone return EPIPE and raise no signal (send(2)).
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// Nothing to set: each send says it.
pub(crate) fn raise_no_signal(_socket: impl AsFd) -> io::Result<()> {
    Ok(())
}

/// A socket that no child process gets.
pub(crate) fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    Ok(net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?)
}

/// Accepts who has connected, as a socket that no child process gets (accept4(2)).
pub(crate) fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    Ok(net::acceptfrom_with(listener, SocketFlags::CLOEXEC)?)
}

/// Whether a stream socket listens (SO_ACCEPTCONN).
pub(crate) fn listens(socket: impl AsFd) -> io::Result<bool> {
    Ok(sockopt::socket_acceptconn(socket)?)
}

/// Shares a port's connections out among the processes that listen (SO_REUSEPORT).
pub(crate) fn share_port(socket: impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_socket_reuseport(socket, true)?)
}

/// The device that a file is on.
pub(crate) fn device(stat: &Stat) -> u64 {
    stat.st_dev
}

/// Waits until what was written is on the disk (fsync(2)).
pub(crate) fn sync(file: impl AsFd) -> Result<()> {
    fsync(file)
}
