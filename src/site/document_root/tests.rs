use super::super::alone::is_bound_by_permissions;
use super::super::listing::{self, Listed, Order, Wanted};
use super::super::open_file::Content;
use super::*;
use crate::limits::SENDFILE_BYTES_MIN;
use rustix::fd::AsFd;
use rustix::fs::{CWD, FileType, Mode, inotify, mknodat};
use std::fs::{create_dir, create_dir_all, hard_link, rename, set_permissions, write};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// So late that every file's times have settled.
const LATER: Timestamp = Timestamp::from_seconds(4_000_000_000);

const KEPT: KeptLimits = KeptLimits { bytes_max: 16 << 20, descriptors_max: 100 };

/// A temporary directory with the document root `root` in it, and beside it `outside` with a
/// file `secret`.
struct Tree {
    directory: TempDir,
    root: DocumentRoot,
}

impl Tree {
    fn new() -> Tree {
        let directory = tempfile::tempdir().unwrap();
        create_dir(directory.path().join("root")).unwrap();
        create_dir(directory.path().join("outside")).unwrap();
        write(directory.path().join("outside/secret"), "outside").unwrap();
        let root = DocumentRoot::open(&directory.path().join("root"), KEPT).unwrap();
        Tree { directory, root }
    }

    /// `name` starts with `root/` or `outside/`.
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file dated 2001, so that a later write surely changes its time.
    fn file(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, content).unwrap();
        date_back(&path);
    }

    fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        rename(self.path(from), self.path(to)).unwrap();
    }

    fn find(&self, relative: &str) -> Result<Found, Status> {
        self.root.find(relative.as_bytes(), LATER)
    }

    fn file_of(&self, relative: &str) -> Arc<OpenFile> {
        match self.find(relative) {
            Ok(Found::File(file)) => file,
            other => panic!("{relative}: {other:?}"),
        }
    }

    /// Finds `relative` with this content, twice, and both times the same: it is kept.
    fn keep(&self, relative: &str, content: &[u8]) -> Arc<OpenFile> {
        let file = self.file_of(relative);
        assert_eq!(bytes(&file), content);
        assert!(Arc::ptr_eq(&file, &self.file_of(relative)), "{relative}");
        file
    }

    /// "file CONTENT", "directory", or the reason for neither.
    fn told(&self, relative: &str) -> String {
        match self.find(relative) {
            Ok(Found::File(file)) => {
                format!("file {}", String::from_utf8_lossy(&bytes(&file)))
            }
            Ok(Found::Directory) => "directory".to_string(),
            Err(status) => format!("{status:?}"),
        }
    }

    fn listed(&self, relative: &str) -> Vec<(String, bool, u64)> {
        let entries = read_directory(&self.root, relative).unwrap();
        let row = |entry: Listed| {
            let name = String::from_utf8(entry.name).unwrap();
            let length = if entry.is_directory { 0 } else { entry.length };
            (name, entry.is_directory, length)
        };
        let mut rows: Vec<_> = entries.into_iter().map(row).collect();
        rows.sort();
        rows
    }
}

/// All that is listed of a directory, in the order of names.
fn read_directory(root: &DocumentRoot, relative: &str) -> Result<Vec<Listed>, Status> {
    let order = Order::default();
    let wanted = Wanted { order, entries_max: usize::MAX, admits: &|_| true };
    let read = listing::entries(root.descriptor(), relative.as_bytes(), wanted);
    read.map_err(|errno| status_code::for_reading(errno, relative.as_bytes()))
}

fn date_back(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
}

fn bytes(file: &OpenFile) -> Vec<u8> {
    match &file.content {
        Content::Bytes(bytes) => bytes.to_vec(),
        Content::Handle(handle) => {
            let length = file.facts.length as usize;
            let read = openat::read_whole(handle.as_fd(), length).unwrap();
            read.unwrap().to_vec()
        }
    }
}

#[test]
fn names_of_nothing_are_not_found() {
    let tree = Tree::new();
    tree.file("root/file", b"content");
    let long_name = "x".repeat(256);
    let long_path = vec!["x"; 3000].join("/");
    for path in ["missing", "missing/file", "file/beneath", &long_name, &long_path] {
        assert_eq!(tree.told(path), "NotFound", "{path}");
    }
}

