//! The response head: its field lines, and the one place that writes a head (RFC 9112 §4, §5).

use super::date::HttpDate;
use super::status::Status;
use super::version::Version;
use std::sync::Arc;

/// The field lines of one response, without those that [`write_head`] adds: Date, Server,
/// Connection and Content-Length.
#[derive(Clone, Debug, Default)]
pub struct FieldLines {
    /// Text that many answers have in common, such as all those with one file.
    shared: Option<Arc<str>>,
    /// Bytes of it that belong here: whole lines.
    shared_bytes: usize,
    own: String,
}

impl FieldLines {
    /// No field lines.
    pub fn new() -> FieldLines {
        FieldLines::default()
    }

    /// Field lines that begin with those in the first `length` bytes of `shared`, which end in CRLF
    /// each.
    pub fn sharing(shared: Arc<str>, length: usize) -> FieldLines {
        FieldLines { shared: Some(shared), shared_bytes: length, own: String::new() }
    }

    /// The same field lines, for many answers: a clone copies no text.
    pub fn into_shared(self) -> FieldLines {
        let lines = [self.shared(), &self.own].concat();
        let length = lines.len();
        FieldLines::sharing(Arc::from(lines), length)
    }

    /// The lines that are shared.
    fn shared(&self) -> &str {
        self.shared.as_ref().map_or("", |shared| &shared[..self.shared_bytes])
    }

    /// Adds one field line. `value` must hold neither CR nor LF, so a caller may not take it from a
    /// request unchecked.
    pub fn push(&mut self, name: &str, value: &str) {
        debug_assert!(!value.contains(['\r', '\n']));
        for part in [name, ": ", value, "\r\n"] {
            self.own.push_str(part);
        }
    }

    /// The field lines with one more (see [`FieldLines::push`]).
    pub fn with(mut self, name: &str, value: &str) -> FieldLines {
        self.push(name, value);
        self
    }

    /// The value of the first line named `name`, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| {
            line.split_once(": ").is_some_and(|(have, _)| have.eq_ignore_ascii_case(name))
        };
        let mut lines = self.shared().lines().chain(self.own.lines());
        lines.find(|l| line(l)).and_then(|l| l.split_once(": ")).map(|(_, value)| value)
    }
}

/// Appends a whole response head to `out`: status line, Date, Server, Connection, Content-Length if
/// it is given, `fields`, and the empty line (RFC 9112 §4, §5).
///
/// `version` is that of the request. A `persistent` connection is told with `keep-alive`, any other
/// with `close`.
pub fn write_head(
    out: &mut Vec<u8>,
    version: Version,
    status: Status,
    fields: &FieldLines,
    content_length: Option<u64>,
    persistent: bool,
    date: &HttpDate,
) {
    let connection = if persistent { KEEP_ALIVE } else { CLOSE };
    for part in [
        version.status_line_start(),
        status.line(),
        "\r\nDate: ",
        date.as_str(),
        SERVER,
        connection,
    ] {
        out.extend_from_slice(part.as_bytes());
    }
    if let Some(length) = content_length {
        out.extend_from_slice(b"Content-Length: ");
        write_decimal(out, length);
        out.extend_from_slice(b"\r\n");
    }
    for part in [fields.shared(), &fields.own, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

const SERVER: &str = concat!("\r\nServer: tinyhttpd/", env!("CARGO_PKG_VERSION"), "\r\n");
const KEEP_ALIVE: &str = "Connection: keep-alive\r\n";
const CLOSE: &str = "Connection: close\r\n";

/// Appends `number` in decimal digits, at less cost than `write!`, since every answer needs it.
fn write_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::date::Timestamp;

    fn head(status: Status, fields: &FieldLines, length: Option<u64>, persistent: bool) -> String {
        let date = Timestamp::from_seconds(784_111_777).http_date().expect("a date in 1994");
        let mut out = Vec::new();
        let version = Version::Http11;
        write_head(&mut out, version, status, fields, length, persistent, &date);
        String::from_utf8(out).expect("a head is ASCII here")
    }

    #[test]
    fn a_head_is_status_line_fields_and_an_empty_line() {
        let fields = FieldLines::sharing(Arc::from("Content-Type: text/plain\r\nA: b\r\n"), 26)
            .with("Content-Range", "bytes 0-0/9");
        let expected = format!(
            "HTTP/1.1 206 Partial Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: tinyhttpd/{}\r\n\
             Connection: keep-alive\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\
             Content-Range: bytes 0-0/9\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(head(Status::PartialContent, &fields, Some(1), true), expected);
    }

    #[test]
    fn the_status_line_says_the_version_that_is_asked_for() {
        let date = Timestamp::from_seconds(784_111_777).http_date().expect("a date in 1994");
        for (version, expected) in
            [(Version::Http10, "HTTP/1.0 200 OK\r\n"), (Version::Http11, "HTTP/1.1 200 OK\r\n")]
        {
            let mut out = Vec::new();
            write_head(&mut out, version, Status::Ok, &FieldLines::new(), None, true, &date);
            assert!(out.starts_with(expected.as_bytes()), "{}", out.escape_ascii());
        }
    }

    #[test]
    fn a_head_without_a_body_has_no_content_length() {
        let text = head(Status::NotModified, &FieldLines::new(), None, false);
        assert!(!text.contains("Content-Length"), "{text}");
        assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    }

    #[test]
    fn fields_are_found_by_name_without_regard_to_case() {
        let fields = FieldLines::sharing(Arc::from("ETag: \"a\"\r\nB: c\r\n"), 11)
            .with("Vary", "Accept-Encoding");
        assert_eq!(fields.get("etag"), Some("\"a\""));
        assert_eq!(fields.get("VARY"), Some("Accept-Encoding"));
        assert_eq!(fields.get("Var"), None);
    }

    #[test]
    fn decimals_are_written_whole() {
        for number in [0, 9, 10, 1234, u64::MAX] {
            let mut out = Vec::new();
            write_decimal(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }
}
