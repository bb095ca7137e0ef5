use super::*;
use crate::site::linux;
use std::cell::Cell;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

pub(crate) fn open(directory: &Path) -> OwnedFd {
    openat::open_root(directory).expect("a directory")
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.map(|entry| entry.file_name());
    let mut names: Vec<_> =
        entries.map(|entry| name(entry).expect("a name").into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

/// Of what is there now.
fn permissions(directory: &Path, name: &str) -> Option<Permissions> {
    let looked = super::super::super::permissions::look(open(directory).as_fd(), name.as_bytes());
    looked.ok().map(|(_, permissions)| permissions)
}

type Create = fn(OwnedFd) -> Result<TemporaryFile>;

/// With and without a name from the start.
const WAYS: [Create; 2] = [TemporaryFile::create, TemporaryFile::create_named];

#[test]
fn dropped_file_leaves_nothing() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        let mut file = create(open(root.path())).unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert_eq!(names(root.path()), [""; 0]);
    }
}

#[test]
fn file_that_loses_its_place_leaves_nothing() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("a"), "old").unwrap();
        let mut file = create(open(root.path())).unwrap();
        assert_eq!(file.move_to(b"a", None), Err(Errno::EXIST));
        drop(file);
        assert_eq!(names(root.path()), ["a"]);
        assert_eq!(std::fs::read(root.path().join("a")).unwrap(), b"old");
    }
}

#[test]
fn file_appears_whole_and_under_its_name_alone() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        for content in ["first", "second"] {
            let mut file = create(open(root.path())).unwrap();
            file.write(content.as_bytes()).unwrap();
            file.move_to(b"a", permissions(root.path(), "a")).unwrap();
            drop(file);
            assert_eq!(names(root.path()), ["a"]);
            let read = std::fs::read_to_string(root.path().join("a")).unwrap();
            assert_eq!(read, content);
        }
    }
}

#[test]
fn file_that_is_being_written_is_seen_by_its_hidden_name_at_most() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        let file = create(open(root.path())).unwrap();
        let seen = names(root.path());
        assert_eq!(seen.len(), usize::from(file.is_named));
        assert!(seen.iter().all(|name| name.starts_with(PREFIX)));
    }
}

#[test]
fn symlink_is_neither_replaced_nor_written_through() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("target"), "old").unwrap();
        symlink("target", root.path().join("link")).unwrap();
        let mut file = create(open(root.path())).unwrap();
        file.write(b"new").unwrap();
        let moved = file.move_to(b"link", permissions(root.path(), "link"));
        assert_eq!(moved, Err(Errno::LOOP));
        drop(file);
        assert_eq!(names(root.path()), ["link", "target"]);
        assert_eq!(std::fs::read(root.path().join("link")).unwrap(), b"old");
    }
}

#[test]
fn file_that_is_cleared_away_before_its_lock_is_made_anew() {
    let root = tempfile::tempdir().unwrap();
    // Somebody holds the lock, or has held it and removed the name.
    for told in [Err(Errno::WOULDBLOCK), Ok(())] {
        let is_first = Cell::new(true);
        let lock_late = |file: BorrowedFd<'_>| {
            if !is_first.take() {
                return lock(file);
            }
            names(root.path()).iter().for_each(|name| {
                std::fs::remove_file(root.path().join(name)).unwrap();
            });
            told
        };
        let mut file = TemporaryFile::create_locked_by(lock_late, open(root.path())).unwrap();
        file.write(b"whole").unwrap();
        file.move_to(b"a", permissions(root.path(), "a")).unwrap();
        drop(file);
        assert_eq!(names(root.path()), ["a"]);
        assert_eq!(std::fs::read(root.path().join("a")).unwrap(), b"whole");
    }
}

#[test]
fn file_that_is_always_cleared_away_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let lock = |_: BorrowedFd<'_>| Err(Errno::WOULDBLOCK);
    let made = TemporaryFile::create_locked_by(lock, open(root.path()));
    assert_eq!(made.err(), Some(Errno::AGAIN));
    assert_eq!(names(root.path()), [""; 0]);
}

