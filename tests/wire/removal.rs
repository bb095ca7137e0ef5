//! DELETE over the wire: what is removed, what is not, and that nothing outside the root ever is.

use crate::denied::{command, open_root, set_mode};
use crate::support::{Client, Fixture, Program, Reply, get, names};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tinyhttpd::site;

/// A server where files may be changed.
fn fixture() -> Fixture {
    fixture_with(|_| {})
}

fn fixture_with(change: impl FnOnce(&mut site::Settings)) -> Fixture {
    Fixture::with(|site, _| {
        site.writable = true;
        change(site);
    })
}

/// The answer to a DELETE with these field lines, on a connection of its own.
fn delete(fixture: &Fixture, path: &str, lines: &str) -> Reply {
    let mut client = fixture.client();
    client.send(format!("DELETE {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
    client.reply()
}

fn tag(fixture: &Fixture, path: &str) -> String {
    let mut client = fixture.client();
    client.send(get(path));
    client.reply().expect_status(200).tag()
}

#[test]
fn delete_is_405_unless_it_is_allowed() {
    let fixture = fixture_with(|site| site.writable = false);
    fixture.file("file", "");
    let reply = delete(&fixture, "/file", "").expect_status(405);
    assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(fixture.names(), ["file"]);
}

#[test]
fn what_cannot_be_removed_stays() {
    let fixture = fixture_with(|site| site.serves_hidden = true);
    fixture.file("file", "");
    fixture.file(".hidden", "");
    fixture.directory("full/.hidden");
    fixture.directory("empty");
    fixture.file("full/file", "");
    let long = "x".repeat(256);
    let rows = [
        ("/", 403),
        ("/.", 403),
        ("/full/..", 403),
        ("/.hidden", 403),
        ("/%2ehidden", 403),
        ("/full/.hidden", 403),
        ("/full/.hidden/", 403),
        ("/.tinyhttpd-upload-0123456789abcdef", 403),
        ("/full", 409),
        ("/full/", 409),
        ("/missing", 404),
        ("/missing/", 404),
        ("/missing/file", 404),
        ("/file/", 404),
        ("/file/.", 404),
        ("/file/below", 404),
        (&format!("/{long}"), 404),
        ("/full%2Ffile", 404),
        ("/%00", 400),
        ("/%zz", 400),
        ("/../file", 400),
    ];
    for (path, status) in rows {
        assert_eq!(delete(&fixture, path, "").status, status, "{path}");
    }
    assert_eq!(fixture.names(), [".hidden", "empty", "file", "full"]);
    assert_eq!(names(&fixture.path("full")), [".hidden", "file"]);
}

#[test]
fn file_and_empty_directory_are_removed() {
    let fixture = fixture();
    fixture.directory("a b");
    for name in ["a b/c", "file"] {
        fixture.file(name, "content");
    }
    fixture.directory("with-slash");
    for path in ["/file?query", "/a%20b/c", "/a%20b", "/with-slash/"] {
        let reply = delete(&fixture, path, "").expect_status(204);
        assert_eq!(reply.field("Content-Length"), None);
        assert_eq!(reply.field("Connection"), Some("keep-alive"));
        assert_eq!(delete(&fixture, path, "").status, 404, "{path}");
    }
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn what_was_removed_is_not_served_from_memory() {
    let fixture = fixture();
    fixture.file("file", "content");
    let all = format!("{0}{0}DELETE /file HTTP/1.1\r\nHost: localhost\r\n\r\n{0}", get("/file"));
    let mut client = fixture.client();
    client.send(all);
    for status in [200, 200, 204, 404] {
        client.reply().expect_status(status);
    }
}

#[test]
fn symlinks_and_special_files_stay_and_lead_nowhere_else() {
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("file"), "").expect("a file");
    fs::create_dir(outside.path().join("empty")).expect("a directory");
    let fixture = fixture();
    fixture.directory("inside/empty");
    fixture.file("inside/file", "");
    let link = |target: &Path, name| symlink(target, fixture.path(name)).expect("a link");
    link(outside.path(), "out");
    link(&outside.path().join("file"), "out-file");
    link(&outside.path().join("empty"), "out-empty");
    link(Path::new("inside/file"), "in-file");
    link(Path::new("inside/empty"), "in-empty");
    link(Path::new("inside"), "in");
    link(Path::new("nothing"), "dangling");
    link(&fixture.path("inside"), "absolute");
    link(Path::new("loop"), "loop");
    let made = Command::new("mkfifo").arg(fixture.path("fifo")).status();
    assert!(made.expect("mkfifo").success());
    let rows = [
        ("/out", 409),
        ("/out/", 409),
        ("/out-file", 409),
        ("/out-empty", 409),
        ("/out-empty/", 409),
        ("/in-file", 409),
        ("/in-empty", 409),
        ("/dangling", 409),
        ("/loop", 409),
        ("/fifo", 409),
        ("/out/file", 404),
        ("/out/empty", 404),
        ("/absolute/file", 404),
        ("/loop/file", 404),
    ];
    for (path, status) in rows {
        assert_eq!(delete(&fixture, path, "").status, status, "{path}");
    }
    assert_eq!(names(outside.path()), ["empty", "file"]);
    assert_eq!(names(&fixture.path("inside")), ["empty", "file"]);
    assert_eq!(fixture.names().len(), 11);
    delete(&fixture, "/in/file", "").expect_status(204);
    delete(&fixture, "/in/empty/", "").expect_status(204);
    assert_eq!(names(&fixture.path("inside")), [""; 0]);
}

#[test]
fn preconditions_are_judged_for_delete() {
    let fixture = fixture();
    fixture.file("file", "content");
    fixture.directory("directory");
    let own = tag(&fixture, "/file");
    let rows = [
        ("/file", "If-Match: \"other\"".to_owned(), 412),
        ("/file", format!("If-Match: W/{own}"), 412),
        ("/file", format!("If-None-Match: {own}"), 412),
        ("/file", "If-None-Match: *".to_owned(), 412),
        ("/file", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), 412),
        ("/directory", format!("If-Match: {own}"), 412),
        ("/directory", "If-None-Match: *".to_owned(), 412),
        // Without it the answer would be no success, so it does not count (RFC 9110 §13.2.1).
        ("/missing", "If-Match: *".to_owned(), 404),
        ("/.hidden", "If-Match: \"other\"".to_owned(), 403),
    ];
    for (path, line, status) in rows {
        assert_eq!(delete(&fixture, path, &(line.clone() + "\r\n")).status, status, "{line}");
    }
    assert_eq!(fixture.names(), ["directory", "file"]);
    let line = format!("If-Match: \"other\", {own}\r\n");
    delete(&fixture, "/file", &line).expect_status(204);
    delete(&fixture, "/directory", "If-Match: *\r\n").expect_status(204);
}

#[test]
fn body_of_a_delete_is_no_next_request() {
    let fixture = fixture();
    fixture.file("file", "");
    fixture.file("other", "");
    let inner = "DELETE /other HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut client = fixture.client();
    let length = inner.len();
    client.send(format!(
        "DELETE /file HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{inner}"
    ));
    let reply = client.reply().expect_status(204);
    assert_eq!(reply.field("Connection"), Some("close"));
    client.expect_closed();
    assert_eq!(fixture.names(), ["other"]);
}

#[test]
fn what_this_process_may_not_write_stays() {
    let root = open_root();
    set_mode(root.path(), 0o777);
    fs::create_dir(root.path().join("closed")).expect("a directory");
    fs::write(root.path().join("closed/file"), "").expect("a file");
    set_mode(&root.path().join("closed/file"), 0o666);
    set_mode(&root.path().join("closed"), 0o555);
    set_mode(&root.path().join("file"), 0o444);
    fs::create_dir(root.path().join("read-only")).expect("a directory");
    set_mode(&root.path().join("read-only"), 0o555);
    let program = Program::spawn(command(root.path(), "0").arg("--writable"));
    let mut client = Client::new(program.address);
    for (method, path) in [
        ("DELETE", "/file"),
        ("DELETE", "/closed/file"),
        ("DELETE", "/read-only"),
        ("MKCOL", "/closed/new"),
    ] {
        client.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        client.reply().expect_status(403);
    }
    set_mode(&root.path().join("closed"), 0o755);
    assert_eq!(names(root.path()), ["closed", "file", "read-only"]);
    assert_eq!(names(&root.path().join("closed")), ["file"]);
}

#[test]
fn each_host_and_prefix_has_its_own_names() {
    let fixture = fixture_with(|site| site.by_host = true);
    fixture.file("default/file", "");
    fixture.file("file", "");
    delete(&fixture, "/file", "").expect_status(204);
    delete(&fixture, "/", "").expect_status(403);
    assert_eq!(fixture.names(), ["default", "file"]);
    let prefix = site::Prefix::parse("/files").expect("a prefix");
    let fixture = fixture_with(|site| site.prefix = prefix);
    fixture.file("file", "");
    for (path, status) in [("/file", 404), ("/files", 403), ("/files/", 403), ("/files/file", 204)]
    {
        assert_eq!(delete(&fixture, path, "").status, status, "{path}");
    }
}

/// The statuses, in order, of these requests, sent at the same moment.
fn race<const N: usize>(fixture: &Fixture, requests: [String; N]) -> [u16; N] {
    let start = Barrier::new(N);
    let racer = &|request: String| {
        let mut client = fixture.client();
        start.wait();
        client.send(request);
        client.reply().status
    };
    let mut statuses = thread::scope(|scope| {
        requests
            .map(|request| scope.spawn(move || racer(request)))
            .map(|racing| racing.join().expect("no panic"))
    });
    statuses.sort();
    statuses
}

#[test]
fn of_changes_that_expect_the_same_file_one_wins() {
    let fixture = fixture();
    for round in 0..20 {
        fixture.file("file", &round.to_string());
        let own = tag(&fixture, "/file");
        let line = format!("Host: localhost\r\nIf-Match: {own}\r\n");
        let delete = format!("DELETE /file HTTP/1.1\r\n{line}\r\n");
        assert_eq!(race(&fixture, [delete.clone(), delete.clone()]), [204, 404]);
        fixture.file("file", &round.to_string());
        let put = format!("PUT /file HTTP/1.1\r\n{line}Content-Length: 3\r\n\r\nnew");
        // Both have 204 where they win, and 412 where the other has won.
        assert_eq!(race(&fixture, [delete, put]), [204, 412]);
    }
}

/// While `swap` goes on, DELETE is asked for again and again; `outside` keeps what it has.
fn expect_nothing_outside_is_removed(swap: impl Fn(&Path, &Path) + Sync, path: &str) {
    let outside = tempfile::tempdir().expect("a directory");
    fs::create_dir(outside.path().join("directory")).expect("a directory");
    fs::write(outside.path().join("directory/file"), "").expect("a file");
    fs::create_dir(outside.path().join("empty")).expect("a directory");
    let fixture = fixture();
    let is_over = AtomicBool::new(false);
    let mut removed = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..400 {
                swap(fixture.root.path(), outside.path());
            }
            is_over.store(true, Ordering::Release);
        });
        let mut client = fixture.client();
        while !is_over.load(Ordering::Acquire) {
            client.send(format!("DELETE {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            let status = client.reply().status;
            assert!(matches!(status, 204 | 404 | 409), "{status}");
            removed += u32::from(status == 204);
        }
    });
    assert_eq!(names(outside.path()), ["directory", "empty"]);
    assert_eq!(names(&outside.path().join("directory")), ["file"], "{removed}");
}

