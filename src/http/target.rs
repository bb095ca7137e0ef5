//! The request-target and the forms that it comes in (RFC 9112 §3.2).

use super::authority::is_host;
use super::method::Method;
use super::reject::Reject;

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

#[cfg(test)]
mod tests;
