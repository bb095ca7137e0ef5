//! Directories kept open, each within its parent up to the root: the proof that a path still leads
//! where it led.
//!
//! A path is walked as the kernel walks it: from the root down, each name looked up in the
//! directory before it, and no symlink among them. Each step must meet the same directory as
//! before, by device and inode; while its descriptor is open, the kernel gives its inode number to
//! no other. So a path that passes this walk would pass `openat2` at the same moment.

use super::super::lock::lock;
use super::super::openat::{self, FileStatus, Kind};
use super::super::relative_path::split;
use super::descriptors::Permit;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex, Weak};

/// The root, or a directory beneath it.
pub(crate) struct Directory {
    descriptor: OwnedFd,
    /// `None` for the root: it is where its descriptor is, even after a rename.
    place: Option<Place>,
}

/// Where a directory was found.
struct Place {
    parent: Arc<Directory>,
    name: CString,
    status: FileStatus,
    _permit: Permit,
}

impl Directory {
    pub(crate) fn root(descriptor: OwnedFd) -> Directory {
        Directory { descriptor, place: None }
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Whether it is the document root, which is always in its place.
    pub(crate) fn is_root(&self) -> bool {
        self.place.is_none()
    }

    /// Whether the path from the root still leads here, through directories alone: one system call
    /// a segment.
    ///
    /// From the root down: upwards, a path could pass that never existed, because its parts were
    /// moved in between. Each look makes the kernel check search permission on the directory that
    /// it looks into, so that is proved anew too.
    pub(crate) fn is_in_place(&self) -> bool {
        self.place.as_ref().is_none_or(|place| place.parent.is_in_place() && place.is_taken())
    }
}

impl Place {
    /// Whether the directory is still the one of its name in its parent.
    fn is_taken(&self) -> bool {
        openat::look(self.parent.descriptor(), self.name.as_c_str())
            .is_ok_and(|seen| is_same_directory(&seen, &self.status))
    }
}

/// Times are not compared: they change whenever a file comes or goes.
fn is_same_directory(one: &FileStatus, other: &FileStatus) -> bool {
    one.kind == Kind::Directory
        && other.kind == Kind::Directory
        && one.facts.device == other.facts.device
        && one.facts.inode == other.facts.inode
}

/// The open directories by path, so that all files kept of one directory share its descriptor.
pub(super) struct Directories {
    root: Arc<Directory>,
    known: Mutex<HashMap<Box<[u8]>, Weak<Directory>>>,
    names_max: usize,
}

impl Directories {
    /// Of `descriptors_max` directories open at most; at twice as many names, those of closed ones
    /// are tidied away.
    pub(super) fn new(root: Arc<Directory>, descriptors_max: usize) -> Directories {
        Directories {
            root,
            known: Mutex::new(HashMap::new()),
            names_max: descriptors_max.saturating_mul(2),
        }
    }

    /// The directory `path` as it is now. Opens each directory on the way to it that is not open
    /// yet.
    ///
    /// `None` if a segment is a symlink, no directory or may not be entered, or if `permit` gives
    /// none. It calls itself once a segment; the caller bounds the number of segments.
    pub(super) fn open(
        &self,
        path: &[u8],
        permit: &dyn Fn() -> Option<Permit>,
    ) -> Option<Arc<Directory>> {
        if path.is_empty() {
            return Some(Arc::clone(&self.root));
        }
        let (parent, name) = split(path);
        let parent = self.open(parent, permit)?;
        if let Some(known) = self.known(path, &parent) {
            return Some(known);
        }
        let directory = Arc::new(open_child(parent, name, permit()?)?);
        self.remember(path, &directory);
        Some(directory)
    }

    /// The open directory of this path, if it is still in `parent`.
    fn known(&self, path: &[u8], parent: &Arc<Directory>) -> Option<Arc<Directory>> {
        let known = lock(&self.known).get(path)?.upgrade()?;
        let place = known.place.as_ref()?;
        (Arc::ptr_eq(&place.parent, parent) && place.is_taken()).then(|| Arc::clone(&known))
    }