/// Does what may fail because the server was faster.
fn perhaps<T>(_: std::io::Result<T>) {}

#[test]
fn directory_that_changes_places_with_a_symlink_leads_nowhere_else() {
    let swap = |root: &Path, outside: &Path| {
        let place = root.join("place");
        perhaps(fs::create_dir(&place));
        perhaps(fs::write(place.join("file"), ""));
        perhaps(fs::remove_file(place.join("file")));
        perhaps(fs::remove_dir(&place));
        symlink(outside.join("directory"), &place).expect("a link");
        fs::remove_file(&place).expect("a link");
    };
    expect_nothing_outside_is_removed(swap, "/place/file");
}

#[test]
fn name_that_is_now_a_file_now_a_directory_now_a_symlink_is_never_followed() {
    let swap = |root: &Path, outside: &Path| {
        let place = root.join("place");
        perhaps(fs::write(&place, ""));
        perhaps(fs::remove_file(&place));
        perhaps(fs::create_dir(&place));
        perhaps(fs::remove_dir(&place));
        perhaps(symlink(outside.join("empty"), &place));
        perhaps(fs::remove_file(&place));
    };
    expect_nothing_outside_is_removed(swap, "/place");
}

#[test]
fn access_log_has_the_line_of_a_removal() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("file"), "").expect("a file");
    let program = Program::start(root.path(), &["--writable"]);
    let mut client = Client::new(program.address);
    client.send("DELETE /file HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.reply().expect_status(204);
    let said = program.stop();
    assert!(said.contains("\"DELETE /file HTTP/1.1\" 204 0 "), "{said}");
}
