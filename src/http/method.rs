//! Methods (RFC 9110 §9): those that are told apart, and all that are registered.

use super::grammar::is_token;
use super::reject::Reject;

/// The methods this server tells apart (RFC 9110 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Options,
    Put,
    /// In any form of target.
    Connect,
    /// Registered with IANA and never allowed here (POST, DELETE, TRACE, ...): 405.
    NotAllowed,
}

impl Method {
    /// Every other registered method: RFC 9110's, PATCH and QUERY, HTTP/2's PRI, WebDAV's and what
    /// extends it.
    pub(super) const NOT_ALLOWED: &str = "DELETE POST TRACE PATCH QUERY PRI \
        COPY LOCK MKCOL MOVE PROPFIND PROPPATCH UNLOCK \
        ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT LABEL LINK MERGE MKACTIVITY MKCALENDAR MKREDIRECTREF MKWORKSPACE \
        ORDERPATCH REBIND REPORT SEARCH UNBIND UNCHECKOUT UNLINK UPDATE UPDATEREDIRECTREF VERSION-CONTROL";

    pub(super) fn parse(method: &[u8]) -> Result<Method, Reject> {
        match method {
            b"GET" => Ok(Method::Get),
            b"HEAD" => Ok(Method::Head),
            b"OPTIONS" => Ok(Method::Options),
            b"PUT" => Ok(Method::Put),
            b"CONNECT" => Ok(Method::Connect),
            other if Method::is_registered(other) => Ok(Method::NotAllowed),
            other if is_token(other) => Err(Reject::UnknownMethod),
            _ => Err(Reject::Method),
        }
    }

    fn is_registered(method: &[u8]) -> bool {
        Method::NOT_ALLOWED.split(' ').any(|name| name.as_bytes() == method)
    }
}
