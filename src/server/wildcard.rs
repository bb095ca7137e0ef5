//! A socket that is bound to no address in particular, and so to all of this machine (ip(7),
//! ipv6(7)).

use rustix::net::sockopt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

/// Which addresses of this machine lead to a socket, and by which port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wildcard {
    port: u16,
    takes_ipv4: bool,
    takes_ipv6: bool,
}

impl Wildcard {
    /// That of a socket bound to `address`; `None` if it is bound to one address alone.
    pub(super) fn of(socket: impl AsFd, address: SocketAddr) -> Option<Wildcard> {
        let ip = address.ip().to_canonical();
        let takes_ipv6 = ip.is_ipv6();
        let takes_ipv4 = !takes_ipv6 || sockopt::ipv6_v6only(socket) == Ok(false);
        ip.is_unspecified().then_some(Wildcard { port: address.port(), takes_ipv4, takes_ipv6 })
    }

    /// Where the socket is reached by the address `ip` of this machine, if it is.
    pub fn at(self, ip: IpAddr) -> Option<SocketAddr> {
        let takes = if ip.is_ipv4() { self.takes_ipv4 } else { self.takes_ipv6 };
        takes.then(|| SocketAddr::new(ip, self.port))
    }

    /// Where the socket is reached from this machine itself.
    pub fn at_loopback(self) -> SocketAddr {
        let ipv6 = SocketAddr::from((Ipv6Addr::LOCALHOST, self.port));
        self.at(Ipv4Addr::LOCALHOST.into()).unwrap_or(ipv6)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn bound(address: &str) -> Option<Wildcard> {
        let socket = TcpListener::bind(address).expect("a port");
        Wildcard::of(&socket, socket.local_addr().expect("an address"))
    }

    #[test]
    fn an_address_of_its_own_is_no_wildcard() {
        for address in ["127.0.0.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
            assert_eq!(bound(address), None, "{address}");
        }
    }

    #[test]
    fn a_wildcard_takes_the_families_that_it_is_bound_for() {
        for (address, families, loopback) in [
            ("0.0.0.0:0", (true, false), "127.0.0.1"),
            ("[::ffff:0.0.0.0]:0", (true, false), "127.0.0.1"),
            ("[::]:0", (true, true), "127.0.0.1"),
        ] {
            let wildcard = bound(address).expect(address);
            assert_eq!((wildcard.takes_ipv4, wildcard.takes_ipv6), families, "{address}");
            assert_eq!(wildcard.at_loopback().ip().to_string(), loopback, "{address}");
        }
        let only_ipv6 = Wildcard { port: 80, takes_ipv4: false, takes_ipv6: true };
        assert_eq!(only_ipv6.at_loopback().to_string(), "[::1]:80");
        assert_eq!(only_ipv6.at(Ipv4Addr::new(192, 0, 2, 1).into()), None);
    }
}
