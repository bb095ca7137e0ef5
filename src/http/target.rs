//! The request-target (RFC 9112 §3.2, RFC 3986 §3), and the path in it: decoded once, split,
//! resolved.
//!
//! Left out on purpose: normalization beyond that. A path is bytes, no text; the file system says
//! what it names.

use super::method::Method;
use super::reject::Reject;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};
use std::borrow::Cow;

/// The request-target in the forms that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// origin-form or absolute-form: `path` starts with a slash (an absolute-form without a path
    /// has `/`) and is as received; `query` is what follows the first `?`, without it.
    Resource { path: &'a [u8], query: Option<&'a [u8]> },
    /// `*`, for OPTIONS only.
    Asterisk,
    /// Of CONNECT, whatever it says: nothing here looks at it.
    Authority,
}

impl<'a> Target<'a> {
    /// The form of `target`, which holds neither blanks nor control bytes, with the authority of an
    /// absolute-form (`uri-host [":" port]`, checked).
    pub(super) fn parse(
        target: &'a [u8],
        method: Method,
    ) -> Result<(Target<'a>, Option<&'a [u8]>), Reject> {
        match target {
            _ if method == Method::Connect => Ok((Target::Authority, None)),
            _ if target.contains(&b'#') => Err(Reject::TargetFragment),
            [b'/', ..] => Ok((Target::resource(target), None)),
            b"*" if method == Method::Options => Ok((Target::Asterisk, None)),
            _ => Target::parse_absolute_form(target),
        }
    }

    fn parse_absolute_form(target: &'a [u8]) -> Result<(Target<'a>, Option<&'a [u8]>), Reject> {
        let (scheme, rest) = target.split_at_checked(b"http://".len()).ok_or(Reject::TargetForm)?;
        if !scheme.eq_ignore_ascii_case(b"http://") {
            return Err(Reject::TargetForm);
        }
        let authority_end = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
        let (authority, path_and_query) = rest.split_at(authority_end.unwrap_or(rest.len()));
        // A URI needs a host where the Host field does not (RFC 9110 §4.2.1).
        if matches!(authority, [] | [b':', ..]) || !is_host(authority) {
            return Err(Reject::TargetAuthority);
        }
        Ok((Target::resource(path_and_query), Some(authority)))
    }

