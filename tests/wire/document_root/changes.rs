//! Files that change: the next answer tells of it, and one that has begun keeps its promise.

use super::expect_statuses;
use crate::support::{Client, Fixture, get, set_modified};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::symlink;

/// Larger than what the sockets of both sides take.
const LARGE: u64 = 64 << 20;

/// The body of a 200.
fn content(client: &mut Client, target: &str) -> String {
    client.send(get(target));
    let reply = client.reply().expect_status(200);
    String::from_utf8(reply.body).expect("UTF-8")
}

/// Sets the time back, so far that only the time of change tells how new the file is.
fn make_old(fixture: &Fixture, name: &str) {
    set_modified(&fixture.path(name), 784_111_777);
}

#[test]
fn next_answer_tells_of_every_change() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    for round in 10..30 {
        // The same lengths and times, again and again; from memory, and from the file.
        for (name, count) in [("small", 3), ("large", 200_000)] {
            let text = round.to_string().repeat(count);
            fixture.file(name, &text);
            make_old(&fixture, name);
            let target = format!("/{name}");
            for _ in 0..2 {
                let have = content(&mut client, &target);
                assert!(have == text, "{name} in round {round}");
            }
        }
    }
    fs::rename(fixture.path("large"), fixture.path("small")).expect("a move");
    assert_eq!(content(&mut client, "/small").len(), 400_000);
    fs::remove_file(fixture.path("small")).expect("a file");
    for target in ["/small", "/large"] {
        client.send(get(target));
        client.reply().expect_status(404);
    }
    fixture.file("small", "back");
    assert_eq!(content(&mut client, "/small"), "back");
}

#[test]
fn directory_moved_out_is_404_behind_a_symlink_to_it() {
    let outside = tempfile::tempdir().expect("a directory");
    let fixture = Fixture::new();
    fixture.directory("a/b");
    fixture.file("a/b/file", "content");
    make_old(&fixture, "a/b/file");
    let mut client = fixture.client();
    for _ in 0..3 {
        assert_eq!(content(&mut client, "/a/b/file"), "content");
    }
    fs::rename(fixture.path("a"), outside.path().join("a")).expect("a move");
    symlink(outside.path().join("a"), fixture.path("a")).expect("a link");
    expect_statuses(&fixture, &[("/a/b/file", 404), ("/a/b", 404), ("/a", 404)]);
    fs::remove_file(fixture.path("a")).expect("a link");
    fs::rename(outside.path().join("a"), fixture.path("c")).expect("a move");
    symlink("c", fixture.path("a")).expect("a link");
    assert_eq!(content(&mut client, "/a/b/file"), "content");
}

#[test]
fn index_file_that_comes_and_goes_is_seen() {
    let fixture = Fixture::with(|site, _| {
        site.index = vec!["index.html".to_owned(), "index.htm".to_owned()];
    });
    fixture.directory("a");
    let mut client = fixture.client();
    expect_statuses(&fixture, &[("/a/", 404)]);
    fixture.file("a/index.htm", "second");
    assert_eq!(content(&mut client, "/a/"), "second");
    fixture.file("a/index.html", "first");
    assert_eq!(content(&mut client, "/a/"), "first");
    fs::remove_file(fixture.path("a/index.html")).expect("a file");
    assert_eq!(content(&mut client, "/a/"), "second");
}

/// A large file without blocks, and a client that has read the head of the answer about it and no
/// more.
fn client_in_mid_answer(fixture: &Fixture) -> (File, Client) {
    let file = File::create(fixture.path("large")).expect("a file");
    file.set_len(LARGE).expect("a length");
    let mut client = fixture.client();
    client.send(get("/large"));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let promised = format!("\r\nContent-Length: {LARGE}\r\n");
    assert!(head.contains(&promised), "{head}");
    (file, client)
}

#[test]
fn file_that_shrinks_is_never_padded() {
    let fixture = Fixture::new();
    for left in [0, 1, LARGE / 2] {
        let (file, mut client) = client_in_mid_answer(&fixture);
        file.set_len(left).expect("a length");
        let mut body = Vec::new();
        match client.stream.read_to_end(&mut body) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        assert!((body.len() as u64) < LARGE, "{} bytes", body.len());
    }
    fixture.file("file", "content");
    assert_eq!(content(&mut fixture.client(), "/file"), "content");
}

#[test]
fn file_that_grows_is_sent_as_long_as_promised() {
    let fixture = Fixture::new();
    let (file, mut client) = client_in_mid_answer(&fixture);
    file.set_len(LARGE + 5).expect("a length");
    let mut body = vec![0; LARGE as usize];
    client.stream.read_exact(&mut body).expect("a body");
    // A byte too many would be seen here.
    client.send(get("/missing"));
    client.reply().expect_status(404);
    client.send("HEAD /large HTTP/1.0\r\n\r\n");
    let head = client.head();
    let promised = format!("\r\nContent-Length: {}\r\n", LARGE + 5);
    assert!(head.contains(&promised), "{head}");
    client.expect_closed();
}
