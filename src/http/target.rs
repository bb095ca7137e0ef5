//! The request-target and the forms that it comes in (RFC 9112 §3.2).

use super::authority::is_host;
use super::method::Method;
use super::reject::Reject;

/// The request-target of a request that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// An origin-form or absolute-form.
    Resource {
        /// As received, from the first slash on; `/` for an absolute-form that has no path.
        path: &'a [u8],
        /// As received, behind the first `?`.
        query: Option<&'a [u8]>,
    },
    /// `*`, with OPTIONS only.
    Asterisk,
    /// Whatever CONNECT asks for. It is not parsed.
    Authority,
}

impl<'a> Target<'a> {
    /// The target, and the authority of an absolute-form: `uri-host [":" port]`. `target` holds
    /// neither blanks nor control bytes.
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
        // The Host field may be empty, the host of a URI may not (RFC 9110 §4.2.1).
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