    fn resource(path_and_query: &'a [u8]) -> Target<'a> {
        let mut parts = path_and_query.splitn(2, |&byte| byte == b'?');
        let path = match parts.next() {
            None | Some([]) => b"/",
            Some(path) => path,
        };
        Target::Resource { path, query: parts.next() }
    }
}

/// Whether `value` is `uri-host [":" port]` (RFC 3986 §3.2.2, §3.2.3); an empty host is one.
pub fn is_host(value: &[u8]) -> bool {
    // Only an IP-literal, in brackets, has colons of its own.
    let host_end = match value.strip_prefix(b"[") {
        Some(literal) => literal.iter().position(|&byte| byte == b']').map(|at| at + 2),
        None => value.iter().position(|&byte| byte == b':'),
    };
    let (host, port) = value.split_at(host_end.unwrap_or(value.len()));
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_port && (is_reg_name(host) || is_ip_literal(host))
}

/// `reg-name`: names, and every IPv4 address too.
fn is_reg_name(mut host: &[u8]) -> bool {
    while let [first, rest @ ..] = host {
        host = match (first, rest) {
            (b'%', [high, low, rest @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            (byte, rest) if is_unreserved_or_sub_delim(*byte) => rest,
            _ => return false,
        };
    }
    true
}

/// `"[" ( IPv6address / IPvFuture ) "]"`. Zone identifiers have no place in a request.
fn is_ip_literal(host: &[u8]) -> bool {
    let Some(address) = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else {
        return false;
    };
    let is_ipv6 = |text: &str| text.parse::<core::net::Ipv6Addr>().is_ok();
    str::from_utf8(address).is_ok_and(is_ipv6) || is_ipv_future(address)
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
fn is_ipv_future(address: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = address else {
        return false;
    };
    let mut parts = rest.splitn(2, |&byte| byte == b'.');
    let (version, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_text = |&byte: &u8| is_unreserved_or_sub_delim(byte) || byte == b':';
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !text.is_empty()
        && text.iter().all(is_text)
}

fn is_unreserved_or_sub_delim(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// A path beneath the document root: percent-decoded, without `.` or `..` segments, repeated
/// slashes, NUL, or a slash at either end.
///
/// Only [`RequestPath::parse`] builds one, so what it promises cannot be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath<'a> {
    relative: Cow<'a, [u8]>,
    names_directory: bool,
    is_plain: bool,
}

/// Why a path names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// `%`, `%4`, `%zz`: 400.
    BrokenEscape,
    /// A decoded NUL: 400.
    Nul,
    /// `..` above the root: 400.
    AboveRoot,
    /// `%2F` inside a segment: 404, where none of the others makes it 400.
    EncodedSlash,
}

impl<'a> RequestPath<'a> {
    /// Decodes and resolves the path of a [`Target::Resource`]. Allocates only where something must
    /// be decoded or resolved.
    pub fn parse(path: &'a [u8]) -> Result<RequestPath<'a>, PathError> {
        let inner = path.strip_prefix(b"/").unwrap_or(path);
        let inner = inner.strip_suffix(b"/").unwrap_or(inner);
        if !is_resolved(inner) {
            return RequestPath::resolve(path);
        }
        Ok(RequestPath {
            relative: Cow::Borrowed(inner),
            names_directory: inner.is_empty() || path.ends_with(b"/"),
            is_plain: !path.contains(&b'\\'),
        })
    }

    /// As [`RequestPath::parse`], for any path: each segment is decoded and then, as it reads now,
    /// obeyed.
    fn resolve(path: &'a [u8]) -> Result<RequestPath<'a>, PathError> {
        let mut segments = Vec::new();
        let mut names_directory = true;
        let mut has_encoded_slash = false;
        let mut is_plain = !path.contains(&b'\\');
        let last = path.iter().filter(|&&byte| byte == b'/').count();
        for (position, segment) in path.split(|&byte| byte == b'/').enumerate() {
            let segment = decode(segment)?;
            is_plain &= match &*segment {
                b"" => position == 0 || position == last,
                b"." | b".." => false,
                _ => true,
            };
            names_directory = matches!(&*segment, b"" | b"." | b"..");
            has_encoded_slash |= segment.contains(&b'/');
            match &*segment {
                b"" | b"." => {}
                b".." => drop(segments.pop().ok_or(PathError::AboveRoot)?),
                _ => segments.push(segment),
            }
        }
        if has_encoded_slash {
            return Err(PathError::EncodedSlash);
        }
        Ok(RequestPath { relative: Cow::Owned(segments.join(&b'/')), names_directory, is_plain })
    }

    /// What is left of the path without the segments of `prefix`, which are joined by single slashes;
    /// `None` where it does not begin with them.
    pub(super) fn beneath(&self, prefix: &[u8]) -> Option<RequestPath<'_>> {
        let relative = match (prefix, self.relative.strip_prefix(prefix)?) {
            (b"", rest) | (_, rest @ []) | (_, [b'/', rest @ ..]) => rest,
            _ => return None,
        };
        Some(RequestPath { relative: Cow::Borrowed(relative), ..*self })
    }

    /// Segments joined by single slashes, such as `a/b.txt`; empty for the root itself.
    pub fn relative(&self) -> &[u8] {
        &self.relative
    }

    /// Whether the path ends with a slash, or with a `.` or `..` segment: then it can name a
    /// directory only.
    pub fn names_directory(&self) -> bool {
        self.names_directory
    }

    /// The last segment; empty for the root itself.
    pub fn name(&self) -> &[u8] {
        self.relative.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// Whether the path was sent as it reads now, but for escapes: no dot segment, no repeated
    /// slash, and no `\`, which browsers take for a slash. Then a reference relative to it leads
    /// where it seems to.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Each segment in order, none of them empty; no segment at all for the root itself.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        split_segments(&self.relative).filter(|segment| !segment.is_empty())
    }

    /// Whether a segment starts with a dot, other than `.well-known` (RFC 8615), wherever it
    /// stands.
    pub fn is_hidden(&self) -> bool {
        self.segments().any(|segment| segment.starts_with(b".") && segment != b".well-known")
    }
}

/// Whether `inner`, a path without the slashes at its ends, is what it resolves to.
fn is_resolved(inner: &[u8]) -> bool {
    let is_plain = |segment: &[u8]| !matches!(segment, b"" | b"." | b"..");
    inner.is_empty()
        || (!inner.contains(&b'%') && !inner.contains(&0) && split_segments(inner).all(is_plain))
}

fn split_segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/')
}

/// `segment` percent-decoded (RFC 3986 §2.1), once.
fn decode(segment: &[u8]) -> Result<Cow<'_, [u8]>, PathError> {
    if segment.contains(&0) {
        return Err(PathError::Nul);
    }
    if !segment.contains(&b'%') {
        return Ok(Cow::Borrowed(segment));
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let [first, after @ ..] = rest {
        let byte;
        (byte, rest) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (decode_escape(*high, *low)?, after),
            (b'%', _) => return Err(PathError::BrokenEscape),
            (byte, after) => (*byte, after),
        };
        decoded.push(byte);
    }
    Ok(Cow::Owned(decoded))
}

/// The byte that `%` with these two digits stands for.
fn decode_escape(high: u8, low: u8) -> Result<u8, PathError> {
    let digit = |byte| char::from(byte).to_digit(16).ok_or(PathError::BrokenEscape);
    match (digit(high)? << 4 | digit(low)?) as u8 {
        0 => Err(PathError::Nul),
        byte => Ok(byte),
    }
}

/// What [`encode_path`] leaves as it is: unreserved characters, slashes, and those sub-delims that
/// mean nothing in HTML. The colon is not among them: in a link, the text before it would read as a
/// scheme.
const ENCODED_IN_PATH: AsciiSet = NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// Percent-encodes a relative path (segments joined by slashes) for a `Location` or a link:
/// everything but unreserved characters, the sub-delims that are harmless in a path and in an HTML
/// attribute, and the slashes.
///
/// Slashes at its start are left out, so `/` with the result after it, which is not empty for a
/// path but the root, names no other site.
pub fn encode_path(relative: &[u8]) -> String {
    let start = relative.iter().take_while(|&&byte| byte == b'/').count();
    percent_encode(&relative[start..], &ENCODED_IN_PATH).to_string()
}

/// Percent-encodes a query as received for a `Location`: what a request-target may hold but a URI
/// may not.
pub fn encode_query(query: &[u8]) -> String {
    percent_encode(query, &ENCODED_IN_QUERY).to_string()
}

/// Controls, bytes over 0x7F, and what RFC 3986 §3.4 leaves out of a query. Escapes stay as they
/// are.
const ENCODED_IN_QUERY: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &'static [u8], query: Option<&'static [u8]>) -> Target<'static> {
        Target::Resource { path, query }
    }

