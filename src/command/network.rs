//! The addresses by which other devices reach this machine (getifaddrs(3)).

use nix::errno::Errno;
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;
use std::net::IpAddr;

/// One of this machine's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    /// The name of the interface that has it.
    pub(super) interface: String,
}

/// The addresses that other devices can open in a browser, IPv4 first, since people have to type
/// them.
///
/// # Errors
///
/// Those of getifaddrs(3).
pub(super) fn addresses() -> Result<Vec<Address>, Errno> {
    let mut addresses: Vec<_> = getifaddrs()?.filter_map(address_for_others).collect();
    addresses.sort_by_key(|address| address.ip.is_ipv6());
    Ok(addresses)
}

/// `None` if no other device can open it: the interface is down, has no IP address or is loopback, or
/// the address is link-local, and would need a zone that browsers do not take.
fn address_for_others(found: InterfaceAddress) -> Option<Address> {
    let is_up = found.flags.contains(InterfaceFlags::IFF_UP);
    let is_loopback = found.flags.contains(InterfaceFlags::IFF_LOOPBACK);
    let address = found.address.filter(|_| is_up && !is_loopback)?;
    let ipv4 = || Some(address.as_sockaddr_in()?.ip().into());
    let ipv6 = || Some(address.as_sockaddr_in6()?.ip().into());
    let ip = ipv4().or_else(ipv6).filter(is_for_others)?;
    Some(Address { ip, interface: found.interface_name })
}

fn is_for_others(ip: &IpAddr) -> bool {
    let is_link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !is_link_local && !ip.is_loopback() && !ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::SockaddrStorage;
    use std::net::SocketAddr;

    const UP: InterfaceFlags = InterfaceFlags::IFF_UP;

    fn judged(flags: InterfaceFlags, ip: &str) -> Option<String> {
        let ip: IpAddr = ip.parse().expect("an address");
        let found = InterfaceAddress {
            interface_name: "wlan0".to_owned(),
            flags,
            address: Some(SockaddrStorage::from(SocketAddr::new(ip, 0))),
            netmask: None,
            broadcast: None,
            destination: None,
        };
        address_for_others(found).map(|address| address.ip.to_string())
    }

    #[test]
    fn addresses_for_others_are_those_of_interfaces_that_are_up() {
        for ip in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "fd00::2"] {
            assert_eq!(judged(UP | InterfaceFlags::IFF_RUNNING, ip).as_deref(), Some(ip));
            assert_eq!(judged(InterfaceFlags::IFF_BROADCAST, ip), None, "{ip}, down");
            assert_eq!(judged(UP | InterfaceFlags::IFF_LOOPBACK, ip), None, "{ip}, loopback");
        }
    }

    #[test]
    fn link_local_and_loopback_addresses_are_not_for_others() {
        for ip in ["169.254.3.4", "fe80::1", "127.0.0.1", "::1", "0.0.0.0", "::"] {
            assert_eq!(judged(UP, ip), None, "{ip}");
        }
    }

    #[test]
    fn an_interface_without_an_ip_address_is_left_out() {
        let found = InterfaceAddress {
            interface_name: "tun0".to_owned(),
            flags: UP,
            address: None,
            netmask: None,
            broadcast: None,
            destination: None,
        };
        assert_eq!(address_for_others(found), None);
    }
}
