//! HTTP-versions (RFC 9112 §2.3).

use super::reject::Reject;

/// The HTTP-version, as far as the answer depends on it: every 1.x with x > 1 counts as 1.1. An
/// answer says the version of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
}

impl Version {
    pub(super) fn parse(version: &[u8]) -> Result<Version, Reject> {
        match version {
            b"HTTP/1.0" => Ok(Version::Http10),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Version::Http11),
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
                Err(Reject::UnsupportedVersion)
            }
            _ => Err(Reject::Version),
        }
    }

    /// What a status line of this version begins with, its SP too.
    pub fn status_line_start(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0 ",
            Version::Http11 => "HTTP/1.1 ",
        }
    }
}