#[test]
fn kernel_decides_where_symlinks_may_lead() {
    let tree = Tree::new();
    tree.file("root/file", b"inside");
    tree.file("root/a/b/deep", b"deep");
    let absolute = tree.path("root/file");
    tree.link(absolute.to_str().unwrap(), "root/absolute");
    tree.link("../outside/secret", "root/escape");
    tree.link("../outside", "root/escape_directory");
    tree.link("../root/file", "root/returns");
    tree.link("../outside/missing", "root/escape_to_nothing");
    tree.link("round", "root/round");
    tree.link("dangling_target", "root/dangling");
    tree.link("/", "root/slash");
    tree.link("/proc/self/root", "root/a/magic");
    tree.link("file", "root/plain");
    tree.link("../../file", "root/a/b/up");
    tree.link("a/b", "root/to_directory");
    tree.link("plain", "root/twice");
    let rows = [
        ("absolute", "NotFound"),
        ("escape", "NotFound"),
        ("escape_directory", "NotFound"),
        ("escape_directory/secret", "NotFound"),
        ("returns", "NotFound"),
        ("escape_to_nothing", "NotFound"),
        ("round", "NotFound"),
        ("dangling", "NotFound"),
        ("slash", "NotFound"),
        ("slash/etc", "NotFound"),
        ("a/magic", "NotFound"),
        ("plain", "file inside"),
        ("a/b/up", "file inside"),
        ("to_directory", "directory"),
        ("to_directory/deep", "file deep"),
        ("to_directory/up", "file inside"),
        ("twice", "file inside"),
    ];
    // The second round would tell what the first has kept.
    for (path, expected) in rows.iter().chain(&rows) {
        assert_eq!(tree.told(path), *expected, "{path}");
    }
}

#[test]
fn magic_links_of_proc_are_not_followed() {
    let root = DocumentRoot::open(Path::new("/proc"), KEPT).unwrap();
    for path in ["self/root", "self/cwd", "self/exe"] {
        let found = root.find(path.as_bytes(), LATER);
        assert!(matches!(found, Err(Status::NotFound)), "{path}: {found:?}");
    }
}

#[test]
fn neither_file_nor_directory_is_not_found_and_not_opened() {
    let tree = Tree::new();
    tree.file("root/file", b"content");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, tree.path("root/fifo"), FileType::Fifo, mode, 0).unwrap();
    mknodat(CWD, tree.path("root/socket"), FileType::Socket, mode, 0).unwrap();
    tree.link("fifo", "root/to_fifo");
    // The kernel reports every open of what is watched.
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    for name in ["root/fifo", "root/socket", "root/file"] {
        inotify::add_watch(&watch, tree.path(name), inotify::WatchFlags::OPEN).unwrap();
    }
    let mut buffer = [MaybeUninit::uninit(); 4096];
    for path in ["fifo", "socket", "to_fifo", "fifo/beneath"] {
        assert_eq!(tree.told(path), "NotFound", "{path}");
    }
    let seen = inotify::Reader::new(&watch, &mut buffer).next().err();
    assert_eq!(seen, Some(Errno::AGAIN));
    tree.file_of("file");
    assert!(inotify::Reader::new(&watch, &mut buffer).next().is_ok());
}

#[test]
fn device_is_not_found() {
    let root = DocumentRoot::open(Path::new("/dev"), KEPT).unwrap();
    let found = root.find(b"null", LATER);
    assert!(matches!(found, Err(Status::NotFound)), "{found:?}");
    assert!(matches!(root.find(b"", LATER), Ok(Found::Directory)));
    let entries = read_directory(&root, ".").unwrap();
    assert!(entries.iter().all(|entry| entry.name != b"null"));
}

#[test]
fn root_and_directories_are_directories() {
    let tree = Tree::new();
    tree.file("root/a/file", b"content");
    assert_eq!(tree.told(""), "directory");
    assert_eq!(tree.told("a"), "directory");
}

