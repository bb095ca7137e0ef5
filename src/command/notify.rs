//! Tells the service manager how the server is: a datagram a change (sd_notify(3)).

use crate::os::sockets;
use crate::server::Server;
use rustix::net::{self, AddressFamily, SendFlags, SocketAddrUnix, SocketType};
use rustix::time::{ClockId, clock_gettime};
use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where the service manager wants to be told; it tells nobody where there is none.
pub(super) struct Notifier {
    manager: Option<(OwnedFd, SocketAddrUnix)>,
    /// What the server does, as a service manager shows it.
    status: String,
    /// Whether the last word has been said.
    is_stopping: AtomicBool,
}

impl Notifier {
    /// The one that `NOTIFY_SOCKET` names: a path, or `@` and a name without a file.
    pub(super) fn from_env(server: &Server) -> Notifier {
        let urls: Vec<_> = server.listeners().flat_map(|listener| listener.url()).collect();
        let status = format!("STATUS=listening on {}", urls.join(", "));
        let name = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let manager = name.and_then(|name| {
            let opened = open(&name);
            opened.map_err(|error| log::warn!("NOTIFY_SOCKET={}: {error}", name.display())).ok()
        });
        Notifier { manager, status, is_stopping: AtomicBool::new(false) }
    }

    /// Every socket listens.
    pub(super) fn ready(&self) {
        self.tell(&format!("READY=1\n{}", self.status));
    }

    /// The document root is about to be opened anew.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// The document root could not be opened anew, and the server goes on.
    pub(super) fn not_reloaded(&self, message: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", message.replace('\n', " ")));
    }

    /// The server is about to stop. Nothing is told after this.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
        self.is_stopping.store(true, Ordering::SeqCst);
    }

    /// Sends one datagram. It never blocks: a manager that takes none costs a line in the log.
    fn tell(&self, state: &str) {
        let Some((socket, manager)) = &self.manager else { return };
        if self.is_stopping.load(Ordering::SeqCst) {
            return;
        }
        let flags = SendFlags::DONTWAIT | sockets::NO_SIGNAL;
        if let Err(error) = net::sendto(socket, state.as_bytes(), flags, manager) {
            let what = state.lines().next().unwrap_or_default();
            log::warn!("the service manager is not told {what}: {error}");
        }
    }
}

fn open(name: &OsStr) -> io::Result<(OwnedFd, SocketAddrUnix)> {
    let manager = match name.as_bytes() {
        [b'@', name @ ..] => sockets::abstract_address(name)?,
        [b'/', ..] => SocketAddrUnix::new(name)?,
        _ => return Err(io::Error::other("it is neither a path nor an @ and a name")),
    };
    Ok((sockets::socket(AddressFamily::UNIX, SocketType::DGRAM)?, manager))
}
