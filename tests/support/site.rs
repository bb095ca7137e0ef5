//! A temporary document root, the site that serves it, and what it replies.

use std::cell::RefCell;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;
use tinyhttpd::http::date::Timestamp;
use tinyhttpd::http::request::{Parsed, parse};
use tinyhttpd::http::response::write_head;
use tinyhttpd::http::version::Version;
use tinyhttpd::site::response::{Body, Response};
use tinyhttpd::site::{Settings, Site};

/// The time of every request: so late that each file has long been settled and may be kept.
pub const NOW: Timestamp = Timestamp::from_seconds(4_000_000_000);
pub const NOW_DATE: &str = "Tue, 02 Oct 2096 07:06:40 GMT";

/// When [`Tree::file`] says that its files were modified.
pub const MODIFIED_DATE: &str = "Sun, 09 Sep 2001 01:46:40 GMT";
const MODIFIED_SECONDS: i64 = 1_000_000_000;

/// A temporary directory with the document root `root` in it, and beside it `outside` with a file
/// `secret`.
pub struct Tree {
    directory: TempDir,
}

impl Tree {
    pub fn new() -> Tree {
        Tree::in_directory(tempfile::tempdir().unwrap())
    }

    /// A tree in memory, where a file may have any time at all; elsewhere it has those that the
    /// disk can tell.
    pub fn in_memory() -> Tree {
        Tree::in_directory(tempfile::tempdir_in("/dev/shm").unwrap())
    }

    fn in_directory(directory: TempDir) -> Tree {
        fs::create_dir(directory.path().join("root")).unwrap();
        fs::create_dir(directory.path().join("outside")).unwrap();
        fs::write(directory.path().join("outside/secret"), "outside").unwrap();
        Tree { directory }
    }

    /// A tree with these files in its root.
    pub fn with(files: &[(&str, &str)]) -> Tree {
        let tree = Tree::new();
        for (name, content) in files {
            tree.file(name, content);
        }
        tree
    }

    /// The path of what is called `name` from the root on.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("root").join(name)
    }

    /// Writes a file, and the directories on the way to it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.date(name, MODIFIED_SECONDS);
    }

    /// Sets the modification time of a file.
    pub fn date(&self, name: &str, seconds: i64) {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = match seconds < 0 {
            true => UNIX_EPOCH - distance,
            false => UNIX_EPOCH + distance,
        };
        File::open(self.path(name)).and_then(|file| file.set_modified(time)).unwrap();
    }

    pub fn directory(&self, name: &str) {
        fs::create_dir_all(self.path(name)).unwrap();
    }

    pub fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    /// The path of `outside`.
    pub fn outside(&self) -> PathBuf {
        self.directory.path().join("outside")
    }

    /// A site of this root with the default settings, but for what `change` does to them.
    pub fn site(&self, change: impl FnOnce(&mut Settings)) -> Asked {
        let mut settings = Settings { root: self.path(""), ..Settings::default() };
        change(&mut settings);
        Asked { site: Site::open(settings).unwrap(), now: NOW }
    }

    pub fn default_site(&self) -> Asked {
        self.site(|_| {})
    }
}

/// A site that can be asked.
pub struct Asked {
    site: Site,
    now: Timestamp,
}

impl Asked {
    /// The same site at another time.
    pub fn at(self, now: Timestamp) -> Asked {
        Asked { now, ..self }
    }

    /// See [`Site::look_at_root`].
    pub fn look_at_root(&self) -> bool {
        self.site.look_at_root()
    }

    /// Lets the site go of what it has not used for a minute before `now`.
    pub fn let_go(&self, now: Timestamp) {
        while self.site.let_go(now) {}
    }

