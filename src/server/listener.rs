//! A listening socket: accept, and how it ends (accept(2), socket(7)).

use super::clock::Clock;
use super::inherited::Inherited;
use super::pool::Pool;
use super::socket::{Peer, Socket};
use crate::limits::{ACCEPT_ERRORS_MAX, ACCEPT_PAUSE, BLOCK_TIME, BURST_TIME, QUIET_TIME};
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
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// The path is removed when the listener is dropped.
    Unix(UnixListener, PathBuf),
    /// Others hold it too, and go on listening when this server has stopped.
    Inherited(Inherited),
}

sockopt_impl!(
    /// Has the kernel run a filter on each packet for the socket (socket(7)).
    AttachFilter,
    SetOnly,
    libc::SOL_SOCKET,
    libc::SO_ATTACH_FILTER,
    libc::sock_fprog
);

impl Listener {
    /// What a client has to say to reach this socket: `http://127.0.0.1:8080/`, or `unix:/path`.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (getsockname(2)).
    pub fn url(&self) -> io::Result<String> {
        match self {
            Listener::Tcp(listener) => Ok(format!("http://{}/", listener.local_addr()?)),
            Listener::Unix(_, path) => Ok(format!("unix:{}", path.display())),
            Listener::Inherited(inherited) => inherited.url(),
        }
    }

    /// The TCP address, with the port that the kernel chose for port 0.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(..) => None,
            Listener::Inherited(inherited) => inherited.local_address(),
        }
    }

    /// Blocks until a client connects for whom there is room, and on TCP has sent something or let
    /// [`DEFER_SECONDS`](crate::limits::DEFER_SECONDS) pass. `None` once nobody else is to be
    /// accepted.
    pub fn accept_one(&self, pool: &Pool) -> Option<Socket> {
        if let Listener::Inherited(inherited) = self {
            return accept_inherited(inherited, pool);
        }
        let mut errors = 0;
        loop {
            match self.accept() {
                Ok(socket) => return find_room(pool).then_some(socket),
                Err(_) if pool.shared.stopping.load(Ordering::SeqCst) => return None,
                Err(error) => {
                    errors += 1;
                    after_error(&error, errors, pool);
                }
            }
        }
    }

    fn accept(&self) -> io::Result<Socket> {
        let (socket, peer) = match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // An IPv4 client of an IPv6 socket is told as what it is.
                (OwnedFd::from(stream), Peer::Inet(address.ip().to_canonical()))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                sockopt::set_socket_timeout(&stream, Timeout::Send, Some(BLOCK_TIME))?;
                (OwnedFd::from(stream), Peer::Unix)
            }
            Listener::Inherited(inherited) => {
                let turn = inherited.wait()?.ok_or(io::ErrorKind::ConnectionAborted)?;
                return inherited.accept(turn);
            }
        };
        let socket = Socket::new(socket, peer);
        log::trace!("accept: {socket}");
        Ok(socket)
    }

    /// Lets nobody else in, and hands over whoever is in already: connections that the kernel has
    /// made and that wait to be accepted. At most until `deadline`. The server is stopping.
    ///
    /// A client that is not let in hears nothing for a second, and is refused then, as the socket is
    /// closed by that time. What waits on an inherited socket is left to whoever accepts next.
    pub fn drain(&self, pool: &Pool, deadline: Instant) {
        if let Listener::Inherited(_) = self {
            return;
        }
        if let Err(error) = self.refuse_new().and_then(|()| self.set_nonblocking()) {
            log::debug!("a listening socket cannot be drained: {error}");
            return;
        }
        let clock = Clock::new(pool.shared.started);
        while Instant::now() < deadline && self.is_readable_within(QUIET_TIME) {
            match self.accept() {
                Ok(socket) if pool.count_in() => pool.hand_over(socket, &clock),
                Ok(socket) => log::debug!("{socket} is closed: there is no room"),
                // An accept loop was faster.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => log::debug!("accept: {error}"),
            }
        }
    }

    /// Has every accept return with an error, blocked ones too (shutdown(2)).
    pub fn end_accepts(&self) {
        if let Listener::Inherited(inherited) = self {
            return inherited.end_accepts();
        }
        if let Err(error) = net::shutdown(self, Shutdown::Both) {
            log::debug!("shutdown of a listening socket: {error}");
        }
    }

    /// Has the kernel make no further connections, though the socket still listens.
    fn refuse_new(&self) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => {
                let mut program = DROP_SYN;
                let filter =
                    libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
                Ok(setsockopt(listener, AttachFilter, &filter)?)
            }
            Listener::Unix(_, path) => std::fs::remove_file(path),
            Listener::Inherited(_) => Ok(()),
        }
    }

    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.set_nonblocking(true),
            Listener::Unix(listener, _) => listener.set_nonblocking(true),
            Listener::Inherited(_) => Ok(()),
        }
    }

    fn is_readable_within(&self, time: Duration) -> bool {
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

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Tcp(listener) => listener.as_fd(),
            Listener::Unix(listener, _) => listener.as_fd(),
            Listener::Inherited(inherited) => inherited.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self
            && let Err(error) = std::fs::remove_file(&*path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("cannot remove unix:{}: {error}", path.display());
        }
    }
}

