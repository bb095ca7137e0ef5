//! A small client that asks one question at a time, to check what a server answers.

use super::wrong;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a server may say nothing before it counts as one that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
pub struct Client {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

/// One whole answer.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    head: Head,
}

/// Status line and field lines, without their line ends.
pub struct Head {
    lines: Vec<String>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let reader = BufReader::with_capacity(16 * 1024, stream);
        Ok(Client { address, reader })
    }

    /// The answer to a GET with further `fields`, each ended by CRLF.
    pub fn get(&mut self, path: &str, fields: &str) -> io::Result<Answer> {
        self.ask("GET", path, fields)?;
        self.answer()
    }

    /// The answer to a PUT of `body`.
    pub fn put(&mut self, path: &str, body: &[u8]) -> io::Result<Answer> {
        self.ask("PUT", path, &format!("Content-Length: {}\r\n", body.len()))?;
        self.reader.get_mut().write_all(body)?;
        self.answer()
    }

    /// Sends a request without waiting for its answer.
    pub fn ask(&mut self, method: &str, path: &str, fields: &str) -> io::Result<()> {
        let address = self.address;
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n");
        self.reader.get_mut().write_all(request.as_bytes())
    }

    /// The next answer to a GET.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let head = self.head()?;
        let status = head.status()?;
        let body = match head.field("Transfer-Encoding") {
            Some("chunked") => self.chunks()?,
            _ => self.exactly(head.body_bytes()?)?,
        };
        Ok(Answer { status, body, head })
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let bytes = u64::from_str_radix(line.trim_end(), 16)
                .map_err(|_| wrong(format!("not the size of a chunk: {line:?}")))?;
            body.extend(self.exactly(bytes)?);
            self.exactly(2)?;
            if bytes == 0 {
                return Ok(body);
            }
        }
    }

    fn exactly(&mut self, bytes: u64) -> io::Result<Vec<u8>> {
        let mut body = vec![0; bytes as usize];
        self.reader.read_exact(&mut body)?;
        Ok(body)
    }

    /// The next head; its body is left unread.
    pub fn head(&mut self) -> io::Result<Head> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(wrong("the server closed the connection inside a head"));
            }
            match line.trim_end() {
                "" => return Ok(Head { lines }),
                line => lines.push(line.to_owned()),
            }
        }
    }

    /// What was received and not yet used; then the socket has the rest.
    pub fn into_parts(self) -> (Vec<u8>, TcpStream) {
        (self.reader.buffer().to_vec(), self.reader.into_inner())
    }
}

impl Answer {
    /// The value of a field; empty where it is absent.
    pub fn field(&self, name: &str) -> &str {
        self.head.field(name).unwrap_or("")
    }
}

impl Head {
    pub fn status(&self) -> io::Result<u16> {
        let code = self.lines.first().and_then(|line| line.split(' ').nth(1));
        code.and_then(|code| code.parse().ok())
            .ok_or_else(|| wrong(format!("no status line: {:?}", self.lines.first())))
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        let fields = self.lines.iter().filter_map(|line| line.split_once(':'));
        fields
            .map(|(have, value)| (have, value.trim()))
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Bytes of the body of an answer to GET.
    pub fn body_bytes(&self) -> io::Result<u64> {
        if matches!(self.status()?, 204 | 304) {
            return Ok(0);
        }
        self.field("Content-Length")
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| wrong("an answer without Content-Length"))
    }
}
