//! Where to listen, and listening there: socket, setsockopt, bind, listen (socket(7), tcp(7),
//! ipv6(7), unix(7)).

use super::bound::Bound;
use super::listener::Listener;
use super::settings::Settings;
use crate::limits::DEFER_SECONDS;
use crate::os::listening::{self, Acceptor};
use crate::os::sockets;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketType, sockopt};
use std::fmt;
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where `--bind` says to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindAddress {
    /// An IPv4 or IPv6 address, or a host name: every address that it resolves to.
    Host(String),
    /// A Unix socket, given as `unix:PATH` or `unix:PATH,mode=660`.
    Unix {
        /// Where the socket file is made.
        path: PathBuf,
        /// The mode of the socket file; the umask's where there is none.
        mode: Option<u32>,
    },
}

impl FromStr for BindAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<BindAddress, String> {
        let host = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        match (text.strip_prefix("unix:"), host) {
            (Some(""), _) => Err("unix: needs a path".to_owned()),
            (Some(path), _) => parse_unix(path),
            (None, "") => Err("an address or a host name is needed".to_owned()),
            (None, host) => Ok(BindAddress::Host(host.to_owned())),
        }
    }
}

/// The path of a Unix socket, and its mode. Only what follows the last slash can be an option, so a
/// path may have commas.
fn parse_unix(text: &str) -> Result<BindAddress, String> {
    let option = text.rsplit_once(",mode=").filter(|(_, mode)| !mode.contains('/'));
    let (path, mode) = match option {
        None => (text, None),
        Some(("", _)) => return Err("unix: needs a path".to_owned()),
        Some((path, mode)) => (path, Some(parse_mode(mode)?)),
    };
    Ok(BindAddress::Unix { path: path.into(), mode })
}

fn parse_mode(text: &str) -> Result<u32, String> {
    let is_octal = text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let mode = u32::from_str_radix(text, 8).ok().filter(|&mode| is_octal && mode <= 0o777);
    mode.ok_or_else(|| format!("{text:?} is no mode of a file, such as 660"))
}

/// Why an address cannot be listened on, and what to try.
#[derive(Debug)]
pub struct BindError {
    address: String,
    error: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BindError { address, error } = self;
        let advice = match address.starts_with("unix:") {
            true => advice_for_unix(error.kind()),
            false => advice_for_tcp(error.kind()),
        };
        write!(out, "cannot listen on {address}: {error}{advice}")
    }
}

fn advice_for_tcp(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::AddrInUse => {
            "; another program listens there: choose another --port, or 0 for any free one"
        }
        ErrorKind::PermissionDenied => "; ports below 1024 are for root: try --port 8080",
        ErrorKind::AddrNotAvailable => "; this machine has no such address: try --bind 127.0.0.1",
        _ => "",
    }
}

fn advice_for_unix(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::AddrInUse => "; another program listens there: choose another path",
        ErrorKind::AlreadyExists => {
            "; what is there is no socket: choose another path, or remove it"
        }
        ErrorKind::PermissionDenied => "; this user may not make a socket there: try another path",
        ErrorKind::NotFound => "; its directory must be there: make it, or choose another path",
        ErrorKind::InvalidFilename => "; a Unix socket's path has at most 107 bytes",
        _ => "",
    }
}

impl std::error::Error for BindError {}

/// Binds every address. With port 0, each gets a free port of its own.
///
/// # Errors
///
/// The first that fails; none is left bound then.
pub fn bind_all(
    addresses: &[BindAddress],
    port: u16,
    backlog: i32,
    settings: &Settings,
) -> Result<Vec<Listener>, BindError> {
    let mut sockets = Vec::new();
    for address in addresses {
        match address {
            BindAddress::Host(host) => sockets.extend(resolve(host, port)?.into_iter().map(Ok)),
            BindAddress::Unix { path, mode } => sockets.push(Err((path, *mode))),
        }
    }
    let takes_ipv4 = |socket: &Result<SocketAddr, _>| matches!(socket, Ok(address) if address.ip() == Ipv4Addr::UNSPECIFIED);
    let only_ipv6 = sockets.iter().any(takes_ipv4);
    sockets
        .into_iter()
        .map(|socket| match socket {
            Ok(address) => bind_tcp(address, only_ipv6, backlog, settings)
                .and_then(Acceptor::new)
                .map(Bound::Tcp)
                .map_err(|error| BindError { address: address.to_string(), error }),
            Err((path, mode)) => bind_unix(path, mode, backlog)
                .map_err(|error| BindError { address: format!("unix:{}", path.display()), error }),
        })
        .map(|bound| bound.map(Listener::Bound))
        .collect()
}

