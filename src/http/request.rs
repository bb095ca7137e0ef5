//! The request parser: from the bytes of a head to a [`Request`] (RFC 9112 §2, §3, §5 and what §6
//! says of a head).
//!
//! [`parse`] is given everything received so far. It keeps nothing between two calls and allocates
//! nothing: a request borrows from the bytes. It judges each line once its end has come: first the
//! request line (version, method, target), then the field lines, then Host, Content-Length and
//! Transfer-Encoding. It refuses a control byte at once, even in a line without an end, so a TLS
//! ClientHello is answered. More bytes never change a refusal or a request.
//!
//! Left out on purpose: HTTP/0.9, folded lines, and every transfer coding but chunked. The bytes of
//! a body are the subject of [`body`](super::body).

use super::authority::is_host;
use super::body::Framing;
use super::field::Fields;
use super::grammar::{is_token, list_members, parse_decimal};
use super::line::{Line, Stop, find_control, take_line};
use super::method::Method;
use super::reject::Reject;
use super::target::Target;
use super::version::Version;
use crate::limits::{EMPTY_LINES_MAX, HEAD_BYTES_MAX, REQUEST_LINE_BYTES_MAX};

/// What [`parse`] makes of the bytes received so far.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every call ends in a request, and a box would be its one allocation"
)]
pub enum Parsed<'a> {
    /// A whole head.
    Complete {
        /// What it asks for.
        request: Request<'a>,
        /// Its length in bytes, from the start of what was received to the end of the empty line.
        head_bytes: usize,
    },
    /// A good beginning: more bytes are needed.
    Partial,
    /// Bad, whatever bytes may follow.
    Refused(Reject),
}

/// The head of one request, borrowed from the bytes received.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The request line as it was received, without its line end: for the access log.
    pub line: &'a [u8],
    /// What the client wants done.
    pub method: Method,
    /// What the client wants it done to.
    pub target: Target<'a>,
    /// The version that the answer must have.
    pub version: Version,
    /// `uri-host [":" port]`: the authority of an absolute-form target, else the value of Host
    /// (RFC 9112 §3.2.2).
    pub host: Option<&'a [u8]>,
    /// How the end of the request's body is found.
    pub framing: Framing,
    /// All field lines.
    pub fields: Fields<'a>,
}

impl Request<'_> {
    /// Whether the client wants the connection to persist: HTTP/1.1 unless `Connection: close`,
    /// HTTP/1.0 only with `Connection: keep-alive` (RFC 9112 §9.3, §C.2.2). `close` wins where both
    /// are named.
    pub fn wants_persistence(&self) -> bool {
        !self.names("Connection", "close")
            && (self.version == Version::Http11 || self.names("Connection", "keep-alive"))
    }

    /// Whether the client waits for 100 before it sends its body (RFC 9110 §10.1.1): `Expect:
    /// 100-continue` in HTTP/1.1.
    pub fn expects_continue(&self) -> bool {
        self.version == Version::Http11 && self.names("Expect", "100-continue")
    }

    /// Whether the list in the fields named `field` has `member`, without regard to case.
    fn names(&self, field: &str, member: &str) -> bool {
        let is_member = |have: &[u8]| have.eq_ignore_ascii_case(member.as_bytes());
        // Nearly always there is one member, and no need to look for quotes.
        self.fields.all(field).any(|value| match value.contains(&b',') {
            true => list_members(value).any(is_member),
            false => is_member(value),
        })
    }
}

