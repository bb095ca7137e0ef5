//! The status codes of this server, with their reason phrases (RFC 9110 §15, RFC 9112 §4).

/// A status code that this server sends, with its reason phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 200 OK.
    Ok,
    /// 201 Created.
    Created,
    /// 204 No Content.
    NoContent,
    /// 206 Partial Content.
    PartialContent,
    /// 301 Moved Permanently.
    MovedPermanently,
    /// 304 Not Modified.
    NotModified,
    /// 400 Bad Request.
    BadRequest,
    /// 401 Unauthorized.
    Unauthorized,
    /// 403 Forbidden.
    Forbidden,
    /// 404 Not Found.
    NotFound,
    /// 405 Method Not Allowed.
    MethodNotAllowed,
    /// 408 Request Timeout.
    RequestTimeout,
    /// 409 Conflict.
    Conflict,
    /// 411 Length Required.
    LengthRequired,
    /// 412 Precondition Failed.
    PreconditionFailed,
    /// 413 Content Too Large.
    ContentTooLarge,
    /// 414 URI Too Long.
    UriTooLong,
    /// 415 Unsupported Media Type.
    UnsupportedMediaType,
    /// 416 Range Not Satisfiable.
    RangeNotSatisfiable,
    /// 421 Misdirected Request.
    MisdirectedRequest,
    /// 431 Request Header Fields Too Large.
    RequestHeaderFieldsTooLarge,
    /// 500 Internal Server Error.
    InternalServerError,
    /// 501 Not Implemented.
    NotImplemented,
    /// 503 Service Unavailable.
    ServiceUnavailable,
    /// 505 HTTP Version Not Supported.
    HttpVersionNotSupported,
    /// 507 Insufficient Storage.
    InsufficientStorage,
}

impl Status {
    /// The code and the reason phrase as in the status line: `404 Not Found`.
    pub const fn line(self) -> &'static str {
        match self {
            Status::Ok => "200 OK",
            Status::Created => "201 Created",
            Status::NoContent => "204 No Content",
            Status::PartialContent => "206 Partial Content",
            Status::MovedPermanently => "301 Moved Permanently",
            Status::NotModified => "304 Not Modified",
            Status::BadRequest => "400 Bad Request",
            Status::Unauthorized => "401 Unauthorized",
            Status::Forbidden => "403 Forbidden",
            Status::NotFound => "404 Not Found",
            Status::MethodNotAllowed => "405 Method Not Allowed",
            Status::RequestTimeout => "408 Request Timeout",
            Status::Conflict => "409 Conflict",
            Status::LengthRequired => "411 Length Required",
            Status::PreconditionFailed => "412 Precondition Failed",
            Status::ContentTooLarge => "413 Content Too Large",
            Status::UriTooLong => "414 URI Too Long",
            Status::UnsupportedMediaType => "415 Unsupported Media Type",
            Status::RangeNotSatisfiable => "416 Range Not Satisfiable",
            Status::MisdirectedRequest => "421 Misdirected Request",
            Status::RequestHeaderFieldsTooLarge => "431 Request Header Fields Too Large",
            Status::InternalServerError => "500 Internal Server Error",
            Status::NotImplemented => "501 Not Implemented",
            Status::ServiceUnavailable => "503 Service Unavailable",
            Status::HttpVersionNotSupported => "505 HTTP Version Not Supported",
            // RFC 4918 §11.5
            Status::InsufficientStorage => "507 Insufficient Storage",
        }
    }

    /// The three digits: `404`.
    pub fn code(self) -> &'static str {
        &self.line()[..3]
    }

    /// Whether a response with this status can have a body, and with it Content-Length (RFC 9110
    /// §6.4.1).
    pub fn may_have_body(self) -> bool {
        !matches!(self, Status::NoContent | Status::NotModified)
    }

    /// Whether this answer is the connection's last: the bytes that follow the request cannot be
    /// trusted.
    pub fn closes_connection(self) -> bool {
        use Status::*;
        matches!(
            self,
            BadRequest
                | RequestTimeout
                | LengthRequired
                | UriTooLong
                | RequestHeaderFieldsTooLarge
                | NotImplemented
                | HttpVersionNotSupported
        )
    }
}
