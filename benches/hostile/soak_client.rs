//! One connection over any kind of socket.

use crate::support::wrong;
use rustix::net::sockopt::set_socket_linger;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// How long a server may say nothing before it counts as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub enum Address {
    Inet(SocketAddr),
    Unix(PathBuf),
}

pub struct Connection {
    reader: BufReader<TcpStream>,
}

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    head: String,
}

impl Connection {
    pub fn open(address: &Address) -> io::Result<Connection> {
        let stream = match address {
            Address::Inet(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                stream
            }
            // Only read and written from here on, which is the same for all sockets.
            Address::Unix(path) => TcpStream::from(OwnedFd::from(UnixStream::connect(path)?)),
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Connection { reader: BufReader::new(stream) })
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Sends a head with these field lines, each ended by CRLF.
    pub fn ask(&mut self, method: &str, path: &str, fields: &str) -> io::Result<()> {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").as_bytes())
    }

    pub fn get(&mut self, path: &str, fields: &str) -> io::Result<Answer> {
        self.ask("GET", path, fields)?;
        self.answer()
    }

    pub fn answer(&mut self) -> io::Result<Answer> {
        self.answer_by(usize::MAX, || {})
    }

    /// The next answer, its body read in pieces of `count` bytes with a pause after each.
    pub fn answer_by(&mut self, count: usize, pause: impl Fn()) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut head)? == 0 {
                return Err(wrong(format!("closed after {head:?}")));
            }
        }
        let status = head.get(9..12).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| wrong(format!("no status line: {head:?}")))?;
        let mut answer = Answer { status, body: Vec::new(), head };
        let length = answer.field("Content-Length").parse().unwrap_or(0);
        answer.body.resize(length, 0);
        for piece in answer.body.chunks_mut(count) {
            self.reader.read_exact(piece)?;
            pause();
        }
        Ok(answer)
    }

    /// Ends the connection by a reset, where there is such a thing.
    pub fn reset(self) -> io::Result<()> {
        let stream = self.reader.into_inner();
        Ok(set_socket_linger(stream.as_fd(), Some(Duration::ZERO))?)
    }
}

impl Answer {
    /// The value of a field; empty where it is absent.
    pub fn field(&self, name: &str) -> String {
        let mut lines = self.head.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default().to_owned()
    }
}
