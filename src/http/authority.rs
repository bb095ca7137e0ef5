//! The authority of a URI, and the value of Host: `uri-host [":" port]` (RFC 3986 §3.2, RFC 9110
//! §7.2).

use super::grammar::alphanumeric_or;

/// Whether `value` is `uri-host [":" port]` (RFC 3986 §3.2.2, §3.2.3). The host may be empty.
pub fn is_host(value: &[u8]) -> bool {
    let (host, port) = split_at_port(value);
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_port && (is_reg_name(host) || is_ip_literal(host))
}

/// The host, with the brackets of an IP-literal, and the digits of the port, which are empty where
/// there are none. For a value that [`is_host`].
pub fn host_and_port(value: &[u8]) -> (&[u8], &[u8]) {
    let (host, port) = split_at_port(value);
    (host, port.strip_prefix(b":").unwrap_or(port))
}

/// Whether the host is an IPv4 address or an IP-literal, and no name.
pub fn is_address(host: &[u8]) -> bool {
    let is_ipv4 = |text: &str| text.parse::<core::net::Ipv4Addr>().is_ok();
    is_ip_literal(host) || str::from_utf8(host).is_ok_and(is_ipv4)
}

/// The host, and the port with its colon. A colon within brackets belongs to an IP-literal; any
/// other one begins the port.
fn split_at_port(value: &[u8]) -> (&[u8], &[u8]) {
    let host_end = match value.strip_prefix(b"[") {
        Some(literal) => literal.iter().position(|&byte| byte == b']').map(|at| at + 2),
        None => value.iter().position(|&byte| byte == b':'),
    };
    value.split_at(host_end.unwrap_or(value.len()).min(value.len()))
}

/// `reg-name`, which every IPv4 address is too.
fn is_reg_name(mut host: &[u8]) -> bool {
    while let [first, rest @ ..] = host {
        host = match (first, rest) {
            (b'%', [high, low, rest @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            (byte, rest) if is_unreserved_or_sub_delim(*byte) => rest,
            _ => return false,
        };
    }
    true
}

/// `"[" ( IPv6address / IPvFuture ) "]"`, without zone identifiers, which mean nothing to another
/// machine.
fn is_ip_literal(host: &[u8]) -> bool {
    let Some(address) = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else {
        return false;
    };
    let is_ipv6 = |text: &str| text.parse::<core::net::Ipv6Addr>().is_ok();
    str::from_utf8(address).is_ok_and(is_ipv6) || is_ipv_future(address)
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
fn is_ipv_future(address: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = address else {
        return false;
    };
    let mut parts = rest.splitn(2, |&byte| byte == b'.');
    let (version, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_text = |&byte: &u8| is_unreserved_or_sub_delim(byte) || byte == b':';
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !text.is_empty()
        && text.iter().all(is_text)
}

fn is_unreserved_or_sub_delim(byte: u8) -> bool {
    IS_UNRESERVED_OR_SUB_DELIM[usize::from(byte)]
}

const IS_UNRESERVED_OR_SUB_DELIM: [bool; 256] = alphanumeric_or(b"-._~!$&'()*+,;=");

#[cfg(test)]
mod tests;
