//! From a request-target to a file, over the wire: what is found, and what is not.

mod changes;

use crate::support::{Fixture, get};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

#[track_caller]
fn expect_statuses(fixture: &Fixture, rows: &[(&str, u16)]) {
    for (target, status) in rows {
        let mut client = fixture.client();
        client.send(get(target));
        let reply = client.reply();
        assert_eq!(reply.status, *status, "{target}: {}", reply.head);
    }
}

#[test]
fn hidden_names_are_404_unless_they_are_served() {
    for is_served in [false, true] {
        let fixture = Fixture::with(|site, _| site.serves_hidden = is_served);
        for directory in [".well-known", ".git", "a", ".well-known/.b"] {
            fixture.directory(directory);
            fixture.file(&format!("{directory}/file"), "");
            fixture.file(&format!("{directory}/.file"), "");
        }
        let status = if is_served { 200 } else { 404 };
        for target in [
            "/.git/file",
            "/%2egit/file",
            "/%2Egit/file",
            "/a/.file",
            "/a/%2efile",
            "/.git/.file",
            "/a/../.git/file",
            "/.well-known/.file",
            "/.well-known/.b/file",
        ] {
            expect_statuses(&fixture, &[(target, status)]);
        }
        let redirect = if is_served { 301 } else { 404 };
        expect_statuses(&fixture, &[("/.git", redirect)]);
        let always = [
            ("/.well-known/file", 200),
            ("/%2ewell-known/file", 200),
            ("/.well-known", 301),
            ("/a/file", 200),
            ("/...", 404),
        ];
        expect_statuses(&fixture, &always);
    }
}

#[test]
fn path_never_leads_above_the_root() {
    let fixture = Fixture::new();
    fixture.directory("a/b");
    fixture.file("file", "");
    fixture.file("a/b/file", "");
    let rows = [
        ("/..", 400),
        ("/../", 400),
        ("/../file", 400),
        ("/%2e%2e/file", 400),
        ("/%2E./file", 400),
        ("/a/../../file", 400),
        ("/a/../../a/b/file", 400),
        ("/./../file", 400),
        ("//../file", 400),
        ("/..%2ffile", 404),
        ("/..%2f..%2fetc/passwd", 404),
        ("/..\\file", 404),
        ("/..;/file", 404),
        ("/%252e%252e/file", 404),
        ("/%c0%ae%c0%ae/file", 404),
        ("/a/../file", 200),
        ("/a/b/../../file", 200),
        ("/a/%2e%2e/file", 200),
        ("/missing/../file", 200),
        ("/./file", 200),
        ("/%2e/a/./b/file", 200),
        ("/a/b/c/../file", 200),
    ];
    expect_statuses(&fixture, &rows);
}

#[test]
fn encoded_slash_is_404() {
    let fixture = Fixture::new();
    fixture.directory("a");
    fixture.file("a/file", "");
    let rows = [("/a%2ffile", 404), ("/a%2Ffile", 404), ("/%2fa/file", 404), ("/a//file", 200)];
    expect_statuses(&fixture, &rows);
}

#[test]
fn name_that_names_nothing_is_404() {
    let fixture = Fixture::new();
    fixture.directory("directory");
    fixture.file("file", "");
    let name_of = |bytes| format!("/{}", "x".repeat(bytes));
    let rows = [
        ("/missing", 404),
        ("/missing/", 404),
        ("/directory/", 404),
        ("/file/", 404),
        ("/file//", 404),
        ("/file/.", 404),
        ("/file/file", 404),
        ("/directory/file", 404),
        (&name_of(300), 404),
        (&format!("{}/file", name_of(300)), 404),
        (&format!("/directory{}", "/x".repeat(4000)), 404),
        (&name_of(8000), 404),
        ("/FILE", 404),
        ("/file%20", 404),
        ("/file.", 404),
        ("/file", 200),
    ];
    expect_statuses(&fixture, &rows);
}

#[test]
fn name_is_decoded_once_and_may_hold_any_byte() {
    let fixture = Fixture::new();
    let rows: [(&[u8], &str); 10] = [
        (b"a b", "/a%20b"),
        ("\u{e4}".as_bytes(), "/%C3%A4"),
        ("\u{e9}".as_bytes(), "/\u{e9}"),
        (b"\xff\xfe", "/%ff%FE"),
        (b"a%20b", "/a%2520b"),
        (b"what?", "/what%3F?what"),
        (b"a#b", "/a%23b"),
        (b"a\\b", "/a%5Cb"),
        (b"a\nb", "/a%0Ab"),
        (b"a+b", "/a+b"),
    ];
    for (name, _) in rows {
        let name = OsString::from_vec(name.to_vec());
        fs::write(fixture.root.path().join(&name), name.as_encoded_bytes()).expect("a file");
    }
    let mut client = fixture.client();
    for (name, target) in rows {
        client.send(get(target));
        assert_eq!(client.reply().expect_status(200).body, name, "{target}");
    }
}

