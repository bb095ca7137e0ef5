//! One accepted socket: the calls on it (see [`Stream`]), who is at its other end, and what the
//! trace log says.

use super::drained::Drained;
use crate::os::stream::Stream;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{self, Shutdown};
use std::fmt;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

pub(super) use crate::os::Blocking;

/// Who is at the other end, as the logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An IPv4-mapped IPv6 address is kept as IPv4.
    Inet(IpAddr),
    /// A Unix-domain socket: its clients have no address.
    Unix,
}

impl Peer {
    /// `None` for a client of a Unix socket.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Peer::Inet(address) => Some(address),
            Peer::Unix => None,
        }
    }

    /// A number that stands for the client's address, never 0: clients of one network of 64 bits,
    /// and all clients of Unix sockets, have the same.
    pub fn number(self) -> u64 {
        match self {
            Peer::Inet(IpAddr::V4(address)) => u64::from(address.to_bits()) | 1 << 32,
            Peer::Inet(IpAddr::V6(address)) => (address.to_bits() >> 64) as u64 | 1,
            Peer::Unix => 2,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Inet(address) => address.fmt(out),
            Peer::Unix => out.write_str("unix:"),
        }
    }
}

/// A connected stream socket; dropping it closes it.
#[derive(Debug)]
pub struct Socket {
    stream: Stream,
    peer: Peer,
}

/// What a receive brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// So many bytes; and, where that was all there is, the proof of it.
    Bytes(usize, Option<Drained>),
    /// The client has finished sending.
    End,
    /// Nothing is there now.
    WouldBlock(Drained),
}

/// What a send moved.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// So many bytes; 0 of a file that has ended.
    Bytes(usize),
    /// The socket has no room now, or had none for as long as the call may block.
    WouldBlock(Drained),
}

impl Socket {
    /// Takes over a descriptor fresh from accept.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (ioctl(2)).
    pub fn new(descriptor: OwnedFd, peer: Peer) -> io::Result<Socket> {
        Ok(Socket { stream: Stream::new(descriptor)?, peer })
    }

    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// The descriptor's number, by which the ready set and the connection table know this socket.
    pub fn number(&self) -> usize {
        usize::try_from(self.as_fd().as_raw_fd()).expect("an open descriptor is not negative")
    }

    /// Receives into `buffer` what has arrived, without waiting (recv(2)). `hung_up` says whether
    /// the end of the client's side was told already.
    ///
    /// # Errors
    ///
    /// ECONNRESET and its like: the connection is gone.
    pub fn recv(&self, buffer: &mut [u8], hung_up: bool) -> io::Result<Received> {
        let room = buffer.len();
        self.receive(room, hung_up, || self.stream.recv(&mut *buffer))
    }

    /// As [`Socket::recv`], but appends to `buffer` as much as its capacity has room for.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::recv`].
    pub fn recv_onto(&self, buffer: &mut Vec<u8>, hung_up: bool) -> io::Result<Received> {
        let room = buffer.capacity() - buffer.len();
        self.receive(room, hung_up, || self.stream.recv(spare_capacity(&mut *buffer)))
    }

    fn receive(
        &self,
        room: usize,
        hung_up: bool,
        call: impl FnMut() -> Result<usize, Errno>,
    ) -> io::Result<Received> {
        let received = moved(call);
        log::trace!("recv({self}): {}", Told(&received));
        Ok(match received? {
            None => Received::WouldBlock(Drained::would_block()),
            Some(0) => Received::End,
            Some(count) => Received::Bytes(count, Drained::short_receive(count, room, hung_up)),
        })
    }

    /// Sends `bytes`. `more` says that further bytes follow at once, so that the kernel
    /// does not send a part-filled segment.
    ///
    /// # Errors
    ///
    /// EPIPE, ECONNRESET and their like: the connection is gone.
    pub fn send(&self, bytes: &[u8], more: bool, blocking: Blocking) -> io::Result<Sent> {
        let sent = moved(|| self.stream.send(bytes, more, blocking));
        log::trace!("send({self}, {} bytes): {}", bytes.len(), Told(&sent));
        Ok(sent_of(sent?))
    }

    /// Sends `first` and then `second` in one call.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`].
    pub fn send_both(&self, first: &[u8], second: &[u8], blocking: Blocking) -> io::Result<Sent> {
        let sent = moved(|| self.stream.send_both(first, second, blocking));
        let length = first.len() + second.len();
        log::trace!("send({self}, {length} bytes): {}", Told(&sent));
        Ok(sent_of(sent?))
    }

    /// Sends up to `count` bytes of `file` from position `offset` on.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`], and EIO of the file.
    pub fn send_file(
        &mut self,
        file: &File,
        offset: u64,
        count: usize,
        blocking: Blocking,
    ) -> io::Result<Sent> {
        let sent = moved(|| self.stream.send_file(file, offset, count, blocking));
        log::trace!("sendfile({self}, {count} bytes from {offset}): {}", Told(&sent));
        Ok(sent_of(sent?))
    }

    /// Ends our side of the connection; what the client still sends can be read (shutdown(2),
    /// SHUT_WR).
    ///
    /// # Errors
    ///
    /// ENOTCONN where the client is gone already.
    pub fn shut_down_writing(&self) -> io::Result<()> {
        log::trace!("shutdown({self}, SHUT_WR)");
        Ok(net::shutdown(&self.stream, Shutdown::Write)?)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        log::trace!("close({self})");
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} from {}", self.number(), self.peer)
    }
}

fn sent_of(moved: Option<usize>) -> Sent {
    moved.map_or_else(|| Sent::WouldBlock(Drained::would_block()), Sent::Bytes)
}

/// What a call moved; `None` where it would have to wait for the client.
type Moved = io::Result<Option<usize>>;

/// Makes the call again where a signal came between, and turns "would block" into a value.
fn moved(mut call: impl FnMut() -> Result<usize, Errno>) -> Moved {
    loop {
        match call() {
            Ok(count) => return Ok(Some(count)),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The outcome of a call, in the words of the trace log.
struct Told<'a>(&'a Moved);

impl fmt::Display for Told<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(Some(count)) => write!(out, "{count} bytes"),
            Ok(None) => out.write_str("would block"),
            Err(error) => error.fmt(out),
        }
    }
}
