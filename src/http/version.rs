//! HTTP-versions (RFC 9112 §2.3).

use super::reject::Reject;

/// The HTTP-version of a request, and of the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1, or a later 1.x, which is answered as 1.1 (RFC 9110 §2.5).
    Http11,
}

impl Version {
    /// The version that `version` writes, as `HTTP/1.1` does.
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

    /// The start of a status line of this version, up to and with its first SP.
    pub(super) fn status_line_start(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0 ",
            Version::Http11 => "HTTP/1.1 ",
        }
    }
}