#[test]
fn symlinks_lead_nowhere_else() {
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("file"), "").expect("a file");
    let fixture = Fixture::new();
    fixture.directory("a/b");
    fixture.file("a/b/file", "");
    let outside_name = outside.path().file_name().expect("a name");
    let up = Path::new("..").join(outside_name);
    let inside = fixture.path("a/b/file");
    let link = |target: &Path, name| symlink(target, fixture.path(name)).expect("a link");
    link(outside.path(), "out");
    link(&outside.path().join("file"), "out-file");
    link(&up, "up");
    link(&up.join("file"), "up-file");
    link(&inside, "absolute");
    link(&fixture.path("a"), "absolute-directory");
    link("/".as_ref(), "slash");
    link("loop".as_ref(), "loop");
    link("nowhere".as_ref(), "dangling");
    link("a/b/file".as_ref(), "in-file");
    link("a/b".as_ref(), "in");
    link("../b/./file".as_ref(), "a/b/back");
    link("in".as_ref(), "twice");
    let rows = [
        ("/out/file", 404),
        ("/out", 404),
        ("/out/", 404),
        ("/out-file", 404),
        ("/up/file", 404),
        ("/up-file", 404),
        ("/absolute", 404),
        ("/absolute-directory/b/file", 404),
        ("/slash", 404),
        ("/slash/etc/passwd", 404),
        ("/loop", 404),
        ("/loop/file", 404),
        ("/dangling", 404),
        ("/in-file", 200),
        ("/in/file", 200),
        ("/in", 301),
        ("/a/b/back", 200),
        ("/twice/file", 200),
    ];
    // Asked twice, since the first answer may leave something behind.
    expect_statuses(&fixture, &rows);
    expect_statuses(&fixture, &rows);
}

#[test]
fn special_file_is_404_and_blocks_nobody() {
    let fixture = Fixture::new();
    fixture.file("file", "");
    fixture.directory("directory");
    for name in ["fifo", "index.html", "directory/index.html"] {
        let made = Command::new("mkfifo").arg(fixture.path(name)).status();
        assert!(made.expect("mkfifo").success());
    }
    let _socket = UnixListener::bind(fixture.path("socket")).expect("a socket");
    // More often than there are workers, which would all be stuck.
    for _ in 0..8 {
        let rows = [
            ("/fifo", 404),
            ("/fifo/", 404),
            ("/", 404),
            ("/directory/", 404),
            ("/socket", 404),
            ("/socket/", 404),
            ("/file", 200),
        ];
        expect_statuses(&fixture, &rows);
    }
}

#[test]
fn directory_without_its_slash_is_301_with_the_query() {
    let fixture = Fixture::new();
    for name in ["a", "a/b c", "a/\u{e4}", "what?", "a%2Fb", "a\\b", "evil.example"] {
        fixture.directory(name);
    }
    let rows = [
        ("/a", "a/"),
        ("/a?b=c&d", "a/?b=c&d"),
        ("/a?", "a/?"),
        ("/a?b?/../c%20%2f", "a/?b?/../c%20%2f"),
        ("/a/b%20c", "b%20c/"),
        ("/a/b%20c?d", "b%20c/?d"),
        ("/a/%c3%a4", "%C3%A4/"),
        ("/a/\u{e4}?\u{e4}", "%C3%A4/?%C3%A4"),
        ("/what%3f", "what%3F/"),
        ("/a%252Fb", "a%252Fb/"),
        ("/a%5cb", "a%5Cb/"),
        ("/a/../a", "/a/"),
        ("/x/../a/./b%20c", "/a/b%20c/"),
        ("http://b/a", "a/"),
        ("//a", "/a/"),
        ("//evil.example", "/evil.example/"),
        ("///evil.example?a", "/evil.example/?a"),
        ("/.//evil.example", "/evil.example/"),
        ("/x/..//evil.example", "/evil.example/"),
        ("//x/../evil.example", "/evil.example/"),
    ];
    let mut client = fixture.client();
    for (target, location) in rows {
        client.send(get(target));
        let reply = client.reply();
        assert_eq!(reply.status, 301, "{target}");
        assert_eq!(reply.field("Location"), Some(location), "{target}");
    }
}

#[test]
fn no_redirect_leads_to_another_host() {
    let fixture = Fixture::new();
    for name in
        ["evil.example", "a", "\\", "\\/evil.example", "\\\\evil.example", "\t", "@evil.example"]
    {
        fixture.directory(name);
    }
    let targets = [
        "//evil.example/..",
        "//evil.example/../a",
        "//evil.example/%2e%2e",
        "//evil.example/%2e%2e/a",
        "//evil.example/a/..",
        "///evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/%5c%5cevil.example",
        "/\\\\evil.example",
        "/%5c/evil.example",
        "/\\/evil.example",
        "/%5c",
        "/\\",
        "/%2fevil.example",
        "/%2f%2fevil.example/..",
        "/%09//evil.example/..",
        "/%09",
        "/@evil.example",
        "/a/..//evil.example",
        "/a/..//evil.example/..",
        "/./%5c%5cevil.example",
        "http://a//evil.example",
        "http://a//evil.example/..",
    ];
    let mut redirects = 0;
    for target in targets {
        let mut client = fixture.client();
        client.send(get(target));
        let reply = client.reply();
        let Some(location) = reply.field("Location") else {
            assert!([400, 404].contains(&reply.status), "{target}: {}", reply.head);
            continue;
        };
        redirects += 1;
        let rest = location.strip_prefix('/').unwrap_or(location);
        assert!(!rest.starts_with(['/', '\\', '\t']), "{target}: {location}");
        assert!(!location.contains('\\'), "{target}: {location}");
    }
    assert!(redirects >= 8, "{redirects} are too few to tell");
}
