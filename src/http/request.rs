//! The request parser: from the bytes of a head to a [`Request`] (RFC 9112 §2, §3, §5 and what §6
//! says of a head).
//!
//! A pure function over everything received so far. It keeps nothing between two calls and
//! allocates nothing: a request borrows from the bytes. Each line is judged when its end has come,
//! in this order: the request line with its version, method and target, then the field lines, then
//! Host, Content-Length and Transfer-Encoding. A control byte is refused at once, even in a line
//! without an end, so a TLS ClientHello gets its answer. More bytes never change an answer.
//!
//! Left out on purpose: HTTP/0.9, folded lines, and every transfer coding but chunked. What becomes
//! of a body's bytes is told in `body.rs`.

use super::body::Framing;
use super::field::{Fields, is_token};
use super::line::{Line, Stop, find_control, take_line};
use super::method::Method;
use super::reject::Reject;
use super::target::{Target, is_host};
use super::version::Version;
use crate::limits::{EMPTY_LINES_MAX, HEAD_BYTES_MAX, REQUEST_LINE_BYTES_MAX};

/// What [`parse`] makes of the bytes received so far.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every call ends in a request, and a box would be its one allocation"
)]
pub enum Parsed<'a> {
    /// A whole head; `head_bytes` is its length with the closing empty line (and skipped empty
    /// lines before it).
    Complete { request: Request<'a>, head_bytes: usize },
    /// A good beginning; more bytes are needed.
    Partial,
    /// No continuation can make this a request that is served.
    Refused(Reject),
}

/// One request head, borrowed from the bytes received.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The request line as it was received, without its line end: for the access log.
    pub line: &'a [u8],
    pub method: Method,
    pub target: Target<'a>,
    pub version: Version,
    /// `uri-host [":" port]`: the authority of an absolute-form target, else the Host field's
    /// value.
    pub host: Option<&'a [u8]>,
    /// How the end of the body is found that follows the head.
    pub framing: Framing,
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
        self.fields.list(field).any(|have| have.eq_ignore_ascii_case(member.as_bytes()))
    }
}

/// Parses the head at the start of `bytes`, everything received and not yet answered.
///
/// A head of [`HEAD_BYTES_MAX`] bytes is complete or refused, so a buffer of that size never waits
/// for room.
pub fn parse(bytes: &[u8]) -> Parsed<'_> {
    let bytes = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    match parse_head(bytes) {
        Ok(complete) => complete,
        Err(Stop::Partial) if bytes.len() == HEAD_BYTES_MAX => Parsed::Refused(Reject::HeadTooLong),
        Err(Stop::Partial) => Parsed::Partial,
        Err(Stop::Refused(reject)) => Parsed::Refused(reject),
    }
}

