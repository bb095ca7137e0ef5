//! The document root: from a path beneath it to an open file, contained as `openat` tells.
//!
//! Only regular files are opened for reading, and only directories are found beside them. Rules
//! about names (dotfiles, index files) are not known here. Of what was found before, `kept` keeps
//! what it can prove on each use.

use super::directory::Directory;
use super::kept::KeptFiles;
use super::listing::Entry;
use super::openat::{self, Kind};
use super::order::Order;
use super::proofs::Proofs;
use super::reading::{self, Wanted};
use super::representation::Representation;
use crate::http::date::Timestamp;
use crate::http::validator::{EntityTag, FileFacts};
use crate::limits::SENDFILE_BYTES_MIN;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::Dir;
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// How often a small file is read anew that changes its length while it is read; after that it is
/// sent as a long one is.
const READ_ATTEMPTS_MAX: usize = 3;

/// An open document root, with what is kept of its files.
pub struct DocumentRoot {
    root: Arc<Directory>,
    pub(super) kept: KeptFiles,
}

/// How much [`DocumentRoot`] keeps of the files it has opened.
#[derive(Clone, Copy, Debug)]
pub struct CacheLimits {
    /// Bytes of file content, with 512 more a file and its path; 0 keeps nothing at all. No file of
    /// more than a sixteenth of them is kept.
    pub bytes_max: u64,
    /// Open descriptors (files and directories).
    pub descriptors_max: usize,
}

/// One regular file beneath the root, open or in memory.
#[derive(Debug)]
pub struct OpenFile {
    pub facts: FileFacts,
    pub content: Content,
    /// Made on first use, as it may cost a look at all bytes.
    entity_tag: OnceLock<Option<EntityTag>>,
    /// Set by the site on first use: what all answers about this file share.
    pub representation: OnceLock<Arc<Representation>>,
}

#[derive(Debug)]
pub enum Content {
    /// All bytes of a file shorter than `SENDFILE_BYTES_MIN`.
    Bytes(Arc<[u8]>),
    /// An open descriptor of a longer one.
    Handle(Arc<File>),
}

#[derive(Debug)]
pub enum Found {
    File(Arc<OpenFile>),
    Directory,
}

/// Why a path names nothing that is served.
#[derive(Debug)]
pub enum Absent {
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
    /// 503.
    OutOfDescriptors,
    /// 500, to be logged.
    Failed(io::Error),
}

impl OpenFile {
    fn new(facts: FileFacts, content: Content) -> OpenFile {
        let (entity_tag, representation) = (OnceLock::new(), OnceLock::new());
        OpenFile { facts, content, entity_tag, representation }
    }

    /// The entity-tag of the bytes as they are in the file: made of themselves where they are in
    /// memory, of length and time else. `None` for a long file whose time says nothing.
    pub fn entity_tag(&self) -> Option<EntityTag> {
        *self.entity_tag.get_or_init(|| match &self.content {
            Content::Bytes(bytes) => Some(EntityTag::of_bytes(bytes)),
            Content::Handle(_) => EntityTag::of_long_file(&self.facts),
        })
    }
}

impl DocumentRoot {
    /// Opens a directory that may be read and entered; the error names it otherwise. Later renames
    /// of it change nothing.
    pub fn open(directory: &Path, cache: CacheLimits) -> io::Result<DocumentRoot> {
        let descriptor = openat::open_root(directory).map_err(|errno| {
            let error = io::Error::from(errno);
            io::Error::new(error.kind(), format!("{}: {error}", directory.display()))
        })?;
        Ok(DocumentRoot::at(descriptor, cache))
    }

    /// The directory that a descriptor of [`openat::open_root`] or [`openat::open_root_beneath`] is
    /// open on.
    pub(super) fn at(descriptor: OwnedFd, cache: CacheLimits) -> DocumentRoot {
        let root = Arc::new(Directory::root(descriptor));
        DocumentRoot { kept: KeptFiles::new(Arc::clone(&root), cache), root }
    }

