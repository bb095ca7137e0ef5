//! Why a request is refused, and the status that says so.

use super::status::Status;

/// Why a request is refused: a mistake in its head, or in its chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// More than [`EMPTY_LINES_MAX`](crate::limits::EMPTY_LINES_MAX) empty lines before the request
    /// line: 400.
    TooManyEmptyLines,
    /// NUL or another control byte in a line; HT is not one of them (RFC 9110 §5.5): 400.
    ControlByte,
    /// CR that LF does not follow (RFC 9112 §2.2): 400.
    BareCr,
    /// A request line that is not three parts with a single SP between them, such as a
    /// Simple-Request: 400.
    RequestLine,
    /// A request line of more than
    /// [`REQUEST_LINE_BYTES_MAX`](crate::limits::REQUEST_LINE_BYTES_MAX) bytes, even before its end
    /// has come: 414. If it begins with an unknown method, that counts.
    RequestLineTooLong,
    /// An HTTP-version that is not `HTTP/` DIGIT `.` DIGIT, in capitals (RFC 9112 §2.3): 400.
    Version,
    /// A well-formed HTTP-version whose major version is not 1, as in the HTTP/2 preface: 505.
    UnsupportedVersion,
    /// A method that is no token: 400.
    Method,
    /// A token that is no registered method: 501. Methods are case-sensitive (RFC 9110 §9.1), so
    /// `get` is unknown.
    UnknownMethod,
    /// A request-target that is neither origin-form nor absolute-form with `http://`, nor `*` for
    /// OPTIONS: 400.
    TargetForm,
    /// A request-target with a fragment, which clients must not send (RFC 9110 §7.1): 400.
    TargetFragment,
    /// An absolute-form whose authority has userinfo or no host, or is not `uri-host [":" port]`
    /// (RFC 9110 §4.2): 400.
    TargetAuthority,
    /// A line that starts with a blank: the deprecated line folding (RFC 9112 §5.2): 400.
    FoldedLine,
    /// A field line without a colon: 400.
    FieldWithoutColon,
    /// A field name that is empty or no token: 400. A blank before the colon makes it one, since
    /// servers that accept such a name disagree on it (RFC 9112 §5.1).
    FieldName,
    /// More than [`FIELD_LINES_MAX`](crate::limits::FIELD_LINES_MAX) field lines: 431.
    TooManyFieldLines,
    /// A head of more than [`HEAD_BYTES_MAX`](crate::limits::HEAD_BYTES_MAX) bytes, even before its
    /// end has come: 431.
    HeadTooLong,
    /// HTTP/1.1 without Host (RFC 9112 §3.2): 400.
    MissingHost,
    /// More than one Host line, in any version, even where they agree: 400.
    RepeatedHost,
    /// A Host that is not `uri-host [":" port]`: 400.
    MalformedHost,
    /// A Content-Length that is not all digits (a list of equal numbers too), or more than 2^64 - 1
    /// (RFC 9110 §8.6): 400.
    MalformedContentLength,
    /// Content-Length in several lines with different values: 400.
    ConflictingContentLength,
    /// Content-Length together with Transfer-Encoding, which is how requests are smuggled (RFC 9112
    /// §6.1): 400.
    ContentLengthAndTransferEncoding,
    /// Transfer-Encoding that does not end in `chunked`, has it twice, or comes in HTTP/1.0: the
    /// end of the body cannot be found (RFC 9112 §6.1, §6.3): 400.
    TransferEncoding,
    /// Another transfer coding before `chunked`: 501 (RFC 9112 §6.1).
    UnknownTransferCoding,
    /// A chunk size that is not 1 to 16 hexadecimal digits, or a line of one that does not end in
    /// CRLF: 400.
    ChunkSize,
    /// A chunk extension that does not follow the grammar of RFC 9112 §7.1.1: 400.
    ChunkExtension,
    /// Chunk data without CRLF behind it: 400.
    ChunkEnd,
    /// A trailer section that is not field lines ended by CRLF (RFC 9112 §7.1.2): 400.
    Trailer,
    /// Chunk extensions and trailer fields that together pass the limits of a head: 400.
    ChunkOverhead,
}

