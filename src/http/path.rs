//! The path of a request-target (RFC 3986 §3.3): decoded once, split, resolved; and paths encoded
//! for a `Location` or a link.
//!
//! Left out on purpose: any other normalization. A path is bytes, not text; the file system decides
//! what they name.

use super::status::Status;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};
use std::borrow::Cow;

/// A path beneath the document root: percent-decoded, without NUL, without `.` or `..` segments,
/// without repeated slashes or one at either end.
///
/// Only [`RequestPath::parse`] makes one, so every path has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath<'a> {
    relative: Cow<'a, [u8]>,
    names_directory: bool,
    is_plain: bool,
}

/// Why a path cannot be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// `%`, `%4`, `%zz`: 400.
    BrokenEscape,
    /// A decoded NUL: 400.
    Nul,
    /// `..` above the root: 400.
    AboveRoot,
    /// `%2F` within a segment: 404, unless the path is 400 for another reason.
    EncodedSlash,
}

impl PathError {
    /// The status code of the answer: 400 or 404.
    pub fn status(self) -> Status {
        match self {
            PathError::BrokenEscape | PathError::Nul | PathError::AboveRoot => Status::BadRequest,
            PathError::EncodedSlash => Status::NotFound,
        }
    }
}

impl<'a> RequestPath<'a> {
    /// Decodes and resolves the path of a request-target. It allocates only where that changes the
    /// path.
    ///
    /// # Errors
    ///
    /// Why the path cannot be looked up; a mistake counts before an encoded slash.
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

    /// As [`RequestPath::parse`], for any path. Each segment is decoded first, so `%2e%2e` is `..`.
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

    /// What is left of the path without the segments of `prefix`, which are joined by single
    /// slashes; `None` if it does not begin with them.
    pub(super) fn beneath(&self, prefix: &[u8]) -> Option<RequestPath<'_>> {
        let ((b"", rest) | (_, rest @ [] | [b'/', rest @ ..])) =
            (prefix, self.relative.strip_prefix(prefix)?)
        else {
            return None;
        };
        Some(RequestPath { relative: Cow::Borrowed(rest), ..*self })
    }

    /// The segments joined by single slashes, as in `a/b.txt`; empty for the root itself.
    pub fn relative(&self) -> &[u8] {
        &self.relative
    }

    /// Whether the path was sent with a slash, or a `.` or `..` segment, at its end, and so can
    /// only name a directory.
    pub fn names_directory(&self) -> bool {
        self.names_directory
    }

    /// The last segment; empty for the root itself.
    pub fn name(&self) -> &[u8] {
        self.relative.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// Whether the path was sent without dot segments, repeated slashes, and `\`, which browsers
    /// take for a slash. Only then does a browser resolve a relative reference as this server does.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The segments in order, none of them empty. The root itself has none.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        split_segments(&self.relative).filter(|segment| !segment.is_empty())
    }

    /// Whether any of the segments is hidden: starts with a dot, and is not `.well-known` (RFC
    /// 8615).
    pub fn is_hidden(&self) -> bool {
        self.segments().any(is_hidden_name)
    }
}

/// Whether a file or directory of this name is hidden (see [`RequestPath::is_hidden`]). The only
/// place that decides it.
pub(crate) fn is_hidden_name(name: &[u8]) -> bool {
    name.starts_with(b".") && name != b".well-known"
}

/// Whether decoding and resolving leave `inner` as it is. It is a path without the slashes at its
/// ends.
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

/// What [`encode_path`] encodes. It leaves unreserved characters, slashes, and what a path may hold
/// and HTML gives no meaning to; not the colon, since the text before it would read as a scheme.
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

/// A relative path, percent-encoded for a `Location` or for a link in HTML.
///
/// Slashes at its start are left out, so that `/` and the result together name no other site, as
/// `//evil.example` would.
pub fn encode_path(relative: &[u8]) -> String {
    let start = relative.iter().take_while(|&&byte| byte == b'/').count();
    percent_encode(&relative[start..], &ENCODED_IN_PATH).to_string()
}

/// A query as it was received, for a `Location`: bytes that a URI may not hold are
/// percent-encoded, escapes stay.
pub(crate) fn encode_query(query: &[u8]) -> String {
    percent_encode(query, &ENCODED_IN_QUERY).to_string()
}

/// Controls, bytes over 0x7F, and what RFC 3986 §3.4 does not allow in a query. `%` is not among
/// them: it begins an escape.
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
mod tests;
