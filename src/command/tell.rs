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

/// Says who can write now, where that is not this machine alone.
pub(super) fn warn_of_writers(server: &Server, config: &Config) {
    let urls = open_urls(server);
    if !urls.is_empty() && config.auth_file.is_none() {
        log::warn!(
            "--writable: everybody who can reach {} can create and replace files in {}",
            urls.join(" or "),
            config.root.display()
        );
    }
}

/// Says where passwords can be read on their way: they cross a network without TLS, unless a proxy
/// has it.
pub(super) fn warn_of_readable_passwords(server: &Server, config: &Config) {
    let urls = open_urls(server);
    if !urls.is_empty() && config.trusted_proxy.is_empty() {
        log::warn!(
            "--auth-file: whoever is on the way to {} can read the passwords; only a proxy with \
             TLS in front, named by --trusted-proxy, hides them",
            urls.join(" or ")
        );
    }
}

/// Where others than this machine can reach the server.
fn open_urls(server: &Server) -> Vec<String> {
    let is_open = |listener: &&Listener| {
        let address = listener.local_address();
        address.is_some_and(|address| !address.ip().to_canonical().is_loopback())
    };
    server.listeners().filter(is_open).filter_map(|listener| listener.url().ok()).collect()
}
