//! Which document root a request is about: the only one, or the one named as the request's host.

use super::document_root::DocumentRoot;
use super::kept::KeptLimits;
use super::openat;
use super::settings::Settings;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::path::Path;

/// The open document roots.
pub(super) enum Hosts {
    One(Box<DocumentRoot>),
    /// By host name in lower case. The names are read when the roots are opened, so that no Host
    /// field ever reaches the file system.
    ByName(HashMap<Vec<u8>, DocumentRoot>),
}

/// The directory for requests without a host, or with one that has no directory.
const DEFAULT: &[u8] = b"default";

impl Hosts {
    /// Opens the root, or with `--vhosts` each of its sub-directories whose name can be a host's. A
    /// symlink to a directory within the root is one too, and gives a host a second name.
    ///
    /// The roots share what may be kept of files, in equal parts.
    pub(super) fn open(settings: &Settings) -> io::Result<Hosts> {
        if !settings.by_host {
            let root = DocumentRoot::open(&settings.root, settings.kept)?;
            return Ok(Hosts::One(Box::new(root)));
        }
        let directories = open_hosts(&settings.root)?;
        let share = share(settings.kept, directories.len().max(1));
        let root = |(name, directory)| (name, DocumentRoot::at(directory, share));
        Ok(Hosts::ByName(directories.into_iter().map(root).collect()))
    }

    /// Every root.
    pub(super) fn roots(&self) -> impl Iterator<Item = &DocumentRoot> {
        let (one, named) = match self {
            Hosts::One(root) => (Some(root.as_ref()), None),
            Hosts::ByName(roots) => (None, Some(roots.values())),
        };
        one.into_iter().chain(named.into_iter().flatten())
    }

    /// The root for a request to `host`, which is `uri-host [":" port]`; `None` if there is
    /// none.
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

/// The names beneath `root` that can be hosts', whatever they stand for.
pub(super) fn host_names(root: &Path) -> io::Result<Vec<Vec<u8>>> {
    let nothing_kept = KeptLimits { bytes_max: 0, descriptors_max: 0 };
    let names = DocumentRoot::open(root, nothing_kept)?.names()?;
    let names = names.into_iter().map(CString::into_bytes);
    Ok(names.filter(|name| is_plain(name)).collect())
}

/// The directories beneath `root` whose names can be hosts', by name in lower case. One that cannot
/// be opened is left out, so that the other hosts are served.
fn open_hosts(root: &Path) -> io::Result<Vec<(Vec<u8>, OwnedFd)>> {
    let nothing_kept = KeptLimits { bytes_max: 0, descriptors_max: 0 };
    let root = DocumentRoot::open(root, nothing_kept)?;
    let mut hosts = Vec::new();
    for name in root.names()? {
        let name = name.as_bytes();
        if is_plain(name)
            && let Some(directory) = open_host(&root, name)?
        {
            hosts.push((name.to_ascii_lowercase(), directory));
        }
    }
    Ok(hosts)
}

/// The directory of one host, opened as every path beneath the root is, so that it is never
/// outside. An error only if this process is out of descriptors: then chance would decide which
/// hosts are served.
fn open_host(root: &DocumentRoot, name: &[u8]) -> io::Result<Option<OwnedFd>> {
    match openat::open_root_beneath(root.descriptor(), name) {
        Ok(directory) => Ok(Some(directory)),
        // A file beside the hosts.
        Err(Errno::NOTDIR) => Ok(None),
        Err(errno @ (Errno::MFILE | Errno::NFILE)) => Err(errno.into()),
        Err(errno) => {
            log::warn!("the host {} is left out: {errno}", name.escape_ascii());
            Ok(None)
        }
    }
}

/// What each of so many roots may keep.
fn share(whole: KeptLimits, roots: usize) -> KeptLimits {
    KeptLimits {
        bytes_max: whole.bytes_max / roots as u64,
        descriptors_max: whole.descriptors_max / roots,
    }
}

/// A host without its port and without the dot at the end of a full name, in lower case.
pub(super) fn plain_name(host: &[u8]) -> Vec<u8> {
    let end = host.iter().rposition(|&byte| byte == b':').filter(|_| !host.ends_with(b"]"));
    let name = &host[..end.unwrap_or(host.len())];
    name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase()
}

/// Whether a directory's name can be that of a host: letters, digits, hyphens and dots, no dot
/// first.
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
    fn name_that_is_no_host_is_no_root() {
        for name in [".hidden", "..", "a/b", "a b", "[::1]", "ü"] {
            assert!(!is_plain(name.as_bytes()), "{name}");
        }
        assert!(is_plain(b"www.example-1.com"));
    }
    #[test]
    fn roots_together_keep_no_more_than_one_may() {
        let whole = KeptLimits { bytes_max: 1000, descriptors_max: 10 };
        let part = share(whole, 3);
        assert_eq!((part.bytes_max, part.descriptors_max), (333, 3));
        assert_eq!(share(whole, 11).descriptors_max, 0);
    }
}
