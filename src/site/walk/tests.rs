//! The walk beside `openat2`, which it must not be told from: each path is opened by both.

use super::super::alone::is_bound_by_permissions;
use super::super::openat::open_root;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use rustix::fs::{CWD, ResolveFlags, mknodat};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{create_dir, create_dir_all, rename, set_permissions, symlink_metadata, write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How the server looks at paths, and opens them.
const FLAGS: [OFlags; 3] = [
    LOOK,
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY),
    OFlags::RDONLY.union(OFlags::DIRECTORY),
];

/// For the walk, this says to look and open nothing.
const LOOK: OFlags = OFlags::PATH;

/// The kernel's way, whatever this build opens paths by.
fn openat2(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, path, flags, Mode::empty(), resolve)
}

/// What was opened, by device and inode, or the error.
type Outcome = Result<(u64, u64)>;

fn outcome(opened: Result<OwnedFd>) -> Outcome {
    opened.and_then(fstat).map(identity)
}

fn identity(stat: Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// The outcome by either way; the kernel gives up over a rename anywhere on the system.
fn both(root: &OwnedFd, path: &[u8], flags: OFlags) -> [Outcome; 2] {
    let flags = flags | OFlags::CLOEXEC;
    let by_kernel = loop {
        match outcome(openat2(root.as_fd(), path, flags)) {
            Err(Errno::AGAIN) => {}
            outcome => break outcome,
        }
    };
    let by_walk = match flags.contains(LOOK) {
        true => look(root.as_fd(), path).map(identity),
        false => outcome(open(root.as_fd(), path, flags)),
    };
    [by_kernel, by_walk]
}

#[track_caller]
fn expect_same(root: &OwnedFd, path: &[u8]) {
    for flags in FLAGS {
        let [by_kernel, by_walk] = both(root, path, flags);
        assert_eq!(by_walk, by_kernel, "{} {flags:?}", path.escape_ascii());
    }
}

/// What one name of a tree stands for.
#[derive(Clone, Debug)]
enum Node {
    Directory(u32),
    File(u32),
    Fifo,
    /// Its text.
    Symlink(String),
}

/// A path from the root of a tree, and what is there.
type Place = (Vec<&'static str>, Node);

/// A root two levels below a temporary directory; beside it and above it are files that a path may
/// try to reach.
struct Tree {
    directory: TempDir,
    /// Of directories and files, in the order in which they were made.
    modes: Vec<(PathBuf, u32)>,
}

impl Tree {
    /// A place is left out if it is taken already, or its parent is no directory.
    fn new(places: &[Place]) -> Tree {
        let directory = tempfile::tempdir().unwrap();
        create_dir_all(directory.path().join("above/root")).unwrap();
        for name in ["a", "above/a", "above/b"] {
            write(directory.path().join(name), "outside").unwrap();
        }
        let mut tree = Tree { directory, modes: Vec::new() };
        for (segments, node) in places {
            tree.add(segments, node);
        }
        for (path, mode) in tree.modes.iter().rev() {
            set_permissions(path, PermissionsExt::from_mode(*mode)).unwrap();
        }
        tree
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("above/root")
    }

    fn root(&self) -> OwnedFd {
        open_root(&self.path()).unwrap()
    }

    fn add(&mut self, segments: &[&str], node: &Node) {
        let (name, parents) = segments.split_last().unwrap();
        let mut path = self.path();
        for name in parents {
            path.push(name);
            if !symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                return;
            }
        }
        path.push(name);
        if symlink_metadata(&path).is_ok() {
            return;
        }
        match node {
            Node::Directory(_) => create_dir(&path).unwrap(),
            Node::File(_) => write(&path, "").unwrap(),
            Node::Fifo => mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).unwrap(),
            Node::Symlink(text) => symlink(text, &path).unwrap(),
        }
        if let Node::Directory(mode) | Node::File(mode) = node {
            self.modes.push((path, *mode));
        }
    }
}

impl Drop for Tree {
    /// Lets the directories be removed.
    fn drop(&mut self) {
        for (path, _) in &self.modes {
            set_permissions(path, PermissionsExt::from_mode(0o700)).unwrap();
        }
    }
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "c"])
}

/// A path such as `a/../b`, seldom absolute or with a slash at its end. It may be empty.
fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![8 => name(), 3 => Just(".."), 1 => Just("."), 1 => Just("")];
    vec(segment, 0..7).prop_map(|segments| segments.join("/"))
}

fn place() -> impl Strategy<Value = Place> {
    let mode = || prop_oneof![9 => Just(0o700), 1 => select(vec![0o000, 0o100, 0o400, 0o600])];
    let text = path().prop_filter("no symlink is empty", |text| !text.is_empty());
    let node = prop_oneof![
        4 => mode().prop_map(Node::Directory),
        2 => mode().prop_map(Node::File),
        1 => Just(Node::Fifo),
        4 => text.prop_map(Node::Symlink),
    ];
    (vec(name(), 1..=4), node)
}

/// How often each outcome was met.
#[derive(Debug, Default)]
struct Outcomes {
    opened: usize,
    errors: BTreeMap<i32, usize>,
}

