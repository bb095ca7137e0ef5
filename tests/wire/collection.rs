//! MKCOL over the wire: directories are made, and bodies refused.

use crate::support::{Fixture, Reply, names};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Barrier;
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

/// The answer to a MKCOL with these field lines, on a connection of its own.
fn make(fixture: &Fixture, path: &str, lines: &str) -> Reply {
    let mut client = fixture.client();
    client.send(format!("MKCOL {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
    client.reply()
}

#[test]
fn mkcol_is_405_unless_it_is_allowed() {
    let fixture = fixture_with(|site| site.writable = false);
    let reply = make(&fixture, "/new", "").expect_status(405);
    assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn what_cannot_be_made_is_refused() {
    let outside = tempfile::tempdir().expect("a directory");
    let fixture = fixture_with(|site| site.serves_hidden = true);
    fixture.file("file", "");
    fixture.directory("directory/.hidden");
    symlink(outside.path(), fixture.path("out")).expect("a link");
    symlink(outside.path().join("new"), fixture.path("out-new")).expect("a link");
    symlink("nothing", fixture.path("dangling")).expect("a link");
    let long = "x".repeat(256);
    let rows = [
        ("/", 405),
        ("/.", 405),
        ("/file", 405),
        ("/file/", 405),
        ("/directory", 405),
        ("/directory/", 405),
        ("/directory/..", 405),
        ("/out", 405),
        ("/out-new", 405),
        ("/dangling", 405),
        ("/out/new", 409),
        ("/missing/new", 409),
        ("/file/new", 409),
        (&format!("/{long}"), 409),
        ("/.hidden", 403),
        ("/%2ehidden/", 403),
        ("/directory/.hidden/new", 403),
        ("/directory%2Fnew", 404),
        ("/%00", 400),
        ("/%zz", 400),
        ("/../new", 400),
    ];
    for (path, status) in rows {
        let reply = make(&fixture, path, "");
        assert_eq!(reply.status, status, "{path}");
        let allowed = (status == 405).then_some("GET, HEAD, OPTIONS, PUT, DELETE");
        assert_eq!(reply.field("Allow"), allowed, "{path}");
    }
    assert_eq!(names(outside.path()), [""; 0]);
    assert_eq!(fixture.names(), ["dangling", "directory", "file", "out", "out-new"]);
}

#[test]
fn directory_is_made_with_or_without_a_slash() {
    let fixture = fixture();
    symlink("a b", fixture.path("in")).expect("a link");
    for (path, name) in
        [("/a%20b", "a b"), ("/a%20b/c/", "a b/c"), ("/in/d", "a b/d"), ("/a%20b//./e", "a b/e")]
    {
        let reply = make(&fixture, path, "Content-Length: 0\r\n").expect_status(201);
        assert_eq!(reply.field("Content-Length"), Some("0"));
        assert_eq!(reply.field("Connection"), Some("keep-alive"));
        assert!(fixture.path(name).is_dir(), "{name}");
    }
    fs::create_dir(fixture.path("plain")).expect("a directory");
    let mode = |name| fs::metadata(fixture.path(name)).expect("a directory").permissions().mode();
    assert_eq!(mode("a b"), mode("plain"));
}

#[test]
fn body_is_415_before_a_byte_of_it_is_sent() {
    let fixture = fixture();
    for lines in [
        "Content-Length: 5\r\nExpect: 100-continue\r\n",
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
        "Content-Length: 5\r\nContent-Type: application/xml\r\n",
    ] {
        let mut client = fixture.client();
        client.send(format!("MKCOL /new HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
        let reply = client.reply().expect_status(415);
        assert_eq!(reply.field("Connection"), Some("close"));
        client.expect_closed();
    }
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn preconditions_are_judged_for_mkcol() {
    let fixture = fixture();
    fixture.directory("directory");
    let rows = [
        ("/new", "If-Match: *", 412),
        ("/new", "If-Match: \"a\"", 412),
        ("/directory", "If-Match: *", 405),
        ("/directory", "If-None-Match: *", 405),
        ("/new", "If-None-Match: *", 201),
    ];
    for (path, line, status) in rows {
        let reply = make(&fixture, path, &format!("{line}\r\n"));
        assert_eq!(reply.status, status, "{path} {line}");
    }
}

#[test]
fn each_host_and_prefix_has_its_own_directories() {
    let fixture = fixture_with(|site| site.by_host = true);
    make(&fixture, "/new", "").expect_status(201);
    assert!(fixture.path("default/new").is_dir());
    let prefix = site::Prefix::parse("/files").expect("a prefix");
    let fixture = fixture_with(|site| site.prefix = prefix);
    for (path, status) in [("/new", 404), ("/files", 405), ("/files/new", 201)] {
        assert_eq!(make(&fixture, path, "").status, status, "{path}");
    }
    assert_eq!(fixture.names(), ["new"]);
}

#[test]
fn directory_that_appears_and_vanishes_is_made_or_refused() {
    let fixture = fixture();
    let start = Barrier::new(3);
    let ask = &|method: &str| {
        let mut client = fixture.client();
        start.wait();
        let statuses: Vec<_> = (0..100)
            .map(|_| {
                client.send(format!("{method} /place HTTP/1.1\r\nHost: localhost\r\n\r\n"));
                client.reply().status
            })
            .collect();
        statuses
    };
    thread::scope(|scope| {
        let makers = [(); 2].map(|()| scope.spawn(move || ask("MKCOL")));
        let removed = ask("DELETE");
        let made: Vec<_> =
            makers.into_iter().flat_map(|maker| maker.join().expect("no panic")).collect();
        assert!(made.iter().all(|status| matches!(status, 201 | 405)), "{made:?}");
        assert!(removed.iter().all(|status| matches!(status, 204 | 404)), "{removed:?}");
        // Each that was made was removed, but for the last one perhaps.
        let count = |statuses: &[u16], status| statuses.iter().filter(|&&is| is == status).count();
        let left = fixture.names().len();
        assert_eq!(count(&made, 201), count(&removed, 204) + left);
    });
}
