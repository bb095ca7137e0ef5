//! Methods (RFC 9110 §9): those that this server tells apart, and all others that are registered.

use super::grammar::is_token;
use super::reject::Reject;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The representation (RFC 9110 §9.3.1).
    Get,
    /// The fields of GET without its body (§9.3.2).
    Head,
    /// What may be asked of a resource, or of the server (§9.3.7).
    Options,
    /// A file is to be created or replaced (§9.3.4).
    Put,
    /// A file or a directory is to be removed (§9.3.5).
    Delete,
    /// A directory is to be made (RFC 4918 §9.3).
    Mkcol,
    /// With a target in any form: none is served.
    Connect,
    /// Any other method that IANA registers (POST, PATCH, TRACE, ...): 405.
    NotAllowed,
}

impl Method {
    /// The names behind [`Method::NotAllowed`]: of RFC 9110, PATCH and QUERY, PRI of HTTP/2, WebDAV
    /// and its extensions.
    pub(super) const NOT_ALLOWED: &str = "POST TRACE PATCH QUERY PRI \
        COPY LOCK MOVE PROPFIND PROPPATCH UNLOCK \
        ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT LABEL LINK MERGE MKACTIVITY MKCALENDAR MKREDIRECTREF MKWORKSPACE \
        ORDERPATCH REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK UPDATE UPDATEREDIRECTREF VERSION-CONTROL";

    /// The method of this name, which is case-sensitive.
    pub(super) fn parse(method: &[u8]) -> Result<Method, Reject> {
        match method {
            b"GET" => Ok(Method::Get),
            b"HEAD" => Ok(Method::Head),
            b"OPTIONS" => Ok(Method::Options),
            b"PUT" => Ok(Method::Put),
            b"DELETE" => Ok(Method::Delete),
            b"MKCOL" => Ok(Method::Mkcol),
            b"CONNECT" => Ok(Method::Connect),
            other if Method::is_registered(other) => Ok(Method::NotAllowed),
            other if is_token(other) => Err(Reject::UnknownMethod),
            _ => Err(Reject::Method),
        }
    }

    /// Whether the method changes what is served.
    pub fn writes(self) -> bool {
        matches!(self, Method::Put | Method::Delete | Method::Mkcol)
    }

    fn is_registered(method: &[u8]) -> bool {
        Method::NOT_ALLOWED.split(' ').any(|name| name.as_bytes() == method)
    }
}