/// The addresses of a host name (getaddrinfo(3)), each once.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, BindError> {
    let failed = |error| BindError { address: host.to_owned(), error };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in (host, port).to_socket_addrs().map_err(failed)? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// Options set here are inherited by every accepted socket, which so costs no call for them
/// (tcp(7)).
fn bind_tcp(
    address: SocketAddr,
    only_ipv6: bool,
    backlog: i32,
    settings: &Settings,
) -> io::Result<TcpListener> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = sockets::socket(family, SocketType::STREAM)?;
    // A port whose former connections are still in TIME_WAIT can be bound again.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if settings.reuse_port {
        listening::share_port(&socket)?;
    }
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // The wildcard takes IPv4 clients too, unless 0.0.0.0 has a socket of its own.
        sockopt::set_ipv6_v6only(&socket, only_ipv6)?;
    }
    // An answer goes out as it is written; waiting for more would cost up to 40 ms (Nagle against
    // delayed ACK).
    sockopt::set_tcp_nodelay(&socket, true)?;
    // The client must take something of its answer in this time, or the kernel ends the connection.
    listening::limit_write_time(&socket, settings.write_time)?;
    listening::limit_block_time(&socket)?;
    listening::defer_accept(&socket, DEFER_SECONDS)?;
    log::trace!("bind({address})");
    net::bind(&socket, &address)?;
    log::trace!("listen({address}, backlog {backlog})");
    net::listen(&socket, backlog)?;
    Ok(TcpListener::from(socket))
}

/// Never blocks: whoever has the path must give it up first, unless it is a socket on which nobody
/// listens.
fn bind_unix(path: &Path, mode: Option<u32>, backlog: i32) -> io::Result<Bound> {
    let address = SocketAddrUnix::new(path)?;
    match in_the_way(path, &address)? {
        None => {}
        Some(Occupant::StaleSocket) => std::fs::remove_file(path)?,
        Some(Occupant::Listener) => return Err(Errno::ADDRINUSE.into()),
        Some(Occupant::NoSocket) => return Err(Errno::EXIST.into()),
    }
    let socket = sockets::socket(AddressFamily::UNIX, SocketType::STREAM)?;
    let name = path.display();
    log::trace!("bind(unix:{name})");
    net::bind(&socket, &address)?;
    if let Some(mode) = mode {
        // Nobody can connect before listen.
        std::fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    log::trace!("listen(unix:{name}, backlog {backlog})");
    net::listen(&socket, backlog)?;
    Ok(Bound::Unix(Acceptor::new(UnixListener::from(socket))?, path.to_owned()))
}

/// What has the path of a Unix socket already.
enum Occupant {
    /// What a server that was killed leaves behind: nobody listens on it.
    StaleSocket,
    /// Somebody listens, whether or not they accept.
    Listener,
    NoSocket,
}

/// Finds out by connecting, which must not block: where the owner does not accept and its backlog
/// is full, a blocking connect would wait for ever.
fn in_the_way(path: &Path, address: &SocketAddrUnix) -> io::Result<Option<Occupant>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => return Ok(Some(Occupant::NoSocket)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let client = sockets::socket(AddressFamily::UNIX, SocketType::STREAM)?;
    rustix::io::ioctl_fionbio(&client, true)?;
    match net::connect(&client, address) {
        Err(Errno::CONNREFUSED) => Ok(Some(Occupant::StaleSocket)),
        // Its backlog is full; or it is a socket of datagrams, which somebody has open.
        Ok(()) | Err(Errno::AGAIN | Errno::PROTOTYPE) => Ok(Some(Occupant::Listener)),
        // Its owner has ended just now, and removed it.
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_unix_socket_s_name_is_a_mode() {
        for (text, expected) in [
            ("unix:/run/a", Some(("/run/a", None))),
            ("unix:/run/a,mode=660", Some(("/run/a", Some(0o660)))),
            ("unix:/run/a,b", Some(("/run/a,b", None))),
            ("unix:/run/a,mode=1/b", Some(("/run/a,mode=1/b", None))),
            ("unix:/run/a,mode=660,mode=0600", Some(("/run/a,mode=660", Some(0o600)))),
            ("unix:/run/a,mode=", None),
            ("unix:/run/a,mode=888", None),
            ("unix:/run/a,mode=+60", None),
            ("unix:/run/a,mode=1777", None),
            ("unix:,mode=660", None),
        ] {
            let expected =
                expected.map(|(path, mode)| BindAddress::Unix { path: PathBuf::from(path), mode });
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }
}