    fn remember(&self, path: &[u8], directory: &Arc<Directory>) {
        let mut known = lock(&self.known);
        if known.len() >= self.names_max {
            known.retain(|_, directory| directory.strong_count() > 0);
        }
        known.insert(path.into(), Arc::downgrade(directory));
    }
}

fn open_child(parent: Arc<Directory>, name: &[u8], permit: Permit) -> Option<Directory> {
    let descriptor = openat::open_plain_directory(parent.descriptor(), name).ok()?;
    let status = openat::status_of(&descriptor).ok()?;
    let place = Place { parent, name: CString::new(name).ok()?, status, _permit: permit };
    Some(Directory { descriptor, place: Some(place) })
}

#[cfg(test)]
mod tests {
    use super::super::descriptors::Descriptors;
    use super::*;
    use std::fs::{create_dir_all, rename};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn directories(root: &Path, descriptors_max: usize) -> (Directories, Arc<Descriptors>) {
        let root = Directory::root(openat::open_root(root).unwrap());
        let descriptors = Arc::new(Descriptors::new(descriptors_max));
        (Directories::new(Arc::new(root), 4), descriptors)
    }

    #[test]
    fn symlinks_files_and_missing_names_are_not_opened() {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("a/b")).unwrap();
        symlink("a", root.path().join("link")).unwrap();
        symlink("b", root.path().join("a/link")).unwrap();
        std::fs::write(root.path().join("a/file"), "").unwrap();
        let (directories, descriptors) = directories(root.path(), 9);
        for path in ["link", "link/b", "a/link", "a/file", "missing", "missing/b"] {
            let opened = directories.open(path.as_bytes(), &|| descriptors.permit());
            assert!(opened.is_none(), "{path}");
        }
        assert_eq!(descriptors.open(), 0);
        for path in ["", "a", "a/b"] {
            let opened = directories.open(path.as_bytes(), &|| descriptors.permit());
            assert!(opened.is_some(), "{path}");
        }
    }

    #[test]
    fn one_descriptor_serves_all_that_is_kept_of_a_directory() {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("a/b")).unwrap();
        let (directories, descriptors) = directories(root.path(), 2);
        let permit = || descriptors.permit();
        let b = directories.open(b"a/b", &permit).unwrap();
        let again = directories.open(b"a/b", &permit).unwrap();
        assert!(Arc::ptr_eq(&b, &again));
        assert_eq!(descriptors.open(), 2);
        drop((b, again));
        assert_eq!(descriptors.open(), 0);
    }

    #[test]
    fn no_directory_is_opened_without_a_permit() {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("a/b")).unwrap();
        let (directories, descriptors) = directories(root.path(), 1);
        assert!(directories.open(b"a/b", &|| descriptors.permit()).is_none());
        assert_eq!(descriptors.open(), 0);
    }

    #[test]
    fn moved_directory_is_out_of_place_with_all_beneath_it() {
        let root = tempfile::tempdir().unwrap();
        create_dir_all(root.path().join("a/b")).unwrap();
        let (directories, descriptors) = directories(root.path(), 9);
        let permit = || descriptors.permit();
        let b = directories.open(b"a/b", &permit).unwrap();
        assert!(b.is_in_place());
        rename(root.path().join("a"), root.path().join("moved")).unwrap();
        assert!(!b.is_in_place());
        create_dir_all(root.path().join("a/b")).unwrap();
        assert!(!b.is_in_place());
        assert!(!Arc::ptr_eq(&b, &directories.open(b"a/b", &permit).unwrap()));
    }

    #[test]
    fn names_of_closed_directories_are_tidied_away() {
        let root = tempfile::tempdir().unwrap();
        let (directories, descriptors) = directories(root.path(), 1);
        for number in 0..100 {
            let name = format!("directory{number}");
            create_dir_all(root.path().join(&name)).unwrap();
            let opened = directories.open(name.as_bytes(), &|| descriptors.permit());
            assert!(opened.is_some(), "{name}");
            assert!(lock(&directories.known).len() <= directories.names_max);
        }
    }
}
