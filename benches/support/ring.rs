//! Persistent connections that ask in turn: the one that has rested longest asks next.

use super::wrong;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Connections from one source address: fewer than the kernel has ports for.
const PER_SOURCE: usize = 20_000;
/// How long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections to one server, driven by the thread that calls.
pub struct Ring {
    connections: Vec<Connection>,
    ready: OwnedFd,
    /// The connections that rest, the longest resting first.
    resting: VecDeque<usize>,
}

struct Connection {
    stream: TcpStream,
    /// Bytes of the answer so far.
    answer: Vec<u8>,
}

impl Ring {
    /// Opens `count` connections and at once asks `request` on each, as a server gives a client that
    /// asks nothing little time; hands each answer to `take`. They come from the loopback addresses
    /// that follow `first_source`, some thousands from each, since one has no ports for more.
    pub fn open(
        address: SocketAddr,
        count: usize,
        first_source: Ipv4Addr,
        request: &[u8],
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Ring> {
        let mut ring = Ring::of(Vec::new())?;
        for number in 0..count {
            let source = u32::from(first_source) + (number / PER_SOURCE) as u32;
            ring.add(connect_from(Ipv4Addr::from(source), address)?)?;
            ring.resting = [number].into();
            let mut once = Some(request).into_iter();
            ring.ask_those_resting(1, || once.next(), &mut take)?;
        }
        Ok(ring)
    }

    /// A ring of connections that are open.
    pub fn of(streams: Vec<TcpStream>) -> io::Result<Ring> {
        let ready = epoll::create(CreateFlags::CLOEXEC)?;
        let mut ring = Ring { connections: Vec::new(), ready, resting: VecDeque::new() };
        streams.into_iter().try_for_each(|stream| ring.add(stream))?;
        Ok(ring)
    }

    /// Takes a further connection in.
    pub fn add(&mut self, stream: TcpStream) -> io::Result<()> {
        let number = self.connections.len() as u64;
        epoll::add(&self.ready, &stream, EventData::new_u64(number), EventFlags::IN)?;
        self.connections.push(Connection { stream, answer: Vec::new() });
        Ok(())
    }

    /// Lets the first `active` connections ask what `next` gives, `in_flight` of them at a time,
    /// until it gives no more, and hands each answer to `take`. Returns how many answers there were.
    pub fn ask<Q: AsRef<[u8]>>(
        &mut self,
        active: usize,
        in_flight: usize,
        next: impl FnMut() -> Option<Q>,
        take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<u64> {
        self.resting = (0..active.min(self.connections.len())).collect();
        self.ask_those_resting(in_flight, next, take)
    }

    fn ask_those_resting<Q: AsRef<[u8]>>(
        &mut self,
        in_flight: usize,
        mut next: impl FnMut() -> Option<Q>,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<u64> {
        let mut waiting = 0;
        let mut answered = 0;
        let mut events = Vec::with_capacity(256);
        let mut go_on = true;
        loop {
            while go_on && waiting < in_flight {
                let Some(number) = self.resting.pop_front() else { break };
                match next() {
                    Some(request) => {
                        self.connections[number].stream.write_all(request.as_ref())?;
                        waiting += 1;
                    }
                    None => go_on = false,
                }
            }
            if waiting == 0 {
                return Ok(answered);
            }
            self.wait(&mut events, waiting)?;
            for event in &events {
                let number = event.data.u64() as usize;
                if self.connections[number].receive(&mut take)? {
                    self.resting.push_back(number);
                    waiting -= 1;
                    answered += 1;
                }
            }
        }
    }

    fn wait(&self, events: &mut Vec<epoll::Event>, waiting: usize) -> io::Result<()> {
        let patience = PATIENCE.try_into().map_err(|_| wrong("no such time"))?;
        events.clear();
        match epoll::wait(&self.ready, spare_capacity(events), Some(&patience))? {
            0 => Err(wrong(format!("{waiting} requests have no answer after {PATIENCE:?}"))),
            _ => Ok(()),
        }
    }
}

impl Connection {
    /// Receives what has come. Returns whether the answer is whole.
    fn receive(&mut self, take: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<bool> {
        let mut bytes = [0; 32 * 1024];
        let length = self.stream.read(&mut bytes)?;
        if length == 0 {
            return Err(wrong("the server closed a connection"));
        }
        let is_whole = |answer: &[u8]| -> io::Result<bool> {
            Ok(whole_length(answer)?.is_some_and(|whole| whole.head + whole.body == answer.len()))
        };
        if self.answer.is_empty() && is_whole(&bytes[..length])? {
            take(&bytes[..length])?;
            return Ok(true);
        }
        self.answer.extend(&bytes[..length]);
        let is_whole = is_whole(&self.answer)?;
        if is_whole {
            take(&self.answer)?;
            self.answer.clear();
        }
        Ok(is_whole)
    }
}

/// Bytes of an answer's two parts.
pub struct Lengths {
    head: usize,
    pub body: usize,
}

/// The lengths of a whole answer, of which `start` has come; `None` while its head is not whole.
pub fn whole_length(start: &[u8]) -> io::Result<Option<Lengths>> {
    let Some(end) = start.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = &start[..end + 2];
    if head.get(9..12) == Some(b"304") {
        return Ok(Some(Lengths { head: end + 4, body: 0 }));
    }
    const NAME: &[u8] = b"content-length:";
    let value = head
        .windows(NAME.len())
        .position(|part| part.eq_ignore_ascii_case(NAME))
        .ok_or_else(|| wrong("an answer without Content-Length"))?;
    let digits = head[value + NAME.len()..].iter().skip_while(|byte| **byte == b' ');
    let body = digits
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    Ok(Some(Lengths { head: end + 4, body }))
}

fn connect_from(source: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(source, 0))?;
    connect(&socket, &address)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    // Closed by a reset: a port that waits for late segments could not be used by the next run.
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
    Ok(stream)
}
