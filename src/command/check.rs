//! `--check`: asks a running server for one answer, as a container's health check does.
//!
//! One GET over plain HTTP, of which no more than the status line is read. A redirection is good
//! too, since the server answers. Left out on purpose: TLS, following redirections.

use crate::limits::CHECK_TIME;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;

/// What is asked for: `http://HOST[:PORT][/PATH]`, or `unix:SOCKET[:/PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckUrl {
    server: Server,
    /// In origin-form: path and query.
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Server {
    /// The host without brackets and its port; and both as the Host field has them.
    Tcp {
        host: String,
        port: u16,
        authority: String,
    },
    Unix(PathBuf),
}

impl FromStr for CheckUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<CheckUrl, String> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("blanks and what is not ASCII must be percent-encoded".to_owned());
        }
        // A fragment is never sent (RFC 9110 §4.2.5).
        let text = text.split('#').next().unwrap_or_default();
        match (text.strip_prefix("http://"), text.strip_prefix("unix:")) {
            (Some(rest), _) => CheckUrl::of_tcp(rest),
            (None, Some(rest)) => CheckUrl::of_unix(rest),
            (None, None) => Err("http://HOST:PORT/PATH or unix:SOCKET:/PATH is needed".to_owned()),
        }
    }
}

impl CheckUrl {
    fn of_tcp(rest: &str) -> Result<CheckUrl, String> {
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, "80"),
        };
        let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let host = match inner {
            Some(address) => address,
            None if host.contains(['@', ':', '[', ']']) => {
                return Err(format!("{host:?} is no host: IPv6 goes in brackets, no user name"));
            }
            None => host,
        };
        if host.is_empty() {
            return Err("a host is needed".to_owned());
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let (host, authority) = (host.to_owned(), authority.to_owned());
        Ok(CheckUrl { server: Server::Tcp { host, port, authority }, target })
    }

    fn of_unix(rest: &str) -> Result<CheckUrl, String> {
        let (socket, target) = match rest.split_once(":/") {
            Some((socket, path)) => (socket, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        match socket {
            "" => Err("a socket's path is needed".to_owned()),
            _ => Ok(CheckUrl { server: Server::Unix(socket.into()), target }),
        }
    }
}

impl fmt::Display for CheckUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Server::Tcp { authority, .. } => write!(out, "http://{authority}{}", self.target),
            Server::Unix(path) => write!(out, "unix:{}:{}", path.display(), self.target),
        }
    }
}

/// Exit code 0 if the server gives a good answer within [`CHECK_TIME`]; else 1, and one line on
/// stderr says why.
pub(super) fn run(url: &CheckUrl) -> ExitCode {
    match check(url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // If stderr is closed, the exit code is all that is wanted.
            let _ = writeln!(io::stderr(), "tinyhttpd: {url}: {message}");
            ExitCode::FAILURE
        }
    }
}

fn check(url: &CheckUrl) -> Result<(), String> {
    let (answered, answer) = mpsc::channel();
    let asked = url.clone();
    // In a thread of its own, since looking up a name has no time limit.
    let work = move || {
        // It fails if the answer comes too late.
        let _ = answered.send(status_line(&asked));
    };
    thread::Builder::new().spawn(work).map_err(|error| error.to_string())?;
    let line = match answer.recv_timeout(CHECK_TIME) {
        Ok(line) => line.map_err(|error| error.to_string())?,
        Err(_) => return Err(format!("no answer within {} seconds", CHECK_TIME.as_secs())),
    };
    judge(&line)
}

/// Whether a status line says success or redirection; the error is what it says.
fn judge(line: &[u8]) -> Result<(), String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let rest = line.strip_prefix(b"HTTP/1.").filter(|rest| rest.len() >= 5);
    match rest {
        Some([b'0'..=b'9', b' ', b'2' | b'3', b'0'..=b'9', b'0'..=b'9']) => Ok(()),
        Some([b'0'..=b'9', b' ', b'2' | b'3', b'0'..=b'9', b'0'..=b'9', b' ', ..]) => Ok(()),
        Some([_, _, status @ ..]) => Err(format!("answers {}", status.escape_ascii())),
        _ => Err("answers no HTTP".to_owned()),
    }
}

