//! The rooms of the source and the arrows between them: what each may not know, that no arrows make
//! a circle, and how long a file may be.

mod arrows;

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of code before a file's tests, comments left out: one subject, read in one sitting.
const LINES_MAX: usize = 350;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files of Rust below a directory, however deep.
fn files_below(directory: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![directory];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The source files below `src/{room}`, but those that are declared for tests only; all of them for
/// "".
fn files(room: &str) -> Vec<PathBuf> {
    let mut files = files_below(source().join(room));
    files.retain(|file| !file.ends_with("tests.rs") && !file.ends_with("testing.rs"));
    assert!(!files.is_empty(), "{room:?} has no source");
    files
}

/// The code of a file: without its tests, and without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a file in UTF-8");
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let before_tests = text.lines().take_while(|line| !line.ends_with("mod tests {"));
    before_tests.filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

#[track_caller]
fn expect_unknown(room: &str, words: &[&str]) {
    for file in files(room) {
        let code = code(&file);
        for word in words {
            assert!(!code.contains(word), "{} knows {word}", file.display());
        }
    }
}

/// The path of a source file, from `src` on.
fn name(file: &Path) -> String {
    file.strip_prefix(source()).expect("a source file").to_string_lossy().into_owned()
}

/// The files that name `word`, of all rooms.
fn who_names(word: &str) -> Vec<String> {
    let naming = files("").into_iter().filter(|file| code(file).contains(word));
    let mut names: Vec<_> = naming.map(|file| name(&file)).collect();
    names.sort();
    names
}

#[test]
fn http_knows_bytes_and_values_only() {
    let outside = ["crate::site", "crate::server", "crate::command", "rustix", "log::"];
    // Not core::net, which has addresses and no sockets: to read one is arithmetic over bytes.
    let world = ["std::net", "std::fs", "std::thread", "std::os", "std::env"];
    let clocks = ["SystemTime::now", "Instant"];
    expect_unknown("http", &[&outside[..], &world, &clocks].concat());
}

#[test]
fn site_knows_no_socket_no_thread_and_no_clock() {
    let outside = ["crate::server", "crate::command", "rustix::net", "rustix::event"];
    let world = ["std::net", "std::os::unix::net", "std::thread", "SystemTime::now", "Instant"];
    expect_unknown("site", &[&outside[..], &world].concat());
}

#[test]
fn server_knows_no_path_of_a_site_and_no_command_line() {
    expect_unknown("server", &["crate::command", "clap", "document_root", "openat"]);
}

#[test]
fn os_knows_system_calls_only() {
    let rooms = ["crate::http", "crate::site", "crate::server", "crate::command", "crate::serve"];
    expect_unknown("os", &[&rooms[..], &["log::"]].concat());
}

#[test]
fn what_is_linux_only_is_in_one_file_each() {
    assert_eq!(who_names("epoll::"), ["os/linux/ready_set.rs"]);
    assert_eq!(who_names("ResolveFlags"), ["os/linux/files.rs"]);
    assert_eq!(who_names("openat2("), ["os/linux/files.rs"]);
    assert_eq!(who_names("OFlags::PATH"), ["os/linux/files.rs", "os/linux_as_posix.rs"]);
    // No other file names a system, and none chooses in the middle of a function.
    assert_eq!(who_names("target_os"), ["os/mod.rs"]);
    assert_eq!(who_names("cfg(posix"), [""; 0]);
    assert_eq!(who_names("/proc/self"), ["os/linux/descriptors.rs", "os/linux/files.rs"]);
    assert_eq!(who_names("fs::sendfile"), ["os/linux/stream.rs"]);
}

#[test]
fn files_are_written_in_one_place() {
    // Beside the site's one place the log's: its files, and a pipe or a terminal at stderr, opened
    // a second time.
    let log = "command/log_writer/sink.rs";
    let site = "site/upload/temporary_file.rs";
    let (by_linux, by_posix) = ("os/linux/files.rs", "os/posix/files.rs");
    assert_eq!(who_names("OFlags::CREATE"), [log, site]);
    assert_eq!(who_names("OFlags::WRONLY"), [log, by_linux, site]);
    assert_eq!(who_names("unlinkat("), [by_posix, "site/removal.rs", site]);
    assert_eq!(who_names("fs::renameat("), [by_linux, by_posix, site]);
    assert_eq!(who_names("fs::linkat("), [by_linux, by_posix]);
    assert_eq!(who_names("mkdirat("), ["site/collection.rs"]);
    let other_ways = [
        "OFlags::RDWR",
        "OpenOptions",
        " linkat(",
        " File::create(",
        "(File::create(",
        ":File::create(",
        "fs::write(",
        "fs::rename(",
        "fs::create_dir",
    ];
    for word in other_ways {
        assert_eq!(who_names(word), [""; 0], "{word}");
    }
    // Its own Unix socket: a stale one at the start, its own at the end.
    assert_eq!(who_names("fs::remove_file("), ["server/bind.rs", "server/bound.rs"]);
}

#[test]
fn no_files_make_a_circle() {
    let all = files("").into_iter().map(|file| (name(&file), code(&file)));
    let circles = arrows::circles(&all.collect());
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_file_is_read_in_one_sitting() {
    let tests = files_below(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    for file in files("").into_iter().chain(tests) {
        let lines = code(&file).lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
    }
}
