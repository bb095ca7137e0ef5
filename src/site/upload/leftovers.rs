//! Files that killed processes have left of their uploads: found and tidied away.

use super::super::openat::{self, Kind};
use super::temporary_file::{PREFIX, remove_if_abandoned};
use crate::limits::LEFTOVER_NAMES_MAX;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Dir, FileType};
use rustix::io::{Errno, Result};
use std::path::Path;

/// Removes the files that killed processes have left beneath `root`, and none that is still being
/// written. Follows no symlinks.
pub fn remove_leftovers(root: &Path) {
    match openat::open_root(root).and_then(|root| find_leftovers(root.as_fd())) {
        Ok(0) => {}
        Ok(count) => log::info!("{count} broken-off uploads were tidied away"),
        Err(error) => log::warn!("perhaps not all broken-off uploads are tidied away: {error}"),
    }
}

/// Walks the directories beneath `root`, and returns how many files it has removed.
fn find_leftovers(root: BorrowedFd<'_>) -> Result<usize> {
    let mut removed = 0;
    let mut names = 0;
    let mut directories = vec![b".".to_vec()];
    while let Some(path) = directories.pop() {
        // A directory that is gone by now, or may not be read, is left out.
        let Ok(descriptor) = openat::open_directory(root, &path) else {
            continue;
        };
        for entry in Dir::read_from(&descriptor)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            names += 1;
            match kind(descriptor.as_fd(), name, entry.file_type()) {
                _ if names > LEFTOVER_NAMES_MAX => return Err(Errno::TOOBIG),
                Kind::Directory if !matches!(name, b"." | b"..") => {
                    directories.push([&path, &b"/"[..], name].concat());
                }
                Kind::Regular if name.starts_with(PREFIX.as_bytes()) => {
                    removed += usize::from(remove_if_abandoned(descriptor.as_fd(), name));
                }
                _ => {}
            }
        }
    }
    Ok(removed)
}

/// What the name stands for. Not every file system says it in the list of names.
fn kind(directory: BorrowedFd<'_>, name: &[u8], told: FileType) -> Kind {
    match told {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::Regular,
        FileType::Unknown => openat::look(directory, name).map_or(Kind::Other, |seen| seen.kind),
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests;