    #[test]
    fn targets_in_other_forms_are_refused() {
        let rows: &[(&[u8], Reject)] = &[
            (b"", Reject::TargetForm),
            (b"*", Reject::TargetForm),
            (b"a", Reject::TargetForm),
            (b"index.html", Reject::TargetForm),
            (b"?a", Reject::TargetForm),
            (b"%2f", Reject::TargetForm),
            (b"\\a", Reject::TargetForm),
            (b"example.org:80", Reject::TargetForm),
            (b"http:/a/", Reject::TargetForm),
            (b"http:a", Reject::TargetForm),
            (b"https://a/", Reject::TargetForm),
            (b"ftp://a/", Reject::TargetForm),
            (b"file:///etc/passwd", Reject::TargetForm),
            (b"\xc3\xa4", Reject::TargetForm),
            (b"/#", Reject::TargetFragment),
            (b"/a?b#c", Reject::TargetFragment),
            (b"http://a/#b", Reject::TargetFragment),
            (b"http://", Reject::TargetAuthority),
            (b"http:///a", Reject::TargetAuthority),
            (b"http://?a", Reject::TargetAuthority),
            (b"http://:80/", Reject::TargetAuthority),
            (b"http://user@a/", Reject::TargetAuthority),
            (b"http://user:word@a/", Reject::TargetAuthority),
            (b"http://a:b/", Reject::TargetAuthority),
            (b"http://a\\b/", Reject::TargetAuthority),
            (b"http://\xc3\xa4/", Reject::TargetAuthority),
        ];
        for (target, reject) in rows {
            let parsed = Target::parse(target, Method::Get);
            assert_eq!(parsed, Err(*reject), "{}", target.escape_ascii());
        }
        let asterisk = Target::parse(b"*", Method::NotAllowed);
        assert_eq!(asterisk, Err(Reject::TargetForm));
        let more = Target::parse(b"**", Method::Options);
        assert_eq!(more, Err(Reject::TargetForm));
    }