/// As [`Listener::accept_one`], for a socket that others accept from too. Room is found first, so
/// that who has to wait for it does so in the kernel's queue, where another process can accept it.
///
/// Who is counted before `stopping` is looked at is waited for by a stop: it sets that first, and
/// counts then.
fn accept_inherited(inherited: &Inherited, pool: &Pool) -> Option<Socket> {
    let is_stopping = || pool.shared.stopping.load(Ordering::SeqCst);
    let mut errors = 0;
    loop {
        let error = match inherited.wait() {
            Ok(None) => return None,
            Ok(Some(turn)) => {
                if !find_room(pool) {
                    return None;
                }
                if is_stopping() {
                    pool.count_end();
                    return None;
                }
                match inherited.accept(turn) {
                    Ok(socket) => {
                        log::trace!("accept: {socket}");
                        return Some(socket);
                    }
                    Err(error) => {
                        pool.count_end();
                        error
                    }
                }
            }
            Err(error) => error,
        };
        // Another process was faster.
        if error.kind() != io::ErrorKind::WouldBlock {
            errors += 1;
            after_error(&error, errors, pool);
        }
    }
}

/// What to do about an accept that failed, for the `errors`th time in a row.
///
/// Only an error that says that something has run out has a connection make room. Any other is about
/// the client that was to be accepted (accept(2) has a list of them): the next may be fine.
fn after_error(error: &io::Error, errors: u32, pool: &Pool) {
    let has_run_out = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    let is_out = error.raw_os_error().is_some_and(|errno| has_run_out.contains(&errno));
    if is_out {
        if pool.is_new_burst(BURST_TIME) {
            log::error!("accept: {error}");
        }
        make_room(pool);
    } else {
        log::debug!("accept: {error}");
        if errors >= ACCEPT_ERRORS_MAX {
            pool.wait_for_fewer_than(pool.connections(), ACCEPT_PAUSE);
        }
    }
}

/// Counts one more connection as soon as there is room for it. While the server stops, a connection
/// that was accepted is served all the same, unless there is no room for it at all.
fn find_room(pool: &Pool) -> bool {
    while !pool.count_in() {
        make_room(pool);
        if pool.is_closed() {
            return false;
        }
    }
    true
}

/// Has the connection that loses least make room; then waits for one to end, for a while at most.
fn make_room(pool: &Pool) {
    let before = pool.connections();
    let now = Clock::new(pool.shared.started).ticks();
    pool.make_room(now);
    pool.wait_for_fewer_than(before, ACCEPT_PAUSE);
}