    /// The file or directory that `relative` names: segments joined by slashes, none of them `.` or
    /// `..`; empty for the root.
    ///
    /// A file that is kept costs one system call a segment of its path, any other five as a rule: a
    /// look at what it is, `openat2` (or the calls of a walk), `fstat` on what was really opened,
    /// and for a small one `pread` and `close`. To keep it costs one more for each directory on its
    /// way. `now` may lag behind, it must not be ahead.
    pub fn find(&self, relative: &[u8], now: Timestamp) -> Result<Found, Absent> {
        self.find_with(relative, now, &Proofs::new())
    }

    /// The same with `proofs`, which save calls where they may be used, and get what is proved here.
    pub fn find_with(
        &self,
        relative: &[u8],
        now: Timestamp,
        proofs: &Proofs,
    ) -> Result<Found, Absent> {
        if relative.is_empty() {
            return Ok(Found::Directory);
        }
        if let Some(file) = self.kept.get(relative, now, proofs) {
            return Ok(Found::File(file));
        }
        self.find_anew(relative, now).map_err(|errno| absent(errno, relative))
    }

    /// The files and directories in the directory `relative`, hidden ones too, by name; whatever
    /// could not be served is left out.
    ///
    /// A directory that may not be read is [`Absent::Forbidden`], a file [`Absent::NotFound`]. At
    /// most 100,000 names are looked at.
    pub fn read_directory(&self, relative: &[u8]) -> Result<Vec<Entry>, Absent> {
        let order = Order::default();
        self.read_in_order(relative, Wanted { order, entries_max: usize::MAX, admits: &|_| true })
    }

    /// The same, as a listing wants it.
    pub(super) fn read_in_order(
        &self,
        relative: &[u8],
        wanted: Wanted,
    ) -> Result<Vec<Entry>, Absent> {
        let path = if relative.is_empty() { b"." } else { relative };
        let read = reading::entries(self.descriptor(), path, wanted);
        read.map_err(|errno| absent(errno, relative))
    }

    /// An open descriptor of a file that is in memory, to be sent as a long one is. `None` where it
    /// is not as it was read any more.
    pub fn reopen(&self, relative: &[u8], file: &OpenFile) -> Option<Arc<File>> {
        let descriptor = openat::open_file(self.descriptor(), relative).ok()?;
        let status = openat::status_of(&descriptor).ok()?;
        let is_same = status.kind == Kind::Regular && status.facts == file.facts;
        is_same.then(|| Arc::new(File::from(descriptor)))
    }

    /// The names in the root itself, whatever they stand for.
    pub(super) fn names(&self) -> io::Result<Vec<CString>> {
        let directory = openat::open_directory(self.descriptor(), b".")?;
        let names = Dir::new(directory)?.map(|entry| Ok(entry?.file_name().to_owned()));
        names.collect()
    }

    /// Lets go of what is kept and has not been used for a minute, as far as that is quickly done.
    /// Returns whether there is more.
    pub fn let_go(&self, now: Timestamp) -> bool {
        self.kept.let_go(now)
    }

    /// The root itself, to look at and open names beneath it.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.root.descriptor()
    }

    /// Looks before it opens, because opening a FIFO wakes who waits at its other end, and opening
    /// a device may do anything.
    fn find_anew(&self, relative: &[u8], now: Timestamp) -> Result<Found, Errno> {
        match openat::look(self.descriptor(), relative) {
            Ok(look) if look.kind == Kind::Regular => self.open_and_keep(relative, now),
            // Beneath the root or not, it is not served.
            Ok(look) if look.kind == Kind::Other => Err(Errno::NOENT),
            Err(Errno::NOENT) => Err(Errno::NOENT),
            // A directory may be outside. So may what could not be looked at: that it may not be
            // seen is not to be told.
            Ok(_) | Err(_) => self.resolve(relative),
        }
    }

    fn open_and_keep(&self, relative: &[u8], now: Timestamp) -> Result<Found, Errno> {
        let found = open_file(self.descriptor(), relative)?;
        if let Found::File(file) = &found {
            self.kept.keep(relative, file, now);
        }
        Ok(found)
    }

    /// Proves what `relative` is by a descriptor beneath the root. A file found this way, by a
    /// symlink, is not kept.
    fn resolve(&self, relative: &[u8]) -> Result<Found, Errno> {
        let descriptor = openat::open_path(self.descriptor(), relative)?;
        match openat::status_of(descriptor)?.kind {
            Kind::Regular => open_file(self.descriptor(), relative),
            Kind::Directory => Ok(Found::Directory),
            Kind::Symlink | Kind::Other => Err(Errno::NOENT),
        }
    }
}