    #[test]
    fn origin_form_is_path_and_query() {
        let rows: &[(&[u8], Target)] = &[
            (b"/", resource(b"/", None)),
            (b"//a", resource(b"//a", None)),
            (b"/a/b.txt", resource(b"/a/b.txt", None)),
            (b"/?", resource(b"/", Some(b""))),
            (b"/a?b=c&d", resource(b"/a", Some(b"b=c&d"))),
            (b"/a?b?/c", resource(b"/a", Some(b"b?/c"))),
            (b"/a%3fb", resource(b"/a%3fb", None)),
            (b"/\xc3\xa4?\xff", resource(b"/\xc3\xa4", Some(b"\xff"))),
            (b"/http://a@b/", resource(b"/http://a@b/", None)),
        ];
        for (target, resource) in rows {
            let parsed = Target::parse(target, Method::Get);
            assert_eq!(parsed, Ok((*resource, None)));
        }
    }

    #[test]
    fn absolute_form_is_authority_path_and_query() {
        let rows: &[(&[u8], &[u8], Target)] = &[
            (b"http://a", b"a", resource(b"/", None)),
            (b"http://a/", b"a", resource(b"/", None)),
            (b"HTTP://A/b", b"A", resource(b"/b", None)),
            (b"hTTp://a:8080/b/c?d", b"a:8080", resource(b"/b/c", Some(b"d"))),
            (b"http://a:/b", b"a:", resource(b"/b", None)),
            (b"http://a?b", b"a", resource(b"/", Some(b"b"))),
            (b"http://a?b/c", b"a", resource(b"/", Some(b"b/c"))),
            (b"http://[::1]:80/b", b"[::1]:80", resource(b"/b", None)),
            (b"http://a//b", b"a", resource(b"//b", None)),
            (b"http://a/b@c", b"a", resource(b"/b@c", None)),
        ];
        for (target, authority, resource) in rows {
            let parsed = Target::parse(target, Method::NotAllowed);
            assert_eq!(parsed, Ok((*resource, Some(*authority))));
        }
    }