/// Opens random paths in random trees by both ways, and tells what was met.
fn compare(trees: u32) -> Outcomes {
    let met = RefCell::new(Outcomes::default());
    let mut runner =
        TestRunner::new(Config { cases: trees, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(vec(place(), 0..40), vec(path(), 40)), |(places, paths)| {
        let tree = Tree::new(&places);
        let root = tree.root();
        for path in paths {
            for flags in FLAGS {
                let [by_kernel, by_walk] = both(&root, path.as_bytes(), flags);
                prop_assert_eq!(by_walk, by_kernel, "{} {:?}", path, flags);
                match by_kernel {
                    Ok(_) => met.borrow_mut().opened += 1,
                    Err(errno) => {
                        *met.borrow_mut().errors.entry(errno.raw_os_error()).or_default() += 1;
                    }
                }
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    met.into_inner()
}

#[test]
fn random_paths_lead_where_openat2_leads() {
    let met = compare(200);
    assert!(met.opened > 1000, "{met:?}");
    for errno in [Errno::NOENT, Errno::NOTDIR, Errno::XDEV, Errno::LOOP] {
        let count = met.errors.get(&errno.raw_os_error());
        assert!(count.is_some_and(|&count| count > 50), "{errno:?}: {met:?}");
    }
}

/// Permissions bind no superuser, for whom somebody else has to look.
#[test]
fn denied_permission_is_the_same_by_openat2() {
    let test = "denied_permission_is_the_same_by_openat2";
    if !is_bound_by_permissions(module_path!(), test) {
        return;
    }
    let met = compare(200);
    let denied = met.errors.get(&Errno::ACCESS.raw_os_error());
    assert!(denied.is_some_and(|&count| count > 50), "{met:?}");
}

#[test]
fn limits_are_those_of_openat2() {
    let links = |count: usize| {
        let link = |number: usize| {
            let text = if number == 0 { "a".into() } else { format!("link{}", number - 1) };
            (format!("link{number}"), text)
        };
        (0..count).map(link).collect::<Vec<_>>()
    };
    let tree = Tree::new(&[(vec!["a"], Node::Directory(0o700))]);
    for (name, text) in links(SYMLINKS_MAX + 2) {
        symlink(text, tree.path().join(name)).unwrap();
    }
    symlink(".", tree.path().join("self")).unwrap();
    let root = tree.root();
    for number in [SYMLINKS_MAX - 1, SYMLINKS_MAX] {
        expect_same(&root, format!("link{number}").as_bytes());
        expect_same(&root, format!("link{number}/").as_bytes());
        expect_same(&root, format!("link{number}/.").as_bytes());
        expect_same(&root, format!("{}a", "self/".repeat(number + 1)).as_bytes());
    }
    let [by_kernel, _] = both(&root, b"link39", OFlags::PATH);
    assert!(by_kernel.is_ok());
    for bytes in [255, 256, PATH_BYTES_MAX - 1, PATH_BYTES_MAX, PATH_BYTES_MAX + 1] {
        expect_same(&root, &vec![b'x'; bytes]);
        expect_same(&root, &[b"/a".repeat(bytes / 2), vec![b'/'; bytes % 2]].concat()[1..]);
        expect_same(&root, &[b"a".to_vec(), vec![b'/'; bytes - 1]].concat());
        expect_same(&root, &[vec![b'.'], vec![b'/'; bytes - 2], b"a".to_vec()].concat());
    }
}

/// Each of these two is refused by both ways, for reasons of its own.
#[test]
fn magic_links_are_refused_as_by_openat2() {
    let root = open_root(Path::new("/proc")).unwrap();
    for path in ["self/root", "self/cwd/", "self/exe", "self/root/etc", "self/ns/net", "self/fd/0"]
    {
        for flags in FLAGS {
            for refused in both(&root, path.as_bytes(), flags) {
                let expected = [Errno::LOOP, Errno::XDEV, Errno::NOENT];
                assert!(expected.contains(&refused.unwrap_err()), "{path}: {refused:?}");
            }
        }
    }
}

#[test]
fn directory_moved_out_on_the_way_is_tried_again() {
    let tree =
        Tree::new(&[(vec!["a"], Node::Directory(0o700)), (vec!["a", "b"], Node::Directory(0o700))]);
    let root = tree.root();
    let mut walk = Walk { root: root.as_fd(), entered: Vec::new() };
    let flags = PASSAGE | OFlags::CLOEXEC;
    for name in [b"a", b"b"] {
        let Ok(Met::Found(descriptor)) = open_name(walk.directory(), name, flags) else {
            panic!("a directory");
        };
        walk.enter(name, descriptor);
    }
    let found = || openat(walk.directory(), ".", flags, Mode::empty()).unwrap();
    assert!(walk.proved(found()).is_ok());
    rename(tree.path().join("a"), tree.path().join("../moved")).unwrap();
    assert_eq!(walk.proved(found()).err(), Some(Errno::AGAIN));
    create_dir_all(tree.path().join("a/b")).unwrap();
    assert_eq!(walk.proved(found()).err(), Some(Errno::AGAIN));
}
