//! The access log: one line a request in the Combined Log Format, at info level with target
//! `access`.
//!
//! What the client sent is escaped as nginx does it, so that no request can forge a line or a
//! field.
//!
//! A worker gathers its lines and gives them to the log before it waits, many in one write when
//! there is much to do. A line and a write for each request would cost twice as much.

use super::socket::Peer;
use crate::http::date::HttpDate;
use crate::http::forwarded::TrustedProxies;
use crate::http::request::Request;
use crate::http::status::Status;
use crate::limits::{GATHER_TIME, GATHERED_BYTES_MAX};
use std::borrow::Cow;
use std::fmt::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The log target of the access log.
pub const TARGET: &str = "access";

/// Characters of a request line in the log. With two fields of [`FIELD_CHARACTERS_MAX`] it stays
/// below the 4,095 bytes of a line that GoAccess reads.
const LINE_CHARACTERS_MAX: usize = 2048;

/// Characters of Referer or User-Agent in the log.
const FIELD_CHARACTERS_MAX: usize = 900;

/// Characters of a user's name in the log, blanks counted as one.
const USER_CHARACTERS_MAX: usize = 100;

/// Characters of `\xHH`.
const ESCAPED_CHARACTERS: usize = 4;

/// What the log will say of one request, once it is known how many bytes of the body were sent.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    client: Peer,
    /// Whose password was right.
    user: Option<Vec<u8>>,
    date: HttpDate,
    status: Status,
    line: Cow<'a, [u8]>,
    referer: Option<Cow<'a, [u8]>>,
    user_agent: Option<Cow<'a, [u8]>>,
}

impl<'a> Entry<'a> {
    /// The entry of a request, which may name its client if `peer` is one of `proxies`; `None`
    /// where nobody reads the access log.
    pub(super) fn of(
        request: &Request<'a>,
        peer: Peer,
        proxies: &TrustedProxies,
        date: &HttpDate,
        status: Status,
    ) -> Option<Entry<'a>> {
        is_enabled().then(|| Entry {
            referer: request.fields.get("Referer").map(Cow::Borrowed),
            user_agent: request.fields.get("User-Agent").map(Cow::Borrowed),
            ..Entry::new(request.line, client(request, peer, proxies), date, status)
        })
    }

    /// The entry of a request that was refused: only its first line is known, and no field that
    /// could name another client than the peer.
    pub(super) fn of_refused(
        line: &'a [u8],
        peer: Peer,
        date: &HttpDate,
        status: Status,
    ) -> Option<Entry<'a>> {
        is_enabled().then(|| Entry::new(line, peer, date, status))
    }

    fn new(line: &'a [u8], client: Peer, date: &HttpDate, status: Status) -> Entry<'a> {
        Entry {
            client,
            user: None,
            date: *date,
            status,
            line: Cow::Borrowed(line),
            referer: None,
            user_agent: None,
        }
    }

    /// The same entry with the name of the user, if one is known.
    pub(super) fn with_user(self, user: Option<Vec<u8>>) -> Entry<'a> {
        Entry { user, ..self }
    }

    /// The same entry for another status, which was not known before.
    pub(super) fn with_status(self, status: Status) -> Entry<'a> {
        Entry { status, ..self }
    }

    /// The same entry with copies of what it borrowed, for an answer that takes its time.
    pub(super) fn into_owned(self) -> Entry<'static> {
        let owned = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        Entry {
            client: self.client,
            user: self.user,
            date: self.date,
            status: self.status,
            line: owned(self.line),
            referer: self.referer.map(owned),
            user_agent: self.user_agent.map(owned),
        }
    }

    /// Appends the line, ended by LF.
    fn push_line(&self, out: &mut String, body_bytes: u64) {
        push_display(out, self.client);
        out.push_str(" - ");
        match &self.user {
            Some(user) => push_user(out, user),
            None => out.push('-'),
        }
        out.push_str(" [");
        push_ascii(out, &self.date.common_log());
        out.push_str("] \"");
        let shown = fitting(&self.line, LINE_CHARACTERS_MAX);
        push_escaped(out, shown);
        if shown.len() < self.line.len() {
            // What is cut lies before the version: without the version, log readers reject the
            // line.
            push_escaped(out, version_of(&self.line));
        }
        out.push_str("\" ");
        out.push_str(self.status.code());
        out.push(' ');
        push_display(out, body_bytes);
        for field in [&self.referer, &self.user_agent] {
            out.push_str(" \"");
            let value = field.as_deref().unwrap_or(b"-");
            push_escaped(out, fitting(value, FIELD_CHARACTERS_MAX));
            out.push('"');
        }
        out.push('\n');
    }
}

/// A user's name in the one field that stands between blanks and without quotes.
fn push_user(out: &mut String, user: &[u8]) {
    for (position, part) in fitting(user, USER_CHARACTERS_MAX).split(|&b| b == b' ').enumerate() {
        if position > 0 {
            out.push_str("\\x20");
        }
        push_escaped(out, part);
    }
}

/// The client that the log names for the request.
fn client(request: &Request, peer: Peer, proxies: &TrustedProxies) -> Peer {
    proxies.client(&request.fields, peer.address()).map_or(peer, Peer::Inet)
}

fn is_enabled() -> bool {
    log::log_enabled!(target: TARGET, log::Level::Info)
}

