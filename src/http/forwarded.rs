//! The client of a request that came through proxies: the field X-Forwarded-For, as far as it was
//! written by proxies that the user trusts.
//!
//! Each proxy appends the address that the request came to it from. So the field is read from its
//! end, and only as far as the trusted proxies reach: whatever stands before them, the client may
//! have written itself.
//!
//! Left out on purpose: Forwarded (RFC 7239) and X-Real-IP, which would be second and third
//! opinions that a client can add to the first.

use super::field::Fields;
use core::net::{IpAddr, Ipv6Addr};

/// The field that proxies append their peer's address to.
const FIELD: &str = "X-Forwarded-For";

/// Bytes of the longest address: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
const ADDRESS_BYTES_MAX: usize = 45;

/// The proxies that are trusted to name their clients; none by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<TrustedProxy>);

/// Some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedProxy {
    /// Those that have an address in this network.
    Network(Network),
    /// Those that connect to a Unix socket: they have no address.
    Unix,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Any one of them.
    address: IpAddr,
    /// Bits at the end in which they differ.
    free_bits: u32,
}

impl TrustedProxies {
    /// The client of a request that has these fields and was received from `peer` (`None` is a Unix
    /// socket's): the rightmost address that is not a trusted proxy's itself. IPv4-mapped addresses
    /// are told as IPv4.
    ///
    /// `None` where `peer` has to stand for it: it is not trusted, every address is a trusted
    /// proxy's, or the proxies do not know the client, and say so by what is no address
    /// (`unknown`). What stands before that is nobody's word.
    pub fn client(&self, fields: &Fields, peer: Option<IpAddr>) -> Option<IpAddr> {
        if !self.trust(peer) {
            return None;
        }
        let lines = fields.all(FIELD).rev();
        let members = lines.flat_map(|line| line.rsplit(|&byte| byte == b','));
        let members = members.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty());
        let mut addresses = members.map(parse_member);
        addresses.find(|&address| address.is_none() || !self.trust(address)).flatten()
    }

    /// Whether a peer with this address, or one of a Unix socket, is a trusted proxy.
    fn trust(&self, peer: Option<IpAddr>) -> bool {
        self.0.iter().any(|proxy| match (proxy, peer) {
            (TrustedProxy::Network(network), Some(address)) => network.contains(address),
            (TrustedProxy::Unix, None) => true,
            _ => false,
        })
    }
}

impl Extend<TrustedProxy> for TrustedProxies {
    fn extend<T: IntoIterator<Item = TrustedProxy>>(&mut self, proxies: T) {
        self.0.extend(proxies);
    }
}

impl FromIterator<TrustedProxy> for TrustedProxies {
    fn from_iter<T: IntoIterator<Item = TrustedProxy>>(proxies: T) -> TrustedProxies {
        TrustedProxies(proxies.into_iter().collect())
    }
}

impl TrustedProxy {
    /// Parses `ADDR[/BITS]` or `unix`. An address may have bits of its own behind the network's, as
    /// in 10.1.2.3/8.
    ///
    /// # Errors
    ///
    /// One line for the user.
    pub fn parse(text: &str) -> Result<TrustedProxy, String> {
        match text {
            "unix" => Ok(TrustedProxy::Unix),
            text => Network::parse(text).map(TrustedProxy::Network),
        }
    }
}

impl Network {
    fn parse(text: &str) -> Result<Network, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| {
            format!("{address:?} is no address: 192.0.2.1, 10.0.0.0/8, 2001:db8::/32 or unix")
        })?;
        let all_bits = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all_bits), |bits| parse_bits(bits, all_bits))?;
        Ok(Network::new(address, all_bits - bits))
    }

    /// An IPv4-mapped network is one of IPv4.
    fn new(address: IpAddr, free_bits: u32) -> Network {
        match address.to_canonical() {
            IpAddr::V4(mapped) if free_bits <= 32 => Network { address: mapped.into(), free_bits },
            _ => Network { address, free_bits },
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => u128::from(own.to_bits() ^ other.to_bits()),
            (IpAddr::V6(own), IpAddr::V6(other)) => own.to_bits() ^ other.to_bits(),
            _ => return false,
        };
        differing.checked_shr(self.free_bits).unwrap_or(0) == 0
    }
}

/// How many bits the addresses of a network have in common, of `all_bits`.
fn parse_bits(text: &str, all_bits: u32) -> Result<u32, String> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(bits) if is_decimal && bits <= all_bits => Ok(bits),
        _ => Err(format!("a network has 0 to {all_bits} bits of its address, not {text:?}")),
    }
}

/// The address of one member of the field: `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, a port
/// behind it where it cannot be taken for a part of the address (`192.0.2.1:567`, `[::1]:80`). The
/// zone of an IPv6 address means nothing on another machine and is cut off.
fn parse_member(member: &[u8]) -> Option<IpAddr> {
    let (address, port) = split_port(member)?;
    let (address, zone) = match address.iter().position(|&byte| byte == b'%') {
        Some(at) => (&address[..at], Some(&address[at + 1..])),
        None => (address, None),
    };
    if address.len() > ADDRESS_BYTES_MAX || !port.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = str::from_utf8(address).ok()?;
    let address = match zone {
        None => text.parse().ok()?,
        Some([]) => return None,
        Some(_) => IpAddr::V6(text.parse::<Ipv6Addr>().ok()?),
    };
    Some(address.to_canonical())
}

/// An address without its brackets, and the port behind it; `None` where neither can be told.
fn split_port(member: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut colons = member.iter().enumerate().filter(|(_, byte)| **byte == b':');
    let (first, is_only) = (colons.next(), colons.next().is_none());
    match (member, first) {
        ([b'[', literal @ ..], _) => {
            let end = literal.iter().position(|&byte| byte == b']')?;
            match &literal[end + 1..] {
                [] => Some((&literal[..end], b"")),
                [b':', port @ ..] => Some((&literal[..end], port)),
                _ => None,
            }
        }
        (_, Some((at, _))) if is_only => Some((&member[..at], &member[at + 1..])),
        _ => Some((member, b"")),
    }
}

#[cfg(test)]
mod tests;
