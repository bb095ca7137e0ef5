//! PUT and the permissions of files: what this process may not write, it does not replace, and what
//! it replaces keeps its mode.

use crate::denied::{command, open_root, set_mode};
use crate::leftovers::{NO_PROC, start_with};
use crate::support::{Client, Program, get, not_tested, serving, under};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::thread;
use tempfile::TempDir;

/// Whose the program is where the test is root's.
const USER: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A directory in which somebody who is not root may write.
fn shared_root() -> TempDir {
    let root = open_root();
    set_mode(root.path(), 0o777);
    root
}

/// A file of the program's own, or of another's where the test can make one.
fn file(path: &Path, owner: u32, group: u32, mode: u32) {
    fs::write(path, "old").expect("a file");
    if is_root() {
        chown(path, Some(owner), Some(group)).expect("an owner");
    }
    set_mode(path, mode);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

fn put(program: &Program, path: &str, lines: &str) -> u16 {
    let mut client = Client::new(program.address);
    client.send(format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n{lines}\r\nnew"
    ));
    client.reply().status
}

#[test]
fn file_that_may_not_be_written_is_not_replaced() {
    let root = shared_root();
    let path = root.path().join("a");
    // Owner, group, mode; the last can be written, and is 403 for GET.
    let own = [(USER, USER, 0o444), (USER, USER, 0o000), (USER, USER, 0o400), (USER, USER, 0o200)];
    let of_others = [(0, 0, 0o640), (0, 0, 0o644), (0, USER, 0o640), (0, 0, 0o600), (0, 0, 0o444)];
    let of_others = if is_root() { &of_others[..] } else { &[] };
    let program = Program::spawn(command(root.path(), "0").arg("--writable"));
    for &(owner, group, bits) in own.iter().chain(of_others) {
        file(&path, owner, group, bits);
        let before = fs::metadata(&path).expect("a file");
        for lines in ["", "If-None-Match: *\r\n", "If-Match: \"x\"\r\n"] {
            assert_eq!(put(&program, "/a", lines), 403, "{owner} {group} {bits:o}");
        }
        let after = fs::metadata(&path).expect("a file");
        assert_eq!((after.ino(), after.mode()), (before.ino(), before.mode()));
        fs::remove_file(&path).expect("a file to remove");
    }
    // Only that file.
    assert_eq!(put(&program, "/a", ""), 201);
}

#[test]
fn replaced_file_keeps_its_mode() {
    let root = shared_root();
    let path = root.path().join("a");
    let program = Program::spawn(command(root.path(), "0").arg("--writable"));
    for bits in [0o600, 0o640, 0o644, 0o664, 0o666, 0o700, 0o755, 0o604] {
        file(&path, USER, USER, bits);
        assert_eq!(put(&program, "/a", ""), 204, "{bits:o}");
        assert_eq!(mode(&path), bits, "{bits:o}");
        assert_eq!(fs::read(&path).expect("a file"), b"new");
        fs::remove_file(&path).expect("a file to remove");
    }
    // What is more than permissions goes, as a write would have it.
    file(&path, USER, USER, 0o6755);
    assert_eq!(put(&program, "/a", ""), 204);
    assert_eq!(mode(&path), 0o755);
}

#[test]
fn another_group_gets_no_right_that_not_all_have() {
    if !is_root() {
        return not_tested("only root can make a file of another user");
    }
    let root = shared_root();
    let path = root.path().join("a");
    let program = Program::spawn(command(root.path(), "0").arg("--writable"));
    // Its own group is kept, root's it cannot give.
    for (group, before, after) in
        [(USER, 0o660, 0o660), (USER, 0o666, 0o666), (0, 0o666, 0o666), (0, 0o676, 0o666)]
    {
        file(&path, 0, group, before);
        assert_eq!(put(&program, "/a", ""), 204, "{group} {before:o}");
        let made = fs::metadata(&path).expect("a file");
        assert_eq!((made.uid(), made.gid(), mode(&path)), (USER, USER, after), "{before:o}");
        fs::remove_file(&path).expect("a file to remove");
    }
}

#[test]
fn new_file_has_the_mode_that_the_umask_leaves() {
    let root = shared_root();
    for (umask, expected) in [("022", 0o644), ("000", 0o666), ("077", 0o600), ("027", 0o640)] {
        let usual = serving(root.path(), &["--writable"]);
        let program = Program::spawn(&mut under(&format!("umask {umask}"), &usual));
        let name = format!("/new-{umask}");
        assert_eq!(put(&program, &name, ""), 201);
        assert_eq!(mode(&root.path().join(&name[1..])), expected, "{umask}");
    }
}

// For root permissions do not count; a file stays whose it is.
#[test]
fn root_replaces_any_file_and_leaves_mode_and_owner() {
    if !is_root() {
        return not_tested("only for root");
    }
    let root = open_root();
    let path = root.path().join("a");
    let program = Program::start(root.path(), &["--writable"]);
    for (owner, group, bits) in [(USER, 12, 0o444), (7, 8, 0o600), (0, 0, 0o000)] {
        file(&path, owner, group, bits);
        assert_eq!(put(&program, "/a", ""), 204);
        let made = fs::metadata(&path).expect("a file");
        assert_eq!((made.uid(), made.gid(), mode(&path)), (owner, group, bits));
        assert_eq!(fs::read(&path).expect("a file"), b"new");
    }
}

/// Puts a file again and again over one that is its owner's alone; nothing in the directory is ever
/// open to others.
fn expect_no_moment(program: &Program, root: &Path) {
    const UPLOADS: usize = 100;
    let path = root.join("a");
    fs::write(&path, "old").expect("a file");
    set_mode(&path, 0o600);
    fs::remove_file(root.join("file")).expect("a file to remove");
    thread::scope(|scope| {
        let uploads = scope.spawn(|| {
            (0..UPLOADS).for_each(|_| assert_eq!(put(program, "/a", ""), 204));
        });
        while !uploads.is_finished() {
            for entry in fs::read_dir(root).expect("a directory") {
                let entry = entry.expect("an entry");
                // Gone by now, or its bits are its owner's alone, or it holds no byte yet: it was
                // made to learn what mode a new file has.
                let Ok(seen) = entry.metadata() else { continue };
                let is_closed = seen.mode() & 0o077 == 0 || seen.len() == 0;
                assert!(is_closed, "{:?} has the mode {:o}", entry.file_name(), seen.mode());
            }
        }
    });
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"new");
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn private_file_is_open_to_others_at_no_moment() {
    let root = open_root();
    expect_no_moment(&Program::start(root.path(), &["--writable"]), root.path());
}

#[test]
fn private_file_is_open_to_others_at_no_moment_where_uploads_have_names() {
    let root = open_root();
    let Some((program, _lines)) = start_with(&[NO_PROC], root.path()) else { return };
    expect_no_moment(&program, root.path());
}
