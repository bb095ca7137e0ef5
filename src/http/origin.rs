//! Whether a request comes from a page of another site, by the fields that browsers set and no
//! script can: Origin (RFC 6454 §7) and Sec-Fetch-Site (Fetch Metadata Request Headers §2.3).
//!
//! A program that is no browser sends neither, and is believed: it acts for its user alone.

use super::authority::host_and_port;
use super::field::Fields;
use super::grammar::parse_decimal;

/// Whether one of the fields says that another site than `host` has had the request made. `host` is
/// `uri-host [":" port]`, as the request names it.
///
/// Another port is another site, and so is every scheme but `http` and `https`. These two are one:
/// a proxy may speak the one and this server the other.
pub fn is_of_another_site(fields: &Fields, host: Option<&[u8]>) -> bool {
    let is_other = |site: &[u8]| !matches!(site, b"same-origin" | b"none");
    fields.all("Sec-Fetch-Site").any(is_other)
        || fields.all("Origin").any(|origin| !is_origin_of(origin, host.unwrap_or_default()))
}

/// Whether `origin` is that of `host`. `null`, the origin of a page that must not be known, is
/// that of none.
fn is_origin_of(origin: &[u8], host: &[u8]) -> bool {
    let (authority, default_port) = match (strip(origin, b"http://"), strip(origin, b"https://")) {
        (Some(authority), _) => (authority, 80),
        (_, Some(authority)) => (authority, 443),
        (None, None) => return false,
    };
    let ((name, port), (own_name, own_port)) = (host_and_port(authority), host_and_port(host));
    // Both leave out the port that is the scheme's own.
    let number = |port| if port == b"" { Ok(default_port) } else { parse_decimal(port) };
    !name.is_empty()
        && name.eq_ignore_ascii_case(own_name)
        && matches!((number(port), number(own_port)), (Ok(port), Ok(own)) if port == own)
}

fn strip<'a>(origin: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = origin.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

#[cfg(test)]
mod tests;