#[test]
fn root_that_cannot_be_opened_is_named() {
    let tree = Tree::new();
    for name in ["missing", "outside/secret"] {
        let path = tree.path(name);
        let error = DocumentRoot::open(&path, KEPT).err().unwrap();
        let message = error.to_string();
        assert!(message.starts_with(path.to_str().unwrap()), "{message}");
    }
}

#[test]
fn content_and_facts_are_those_of_the_file() {
    let tree = Tree::new();
    let long: Vec<u8> = (0..SENDFILE_BYTES_MIN).map(|byte| byte as u8).collect();
    for length in [0, 1, long.len() - 1, long.len()] {
        tree.file("root/file", &long[..length]);
        let file = tree.file_of("file");
        let metadata = tree.path("root/file").metadata().unwrap();
        let in_memory = matches!(file.content, Content::Bytes(_));
        assert_eq!(in_memory, length < long.len(), "{length}");
        assert_eq!(file.facts.length, length as u64);
        assert_eq!(bytes(&file), long[..length]);
        assert_eq!(file.facts.device, metadata.dev());
        assert_eq!(file.facts.inode, metadata.ino());
        assert_eq!(file.facts.modified, Timestamp::from_seconds(1_000_000_000));
        let changed = (metadata.ctime(), metadata.ctime_nsec() as u32);
        let facts = file.facts.changed;
        assert_eq!((facts.seconds, facts.nanoseconds), changed);
    }
}

#[test]
fn names_of_any_bytes_are_found() {
    let tree = Tree::new();
    let odd = std::ffi::OsStr::from_bytes(b"\xff \n\\");
    write(tree.path("root").join(odd), "odd").unwrap();
    let found = tree.root.find(odd.as_bytes(), LATER);
    assert!(matches!(found, Ok(Found::File(_))), "{found:?}");
}

#[test]
fn kept_file_is_given_again_until_it_changes() {
    let tree = Tree::new();
    tree.file("root/file", b"one");
    tree.file("root/a/b/file", b"one");
    tree.file("root/large", &vec![b'x'; SENDFILE_BYTES_MIN as usize]);
    for path in ["file", "a/b/file"] {
        tree.keep(path, b"one");
        write(tree.path("root").join(path), "two").unwrap();
        tree.keep(path, b"two");
    }
    let large = vec![b'x'; SENDFILE_BYTES_MIN as usize];
    tree.keep("large", &large);
    write(tree.path("root/large"), "small").unwrap();
    tree.keep("large", b"small");
}

#[test]
fn change_that_only_ctime_tells_is_seen() {
    let tree = Tree::new();
    tree.file("root/file", b"one");
    let kept = tree.keep("file", b"one");
    let path = tree.path("root/file");
    // The kernel's clock for file times moves every few milliseconds.
    let moved = (0..1_000_000).any(|_| {
        write(&path, "two").unwrap();
        date_back(&path);
        path.metadata().unwrap().ctime_nsec() != i64::from(kept.facts.changed.nanoseconds)
    });
    assert!(moved);
    assert_eq!(tree.told("file"), "file two");
}

#[test]
fn change_of_permissions_drops_a_kept_file() {
    let tree = Tree::new();
    tree.file("root/file", b"one");
    let kept = tree.keep("file", b"one");
    let path = tree.path("root/file");
    let moved = (0..1_000_000).any(|number| {
        set_permissions(&path, PermissionsExt::from_mode(0o600 | number & 0o77)).unwrap();
        path.metadata().unwrap().ctime_nsec() != i64::from(kept.facts.changed.nanoseconds)
    });
    assert!(moved);
    assert!(!Arc::ptr_eq(&kept, &tree.file_of("file")));
}

#[test]
fn removed_and_replaced_files_are_not_given_again() {
    let tree = Tree::new();
    tree.file("root/a/file", b"one");
    tree.keep("a/file", b"one");
    tree.file("root/a/new", b"two");
    tree.rename("root/a/new", "root/a/file");
    tree.keep("a/file", b"two");
    std::fs::remove_file(tree.path("root/a/file")).unwrap();
    assert_eq!(tree.told("a/file"), "NotFound");
    create_dir(tree.path("root/a/file")).unwrap();
    assert_eq!(tree.told("a/file"), "directory");
}

