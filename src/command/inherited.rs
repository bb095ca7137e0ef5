//! Listening sockets that a service manager has left to this process (sd_listen_fds(3)).

use crate::server::{Inherited, Listener, Settings};
use listenfd::ListenFd;
use rustix::net::{AddressFamily, SocketType};
use std::env;
use std::os::fd::OwnedFd;
use std::process;

/// The first descriptor that is left to a process in this way.
const FIRST: usize = 3;

/// The sockets that `LISTEN_PID` and `LISTEN_FDS` leave to this process; none where they are meant
/// for another. It must be called before this process opens a descriptor.
///
/// # Errors
///
/// One line for the user, if one of them cannot be served.
pub(super) fn take() -> Result<Vec<OwnedFd>, String> {
    let is_ours = |pid: &String| pid.parse() == Ok(process::id());
    if env::var("LISTEN_PID").ok().filter(is_ours).is_none() {
        return Ok(Vec::new());
    }
    let count = env::var("LISTEN_FDS").unwrap_or_default();
    let count: u16 = count
        .parse()
        .map_err(|_| format!("cannot listen: LISTEN_FDS={count} is no number of descriptors"))?;
    // Marks the descriptors so that no child gets them, and removes the variables.
    let mut left = ListenFd::from_env();
    (0..usize::from(count)).map(|position| take_one(&mut left, position)).collect()
}

fn take_one(left: &mut ListenFd, position: usize) -> Result<OwnedFd, String> {
    // The first also stands for IPv6.
    for family in [AddressFamily::INET, AddressFamily::UNIX] {
        let stream = SocketType::STREAM.as_raw() as i32;
        let socket = left.take_custom(position, family.as_raw().into(), stream, "stream socket");
        if let Ok(Some(socket)) = socket {
            return Ok(socket);
        }
    }
    let what = match (left.take_udp_socket(position), left.take_unix_datagram(position)) {
        (Err(_), Err(_)) => "no TCP or Unix stream socket",
        _ => "a datagram socket; a socket unit needs ListenStream=",
    };
    Err(format!("cannot listen on the inherited descriptor {}: it is {what}", FIRST + position))
}

/// Makes listeners of `sockets`.
///
/// # Errors
///
/// One line for the user, where one of them cannot be listened on.
pub(super) fn listeners(
    sockets: Vec<OwnedFd>,
    settings: &Settings,
) -> Result<Vec<Listener>, String> {
    let listener = |(position, socket)| match Inherited::new(socket, settings) {
        Ok(inherited) => Ok(Listener::Inherited(inherited)),
        Err(error) => {
            let number = FIRST + position;
            Err(format!("cannot listen on the inherited descriptor {number}: {error}"))
        }
    };
    sockets.into_iter().enumerate().map(listener).collect()
}
