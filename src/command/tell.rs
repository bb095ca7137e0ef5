//! What the user is told once the server runs.

use super::config::Config;
use super::network::{self, Address};
use super::serving::log_apart;
use crate::limits::LOG_END_TIME;
use crate::server::{Listener, Server, Wildcard};
use crate::site::AuthFor;
use log::Level;
use std::io::{self, Write};
use std::path::{self, Component, Path, PathBuf};

/// URLs for other devices that are told at most: a machine with many containers has hundreds of
/// interfaces.
const URLS_MAX: usize = 8;

/// One line a socket, for people and for scripts that read where the server is.
pub(super) fn urls(server: &Server) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for listener in server.listeners() {
        writeln!(stdout, "listening on {}", listener.url()?)?;
    }
    stdout.flush()
}

/// Names the directory that is served, and if it can be reached from beyond this machine, what
/// everybody may do then, and by which URLs.
pub(super) fn people(server: &Server, config: &Config) {
    let mut lines = vec![(Level::Info, format!("serving {}", full_name(&config.root).display()))];
    lines.extend(of_network(server, config));
    let is_told = log_apart(move || {
        lines.iter().for_each(|(level, line)| log::log!(*level, "{line}"));
    });
    // For the order of these lines and all others.
    let _ = is_told.recv_timeout(LOG_END_TIME);
}

/// Nothing, if no socket can be reached from beyond this machine.
fn of_network(server: &Server, config: &Config) -> Vec<(Level, String)> {
    let is_open = |listener: &Listener| {
        let address = listener.local_address();
        address.is_some_and(|address| !address.ip().to_canonical().is_loopback())
    };
    if !server.listeners().any(is_open) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let subject = match asks_all(config) {
        true => "everybody with a password",
        false => "everybody on the network",
    };
    let allowed = allowed(config).join(", ");
    lines.push((Level::Warn, format!("{subject} can now: {allowed}")));
    if config.auth_file.is_some() && config.trusted_proxy.is_empty() {
        let line = "--auth-file: passwords can be read on their way through the network; only a \
                    proxy with TLS in front, named by --trusted-proxy, hides them";
        lines.push((Level::Warn, line.to_owned()));
    }
    let wildcards: Vec<_> = server.listeners().filter_map(Listener::wildcard).collect();
    if wildcards.is_empty() {
        return lines;
    }
    match network::addresses() {
        Ok(addresses) => {
            let urls = first(&for_others(&wildcards, &addresses, config));
            let line = |url| (Level::Info, format!("for other devices: {url}"));
            lines.extend(urls.into_iter().map(line));
        }
        Err(error) => {
            lines.push((Level::Warn, format!("cannot find out this machine's addresses: {error}")));
        }
    }
    lines
}

/// Whether nobody may even read without a password.
fn asks_all(config: &Config) -> bool {
    config.auth_file.is_some() && config.auth_for() == AuthFor::All
}

/// What all of these may do, each with its option, if it has one.
fn allowed(config: &Config) -> Vec<&'static str> {
    let can_write = config.writable && (config.auth_file.is_none() || asks_all(config));
    let acts = [
        (true, "read files"),
        (config.hidden, "read hidden files (--hidden)"),
        (config.list, "list directories (--list)"),
        (can_write, "create, replace and remove files (--writable)"),
    ];
    acts.into_iter().filter(|(is_allowed, _)| *is_allowed).map(|(_, act)| act).collect()
}

/// The URLs by which other devices reach `wildcards`, each with its interface and each once.
fn for_others(wildcards: &[Wildcard], addresses: &[Address], config: &Config) -> Vec<String> {
    let mut urls = Vec::new();
    for Address { ip, interface } in addresses {
        for at in wildcards.iter().filter_map(|wildcard| wildcard.at(*ip)) {
            let url = format!("http://{at}{} ({interface})", config.prefix);
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    urls
}

/// The first of `urls`, and how many more there are.
fn first(urls: &[String]) -> Vec<String> {
    let mut lines: Vec<_> = urls.iter().take(URLS_MAX).cloned().collect();
    match urls.len() {
        0 => lines.push("none now, this machine has no address on a network".to_owned()),
        count if count > URLS_MAX => lines.push(format!("{} more", count - URLS_MAX)),
        _ => {}
    }
    lines
}

/// The absolute path, with the symlinks that the user knows it by; without them if it goes up.
fn full_name(root: &Path) -> PathBuf {
    let goes_up = root.components().any(|part| part == Component::ParentDir);
    let full = if goes_up { root.canonicalize() } else { path::absolute(root) };
    full.unwrap_or_else(|_| root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_addresses_are_a_few_lines() {
        let urls: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        let told = first(&urls);
        assert_eq!(told.len(), URLS_MAX + 1);
        assert_eq!((told[0].as_str(), told[URLS_MAX].as_str()), ("0", "92 more"));
        assert_eq!(first(&urls[..URLS_MAX]), urls[..URLS_MAX]);
        assert_eq!(first(&[]).len(), 1);
    }

    #[test]
    fn a_directory_is_named_in_full() {
        let directory = tempfile::tempdir().expect("a directory");
        let directory = directory.path().canonicalize().expect("a path");
        std::os::unix::fs::symlink(&directory, directory.join("current")).expect("a symlink");
        let current = directory.join("current");
        assert_eq!(full_name(&current), current);
        assert_eq!(full_name(&current.join("..")), directory.parent().expect("a parent"));
        assert!(full_name(Path::new(".")).is_absolute());
    }
}