/// The head at the start of `bytes`, which are all that was received and not yet answered.
///
/// [`HEAD_BYTES_MAX`] bytes are never `Partial`, so a buffer of that size is large enough.
///
/// ```
/// use tinyhttpd::http::method::Method;
/// use tinyhttpd::http::reject::Reject;
/// use tinyhttpd::http::request::{Parsed, parse};
///
/// let received = b"GET /a?b HTTP/1.1\r\nHost: example.org\r\n\r\nGET /";
/// match parse(received) {
///     Parsed::Complete { request, head_bytes } => {
///         assert_eq!(request.method, Method::Get);
///         assert_eq!(request.fields.get("host"), Some(&b"example.org"[..]));
///         assert_eq!(received[head_bytes..], *b"GET /", "the next request");
///     }
///     other => panic!("{other:?}"),
/// }
///
/// // Receive more, and parse all of it again.
/// assert!(matches!(parse(b"GET / HTTP/1.1\r\nHost: exam"), Parsed::Partial));
///
/// // Answer, and close the connection.
/// match parse(b"GET / HTTP/2.0\r\n") {
///     Parsed::Refused(reject) => {
///         assert_eq!(reject, Reject::UnsupportedVersion);
///         assert_eq!(reject.status().line(), "505 HTTP Version Not Supported");
///     }
///     other => panic!("{other:?}"),
/// }
/// ```
pub fn parse(bytes: &[u8]) -> Parsed<'_> {
    let bytes = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    match parse_head(bytes) {
        Ok(complete) => complete,
        Err(Stop::Partial) if bytes.len() == HEAD_BYTES_MAX => Parsed::Refused(Reject::HeadTooLong),
        Err(Stop::Partial) => Parsed::Partial,
        Err(Stop::Refused(reject)) => Parsed::Refused(reject),
    }
}

/// Whether to [`parse`] again, after the first `judged` of these bytes were `Partial`: a line has
/// ended, a control byte has come, or a limit was passed. After `false`, `bytes` are surely still
/// `Partial`.
///
/// It reads only the new bytes and leading empty lines, so a head sent byte by byte costs little.
pub fn may_decide(bytes: &[u8], judged: usize) -> bool {
    let Some((old, new)) = bytes.split_at_checked(judged) else {
        return true;
    };
    if new.is_empty() {
        return false;
    }
    // A CR at the end decides nothing: LF may follow.
    let undecided_cr = |at: usize| new[at] == b'\r' && at + 1 == new.len();
    old.last() == Some(&b'\r')
        || find_control(new).is_some_and(|at| !undecided_cr(at))
        || passes_a_limit(bytes, judged)
}

/// Whether a limit lies between the first `judged` bytes and all of `bytes`.
fn passes_a_limit(bytes: &[u8], judged: usize) -> bool {
    let empty_lines = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let request_line_max = empty_lines + REQUEST_LINE_BYTES_MAX;
    bytes.len() >= HEAD_BYTES_MAX || (judged <= request_line_max && request_line_max < bytes.len())
}

/// The request line of `bytes` as far as it has come, without its line end: what the access log
/// shows of a refused request. It is cut after [`REQUEST_LINE_BYTES_MAX`] bytes, and empty behind
/// more empty lines than [`EMPTY_LINES_MAX`].
pub fn first_line(bytes: &[u8]) -> &[u8] {
    let start = skip_empty_lines(bytes).unwrap_or(0);
    let line = bytes[start..].split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    &line[..line.len().min(REQUEST_LINE_BYTES_MAX)]
}

/// The version for the answer to a head that is refused or never became whole: the one at the end
/// of its request line, 1.1 for a later major version (RFC 9110 §6.2). It is 1.0 where none can be
/// read, as in a line that is too long, or behind a control byte.
pub fn version_of_refused(bytes: &[u8]) -> Version {
    let Ok(start) = skip_empty_lines(bytes) else {
        return Version::Http10;
    };
    let line = &bytes[start..bytes.len().min(start + REQUEST_LINE_BYTES_MAX + 1)];
    let line = &line[..find_control(line).unwrap_or(line.len())];
    if line.len() > REQUEST_LINE_BYTES_MAX {
        return Version::Http10;
    }
    let version = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    match (Version::parse(version), version) {
        (Ok(version), _) => version,
        (Err(Reject::UnsupportedVersion), [.., b'2'..=b'9', b'.', _]) => Version::Http11,
        (Err(_), _) => Version::Http10,
    }
}

fn parse_head(bytes: &[u8]) -> Result<Parsed<'_>, Stop> {
    let start = skip_empty_lines(bytes)?;
    let Line { content: line, next } = take_request_line(bytes, start)?;
    let [method, target, version] = split_request_line(line)?;
    let version = Version::parse(version)?;
    let method = Method::parse(method)?;
    let (target, authority) = Target::parse(target, method)?;
    let (fields, head_bytes) = Fields::parse_section(bytes, next)?;
    let host = judge_host(&fields, version)?;
    let framing = judge_framing(&fields, version)?;
    let request =
        Request { line, method, target, version, host: authority.or(host), framing, fields };
    Ok(Parsed::Complete { request, head_bytes })
}