/// Opens what was a regular file a moment ago, beneath `directory`, and goes by what the descriptor
/// is.
pub(super) fn open_file(directory: BorrowedFd<'_>, relative: &[u8]) -> Result<Found, Errno> {
    let descriptor = openat::open_file(directory, relative)?;
    let status = openat::status_of(&descriptor)?;
    match status.kind {
        Kind::Regular => Ok(Found::File(Arc::new(load(descriptor, status.facts)?))),
        Kind::Directory => Ok(Found::Directory),
        Kind::Symlink | Kind::Other => Err(Errno::NOENT),
    }
}

/// The content of an open regular file: in memory where it is small and keeps still.
fn load(descriptor: OwnedFd, mut facts: FileFacts) -> Result<OpenFile, Errno> {
    for _ in 0..READ_ATTEMPTS_MAX {
        if facts.length >= SENDFILE_BYTES_MIN {
            break;
        }
        if let Some(bytes) = openat::read_whole(descriptor.as_fd(), facts.length as usize)? {
            return Ok(OpenFile::new(facts, Content::Bytes(bytes)));
        }
        facts = openat::status_of(&descriptor)?.facts;
    }
    let handle = Content::Handle(Arc::new(File::from(descriptor)));
    Ok(OpenFile::new(facts, handle))
}