impl Reject {
    /// The status code of the answer: 400, 414, 431, 501 or 505.
    pub fn status(self) -> Status {
        match self {
            Reject::RequestLineTooLong => Status::UriTooLong,
            Reject::TooManyFieldLines | Reject::HeadTooLong => Status::RequestHeaderFieldsTooLarge,
            Reject::UnknownMethod | Reject::UnknownTransferCoding => Status::NotImplemented,
            Reject::UnsupportedVersion => Status::HttpVersionNotSupported,
            _ => Status::BadRequest,
        }
    }

    /// A short phrase for the log, without anything the client sent.
    pub fn reason(self) -> &'static str {
        match self {
            Reject::TooManyEmptyLines => "too many empty lines before the request line",
            Reject::ControlByte => "a control byte in the head",
            Reject::BareCr => "CR without LF",
            Reject::RequestLine => "a request line that is not three parts",
            Reject::RequestLineTooLong => "the request line is too long",
            Reject::Version => "a malformed HTTP-version",
            Reject::UnsupportedVersion => "an unsupported HTTP-version",
            Reject::Method => "a method that is no token",
            Reject::UnknownMethod => "an unknown method",
            Reject::TargetForm => "a request-target in a form that is not served",
            Reject::TargetFragment => "a fragment in the request-target",
            Reject::TargetAuthority => "a bad authority in the request-target",
            Reject::FoldedLine => "a folded field line",
            Reject::FieldWithoutColon => "a field line without a colon",
            Reject::FieldName => "a field name that is no token",
            Reject::TooManyFieldLines => "too many field lines",
            Reject::HeadTooLong => "the head is too long",
            Reject::MissingHost => "HTTP/1.1 without Host",
            Reject::RepeatedHost => "more than one Host",
            Reject::MalformedHost => "a malformed Host",
            Reject::MalformedContentLength => "a malformed Content-Length",
            Reject::ConflictingContentLength => "Content-Length with different values",
            Reject::ContentLengthAndTransferEncoding => "Content-Length with Transfer-Encoding",
            Reject::TransferEncoding => "Transfer-Encoding without an end",
            Reject::UnknownTransferCoding => "an unknown transfer coding",
            Reject::ChunkSize => "a malformed chunk size",
            Reject::ChunkExtension => "a malformed chunk extension",
            Reject::ChunkEnd => "a chunk without its line end",
            Reject::Trailer => "a malformed trailer section",
            Reject::ChunkOverhead => "too many chunk extensions or trailer fields",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_status() {
        let rows = [
            (Reject::RequestLine, Status::BadRequest),
            (Reject::ControlByte, Status::BadRequest),
            (Reject::Method, Status::BadRequest),
            (Reject::MissingHost, Status::BadRequest),
            (Reject::ContentLengthAndTransferEncoding, Status::BadRequest),
            (Reject::RequestLineTooLong, Status::UriTooLong),
            (Reject::TooManyFieldLines, Status::RequestHeaderFieldsTooLarge),
            (Reject::HeadTooLong, Status::RequestHeaderFieldsTooLarge),
            (Reject::UnknownMethod, Status::NotImplemented),
            (Reject::TransferEncoding, Status::BadRequest),
            (Reject::UnknownTransferCoding, Status::NotImplemented),
            (Reject::ChunkSize, Status::BadRequest),
            (Reject::ChunkExtension, Status::BadRequest),
            (Reject::ChunkEnd, Status::BadRequest),
            (Reject::Trailer, Status::BadRequest),
            (Reject::ChunkOverhead, Status::BadRequest),
            (Reject::UnsupportedVersion, Status::HttpVersionNotSupported),
        ];
        for (reject, status) in rows {
            assert_eq!(reject.status(), status, "{reject:?}");
            assert!(status.closes_connection(), "{reject:?}");
        }
    }
}
