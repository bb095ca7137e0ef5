//! What the user is told once the server runs.

use super::config::Config;
use crate::server::{Listener, Server};
use std::io::{self, Write};

/// One line a socket, for people and for scripts that read where the server is.
pub(super) fn urls(server: &Server) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for listener in server.listeners() {
        writeln!(stdout, "listening on {}", listener.url()?)?;
    }
    stdout.flush()
}

/// Warns if clients beyond this machine can write now.
pub(super) fn warn_of_writers(server: &Server, config: &Config) {
    let is_open = |listener: &&Listener| {
        let address = listener.local_address();
        address.is_some_and(|address| !address.ip().to_canonical().is_loopback())
    };
    let urls: Vec<_> = server.listeners().filter(is_open).map(Listener::url).collect();
    let urls: Vec<_> = urls.into_iter().flatten().collect();
    if !urls.is_empty() {
        log::warn!(
            "--writable: everybody who can reach {} can create and replace files in {}",
            urls.join(" or "),
            config.root.display()
        );
    }
}