fn status_line(url: &CheckUrl) -> io::Result<Vec<u8>> {
    match &url.server {
        Server::Tcp { host, port, authority } => {
            let addresses: Vec<_> = (host.as_str(), *port).to_socket_addrs()?.collect();
            exchange(TcpStream::connect(&*addresses)?, authority, &url.target)
        }
        Server::Unix(path) => exchange(UnixStream::connect(path)?, "localhost", &url.target),
    }
}

fn exchange(mut stream: impl Read + Write, host: &str, target: &str) -> io::Result<Vec<u8>> {
    let agent = concat!("tinyhttpd/", env!("CARGO_PKG_VERSION"));
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut read = Vec::new();
    let mut some = [0; 4096];
    while !read.contains(&b'\n') {
        match stream.read(&mut some)? {
            0 => break,
            count => read.extend(&some[..count]),
        }
        if read.len() > crate::limits::REQUEST_LINE_BYTES_MAX {
            break;
        }
    }
    read.truncate(read.iter().position(|&byte| byte == b'\n').map_or(read.len(), |at| at + 1));
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_both_kinds_are_read() {
        for (text, host, port, authority, target) in [
            ("http://127.0.0.1:8080/health", "127.0.0.1", 8080, "127.0.0.1:8080", "/health"),
            ("http://localhost", "localhost", 80, "localhost", "/"),
            ("http://[::1]:8080/?a#b", "::1", 8080, "[::1]:8080", "/?a"),
            ("http://[::1]", "::1", 80, "[::1]", "/"),
            ("http://a:81?b", "a", 81, "a:81", "/?b"),
        ] {
            let (host, authority) = (host.to_owned(), authority.to_owned());
            let server = Server::Tcp { host, port, authority };
            let expected = CheckUrl { server, target: target.to_owned() };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for (text, socket, target) in [
            ("unix:/run/a.sock", "/run/a.sock", "/"),
            ("unix:/run/a.sock:/health?b", "/run/a.sock", "/health?b"),
            ("unix:a:b:/", "a:b", "/"),
        ] {
            let expected =
                CheckUrl { server: Server::Unix(socket.into()), target: target.to_owned() };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_ours_is_refused() {
        for text in [
            "",
            "127.0.0.1:8080",
            "https://a/",
            "http://",
            "http://:80/",
            "http://a:b/",
            "http://a:65536/",
            "http://user@a/",
            "http://::1/",
            "http://[::1",
            "http://a/b c",
            "http://a/\r\nX: y",
            "http://a/\u{e9}",
            "unix:",
            "unix::/a",
        ] {
            assert!(text.parse::<CheckUrl>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn success_and_redirection_are_good() {
        for line in
            ["HTTP/1.1 200 OK\r\n", "HTTP/1.0 204\n", "HTTP/1.1 304 Not Modified", "HTTP/1.1 301 "]
        {
            assert_eq!(judge(line.as_bytes()), Ok(()), "{line:?}");
        }
        for (line, expected) in [
            ("HTTP/1.1 503 Service Unavailable\r\n", "answers 503 Service Unavailable"),
            ("HTTP/1.1 404\r\n", "answers 404"),
            ("HTTP/1.1 2000 OK\r\n", "answers 2000 OK"),
            ("HTTP/1.1 100 Continue\r\n", "answers 100 Continue"),
            ("HTTP/2 200\r\n", "answers no HTTP"),
            ("SSH-2.0-OpenSSH\r\n", "answers no HTTP"),
            ("", "answers no HTTP"),
        ] {
            assert_eq!(judge(line.as_bytes()), Err(expected.to_owned()), "{line:?}");
        }
    }
}