/// Whether [`parse`] could judge `bytes` otherwise than it judged the first `judged` of them, which
/// were `Partial`: a line has ended, a control byte has come, or a limit was passed. `false` is
/// certain, `true` is worth a look.
///
/// It looks at the new bytes only, so that a head sent byte by byte is not parsed anew for each.
pub fn may_decide(bytes: &[u8], judged: usize) -> bool {
    let Some((old, new)) = bytes.split_at_checked(judged) else {
        return true;
    };
    if new.is_empty() {
        return false;
    }
    // CR decides nothing until the next byte tells whether it is half a line end.
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

/// The first line of `bytes` (or what there is of it), without its line end: what the access log
/// shows of a refused request.
///
/// Empty lines before it are passed over, and it is cut after [`REQUEST_LINE_BYTES_MAX`] bytes.
pub fn first_line(bytes: &[u8]) -> &[u8] {
    let start = skip_empty_lines(bytes).unwrap_or(0);
    let line = bytes[start..].split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    &line[..line.len().min(REQUEST_LINE_BYTES_MAX)]
}

/// The version for the answer to a head that is refused or was never whole: the one that its
/// request line ends with, 1.1 for a later major version (RFC 9110 §6.2), and 1.0 where none can be
/// read: in a line that is too long, or behind what is refused at once.
///
/// It looks at nothing that [`parse`] has not judged, so more bytes do not change it.
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

/// As [`take_line`], for a line of bounded length: the byte after the longest one must begin the
/// line end. Of a longer line the method is judged all the same, which may be what is too long.
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

/// The Host field's value, checked. An absolute-form target does not excuse from it (RFC 9112
/// §3.2.2).
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

/// Whether `chunked` is the only transfer coding.
fn judge_transfer_codings(fields: &Fields) -> Result<(), Reject> {
    // Not `Fields::list`, which would skip an empty member: here it is a mistake.
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

/// Content-Length, which may be repeated with the same value in several lines, but not in one: who
/// joins two lines to a list has changed the message, and a peer may read it otherwise (RFC 9110
/// §8.6).
fn parse_content_length(fields: &Fields) -> Result<Option<u64>, Reject> {
    let mut length = None;
    for value in fields.all("Content-Length") {
        let value = parse_decimal(value).ok_or(Reject::MalformedContentLength)?;
        if length.is_some_and(|before| before != value) {
            return Err(Reject::ConflictingContentLength);
        }
        length = Some(value);
    }
    Ok(length)
}

/// `1*DIGIT` as a number; `None` for anything else, and past 2^64 - 1. (`str::parse` would take a
/// plus sign.)
fn parse_decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::FIELD_LINES_MAX;

    fn parse_whole(head: &[u8]) -> Request<'_> {
        match parse(head) {
            Parsed::Complete { request, head_bytes } if head_bytes == head.len() => request,
            other => panic!("{} is {other:?}", head.escape_ascii()),
        }
    }

    #[track_caller]
    fn expect_refused(head: &[u8], reject: Reject) {
        match parse(head) {
            Parsed::Refused(have) if have == reject => {}
            other => panic!("{} is {other:?}, not {reject:?}", head.escape_ascii()),
        }
    }

    #[track_caller]
    fn expect_partial(head: &[u8]) {
        let parsed = parse(head);
        assert!(matches!(parsed, Parsed::Partial), "{} is {parsed:?}", head.escape_ascii());
    }

    /// A head with this request line and, where the version asks for it, a Host.
    fn head_of(request_line: &[u8]) -> Vec<u8> {
        [request_line, b"\r\nHost: a\r\n\r\n"].concat()
    }

    /// A good HTTP/1.1 head with these further field lines, each ended by CRLF.
    fn head_with(field_lines: &str) -> Vec<u8> {
        format!("GET / HTTP/1.1\r\nHost: a\r\n{field_lines}\r\n").into_bytes()
    }

    #[test]
    fn malformed_request_lines_are_refused() {
        let rows: &[(&[u8], Reject)] = &[
            (b"GET", Reject::RequestLine),
            (b"GET /", Reject::RequestLine),
            (b"GET / ", Reject::RequestLine),
            (b" GET / HTTP/1.1", Reject::RequestLine),
            (b"GET  / HTTP/1.1", Reject::RequestLine),
            (b"GET /  HTTP/1.1", Reject::RequestLine),
            (b"GET  HTTP/1.1", Reject::RequestLine),
            (b"CONNECT  HTTP/1.1", Reject::RequestLine),
            (b"GET / HTTP/1.1 ", Reject::RequestLine),
            (b"GET /a b HTTP/1.1", Reject::RequestLine),
            (b" / HTTP/1.1", Reject::RequestLine),
            (b"GET\t/ HTTP/1.1", Reject::RequestLine),
            (b"GET /\tHTTP/1.1", Reject::RequestLine),
            (b"GET /a\tb HTTP/1.1", Reject::RequestLine),
            (b"GET / HTTP/1.1\t", Reject::RequestLine),
            (b"\tGET / HTTP/1.1", Reject::RequestLine),
            (b"GET / HTTP/1", Reject::Version),
            (b"GET / HTTP/1.", Reject::Version),
            (b"GET / HTTP/.1", Reject::Version),
            (b"GET / HTTP/2", Reject::Version),
            (b"GET / HTTP/1.10", Reject::Version),
            (b"GET / HTTP/11.0", Reject::Version),
            (b"GET / HTTP/a.b", Reject::Version),
            (b"GET / HTTP/1.x", Reject::Version),
            (b"GET / http/1.0", Reject::Version),
            (b"GET / Http/1.1", Reject::Version),
            (b"GET / HTTP 1.1", Reject::RequestLine),
            (b"GET / ICY/1.0", Reject::Version),
            (b"GET / HTTP/2.0", Reject::UnsupportedVersion),
            (b"GET / HTTP/3.0", Reject::UnsupportedVersion),
            (b"GET / HTTP/0.9", Reject::UnsupportedVersion),
            (b"PRI * HTTP/2.0", Reject::UnsupportedVersion),
            (b"G(T / HTTP/1.1", Reject::Method),
            (b"GET: / HTTP/1.1", Reject::Method),
            (b"G\xc3\x89T / HTTP/1.1", Reject::Method),
            (b"get / HTTP/1.1", Reject::UnknownMethod),
            (b"Get / HTTP/1.1", Reject::UnknownMethod),
            (b"GETT / HTTP/1.1", Reject::UnknownMethod),
            (b"PO / HTTP/1.1", Reject::UnknownMethod),
            (b"BREW /pot HTTP/1.1", Reject::UnknownMethod),
            (b"* / HTTP/1.1", Reject::UnknownMethod),
            (b"GET a HTTP/1.1", Reject::TargetForm),
            (b"GET /#a HTTP/1.1", Reject::TargetFragment),
            (b"GET http://a@b/ HTTP/1.1", Reject::TargetAuthority),
        ];
        for (line, reject) in rows {
            expect_refused(&head_of(line), *reject);
        }
    }

    #[test]
    fn the_first_mistake_in_the_order_of_judgement_counts() {
        let rows: &[(&[u8], Reject)] = &[
            (b"get  # HTTP/2.0\r\n", Reject::RequestLine),
            (b"get # HTTP/2.0\r\n", Reject::UnsupportedVersion),
            (b"get # HTTP/1.1\r\n", Reject::UnknownMethod),
            (b"GET # HTTP/1.1\r\n : \r\n", Reject::TargetFragment),
            (b"GET / HTTP/1.1\r\n : \r\n\r\n", Reject::FoldedLine),
            (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", Reject::MissingHost),
            (
                b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n",
                Reject::MalformedContentLength,
            ),
        ];
        for (head, reject) in rows {
            expect_refused(head, *reject);
        }
    }

    #[test]
    fn a_bad_request_line_is_refused_before_the_fields_come() {
        expect_refused(b"GET /\r\n", Reject::RequestLine);
        expect_refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reject::UnsupportedVersion);
    }

    #[test]
    fn each_version_of_major_1_is_served() {
        let rows: &[(&[u8], Version)] = &[
            (b"GET / HTTP/1.0", Version::Http10),
            (b"GET / HTTP/1.1", Version::Http11),
            (b"GET / HTTP/1.2", Version::Http11),
            (b"GET / HTTP/1.9", Version::Http11),
        ];
        for (line, version) in rows {
            assert_eq!(parse_whole(&head_of(line)).version, *version);
        }
    }

    #[test]
    fn methods_are_told_apart() {
        let rows: &[(&str, Method)] = &[
            ("GET", Method::Get),
            ("HEAD", Method::Head),
            ("OPTIONS", Method::Options),
            ("PUT", Method::Put),
            ("CONNECT", Method::Connect),
            ("POST", Method::NotAllowed),
            ("DELETE", Method::NotAllowed),
            ("TRACE", Method::NotAllowed),
            ("PATCH", Method::NotAllowed),
            ("QUERY", Method::NotAllowed),
            ("PRI", Method::NotAllowed),
            ("PROPFIND", Method::NotAllowed),
            ("ACL", Method::NotAllowed),
            ("COPY", Method::NotAllowed),
            ("UPDATEREDIRECTREF", Method::NotAllowed),
            ("VERSION-CONTROL", Method::NotAllowed),
        ];
        for (name, method) in rows {
            let head = head_of(format!("{name} / HTTP/1.1").as_bytes());
            assert_eq!(parse_whole(&head).method, *method, "{name}");
        }
        assert!(Method::NOT_ALLOWED.split(' ').all(|name| is_token(name.as_bytes())));
    }

    #[test]
    fn connect_is_taken_with_any_target() {
        for target in ["a:443", "/", "*", "http://a@b/", "#", "\u{fc}"] {
            let head = head_of(format!("CONNECT {target} HTTP/1.1").as_bytes());
            assert_eq!(parse_whole(&head).target, Target::Authority, "{target}");
        }
    }

    #[test]
    fn an_ordinary_request_is_taken_apart() {
        let bytes =
            b"GET /a/b.txt?q=1 HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n\r\nGET /next";
        let Parsed::Complete { request, head_bytes } = parse(bytes) else {
            panic!("not complete");
        };
        assert_eq!(&bytes[head_bytes..], b"GET /next");
        assert_eq!(request.line, b"GET /a/b.txt?q=1 HTTP/1.1");
        assert_eq!(request.method, Method::Get);
        let (path, query) = (&b"/a/b.txt"[..], Some(&b"q=1"[..]));
        assert_eq!(request.target, Target::Resource { path, query });
        assert_eq!(request.version, Version::Http11);
        assert_eq!(request.host, Some(&b"example.org:8080"[..]));
        assert_eq!(request.framing, Framing::None);
        assert_eq!(request.fields.get("accept"), Some(&b"*/*"[..]));
        assert_eq!(request.fields.iter().count(), 2);
    }

    #[test]
    fn empty_lines_before_the_request_line_are_skipped_up_to_the_limit() {
        for empty_line in ["\r\n", "\n"] {
            let most = format!("{}GET / HTTP/1.0\r\n\r\n", empty_line.repeat(EMPTY_LINES_MAX));
            assert_eq!(parse_whole(most.as_bytes()).line, b"GET / HTTP/1.0");
            expect_partial(empty_line.repeat(EMPTY_LINES_MAX).as_bytes());
            let too_many = empty_line.repeat(EMPTY_LINES_MAX + 1);
            expect_refused(too_many.as_bytes(), Reject::TooManyEmptyLines);
        }
        expect_refused(b"\r\rGET / HTTP/1.0\r\n\r\n", Reject::BareCr);
    }

    #[test]
    fn lines_that_end_in_lf_alone_are_accepted() {
        let request = parse_whole(b"GET / HTTP/1.1\nHost: a\r\nAccept: b\n\n");
        assert_eq!(request.fields.get("Accept"), Some(&b"b"[..]));
        parse_whole(b"GET / HTTP/1.0\r\n\n");
        parse_whole(b"GET / HTTP/1.0\n\r\n");
    }

    #[test]
    fn a_control_byte_is_refused_at_once_wherever_it_stands() {
        let controls = (0..0x20).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte));
        for control in controls {
            for start in
                ["", "GET /", "GET / HTTP/1.0\r\nA", "GET / HTTP/1.0\r\nA: a-very-long-value"]
            {
                expect_refused(&[start.as_bytes(), &[control]].concat(), Reject::ControlByte);
            }
        }
        let tls_client_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01";
        expect_refused(tls_client_hello, Reject::ControlByte);
    }

    #[test]
    fn cr_without_lf_is_refused_when_the_next_byte_is_there() {
        for start in ["", "GET / HTTP/1.0", "GET / HTTP/1.0\r\nA: b", "GET / HTTP/1.0\r\n"] {
            let cr = [start, "\r"].concat();
            expect_partial(cr.as_bytes());
            expect_refused(&[cr.as_bytes(), b"\r"].concat(), Reject::BareCr);
            expect_refused(&[cr.as_bytes(), b"a"].concat(), Reject::BareCr);
        }
    }

    #[test]
    fn malformed_field_lines_are_refused() {
        let rows = [
            ("Accept : a\r\n", Reject::FieldName),
            (": a\r\n", Reject::FieldName),
            ("A b: c\r\n", Reject::FieldName),
            ("\u{e4}: c\r\n", Reject::FieldName),
            ("Accept\r\n", Reject::FieldWithoutColon),
            (" folded: a\r\n", Reject::FoldedLine),
            ("\tfolded\r\n", Reject::FoldedLine),
            (" \r\n", Reject::FoldedLine),
        ];
        for (line, reject) in rows {
            expect_refused(&head_with(line), reject);
        }
        expect_refused(b"GET / HTTP/1.0\r\n folded: a\r\n\r\n", Reject::FoldedLine);
    }

    #[test]
    fn host_is_judged() {
        let rows: &[(&[u8], Reject)] = &[
            (b"GET / HTTP/1.1\r\n\r\n", Reject::MissingHost),
            (b"GET / HTTP/1.2\r\n\r\n", Reject::MissingHost),
            (b"CONNECT a:1 HTTP/1.1\r\n\r\n", Reject::MissingHost),
            (b"GET http://a/ HTTP/1.1\r\n\r\n", Reject::MissingHost),
            (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", Reject::RepeatedHost),
            (b"GET / HTTP/1.0\r\nHost: a\r\nHOST: b\r\n\r\n", Reject::RepeatedHost),
            (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Reject::MalformedHost),
            (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Reject::MalformedHost),
            (b"GET / HTTP/1.0\r\nHost: u@a\r\n\r\n", Reject::MalformedHost),
            (b"GET / HTTP/1.0\r\nHost: http://a\r\n\r\n", Reject::MalformedHost),
            (b"GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n", Reject::MalformedHost),
        ];
        for (head, reject) in rows {
            expect_refused(head, *reject);
        }
    }

    #[test]
    fn host_comes_from_the_authority_else_from_the_field() {
        let rows: &[(&[u8], Option<&[u8]>)] = &[
            (b"GET / HTTP/1.0\r\n\r\n", None),
            (b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", Some(b"a")),
            (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", Some(b"")),
            (b"GET http://b:1/ HTTP/1.0\r\n\r\n", Some(b"b:1")),
            (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Some(b"b")),
        ];
        for (head, host) in rows {
            assert_eq!(parse_whole(head).host, *host, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn bodies_whose_end_is_in_doubt_are_refused() {
        let rows = [
            ("Content-Length:\r\n", Reject::MalformedContentLength),
            ("Content-Length: -1\r\n", Reject::MalformedContentLength),
            ("Content-Length: +1\r\n", Reject::MalformedContentLength),
            ("Content-Length: 1.0\r\n", Reject::MalformedContentLength),
            ("Content-Length: 0x10\r\n", Reject::MalformedContentLength),
            ("Content-Length: 1 0\r\n", Reject::MalformedContentLength),
            ("Content-Length: 5,\r\n", Reject::MalformedContentLength),
            ("Content-Length: ,5\r\n", Reject::MalformedContentLength),
            ("Content-Length: \u{664}\r\n", Reject::MalformedContentLength),
            ("Content-Length: 18446744073709551616\r\n", Reject::MalformedContentLength),
            ("Content-Length: 99999999999999999999\r\n", Reject::MalformedContentLength),
            ("Content-Length: 5, 6\r\n", Reject::MalformedContentLength),
            ("Content-Length: 5, 5\r\n", Reject::MalformedContentLength),
            ("Content-Length: 5\t,5\r\n", Reject::MalformedContentLength),
            ("Content-Length: 5\r\ncontent-length: 6\r\n", Reject::ConflictingContentLength),
            ("Transfer-Encoding:\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: identity\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: gzip\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: xchunked\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: chunkedx\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: \"chunked\"\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: chunked;a=b\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: chunked, chunked\r\n", Reject::TransferEncoding),
            (
                "Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n",
                Reject::TransferEncoding,
            ),
            ("Transfer-Encoding: chunked, identity\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: chunked, gzip\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: gzip, chunked, chunked\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: chunked,\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: ,chunked\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: a b, chunked\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: chunked chunked\r\n", Reject::TransferEncoding),
            ("Transfer-Encoding: gzip, chunked\r\n", Reject::UnknownTransferCoding),
            ("Transfer-Encoding: a;b=c, chunked\r\n", Reject::UnknownTransferCoding),
            (
                "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
                Reject::UnknownTransferCoding,
            ),
            (
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                Reject::ContentLengthAndTransferEncoding,
            ),
        ];
        for (lines, reject) in rows {
            expect_refused(&head_with(lines), reject);
        }
        for coding in ["chunked", "gzip, chunked", "identity"] {
            let post = format!("POST / HTTP/1.0\r\nTransfer-Encoding: {coding}\r\n\r\n");
            expect_refused(post.as_bytes(), Reject::TransferEncoding);
        }
    }

    #[test]
    fn a_body_s_end_is_found_by_its_length_or_its_chunks() {
        let rows = [
            ("", Framing::None),
            ("Content-Length: 0\r\n", Framing::Length(0)),
            ("content-length:5\r\n", Framing::Length(5)),
            ("Content-Length: 5\r\nContent-Length: 05\r\n", Framing::Length(5)),
            ("Content-Length: 18446744073709551615\r\n", Framing::Length(u64::MAX)),
            ("Transfer-Encoding: chunked\r\n", Framing::Chunked),
            ("transfer-encoding:\tChunked \r\n", Framing::Chunked),
        ];
        for (lines, framing) in rows {
            assert_eq!(parse_whole(&head_with(lines)).framing, framing, "{lines}");
        }
    }

    #[test]
    fn a_request_line_over_the_limit_is_414_even_without_its_end() {
        let line_of = |bytes: usize| {
            let fixed = "GET / HTTP/1.0".len();
            format!("GET /{} HTTP/1.0", "a".repeat(bytes - fixed))
        };
        for line_end in ["\n", "\r\n"] {
            let longest = [&line_of(REQUEST_LINE_BYTES_MAX), line_end, line_end].concat();
            assert_eq!(parse_whole(longest.as_bytes()).line.len(), REQUEST_LINE_BYTES_MAX);
            let longer = [&line_of(REQUEST_LINE_BYTES_MAX + 1), line_end].concat();
            expect_refused(longer.as_bytes(), Reject::RequestLineTooLong);
            let after_empty_lines = [line_end, line_end, &longest].concat();
            parse_whole(after_empty_lines.as_bytes());
        }
        expect_partial(&[b'x'; REQUEST_LINE_BYTES_MAX]);
        let long_target = [&b"GET /"[..], &[b'x'; REQUEST_LINE_BYTES_MAX]].concat();
        expect_refused(&long_target, Reject::RequestLineTooLong);
        expect_refused(&[b' '; REQUEST_LINE_BYTES_MAX + 9], Reject::RequestLineTooLong);
        expect_refused(&[b'\xff'; 2 * HEAD_BYTES_MAX], Reject::RequestLineTooLong);
        expect_partial(&[line_of(REQUEST_LINE_BYTES_MAX).as_bytes(), b"\r"].concat());
    }

    #[test]
    fn an_unknown_method_of_any_length_is_501() {
        for length in [100, 8000, REQUEST_LINE_BYTES_MAX, REQUEST_LINE_BYTES_MAX + 1, 20_000] {
            let method = "X".repeat(length);
            let head = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            expect_refused(head.as_bytes(), Reject::UnknownMethod);
            let with_long_target = format!("{method} /{method}");
            if length > 8000 {
                expect_refused(with_long_target.as_bytes(), Reject::UnknownMethod);
            }
        }
        // As soon as no end of it could make it another one.
        expect_refused(&[b'x'; REQUEST_LINE_BYTES_MAX + 1], Reject::UnknownMethod);
        expect_partial(&[b'x'; REQUEST_LINE_BYTES_MAX]);
    }

    #[test]
    fn a_head_over_the_limit_is_431_even_without_its_end() {
        let head_of = |bytes: usize| {
            let (start, end) = ("GET / HTTP/1.0\r\nA: ", "\r\n\r\n");
            [start, &"a".repeat(bytes - start.len() - end.len()), end].concat()
        };
        let longest = head_of(HEAD_BYTES_MAX);
        assert_eq!(parse_whole(longest.as_bytes()).fields.iter().count(), 1);
        let longer = head_of(HEAD_BYTES_MAX + 1);
        expect_refused(longer.as_bytes(), Reject::HeadTooLong);
        expect_refused(&longer.as_bytes()[..HEAD_BYTES_MAX], Reject::HeadTooLong);
        expect_partial(&longer.as_bytes()[..HEAD_BYTES_MAX - 1]);
    }

    #[test]
    fn field_lines_over_the_limit_are_431_even_without_the_head_s_end() {
        let lines_of = |count: usize| ["GET / HTTP/1.0\r\n", &"A: b\r\n".repeat(count)].concat();
        let most = lines_of(FIELD_LINES_MAX);
        expect_partial(most.as_bytes());
        let request = [most.as_bytes(), b"\r\n"].concat();
        assert_eq!(parse_whole(&request).fields.iter().count(), FIELD_LINES_MAX);
        expect_refused(lines_of(FIELD_LINES_MAX + 1).as_bytes(), Reject::TooManyFieldLines);
    }

    #[test]
    fn persistence_is_what_version_and_connection_say() {
        let rows = [
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: TE\r\nconnection: x, keep-alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
            ("1.0", "Connection: not-keep-alive\r\n", false),
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: CLOSE\r\n", false),
            ("1.1", "Connection: x,close , y\r\n", false),
            ("1.1", "Connection: closed\r\n", true),
            ("1.2", "Connection: upgrade\r\n", true),
        ];
        for (version, lines, persists) in rows {
            let head = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
            assert_eq!(parse_whole(head.as_bytes()).wants_persistence(), persists, "{head}");
        }
    }

    #[test]
    fn continue_is_expected_in_http_1_1_only() {
        let rows = [
            ("1.1", "", false),
            ("1.1", "Expect: 100-Continue\r\n", true),
            ("1.1", "Expect: 100\r\n", false),
            ("1.0", "Expect: 100-continue\r\n", false),
        ];
        for (version, lines, expects) in rows {
            let head = format!("PUT / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
            assert_eq!(parse_whole(head.as_bytes()).expects_continue(), expects, "{head}");
        }
    }

    #[test]
    fn first_line_is_what_there_is_of_it() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"", b""),
            (b"\r\n", b""),
            (b"GET /", b"GET /"),
            (b"GET /\r", b"GET /"),
            (b"GET /\r\nHost: a\r\n", b"GET /"),
            (b"\n\r\nGET /\nHost: a", b"GET /"),
            (b"\x16\x03\x01", b"\x16\x03\x01"),
        ];
        for (bytes, line) in rows {
            assert_eq!(first_line(bytes), *line, "{}", bytes.escape_ascii());
        }
        assert_eq!(first_line(&[b'x'; 2 * REQUEST_LINE_BYTES_MAX]).len(), REQUEST_LINE_BYTES_MAX);
    }

    #[test]
    fn a_refused_head_has_the_version_that_can_be_read_of_it() {
        let too_long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(9000));
        let rows: &[(&[u8], Version)] = &[
            (b"", Version::Http10),
            (b"\r\n\n", Version::Http10),
            (b"\n\n\n\n\n\nGET / HTTP/1.1\r\n", Version::Http10),
            (b"GET /", Version::Http10),
            (b"GET / HTTP/1.", Version::Http10),
            (b"GET / HTTP/1.1 ", Version::Http10),
            (b"GET / http/1.1\r\n", Version::Http10),
            (b"GET / HTTP/0.9\r\n", Version::Http10),
            (b"GET / HTTP/1.0\r\nA: HTTP/1.1\r\n", Version::Http10),
            (b"\x16\x03\x01", Version::Http10),
            (&[b'x'; 2 * HEAD_BYTES_MAX], Version::Http10),
            (too_long.as_bytes(), Version::Http10),
            (b"GET /\0 HTTP/1.1\r\n", Version::Http10),
            (b"GET /\r HTTP/1.1\r\n", Version::Http10),
            (b"GET / HTTP/1.1\0", Version::Http11),
            (b"GET / HTTP/1.1", Version::Http11),
            (b"GET / HTTP/1.1\r", Version::Http11),
            (b"\r\nget  #  HTTP/1.2\nA : b", Version::Http11),
            (b"PRI * HTTP/2.0\r\n\r\n", Version::Http11),
        ];
        for (bytes, version) in rows {
            assert_eq!(version_of_refused(bytes), *version, "{}", bytes.escape_ascii());
        }
    }
}