/// The position after the empty lines at the start of `bytes` (RFC 9112 §2.2).
fn skip_empty_lines(bytes: &[u8]) -> Result<usize, Reject> {
    let mut start = 0;
    for _ in 0..=EMPTY_LINES_MAX {
        match bytes[start..] {
            [b'\n', ..] => start += 1,
            [b'\r', b'\n', ..] => start += 2,
            _ => return Ok(start),
        }
    }
    Err(Reject::TooManyEmptyLines)
}

/// As [`take_line`], for a line of [`REQUEST_LINE_BYTES_MAX`] bytes at most. A longer one is
/// refused for its method if that is unknown, since the method may be what is too long.
fn take_request_line(head: &[u8], start: usize) -> Result<Line<'_>, Stop> {
    let longest = &head[start..head.len().min(start + REQUEST_LINE_BYTES_MAX + 1)];
    if longest.len() <= REQUEST_LINE_BYTES_MAX || find_control(longest).is_some() {
        return take_line(head, start);
    }
    let method = longest.split(|&byte| byte == b' ').next().unwrap_or_default();
    match Method::parse(method) {
        Err(Reject::UnknownMethod) => Err(Reject::UnknownMethod.into()),
        _ => Err(Reject::RequestLineTooLong.into()),
    }
}

/// Method, request-target and HTTP-version, none of them empty (RFC 9112 §3).
fn split_request_line(line: &[u8]) -> Result<[&[u8]; 3], Reject> {
    let mut parts = line.split(|&byte| byte == b' ');
    let parts = (parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(method), Some(target), Some(version), None) = parts else {
        return Err(Reject::RequestLine);
    };
    let parts = [method, target, version];
    if parts.contains(&&b""[..]) || line.contains(&b'\t') {
        return Err(Reject::RequestLine);
    }
    Ok(parts)
}

/// The value of Host. HTTP/1.1 must have one even with an absolute-form (RFC 9112 §3.2, §3.2.2).
fn judge_host<'a>(fields: &Fields<'a>, version: Version) -> Result<Option<&'a [u8]>, Reject> {
    let mut hosts = fields.all("Host");
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Err(Reject::RepeatedHost),
        (None, None) if version == Version::Http11 => Err(Reject::MissingHost),
        (Some(host), None) if !is_host(host) => Err(Reject::MalformedHost),
        (host, None) => Ok(host),
    }
}

/// How the end of the body is found (RFC 9112 §6.3).
fn judge_framing(fields: &Fields, version: Version) -> Result<Framing, Reject> {
    let content_length = parse_content_length(fields)?;
    match (fields.get("Transfer-Encoding"), content_length) {
        (None, length) => Ok(length.map_or(Framing::None, Framing::Length)),
        (Some(_), Some(_)) => Err(Reject::ContentLengthAndTransferEncoding),
        (Some(_), None) if version == Version::Http10 => Err(Reject::TransferEncoding),
        (Some(_), None) => judge_transfer_codings(fields).map(|()| Framing::Chunked),
    }
}

/// Refuses all transfer codings but a single `chunked`.
fn judge_transfer_codings(fields: &Fields) -> Result<(), Reject> {
    // Not `Fields::list`, which skips empty members: here they are a mistake.
    let lines = fields.all("Transfer-Encoding");
    let codings = lines.flat_map(|value| value.split(|&byte| byte == b','));
    let mut chunked_is_last = false;
    let mut others = 0;
    for coding in codings {
        let name = coding.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        if chunked_is_last || !is_token(name) {
            return Err(Reject::TransferEncoding);
        }
        chunked_is_last = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
        others += usize::from(!chunked_is_last);
    }
    match (chunked_is_last, others) {
        (false, _) => Err(Reject::TransferEncoding),
        (true, 0) => Ok(()),
        (true, _) => Err(Reject::UnknownTransferCoding),
    }
}

/// The value of Content-Length. Several lines may repeat it; a list in one line is refused, since
/// another server may read it differently (RFC 9110 §8.6).
fn parse_content_length(fields: &Fields) -> Result<Option<u64>, Reject> {
    let mut length = None;
    for value in fields.all("Content-Length") {
        let value = parse_decimal(value).map_err(|_| Reject::MalformedContentLength)?;
        if length.is_some_and(|before| before != value) {
            return Err(Reject::ConflictingContentLength);
        }
        length = Some(value);
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
