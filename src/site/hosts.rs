//! Which document root a request is about: the only one, or the one named as the request's host.

use super::Settings;
use super::document_root::DocumentRoot;
use std::collections::HashMap;
use std::io;

/// The open document roots.
pub(super) enum Hosts {
    One(Box<DocumentRoot>),
    /// By host name in lower case. They are read once, so that no Host field ever reaches the file system.
    ByName(HashMap<Vec<u8>, DocumentRoot>),
}

/// The directory for requests without a host, or with one that has no directory.
const DEFAULT: &[u8] = b"default";

impl Hosts {
    /// Opens the root, or with `--vhosts` each of its sub-directories whose name can be a host's.
    pub(super) fn open(settings: &Settings) -> io::Result<Hosts> {
        if !settings.by_host {
            return Ok(Hosts::One(Box::new(DocumentRoot::open(
                &settings.root,
                settings.cache,
            )?)));
        }
        let mut roots = HashMap::new();
        for entry in std::fs::read_dir(&settings.root)? {
            let entry = entry?;
            let host = entry.file_name().into_encoded_bytes().to_ascii_lowercase();
            if entry.file_type()?.is_dir() && is_plain(&host) {
                roots.insert(host, DocumentRoot::open(&entry.path(), settings.cache)?);
            }
        }
        Ok(Hosts::ByName(roots))
    }

    /// The root for a request to `host`, which is `uri-host [":" port]`; `None` where there is none.
    pub(super) fn root(&self, host: Option<&[u8]>) -> Option<&DocumentRoot> {
        match self {
            Hosts::One(root) => Some(root),
            Hosts::ByName(roots) => {
                let name = host.map(plain_name).unwrap_or_default();
                roots.get(&name).or_else(|| roots.get(DEFAULT))
            }
        }
    }
}

/// A host without its port and without the dot at the end of a full name, in lower case.
fn plain_name(host: &[u8]) -> Vec<u8> {
    let end = host
        .iter()
        .rposition(|&byte| byte == b':')
        .filter(|_| !host.ends_with(b"]"));
    let name = &host[..end.unwrap_or(host.len())];
    name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase()
}

/// Whether a directory's name can be that of a host: letters, digits, hyphens and dots, no dot first.
fn is_plain(name: &[u8]) -> bool {
    let is_host_byte =
        |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !name.starts_with(b".") && name.iter().all(is_host_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_without_port_case_and_final_dot() {
        let rows: [(&str, &str); 6] = [
            ("Example.COM", "example.com"),
            ("example.com:8080", "example.com"),
            ("example.com.:80", "example.com"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ];
        for (host, expected) in rows {
            assert_eq!(plain_name(host.as_bytes()), expected.as_bytes(), "{host}");
        }
    }

    #[test]
    fn a_name_that_is_no_host_is_no_root() {
        for name in [".hidden", "..", "a/b", "a b", "[::1]", "ü"] {
            assert!(!is_plain(name.as_bytes()), "{name}");
        }
        assert!(is_plain(b"www.example-1.com"));
    }
}
