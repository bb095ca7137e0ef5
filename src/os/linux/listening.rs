//! A listening socket: its options, accept, and how that ends (accept(2), socket(7), tcp(7)).
//!
//! Every accepted socket inherits the options that are set on its listening one, which so costs no
//! call for it; but a Unix socket inherits no timeout.

use crate::limits::BLOCK_TIME;
use nix::sys::socket::setsockopt;
use nix::{libc, setsockopt_impl, sockopt_impl};
use rustix::event::{EventfdFlags, eventfd};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{self, Shutdown, SocketAddrAny, SocketFlags};
use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Whether the kernel ends a connection whose client takes nothing of its answer (see
/// [`limit_write_time`]).
pub(crate) const LIMITS_WRITE_TIME: bool = true;

sockopt_impl!(
    /// Has accept return a connection only when its client has sent something, or has let this many
    /// seconds pass (tcp(7)).
    DeferAccept,
    SetOnly,
    libc::IPPROTO_TCP,
    libc::TCP_DEFER_ACCEPT,
    usize
);

sockopt_impl!(
    /// Has the kernel run a filter on each packet for the socket (socket(7)).
    AttachFilter,
    SetOnly,
    libc::SOL_SOCKET,
    libc::SO_ATTACH_FILTER,
    libc::sock_fprog
);

/// A listener of this process's own, whose accept can be ended. Accept blocks in the kernel.
#[derive(Debug)]
pub struct Acceptor<L>(L);

impl<L: AsFd> Acceptor<L> {
    /// # Errors
    ///
    /// None on this system.
    pub(crate) fn new(listener: L) -> io::Result<Acceptor<L>> {
        Ok(Acceptor(listener))
    }

    /// To be called before each accept. `false` once accepting was ended.
    ///
    /// # Errors
    ///
    /// None on this system.
    #[inline]
    pub(crate) fn wait(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Has every accept return with an error, blocked ones too (shutdown(2)).
    ///
    /// # Errors
    ///
    /// ENOTCONN where it was ended before.
    pub(crate) fn end(&self) -> io::Result<()> {
        Ok(net::shutdown(&self.0, Shutdown::Both)?)
    }
}

impl<L> Deref for Acceptor<L> {
    type Target = L;

    #[inline]
    fn deref(&self) -> &L {
        &self.0
    }
}

/// An end that many may wait for: a descriptor that stays readable once it has come (eventfd(2)).
#[derive(Debug)]
pub(crate) struct End(OwnedFd);

impl End {
    /// # Errors
    ///
    /// Where the process has no descriptors left.
    pub(crate) fn new() -> io::Result<End> {
        Ok(End(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// It has come.
    ///
    /// # Errors
    ///
    /// None that a correct program meets.
    pub(crate) fn come(&self) -> io::Result<()> {
        rustix::io::write(&self.0, &1u64.to_ne_bytes())?;
        Ok(())
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Accepts who has connected, as a socket that no child process gets (accept4(2)).
///
/// # Errors
///
/// Those of accept(2).
#[inline]
pub(crate) fn accept(listener: impl AsFd) -> io::Result<(OwnedFd, Option<SocketAddrAny>)> {
    Ok(net::acceptfrom_with(listener, SocketFlags::CLOEXEC)?)
}

/// Lets several processes listen on one port; the kernel shares connections out among them
/// (SO_REUSEPORT).
///
/// # Errors
///
/// None that a correct program meets.
pub(crate) fn share_port(socket: impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_socket_reuseport(socket, true)?)
}

/// Keeps a new connection with the kernel until its client has sent something, or `seconds` have
/// passed (TCP_DEFER_ACCEPT).
///
/// # Errors
///
/// None that a correct program meets.
pub(crate) fn defer_accept(socket: impl AsFd, seconds: usize) -> io::Result<()> {
    Ok(setsockopt(&socket, DeferAccept, &seconds)?)
}

/// Ends a call that blocks on the client for longer than [`BLOCK_TIME`] (SO_SNDTIMEO).
///
/// # Errors
///
/// None that a correct program meets.
#[inline]
pub(crate) fn limit_block_time(socket: impl AsFd) -> io::Result<()> {
    Ok(sockopt::set_socket_timeout(socket, Timeout::Send, Some(BLOCK_TIME))?)
}

/// Ends a connection whose client takes nothing of its answer for `time` (TCP_USER_TIMEOUT).
///
/// # Errors
///
/// None that a correct program meets.
#[inline]
pub(crate) fn limit_write_time(socket: impl AsFd, time: Duration) -> io::Result<()> {
    let milliseconds = u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    Ok(sockopt::set_tcp_user_timeout(socket, milliseconds)?)
}

/// Has the kernel make no further connections to a TCP socket that still listens. Returns whether
/// the system can do that.
///
/// # Errors
///
/// Those of setsockopt(2).
pub(crate) fn refuse_new(listener: impl AsFd) -> io::Result<bool> {
    let mut program = DROP_SYN;
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    setsockopt(&listener, AttachFilter, &filter)?;
    Ok(true)
}

/// A filter in the kernel's own small language (bpf(4)): a packet with SYN and without ACK, which
/// asks for a new connection, is dropped, all others pass. The flags are the 14th byte of a TCP
/// header (RFC 9293 §3.1).
const DROP_SYN: [libc::sock_filter; 5] = [
    operation(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, 13),
    operation(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0, 0, SYN | ACK),
    operation(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, SYN),
    operation(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
    operation(libc::BPF_RET | libc::BPF_K, 0, 0, u32::MAX),
];
const SYN: u32 = 0x02;
const ACK: u32 = 0x10;

const fn operation(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}