#[test]
fn kept_file_moved_out_and_linked_is_not_found() {
    let tree = Tree::new();
    for path in ["file", "a/file", "a/b/file"] {
        tree.file(&format!("root/{path}"), b"content");
        tree.keep(path, b"content");
        // A rename may set ctime; what must tell is the symlink.
        tree.rename(&format!("root/{path}"), "outside/file");
        let target = tree.path("outside/file");
        tree.link(target.to_str().unwrap(), &format!("root/{path}"));
        assert_eq!(tree.told(path), "NotFound", "{path}");
    }
}

#[test]
fn kept_directory_moved_out_and_linked_is_not_found() {
    let tree = Tree::new();
    tree.file("root/a/b/file", b"content");
    for (inside, outside, target) in
        [("root/a/b", "outside/b", "../../outside/b"), ("root/a", "outside/a", "../outside/a")]
    {
        tree.keep("a/b/file", b"content");
        tree.rename(inside, outside);
        tree.link(target, inside);
        assert_eq!(tree.told("a/b/file"), "NotFound", "{inside}");
        std::fs::remove_file(tree.path(inside)).unwrap();
        tree.rename(outside, inside);
    }
    tree.keep("a/b/file", b"content");
}

#[test]
fn kept_directory_linked_within_the_root_is_followed_and_not_kept() {
    let tree = Tree::new();
    tree.file("root/a/file", b"content");
    tree.keep("a/file", b"content");
    tree.rename("root/a", "root/moved");
    tree.link("moved", "root/a");
    let first = tree.file_of("a/file");
    assert_eq!(bytes(&first), b"content");
    assert!(!Arc::ptr_eq(&first, &tree.file_of("a/file")));
    tree.keep("moved/file", b"content");
}

#[test]
fn directories_that_change_places_change_their_files() {
    let tree = Tree::new();
    tree.file("root/a/b/file", b"of a");
    tree.file("root/c/b/file", b"of c");
    tree.keep("a/b/file", b"of a");
    tree.keep("c/b/file", b"of c");
    tree.rename("root/a", "root/x");
    tree.rename("root/c", "root/a");
    tree.rename("root/x", "root/c");
    tree.keep("a/b/file", b"of c");
    tree.keep("c/b/file", b"of a");
    tree.rename("root/a/b", "root/x");
    assert_eq!(tree.told("a/b/file"), "NotFound");
}

#[test]
fn same_file_by_two_names_goes_away_by_each() {
    let tree = Tree::new();
    tree.file("root/one", b"content");
    hard_link(tree.path("root/one"), tree.path("root/two")).unwrap();
    tree.keep("one", b"content");
    tree.keep("two", b"content");
    std::fs::remove_file(tree.path("root/one")).unwrap();
    assert_eq!(tree.told("one"), "NotFound");
    assert_eq!(tree.told("two"), "file content");
}

#[test]
fn symlinked_file_is_served_and_not_kept() {
    let tree = Tree::new();
    tree.file("root/file", b"content");
    tree.link("file", "root/link");
    let first = tree.file_of("link");
    assert!(!Arc::ptr_eq(&first, &tree.file_of("link")));
}

#[test]
fn renamed_root_is_still_the_root() {
    let tree = Tree::new();
    tree.file("root/a/file", b"content");
    tree.keep("a/file", b"content");
    tree.rename("root", "elsewhere");
    tree.keep("a/file", b"content");
}