#[test]
fn file_that_cannot_be_locked_has_a_name_that_nobody_clears() {
    for errno in [Errno::BADF, Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS] {
        let root = tempfile::tempdir().unwrap();
        let lock = |_: BorrowedFd<'_>| Err(errno);
        let file = TemporaryFile::create_locked_by(lock, open(root.path())).unwrap();
        let seen = names(root.path());
        assert_eq!(seen.len(), 1);
        assert!(seen[0].starts_with('.') && !seen[0].starts_with(PREFIX), "{seen:?}");
        drop(file);
        assert_eq!(names(root.path()), [""; 0]);
    }
}

#[test]
fn only_a_file_that_nobody_writes_is_abandoned() {
    let root = tempfile::tempdir().unwrap();
    let directory = open(root.path());
    let mut file = TemporaryFile::create_named(open(root.path())).unwrap();
    let name = file.name.clone();
    assert!(!remove_if_abandoned(directory.as_fd(), name.as_bytes()));
    assert_eq!(names(root.path()), [&*name]);
    // As kill(2) leaves it: the descriptor is closed, the name stays.
    file.is_named = false;
    drop(file);
    assert!(remove_if_abandoned(directory.as_fd(), name.as_bytes()));
    assert_eq!(names(root.path()), [""; 0]);
}

#[test]
fn new_file_has_the_mode_that_any_new_file_has() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("plain"), "").unwrap();
        let mut file = create(open(root.path())).unwrap();
        file.move_to(b"a", None).unwrap();
        assert_eq!(permissions(root.path(), "a"), permissions(root.path(), "plain"));
    }
}

#[test]
fn file_takes_over_the_mode_of_the_one_that_it_replaces() {
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        for mode in [0o600, 0o640, 0o666, 0o700, 0o755, 0o444, 0o000, 0o4755, 0o2644] {
            std::fs::write(&path, "old").unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let mut file = create(open(root.path())).unwrap();
            file.move_to(b"a", permissions(root.path(), "a")).unwrap();
            let taken = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(taken & 0o7777, mode & 0o777, "{mode:o}");
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn file_with_a_name_is_its_writers_alone_until_it_is_in_its_place() {
    let root = tempfile::tempdir().unwrap();
    let file = TemporaryFile::create_named(open(root.path())).unwrap();
    let seen = std::fs::metadata(root.path().join(&file.name)).unwrap();
    assert_eq!(seen.permissions().mode() & 0o777, 0o600);
}

/// An access control list as the kernel keeps it: the owner and user 7 may read and write, the
/// group nothing, all others nothing.
fn list_for_one_more() -> Vec<u8> {
    const NOBODY_IN_PARTICULAR: u32 = u32::MAX;
    let mut list = 2u32.to_le_bytes().to_vec();
    for (tag, may, id) in [
        (0x01u16, 6u16, NOBODY_IN_PARTICULAR),
        (0x02, 6, 7),
        (0x04, 0, NOBODY_IN_PARTICULAR),
        (0x10, 6, NOBODY_IN_PARTICULAR),
        (0x20, 0, NOBODY_IN_PARTICULAR),
    ] {
        list.extend(tag.to_le_bytes());
        list.extend(may.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    list
}

// Its mode alone, 0660, would let the group in.
#[test]
fn file_takes_over_the_access_list_of_the_one_that_it_replaces() {
    if !linux::has("an access control list that is taken over") {
        return;
    }
    for create in WAYS {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        std::fs::write(&path, "old").unwrap();
        let set = |path: &Path, name: &str, list: &[u8]| {
            fs::setxattr(path, name, list, fs::XattrFlags::empty()).unwrap();
        };
        set(&path, "system.posix_acl_access", &list_for_one_more());
        let list = || taken_over::access_list(open(root.path()).as_fd(), b"a").unwrap();
        let former = list();
        assert!(former.is_some());
        let mut file = create(open(root.path())).unwrap();
        file.move_to(b"a", permissions(root.path(), "a")).unwrap();
        assert_eq!(list(), former);

        // One that the directory gives is not for what replaces a file without.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "old").unwrap();
        set(root.path(), "system.posix_acl_default", &list_for_one_more());
        let before = permissions(root.path(), "a");
        let mut file = create(open(root.path())).unwrap();
        file.move_to(b"a", before).unwrap();
        assert_eq!((list(), permissions(root.path(), "a")), (None, before));

        // A new file has it.
        std::fs::remove_file(&path).unwrap();
        let mut file = create(open(root.path())).unwrap();
        file.move_to(b"a", None).unwrap();
        assert_eq!(list(), former);
    }
}
