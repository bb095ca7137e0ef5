//! A client with verbs, on a TCP or a Unix socket.

use super::{PATIENCE, wait_until};
use nix::sys::socket::sockopt::TcpMaxSeg;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// A TCP socket, which no other test's program is to inherit.
fn socket() -> OwnedFd {
    let (family, flags) = (AddressFamily::INET, SocketFlags::CLOEXEC);
    rustix::net::socket_with(family, SocketType::STREAM, flags, None).expect("a socket")
}

/// One connection.
pub struct Client<S: Read = TcpStream> {
    pub stream: BufReader<S>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// With its empty line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client::on(TcpStream::connect(address).expect("a connection"))
    }

    /// A connection that comes from the address 127.0.1.`number`, to be a client of its own.
    pub fn numbered(number: u8, address: SocketAddr) -> Client {
        let socket = socket();
        rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 1, number], 0)))
            .expect("an address");
        rustix::net::connect(&socket, &address).expect("a connection");
        Client::on(TcpStream::from(socket))
    }

    fn on(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        Client { stream: BufReader::new(stream) }
    }

    /// A connection whose sockets hold few bytes that have not been read: this one some 2 KiB, and
    /// that of the server some 90, as it has them for clients on a network.
    pub fn with_small_buffer(address: SocketAddr) -> Client {
        let socket = socket();
        sockopt::set_socket_recv_buffer_size(&socket, 1).expect("an option");
        nix::sys::socket::setsockopt(&socket, TcpMaxSeg, &536).expect("an option");
        rustix::net::connect(&socket, &address).expect("a connection");
        Client::on(TcpStream::from(socket))
    }

    /// Lets the socket hold as much as others do.
    pub fn widen(&self) {
        sockopt::set_socket_recv_buffer_size(self.stream.get_ref(), 1 << 20).expect("an option");
    }

    /// Whether the first bytes of an answer, or an end, have come.
    pub fn is_answered(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).expect("an option");
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).expect("an option");
        peeked.is_ok()
    }

    /// Half-closes, as a client may that has nothing more to ask.
    pub fn end_sending(&self) {
        self.stream.get_ref().shutdown(Shutdown::Write).expect("a half-close");
    }
}

impl Client<UnixStream> {
    pub fn unix(path: &Path) -> Client<UnixStream> {
        let stream = UnixStream::connect(path).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        Client { stream: BufReader::new(stream) }
    }
}

impl<S: Read + Write> Client<S> {
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_ref()).expect("bytes are taken");
    }

    /// The next head, with its empty line.
    #[track_caller]
    pub fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let count = self.stream.read_line(&mut head).expect("a line of a head");
            assert_ne!(count, 0, "the connection was closed after {head:?}");
        }
        head
    }

    #[track_caller]
    pub fn reply(&mut self) -> Reply {
        let head = self.head();
        let mut reply =
            Reply { status: head[9..12].parse().expect("a status code"), head, body: Vec::new() };
        let length = reply.field("Content-Length").map(str::parse);
        let length: usize = length.map_or(0, |length| length.expect("a number"));
        reply.body.resize(length, 0);
        self.stream.read_exact(&mut reply.body).expect("a body");
        reply
    }

    /// All that comes until the server closes.
    #[track_caller]
    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an end");
        rest
    }

    #[track_caller]
    pub fn expect_closed(self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "{}", rest.escape_ascii());
    }
}

impl Reply {
    /// The value of the first line of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.head);
        self
    }

    pub fn tag(&self) -> String {
        self.field("ETag").expect("an entity-tag").to_owned()
    }
}

/// All that the server answers to `pieces`, sent one after the other on a connection of their own,
/// until it closes.
#[track_caller]
pub fn exchange<'a>(address: SocketAddr, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut client = Client::new(address);
    client.stream.get_ref().set_nodelay(true).expect("an option");
    for piece in pieces {
        client.send(piece);
    }
    client.rest()
}

/// Waits until the server has closed its listening socket, as it does when it is told to stop.
#[track_caller]
pub fn wait_until_closed(address: SocketAddr) {
    wait_until("nobody listens", || TcpStream::connect(address).is_err());
}

/// Heads (with bodies, where there are) without what differs from run to run: the values of Date
/// and ETag, and the version.
pub fn masked(answers: impl AsRef<[u8]>) -> String {
    let answers = String::from_utf8(answers.as_ref().to_vec()).expect("UTF-8");
    let known = ["Date: ", "ETag: ", "Server: tinyhttpd/"];
    let mask = |line: &str| match known.iter().find(|known| line.starts_with(**known)) {
        Some(known) => format!("{known}*\r\n"),
        None => line.to_owned(),
    };
    answers.split_inclusive('\n').map(mask).collect()
}