#[test]
fn race_with_a_symlink_never_leaves_the_root() {
    let tree = Tree::new();
    tree.file("root/a/secret", b"inside");
    tree.file("root/f", b"inside");
    tree.link("../outside", "root/a_link");
    tree.link("../outside/secret", "root/f_link");
    let swap = |name: &str| {
        let (own, link, aside) =
            (format!("root/{name}"), format!("root/{name}_link"), format!("outside/{name}"));
        tree.rename(&own, &aside);
        tree.rename(&link, &own);
        tree.rename(&own, &link);
        tree.rename(&aside, &own);
    };
    let is_over = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..3_000).for_each(|_| ["a", "f"].into_iter().for_each(swap));
            is_over.store(true, Ordering::Release);
        });
        let mut found = 0;
        while !is_over.load(Ordering::Acquire) {
            for path in ["a/secret", "f"] {
                let told = tree.told(path);
                assert!(["NotFound", "file inside"].contains(&&*told), "{told}");
                found += usize::from(told != "NotFound");
            }
        }
        found
    });
    assert!(found > 0);
    tree.keep("a/secret", b"inside");
}

#[test]
fn directory_is_read_with_what_would_be_served() {
    let tree = Tree::new();
    tree.file("root/a/file", b"content");
    tree.file("root/a/.hidden", b"");
    create_dir(tree.path("root/a/sub")).unwrap();
    mknodat(CWD, tree.path("root/a/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    tree.link("file", "root/a/link");
    tree.link("..", "root/a/up");
    tree.link("../../outside", "root/a/out");
    tree.link("missing", "root/a/dangling");
    tree.link("fifo", "root/a/to_fifo");
    tree.link("../../outside/secret", "root/escape");
    let rows = [
        (".hidden", false, 0),
        ("file", false, 7),
        ("link", false, 7),
        ("sub", true, 0),
        ("up", true, 0),
    ];
    let expected =
        rows.map(|(name, is_directory, length)| (name.to_string(), is_directory, length));
    assert_eq!(tree.listed("a"), expected);
    assert_eq!(tree.listed("."), [("a".to_string(), true, 0)]);
    let entries = read_directory(&tree.root, "a").unwrap();
    let file = entries.iter().find(|entry| entry.name == b"file").unwrap();
    assert_eq!(file.modified, Timestamp::from_seconds(1_000_000_000));
}

#[test]
fn only_a_directory_beneath_the_root_can_be_read() {
    let tree = Tree::new();
    tree.file("root/file", b"content");
    tree.link("../outside", "root/out");
    for path in ["file", "missing", "out"] {
        let read = read_directory(&tree.root, path);
        assert!(matches!(read, Err(Status::NotFound)), "{path}: {read:?}");
    }
}

#[test]
fn denied_permission_is_forbidden() {
    if !is_bound_by_permissions(module_path!(), "denied_permission_is_forbidden") {
        return;
    }
    let tree = Tree::new();
    tree.file("root/unreadable", b"content");
    tree.file("root/closed/file", b"content");
    tree.file("root/kept/file", b"content");
    tree.file("outside/closed/file", b"content");
    tree.link("unreadable", "root/link");
    tree.link("../outside/secret", "root/escape");
    tree.link("../outside/closed/file", "root/escape_deep");
    tree.keep("kept/file", b"content");
    let closed = ["root/unreadable", "root/closed", "root/kept"];
    let outside = ["outside/secret", "outside/closed"];
    for name in closed.iter().chain(&outside) {
        set_permissions(tree.path(name), PermissionsExt::from_mode(0o0)).unwrap();
    }
    let rows = [
        ("unreadable", "Forbidden"),
        ("link", "Forbidden"),
        ("closed", "directory"),
        ("closed/file", "Forbidden"),
        ("closed/missing", "Forbidden"),
        ("kept/file", "Forbidden"),
        ("escape", "NotFound"),
        ("escape_deep", "NotFound"),
    ];
    for (path, expected) in rows {
        assert_eq!(tree.told(path), expected, "{path}");
    }
    let read = read_directory(&tree.root, "closed");
    assert!(matches!(read, Err(Status::Forbidden)), "{read:?}");
    let error = DocumentRoot::open(&tree.path("root/closed"), KEPT).err();
    assert_eq!(error.unwrap().kind(), io::ErrorKind::PermissionDenied);
    for name in ["root/closed", "root/kept", "outside/closed"] {
        set_permissions(tree.path(name), PermissionsExt::from_mode(0o700)).unwrap();
    }
}