/// The lines that one worker has gathered and not yet given to the log.
///
/// The lock is always free unless the worker is held up: then the spare that takes over writes its
/// lines.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    /// Each ended by LF.
    text: String,
    /// When the first of them was gathered.
    since: Option<Instant>,
}

impl Lines {
    /// Adds the line of one answer, of which `body_bytes` bytes of the body were given to the
    /// kernel.
    pub(super) fn push(&self, entry: &Entry<'_>, body_bytes: u64) {
        let mut lines = self.lock();
        lines.since.get_or_insert_with(Instant::now);
        entry.push_line(&mut lines.text, body_bytes);
        if lines.text.len() >= GATHERED_BYTES_MAX {
            lines.flush();
        }
    }

    /// Whether there is something to [`Lines::flush`].
    pub(super) fn are_there(&self) -> bool {
        !self.lock().text.is_empty()
    }

    /// Gives the lines to the log.
    pub(super) fn flush(&self) {
        self.lock().flush();
    }

    /// The same, where the first of the lines has been there for [`GATHER_TIME`]: for a worker that
    /// never waits.
    pub(super) fn flush_old(&self) {
        let mut lines = self.lock();
        if lines.since.is_some_and(|since| since.elapsed() >= GATHER_TIME) {
            lines.flush();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    /// All lines in one record, and so in one write, to whose end the log adds the last LF.
    fn flush(&mut self) {
        if let Some(lines) = self.text.strip_suffix('\n') {
            log::info!(target: TARGET, "{lines}");
        }
        self.text.clear();
        self.since = None;
    }
}

/// The longest beginning of `bytes` that fits into `characters_max` once it is escaped.
fn fitting(bytes: &[u8], characters_max: usize) -> &[u8] {
    if bytes.len() * ESCAPED_CHARACTERS <= characters_max {
        return bytes;
    }
    let width = |&byte: &u8| {
        if is_plain(byte) { 1 } else { ESCAPED_CHARACTERS }
    };
    let sums = bytes.iter().scan(0, |sum, byte| {
        *sum += width(byte);
        Some(*sum)
    });
    &bytes[..sums.take_while(|&sum| sum <= characters_max).count()]
}

/// The end of a request line, ` HTTP/1.1` say; empty where there is none.
fn version_of(line: &[u8]) -> &[u8] {
    let version = line.iter().rposition(|&byte| byte == b' ').map_or(&b""[..], |at| &line[at..]);
    if version.len() <= " HTTP/1.1".len() { version } else { b"" }
}

/// Appends printable ASCII as it is and everything else as `\xHH`, quotes and backslashes too.
fn push_escaped(out: &mut String, bytes: &[u8]) {
    for run in bytes.split_inclusive(|&byte| !is_plain(byte)) {
        match run.split_last() {
            Some((&last, plain)) if !is_plain(last) => {
                push_ascii(out, plain);
                push_display(out, format_args!("\\x{last:02X}"));
            }
            _ => push_ascii(out, run),
        }
    }
}

fn push_ascii(out: &mut String, bytes: &[u8]) {
    out.push_str(str::from_utf8(bytes).expect("printable ASCII"));
}

fn push_display(out: &mut String, value: impl fmt::Display) {
    write!(out, "{value}").expect("a String takes all");
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::date::Timestamp;

    fn line(request_line: &[u8], user_agent: Option<&[u8]>) -> String {
        let date = Timestamp::from_seconds(784_111_777).http_date().expect("a date in 1994");
        let peer = Peer::Inet("192.0.2.1".parse().expect("an address"));
        let mut entry = Entry::new(request_line, peer, &date, Status::NotFound);
        entry.user_agent = user_agent.map(Cow::Borrowed);
        let mut text = String::new();
        entry.into_owned().push_line(&mut text, 12);
        text
    }

    #[test]
    fn a_line_is_in_the_combined_log_format() {
        let expected = "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a HTTP/1.0\" 404 12 \"-\" \"curl/8\"\n";
        assert_eq!(line(b"GET /a HTTP/1.0", Some(b"curl/8")), expected);
    }

    #[test]
    fn no_byte_of_a_request_can_forge_a_line_or_a_field() {
        for byte in (0..=31).chain([b'"', b'\\', 127, 128, 255]) {
            let text = line(&[b'a', byte, b'b'], Some(&[byte, byte]));
            let escaped = format!("\\x{byte:02X}");
            assert!(text.contains(&format!("\"a{escaped}b\"")), "{text}");
            assert!(text.contains(&format!("\"{escaped}{escaped}\"")), "{text}");
        }
    }

    #[test]
    fn no_line_is_longer_than_a_reader_of_logs_takes() {
        for byte in [b'a', 0xE9] {
            let long = [b"GET /", &[byte; 8000][..], b" HTTP/1.1"].concat();
            let text = line(&long, Some(&[byte; 30_000]));
            assert!(text.len() < 4095, "{}", text.len());
            assert!(text.contains(" HTTP/1.1\" 404 12 "), "{text}");
        }
        assert_eq!(fitting(b"abc", 2), b"ab");
        assert_eq!(fitting(b"a\x00c", 5), b"a\x00");
        assert_eq!(fitting(b"a\x00c", 4), b"a");
    }
}
