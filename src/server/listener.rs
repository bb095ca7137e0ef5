//! Listening sockets: accept, getsockname, shutdown (socket(7), tcp(7), ipv6(7), unix(7)).

use super::access_log;
use super::pool::Pool;
use super::socket::{Peer, Socket};
use super::worker::Worker;
use crate::limits::{ACCEPT_PAUSE, BLOCK_TIME, BURST_TIME};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{self, Shutdown};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// The path is removed when the listener is dropped.
    Unix(UnixListener, PathBuf),
}

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
        }
    }

    /// The TCP address, with the port that the kernel chose for port 0.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(..) => None,
        }
    }

    /// Has a blocked accept return with an error, and every later one (shutdown(2)).
    pub fn stop(&self) {
        if let Err(error) = net::shutdown(self, Shutdown::Both) {
            log::debug!("shutdown of a listening socket: {error}");
        }
    }

    /// Blocks until a client connects and, on TCP, has sent something or let [`DEFER_SECONDS`](crate::limits::DEFER_SECONDS)
    /// pass.
    fn accept(&self) -> io::Result<Socket> {
        let (socket, peer) = match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                (OwnedFd::from(stream), Peer::Inet(plain(address.ip())))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                sockopt::set_socket_timeout(&stream, Timeout::Send, Some(BLOCK_TIME))?;
                (OwnedFd::from(stream), Peer::Unix)
            }
        };
        let socket = Socket::new(socket, peer);
        log::trace!("accept: {socket}");
        Ok(socket)
    }
}

/// An IPv4 client of an IPv6 socket as what it is.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listener::Tcp(listener) => listener.as_fd(),
            Listener::Unix(listener, _) => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self
            && let Err(error) = std::fs::remove_file(&*path)
        {
            log::warn!("cannot remove unix:{}: {error}", path.display());
        }
    }
}

/// An accept loop: blocks in accept, and goes on with each new connection as a worker would, until
/// the server stops. What is not over then is in the ready set, for the pool.
///
/// As accept returns no TCP connection before its request is there (TCP_DEFER_ACCEPT), most need
/// no one else. This costs 21 µs of CPU for a connection with one request, to hand each over 24 to
/// 26; without TCP_DEFER_ACCEPT it makes no difference. One loop for both cores costs 17, but has
/// twice the median latency and half as much again at the 99th percentile; the listening socket in
/// the ready set costs 21 to 22 (1 KiB, 64 connections, 2 cores).
pub fn accept_all(listener: &Listener, pool: &Pool) {
    let mut worker = Worker::new(Arc::clone(&pool.common));
    let mut failed_last = None;
    while !worker.is_stopping() {
        match listener.accept() {
            Ok(socket) => {
                worker.look_up();
                if find_room(pool, &mut worker) {
                    pool.take_in(socket, &mut worker);
                }
            }
            Err(_) if worker.is_stopping() => {}
            Err(error) => {
                // One line a burst: out of descriptors, every accept fails, or every other where
                // somebody can make room.
                let burst = failed_last.replace(Instant::now());
                if burst.is_none_or(|last| last.elapsed() > BURST_TIME) {
                    log::error!("accept: {error}");
                }
                pause(pool, &mut worker);
            }
        }
        access_log::flush();
    }
}

/// Counts one more connection as soon as there is room for it; `false` where the server stops
/// first.
fn find_room(pool: &Pool, worker: &mut Worker) -> bool {
    while !worker.is_stopping() {
        if pool.count_in() {
            return true;
        }
        pause(pool, worker);
    }
    false
}

/// Has a resting connection make room; where there is none, waits for one to end, for a while at
/// most.
fn pause(pool: &Pool, worker: &mut Worker) {
    worker.look_up();
    if !pool.make_room(worker) {
        pool.wait_for_fewer_than(pool.connections(), ACCEPT_PAUSE);
    }
}