    /// The reply to a request with these field lines, one after each `\n`, and Host.
    pub fn ask(&self, method_and_target: &str, lines: &str) -> Reply {
        let mut head = format!("{method_and_target} HTTP/1.1\r\nHost: a.example\r\n");
        for line in lines.lines() {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        self.ask_raw(head.as_bytes())
    }

    pub fn get(&self, target: &str) -> Reply {
        self.get_with(target, "")
    }

    pub fn get_with(&self, target: &str, lines: &str) -> Reply {
        self.ask(&format!("GET {target}"), lines)
    }

    /// The reply to a whole head. It is asked twice: what is kept must be as good as what is found.
    pub fn ask_raw(&self, head: &[u8]) -> Reply {
        let (first, second) = (self.ask_once(head), self.ask_once(head));
        assert_eq!(first, second, "{:.200}", head.escape_ascii().to_string());
        second
    }

    /// The reply to a whole head, for files that change meanwhile.
    pub fn ask_once(&self, head: &[u8]) -> Reply {
        let Parsed::Complete { request, .. } = parse(head) else {
            panic!("no request: {:.200}", head.escape_ascii().to_string());
        };
        Reply::of(self.site.respond(&request, self.now))
    }
}

/// A response, as a client would see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code and the reason phrase.
    pub status: String,
    /// The field lines that the site sets: names and values, in their order.
    pub lines: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    fn of(response: Response) -> Reply {
        let date = NOW.http_date().unwrap();
        let mut head = Vec::new();
        write_head(
            &mut head,
            Version::Http11,
            response.status,
            &response.fields,
            None,
            true,
            &date,
        );
        let head = String::from_utf8(head).unwrap();
        let head = head.strip_suffix("\r\n\r\n").unwrap();
        // The status line, Date, Server and Connection are not the site's.
        let line = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        Reply {
            status: response.status.line().to_owned(),
            lines: head.split("\r\n").skip(4).map(line).collect(),
            body: bytes_of(&response.body),
        }
    }

    /// The values of all lines of this name, joined as RFC 9110 §5.3 allows; `None` without one.
    pub fn field(&self, name: &str) -> Option<String> {
        let lines = self.lines.iter();
        let values: Vec<_> = lines
            .filter(|line| line.0.eq_ignore_ascii_case(name))
            .map(|line| line.1.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The names of all lines, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.lines.iter().map(|line| line.0.as_str()).collect();
        names.sort_unstable();
        names
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The three digits of the status.
    pub fn code(&self) -> &str {
        &self.status[..3]
    }

    #[track_caller]
    pub fn expect_status(self, status: &str) -> Reply {
        assert_eq!(self.status, status);
        self
    }

    #[track_caller]
    pub fn expect_field(self, name: &str, value: Option<&str>) -> Reply {
        assert_eq!(self.field(name).as_deref(), value, "{name}");
        self
    }

    #[track_caller]
    pub fn expect_body(self, body: &str) -> Reply {
        assert_eq!(String::from_utf8_lossy(&self.body), body);
        self
    }

    /// The entity-tag, which must be there.
    #[track_caller]
    pub fn tag(&self) -> String {
        self.field("ETag").unwrap()
    }
}

fn bytes_of(body: &Body) -> Vec<u8> {
    match body {
        Body::Empty => Vec::new(),
        Body::Bytes(bytes, interval) => bytes[interval.clone()].to_vec(),
        Body::File(file, interval) => {
            let mut bytes = vec![0; (interval.end - interval.start) as usize];
            file.read_exact_at(&mut bytes, interval.start).unwrap();
            bytes
        }
    }
}

thread_local! {
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What this thread has logged at info level and above while `act` ran.
pub fn logged(act: impl FnOnce()) -> Vec<String> {
    // Only the first call in this process installs it; the others find it there.
    let _ = log::set_logger(&Recorder);
    log::set_max_level(log::LevelFilter::Info);
    LOGGED.take();
    act();
    LOGGED.take()
}

/// Keeps what a thread logs, so that tests beside each other do not mix.
struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, metadata: &log::Metadata) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &log::Record) {
        if self.enabled(record.metadata()) {
            LOGGED.with_borrow_mut(|logged| logged.push(record.args().to_string()));
        }
    }

    fn flush(&self) {}
}