    #[test]
    fn asterisk_is_for_options_and_any_target_for_connect() {
        assert_eq!(Target::parse(b"*", Method::Options), Ok((Target::Asterisk, None)));
        for target in [&b"a:443"[..], b"*", b"/", b"#", b"http://a@b"] {
            assert_eq!(Target::parse(target, Method::Connect), Ok((Target::Authority, None)));
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let rows: &[&[u8]] = &[
            b"a b",
            b"a/b",
            b"a?b",
            b"a#b",
            b"a@b",
            b"a\\b",
            b"a,b:c",
            b"a:b",
            b"a:80:80",
            b"a:-1",
            b"a:+1",
            b"a: 80",
            b"a\"b",
            b"<a>",
            b"{a}",
            b"a%",
            b"a%4",
            b"a%zz",
            b"a%%41",
            b"\xc3\xa4",
            b"a\x00",
            b"a\tb",
            b"::1",
            b"[",
            b"]",
            b"[]",
            b"[::1",
            b"::1]",
            b"[::1]a",
            b"[::1]80",
            b"[::1]]",
            b"[[::1]]",
            b"a[::1]",
            b"[::1%25eth0]",
            b"[1.2.3.4]",
            b"[1:2:3:4:5:6:7]",
            b"[1:2:3:4:5:6:7:8:9]",
            b"[12345::]",
            b"[1::2::3]",
            b"[g::]",
            b"[::256.1.1.1]",
            b"[v.a]",
            b"[v1.]",
            b"[v1]",
            b"[vx.a]",
            b"[v1.a/b]",
            b"[::1]:a",
        ];
        for value in rows {
            assert!(!is_host(value), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn hosts_are_names_and_addresses_with_and_without_a_port() {
        let rows = [
            "",
            ":80",
            "a",
            "a:",
            "a:80",
            "a:99999",
            "localhost:8080",
            "www.example.org",
            "example.org.",
            "xn--bcher-kva.example",
            "a_b",
            "a-b~c",
            "1.2.3.4",
            "1.2.3.4:80",
            "999.1.1.1",
            "a%41%e4",
            "!$&'()*+,;=",
            "[::]",
            "[::1]",
            "[::1]:80",
            "[::1]:",
            "[2001:DB8::1]",
            "[1:2:3:4:5:6:7:8]",
            "[1:2:3:4:5:6:7::]",
            "[::ffff:1.2.3.4]",
            "[v1.a:b]",
            "[VF.~]",
        ];
        for value in rows {
            assert!(is_host(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn paths_that_name_nothing_are_refused() {
        use PathError::*;
        let rows: &[(&[u8], PathError)] = &[
            (b"/%", BrokenEscape),
            (b"/a%4", BrokenEscape),
            (b"/%zz", BrokenEscape),
            (b"/%4g/", BrokenEscape),
            (b"/%/41", BrokenEscape),
            (b"/%4/1", BrokenEscape),
            (b"/%%41", BrokenEscape),
            (b"/%+1", BrokenEscape),
            (b"/%u0041", BrokenEscape),
            (b"/a/../%", BrokenEscape),
            (b"/%00", Nul),
            (b"/a/b%00.txt", Nul),
            (b"/%00/..", Nul),
            (b"/a\0b", Nul),
            (b"/..", AboveRoot),
            (b"/../", AboveRoot),
            (b"/../a", AboveRoot),
            (b"/a/../../a", AboveRoot),
            (b"/./..", AboveRoot),
            (b"//..", AboveRoot),
            (b"/%2e%2E", AboveRoot),
            (b"/.%2e/a", AboveRoot),
            (b"/a/%2e./..", AboveRoot),
            (b"/%2f", EncodedSlash),
            (b"/a%2Fb", EncodedSlash),
            (b"/a/..%2f..%2fb", EncodedSlash),
            (b"/a%2fb/../c", EncodedSlash),
        ];
        for (path, error) in rows {
            assert_eq!(RequestPath::parse(path), Err(*error), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn a_mistake_wins_over_an_encoded_slash_wherever_it_stands() {
        let rows: &[(&[u8], PathError)] = &[
            (b"/a%2fb/%zz", PathError::BrokenEscape),
            (b"/a%2fb%", PathError::BrokenEscape),
            (b"/%zz/a%2fb", PathError::BrokenEscape),
            (b"/a%2fb/%00", PathError::Nul),
            (b"/a%2fb/../..", PathError::AboveRoot),
            (b"/../a%2fb", PathError::AboveRoot),
        ];
        for (path, error) in rows {
            assert_eq!(RequestPath::parse(path), Err(*error), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn paths_are_decoded_once_then_split_and_resolved() {
        let rows: &[(&[u8], &[u8], bool)] = &[
            (b"", b"", true),
            (b"/", b"", true),
            (b"//", b"", true),
            (b"/.", b"", true),
            (b"/a/..", b"", true),
            (b"/a", b"a", false),
            (b"/a/", b"a", true),
            (b"/a//", b"a", true),
            (b"//a///b", b"a/b", false),
            (b"//evil.example/..", b"", true),
            (b"/a/b.txt", b"a/b.txt", false),
            (b"/./a", b"a", false),
            (b"/a/.", b"a", true),
            (b"/a/%2e", b"a", true),
            (b"/a/./b", b"a/b", false),
            (b"/a/../b", b"b", false),
            (b"/a/b/..", b"a", true),
            (b"/a/%2E%2e/b/", b"b", true),
            (b"/a/b/../../c", b"c", false),
            (b"/a//../b", b"b", false),
            (b"/...", b"...", false),
            (b"/.a", b".a", false),
            (b"/a..", b"a..", false),
            (b"/%61%2etxt", b"a.txt", false),
            (b"/a%20b", b"a b", false),
            (b"/a+b", b"a+b", false),
            (b"/%2541", b"%41", false),
            (b"/%252e%252e/a", b"%2e%2e/a", false),
            (b"/%252f", b"%2f", false),
            (b"/a%5c..%5cb", b"a\\..\\b", false),
            (b"/%C3%a4", b"\xc3\xa4", false),
            (b"/\xc3\xa4", b"\xc3\xa4", false),
            (b"/%ff", b"\xff", false),
            (b"/%3fa%23", b"?a#", false),
            (b"/%01", b"\x01", false),
        ];
        for (path, relative, names_directory) in rows {
            let parsed = RequestPath::parse(path).unwrap();
            assert_eq!(parsed.relative(), *relative, "{}", path.escape_ascii());
            assert_eq!(parsed.names_directory(), *names_directory, "{}", path.escape_ascii());
            assert!(relative.ends_with(parsed.name()), "{}", path.escape_ascii());
            assert!(!parsed.name().contains(&b'/'), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn plain_is_a_path_in_which_nothing_but_escapes_is_resolved() {
        let plain = ["", "/", "/a", "/a/", "/a/b", "/%61", "/%61/", "/a/%5c", "/.../a", "/a:b/"];
        for path in plain.map(str::as_bytes) {
            assert!(RequestPath::parse(path).unwrap().is_plain(), "{}", path.escape_ascii());
        }
        for path in [
            &b"//a"[..],
            b"/a//",
            b"/a//b",
            b"//%61",
            b"/%61//",
            b"/./a",
            b"/a/.",
            b"/a/./",
            b"/a/%2e",
            b"/a/%2e%2e/b",
            b"/a/../b",
            b"/a\\b",
            b"/\\a/",
            b"/%61\\",
        ] {
            assert!(!RequestPath::parse(path).unwrap().is_plain(), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn a_path_is_copied_only_where_something_changes() {
        let is_borrowed = |path: &'static [u8]| {
            matches!(RequestPath::parse(path).unwrap().relative, Cow::Borrowed(_))
        };
        for path in [&b"/"[..], b"/a", b"/a/", b"/a/b.txt", b"/.a/..b/c..", b"/\xc3\xa4"] {
            assert!(is_borrowed(path), "{}", path.escape_ascii());
        }
        for path in [&b"/%61"[..], b"/a//b", b"/./a", b"/a/..", b"/a/%2e"] {
            assert!(!is_borrowed(path), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn segments_are_those_of_the_resolved_path() {
        let segments = |path: &'static [u8]| -> Vec<Vec<u8>> {
            RequestPath::parse(path).unwrap().segments().map(<[u8]>::to_vec).collect()
        };
        assert!(segments(b"/").is_empty());
        assert_eq!(segments(b"/a/../b//c%20d/"), [b"b".to_vec(), b"c d".to_vec()]);
    }

    #[test]
    fn hidden_is_a_segment_that_starts_with_a_dot_but_well_known() {
        let rows: &[(&[u8], bool)] = &[
            (b"/.git/config", true),
            (b"/a/.env", true),
            (b"/%2eenv", true),
            (b"/...", true),
            (b"/.well-known/.a", true),
            (b"/.well-known2", true),
            (b"/.Well-Known/a", true),
            (b"/", false),
            (b"/a.b", false),
            (b"/a./b", false),
            (b"/.git/../a", false),
            (b"/.well-known/acme-challenge/a", false),
            (b"/a/.well-known", false),
        ];
        for (path, hidden) in rows {
            let parsed = RequestPath::parse(path).unwrap();
            assert_eq!(parsed.is_hidden(), *hidden, "{}", path.escape_ascii());
        }
    }

    #[test]
    fn a_location_names_no_other_site() {
        let rows: &[(&[u8], &str)] = &[
            (b"/evil.example", "evil.example"),
            (b"//evil.example", "evil.example"),
            (b"\\evil.example", "%5Cevil.example"),
            (b"/\\evil.example", "%5Cevil.example"),
            (b"http://evil.example", "http%3A//evil.example"),
            (b"javascript:alert(1)", "javascript%3Aalert(1)"),
            (b"a\r\nSet-Cookie: b", "a%0D%0ASet-Cookie%3A%20b"),
        ];
        for (relative, encoded) in rows {
            assert_eq!(encode_path(relative), *encoded);
        }
    }

    #[test]
    fn encoded_paths_decode_to_what_they_were() {
        let bytes: Vec<u8> = (1..=255).filter(|byte| !b"/.".contains(byte)).collect();
        let path = ["/", &encode_path(&bytes)].concat();
        assert_eq!(RequestPath::parse(path.as_bytes()).unwrap().relative(), bytes);
        assert_eq!(encode_path(b"a/b c.txt"), "a/b%20c.txt");
        assert_eq!(encode_path(b"-._~!$()*+,;=@"), "-._~!$()*+,;=@");
        assert_eq!(encode_path(b"\"'<>&?#%:`"), "%22%27%3C%3E%26%3F%23%25%3A%60");
        assert_eq!(encode_path("\u{e4}".as_bytes()), "%C3%A4");
        assert_eq!(encode_path(b"a/"), "a/");
    }
}