/// What the client is told, in four words; what it was stays in the log (contract, §3).
fn absent(errno: Errno, relative: &[u8]) -> Absent {
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => Absent::NotFound,
        // A symlink, or too many: out of the root, absolute, or one of /proc's.
        Errno::XDEV | Errno::LOOP => Absent::NotFound,
        // A socket or a device that has taken the place of a file between the look and the open.
        Errno::NXIO | Errno::NODEV => Absent::NotFound,
        Errno::ACCESS | Errno::PERM => Absent::Forbidden,
        Errno::MFILE | Errno::NFILE => Absent::OutOfDescriptors,
        other => {
            let error = io::Error::from(other);
            let message = format!("{}: {error}", relative.escape_ascii());
            Absent::Failed(io::Error::new(error.kind(), message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, inotify, mknodat};
    use std::fs::{create_dir, create_dir_all, hard_link, rename, set_permissions, write};
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::os::unix::process::CommandExt;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, UNIX_EPOCH};
    use tempfile::TempDir;

    /// So late that every file's times have settled.
    const LATER: Timestamp = Timestamp::from_seconds(4_000_000_000);

    const CACHE: CacheLimits = CacheLimits { bytes_max: 16 << 20, descriptors_max: 100 };

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
            let root = DocumentRoot::open(&directory.path().join("root"), CACHE).unwrap();
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

        fn find(&self, relative: &str) -> Result<Found, Absent> {
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
                Err(absent) => format!("{absent:?}"),
            }
        }

        fn listed(&self, relative: &str) -> Vec<(String, bool, u64)> {
            let entries = self.root.read_directory(relative.as_bytes()).unwrap();
            let row = |entry: Entry| {
                let name = String::from_utf8(entry.name).unwrap();
                let length = if entry.is_directory { 0 } else { entry.length };
                (name, entry.is_directory, length)
            };
            let mut rows: Vec<_> = entries.into_iter().map(row).collect();
            rows.sort();
            rows
        }
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
        let root = DocumentRoot::open(Path::new("/proc"), CACHE).unwrap();
        for path in ["self/root", "self/cwd", "self/exe"] {
            let found = root.find(path.as_bytes(), LATER);
            assert!(matches!(found, Err(Absent::NotFound)), "{path}: {found:?}");
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
        let root = DocumentRoot::open(Path::new("/dev"), CACHE).unwrap();
        let found = root.find(b"null", LATER);
        assert!(matches!(found, Err(Absent::NotFound)), "{found:?}");
        assert!(matches!(root.find(b"", LATER), Ok(Found::Directory)));
        let entries = root.read_directory(b"").unwrap();
        assert!(entries.iter().all(|entry| entry.name != b"null"));
    }

    #[test]
    fn every_error_has_its_answer() {
        let rows = [
            (Errno::NOENT, "NotFound"),
            (Errno::NOTDIR, "NotFound"),
            (Errno::NAMETOOLONG, "NotFound"),
            (Errno::LOOP, "NotFound"),
            (Errno::XDEV, "NotFound"),
            (Errno::NXIO, "NotFound"),
            (Errno::ACCESS, "Forbidden"),
            (Errno::PERM, "Forbidden"),
            (Errno::MFILE, "OutOfDescriptors"),
            (Errno::NFILE, "OutOfDescriptors"),
        ];
        for (errno, expected) in rows {
            assert_eq!(format!("{:?}", absent(errno, b"a/b")), expected);
        }
        let Absent::Failed(error) = absent(Errno::IO, b"a/line\nbreak") else {
            panic!("an I/O error is a failure");
        };
        assert!(error.to_string().starts_with("a/line\\nbreak: "), "{error}");
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
            let error = DocumentRoot::open(&path, CACHE).err().unwrap();
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
        assert_eq!(tree.listed(""), [("a".to_string(), true, 0)]);
        let entries = tree.root.read_directory(b"a").unwrap();
        let file = entries.iter().find(|entry| entry.name == b"file").unwrap();
        assert_eq!(file.modified, Timestamp::from_seconds(1_000_000_000));
    }

    #[test]
    fn only_a_directory_beneath_the_root_can_be_read() {
        let tree = Tree::new();
        tree.file("root/file", b"content");
        tree.link("../outside", "root/out");
        for path in ["file", "missing", "out"] {
            let read = tree.root.read_directory(path.as_bytes());
            assert!(matches!(read, Err(Absent::NotFound)), "{path}: {read:?}");
        }
    }

    #[test]
    fn denied_permission_is_forbidden() {
        if !permissions_bind_here("denied_permission_is_forbidden") {
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
        let read = tree.root.read_directory(b"closed");
        assert!(matches!(read, Err(Absent::Forbidden)), "{read:?}");
        let error = DocumentRoot::open(&tree.path("root/closed"), CACHE).err();
        assert_eq!(error.unwrap().kind(), io::ErrorKind::PermissionDenied);
        for name in ["root/closed", "root/kept", "outside/closed"] {
            set_permissions(tree.path(name), PermissionsExt::from_mode(0o700)).unwrap();
        }
    }

    /// Whether permission bits bind this process. For a superuser they do not; then `test` is run
    /// by a child process that is none.
    fn permissions_bind_here(test: &str) -> bool {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("unreadable");
        write(&path, "").unwrap();
        set_permissions(&path, PermissionsExt::from_mode(0o0)).unwrap();
        if File::open(&path).is_err() {
            return true;
        }
        let (_, module) = module_path!().split_once("::").unwrap();
        let output = std::process::Command::new("/proc/self/exe")
            .args([&format!("{module}::{test}"), "--exact"])
            .uid(65534)
            .gid(65534)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("1 passed"), "{told}");
        false
    }
}
