//! A listening socket that this server has bound: accept, and how it ends (accept(2), socket(7)).

use super::socket::{Peer, Socket};
use crate::limits::BLOCK_TIME;
use nix::libc;
use nix::sys::socket::setsockopt;
use nix::{setsockopt_impl, sockopt_impl};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{self, Shutdown};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

/// A socket that listens, and that is this server's own.
#[derive(Debug)]
pub enum Bound {
    /// Reached by address and port.
    Tcp(TcpListener),
    /// Reached by the path of its file, which is removed when the value is dropped.
    Unix(UnixListener, PathBuf),
}

sockopt_impl!(
    /// Lets the kernel run a filter on each packet for the socket (socket(7)).
    AttachFilter,
    SetOnly,
    libc::SOL_SOCKET,
    libc::SO_ATTACH_FILTER,
    libc::sock_fprog
);

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
    /// Those of accept(2).
    pub fn accept(&self) -> io::Result<Socket> {
        let (socket, peer) = match self {
            Bound::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // An IPv4 client of an IPv6 socket is told as what it is.
                (OwnedFd::from(stream), Peer::Inet(address.ip().to_canonical()))
            }
            Bound::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                sockopt::set_socket_timeout(&stream, Timeout::Send, Some(BLOCK_TIME))?;
                (OwnedFd::from(stream), Peer::Unix)
            }
        };
        let socket = Socket::new(socket, peer)?;
        log::trace!("accept: {socket}");
        Ok(socket)
    }

    /// Makes every accept return with an error, blocked ones too (shutdown(2)).
    pub fn end_accepts(&self) {
        if let Err(error) = net::shutdown(self, Shutdown::Both) {
            log::debug!("shutdown of a listening socket: {error}");
        }
    }

    /// Stops the kernel from making further connections, though the socket still listens.
    ///
    /// # Errors
    ///
    /// Those of setsockopt(2) for a TCP socket, of unlink(2) for a Unix socket.
    pub fn refuse_new(&self) -> io::Result<()> {
        match self {
            Bound::Tcp(listener) => {
                let mut program = DROP_SYN;
                let filter =
                    libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
                Ok(setsockopt(listener, AttachFilter, &filter)?)
            }
            Bound::Unix(_, path) => std::fs::remove_file(path),
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
