//! What the user is told once the server runs.

use super::config::Config;
use super::network::{self, Address};
use crate::server::{Listener, Server, Wildcard};
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

/// Names the directory that is served.
pub(super) fn directory(config: &Config) {
    log::info!("serving {}", full_name(&config.root).display());
}

/// If the server can be reached from beyond this machine: warns of what everybody may do then, and
/// names the URLs to do it by where the sockets' own addresses do not tell them.
pub(super) fn network(server: &Server, config: &Config) {
    let is_open = |listener: &Listener| {
        let address = listener.local_address();
        address.is_some_and(|address| !address.ip().to_canonical().is_loopback())
    };
    if !server.listeners().any(is_open) {
        return;
    }
    log::warn!("everybody on the network can now: {}", allowed(config).join(", "));
    let wildcards: Vec<_> = server.listeners().filter_map(Listener::wildcard).collect();
    if wildcards.is_empty() {
        return;
    }
    match network::addresses() {
        Ok(addresses) => lines(&for_others(&wildcards, &addresses, config))
            .iter()
            .for_each(|line| log::info!("for other devices: {line}")),
        Err(error) => log::warn!("cannot find out this machine's addresses: {error}"),
    }
}

/// What clients may do, each with its option, if it has one.
fn allowed(config: &Config) -> Vec<&'static str> {
    let acts = [
        (true, "read files"),
        (config.hidden, "read hidden files (--hidden)"),
        (config.list, "list directories (--list)"),
        (config.writable, "create and replace files (--writable)"),
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
fn lines(urls: &[String]) -> Vec<String> {
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
        let told = lines(&urls);
        assert_eq!(told.len(), URLS_MAX + 1);
        assert_eq!((told[0].as_str(), told[URLS_MAX].as_str()), ("0", "92 more"));
        assert_eq!(lines(&urls[..URLS_MAX]), urls[..URLS_MAX]);
        assert_eq!(lines(&[]).len(), 1);
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
