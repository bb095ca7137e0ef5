//! The access log: one line a request in the Combined Log Format, at info level with target `access`.
//!
//! What the client sent is escaped as nginx does it, so that no request can forge a line or a field.

use super::socket::Peer;
use crate::http::date::HttpDate;
use crate::http::request::Request;
use crate::http::response::Status;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// The log target of the access log.
pub const TARGET: &str = "access";

/// Characters of a request line in the log. With two fields of [`FIELD_CHARACTERS_MAX`] it stays below the 4,095 bytes of a
/// line that GoAccess reads.
const LINE_CHARACTERS_MAX: usize = 2048;

/// Characters of Referer or User-Agent in the log.
const FIELD_CHARACTERS_MAX: usize = 900;

/// Characters of `\xHH`.
const ESCAPED_CHARACTERS: usize = 4;

/// What the log will say of one request, once it is known how many bytes of the body were sent.
#[derive(Debug)]
pub struct Entry<'a> {
    peer: Peer,
    date: HttpDate,
    status: Status,
    line: Cow<'a, [u8]>,
    referer: Option<Cow<'a, [u8]>>,
    user_agent: Option<Cow<'a, [u8]>>,
}

impl<'a> Entry<'a> {
    /// The entry of a request; `None` where nobody reads the access log.
    pub fn of(
        request: &Request<'a>,
        peer: Peer,
        date: &HttpDate,
        status: Status,
    ) -> Option<Entry<'a>> {
        is_enabled().then(|| Entry {
            referer: request.fields.get("Referer").map(Cow::Borrowed),
            user_agent: request.fields.get("User-Agent").map(Cow::Borrowed),
            ..Entry::new(request.line, peer, date, status)
        })
    }

    /// The entry of a request that was refused: only its first line is known.
    pub fn of_refused(
        line: &'a [u8],
        peer: Peer,
        date: &HttpDate,
        status: Status,
    ) -> Option<Entry<'a>> {
        is_enabled().then(|| Entry::new(line, peer, date, status))
    }

    fn new(line: &'a [u8], peer: Peer, date: &HttpDate, status: Status) -> Entry<'a> {
        Entry {
            peer,
            date: *date,
            status,
            line: Cow::Borrowed(line),
            referer: None,
            user_agent: None,
        }
    }

    /// The same entry for another status, which was not known before.
    pub fn with_status(self, status: Status) -> Entry<'a> {
        Entry { status, ..self }
    }

    /// The same entry with copies of what it borrowed, for an answer that takes its time.
    pub fn into_owned(self) -> Entry<'static> {
        let owned = |bytes: Cow<'_, [u8]>| Cow::Owned(bytes.into_owned());
        Entry {
            peer: self.peer,
            date: self.date,
            status: self.status,
            line: owned(self.line),
            referer: self.referer.map(owned),
            user_agent: self.user_agent.map(owned),
        }
    }

    /// Writes the line; `body_bytes` of the body were given to the kernel.
    pub fn write(self, body_bytes: u64) {
        log::info!(target: TARGET, "{}", Line { entry: &self, body_bytes });
    }
}

fn is_enabled() -> bool {
    log::log_enabled!(target: TARGET, log::Level::Info)
}

struct Line<'a> {
    entry: &'a Entry<'a>,
    body_bytes: u64,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry {
            peer,
            date,
            status,
            line,
            referer,
            user_agent,
        } = self.entry;
        let time = date.common_log();
        write!(out, "{peer} - - [")?;
        time.iter()
            .try_for_each(|&byte| out.write_char(byte.into()))?;
        out.write_str("] \"")?;
        let shown = fitting(line, LINE_CHARACTERS_MAX);
        write_escaped(out, shown)?;
        if shown.len() < line.len() {
            // What is cut lies before the version, without which the line would be none to who reads it.
            write_escaped(out, version_of(line))?;
        }
        write!(out, "\" {} {} \"", status.code(), self.body_bytes)?;
        write_escaped(
            out,
            fitting(referer.as_deref().unwrap_or(b"-"), FIELD_CHARACTERS_MAX),
        )?;
        out.write_str("\" \"")?;
        write_escaped(
            out,
            fitting(user_agent.as_deref().unwrap_or(b"-"), FIELD_CHARACTERS_MAX),
        )?;
        out.write_char('"')
    }
}

/// The longest beginning of `bytes` that fits into `characters_max` once it is escaped.
fn fitting(bytes: &[u8], characters_max: usize) -> &[u8] {
    if bytes.len() * ESCAPED_CHARACTERS <= characters_max {
        return bytes;
    }
    let width = |&byte: &u8| {
        if is_plain(byte) {
            1
        } else {
            ESCAPED_CHARACTERS
        }
    };
    let sums = bytes.iter().scan(0, |sum, byte| {
        *sum += width(byte);
        Some(*sum)
    });
    &bytes[..sums.take_while(|&sum| sum <= characters_max).count()]
}

/// The end of a request line, ` HTTP/1.1` say; empty where there is none.
fn version_of(line: &[u8]) -> &[u8] {
    let version = line
        .iter()
        .rposition(|&byte| byte == b' ')
        .map_or(&b""[..], |at| &line[at..]);
    if version.len() <= " HTTP/1.1".len() {
        version
    } else {
        b""
    }
}

/// Writes printable ASCII as it is and everything else as `\xHH`, quotes and backslashes too.
fn write_escaped(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for run in bytes.chunk_by(|&one, &next| is_plain(one) && is_plain(next)) {
        match str::from_utf8(run) {
            Ok(plain) if is_plain(run[0]) => out.write_str(plain)?,
            _ => write!(out, "\\x{:02X}", run[0])?,
        }
    }
    Ok(())
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::date::Timestamp;

    fn line(request_line: &[u8], user_agent: Option<&[u8]>) -> String {
        let date = Timestamp::from_seconds(784_111_777)
            .http_date()
            .expect("a date in 1994");
        let peer = Peer::Inet("192.0.2.1".parse().expect("an address"));
        let mut entry = Entry::new(request_line, peer, &date, Status::NotFound);
        entry.user_agent = user_agent.map(Cow::Borrowed);
        Line {
            entry: &entry.into_owned(),
            body_bytes: 12,
        }
        .to_string()
    }

    #[test]
    fn a_line_is_in_the_combined_log_format() {
        let expected = "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a HTTP/1.0\" 404 12 \"-\" \"curl/8\"";
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
