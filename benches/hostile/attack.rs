//! Clients that keep a server waiting: some send a byte of a head each second, some read a large
//! file by a few KiB each second.

use crate::support::site::LARGE;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How an attacker wastes the server's time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A byte of a head that never ends.
    SendsSlowly,
    /// [`BYTES_READ`] of a large file.
    ReadsSlowly,
}

/// What a slow reader takes in a second.
const BYTES_READ: usize = 4096;
/// Its receive buffer: without this one the kernel would take megabytes at once in its place.
const RECEIVE_BUFFER: usize = 4096;
/// Each attacker acts once in this time.
const PERIOD: Duration = Duration::from_secs(1);
/// In one period they act in so many groups, so that they do not all act at once.
const GROUPS: usize = 100;

/// Many attackers of one manner. The one that the server gets rid of comes back at its next turn.
pub struct Attack {
    address: SocketAddr,
    manner: Manner,
    attackers: Vec<Option<Attacker>>,
}

struct Attacker {
    stream: TcpStream,
    /// Bytes sent.
    sent: usize,
}

impl Attack {
    /// Connects `count` attackers.
    pub fn begin(address: SocketAddr, manner: Manner, count: usize) -> io::Result<Attack> {
        let attackers = (0..count).map(|_| Attacker::connect(address, manner).map(Some));
        Ok(Attack { address, manner, attackers: attackers.collect::<io::Result<_>>()? })
    }

    /// Goes on until `over`. Returns how many attackers the server has got rid of.
    pub fn go_on(mut self, over: &AtomicBool) -> usize {
        let mut ended = 0;
        let size = self.attackers.len().div_ceil(GROUPS).max(1);
        let mut next = Instant::now();
        while !over.load(Ordering::Relaxed) {
            for group in self.attackers.chunks_mut(size) {
                ended += act(group, self.address, self.manner);
                next += PERIOD / GROUPS as u32;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        }
        ended
    }
}

/// Lets each of `group` act once. Returns how many found their connection ended.
fn act(group: &mut [Option<Attacker>], address: SocketAddr, manner: Manner) -> usize {
    let mut ended = 0;
    for place in group {
        let acted = place.as_mut().map(|attacker| attacker.act(manner));
        match acted {
            Some(Ok(())) => (),
            Some(Err(_)) => {
                ended += 1;
                *place = None;
            }
            None => *place = Attacker::connect(address, manner).ok(),
        }
    }
    ended
}

impl Attacker {
    fn connect(address: SocketAddr, manner: Manner) -> io::Result<Attacker> {
        let mut stream = TcpStream::connect(address)?;
        if manner == Manner::ReadsSlowly {
            set_socket_recv_buffer_size(&stream, RECEIVE_BUFFER)?;
            stream
                .write_all(format!("GET {LARGE} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())?;
        }
        stream.set_nonblocking(true)?;
        Ok(Attacker { stream, sent: 0 })
    }

    /// Sends or takes a little; an error where the server has answered a sender, or the connection
    /// has ended.
    fn act(&mut self, manner: Manner) -> io::Result<()> {
        let taken = self.stream.read(&mut [0; BYTES_READ]);
        match (manner, taken) {
            (_, Ok(0)) | (Manner::SendsSlowly, Ok(_)) => Err(ErrorKind::UnexpectedEof.into()),
            (_, Err(error)) if error.kind() != ErrorKind::WouldBlock => Err(error),
            (Manner::SendsSlowly, _) => self.send_byte(),
            (Manner::ReadsSlowly, _) => Ok(()),
        }
    }

    fn send_byte(&mut self) -> io::Result<()> {
        const BEGINNING: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
        let byte = BEGINNING.get(self.sent).copied().unwrap_or(b'a');
        self.sent += 1;
        self.stream.write(&[byte]).map(drop)
    }
}
