//! No file is ever seen half, and of uploads that race one wins.

use super::{answer_to, begin, fixture, put};
use crate::support::{Client, Fixture, Program, get, names};
use std::fs;
use std::sync::Barrier;
use std::thread;

#[test]
fn of_two_uploads_over_the_same_file_the_later_is_412() {
    let fixture = fixture();
    let line = format!("If-Match: {}\r\n", answer_to(&fixture, "/a", "", "old").tag());
    let mut clients = [fixture.client(), fixture.client()];
    for client in &mut clients {
        begin(client, "/a", &line, 5);
    }
    for (client, (body, status)) in clients.iter_mut().zip([("first", 204), ("later", 412)]) {
        client.send(body);
        client.reply().expect_status(status);
    }
    assert_eq!(fixture.content("a"), "first");
    assert_eq!(fixture.names(), ["a"]);
}

#[test]
fn file_that_appears_while_its_body_arrives_is_not_replaced() {
    let fixture = fixture();
    let mut client = fixture.client();
    begin(&mut client, "/a", "If-None-Match: *\r\n", 3);
    fixture.file("a", "by somebody else");
    client.send("new");
    client.reply().expect_status(412);
    let mut client = fixture.client();
    begin(&mut client, "/directory", "", 3);
    fixture.directory("directory");
    client.send("new");
    client.reply().expect_status(409);
    assert_eq!(fixture.content("a"), "by somebody else");
    assert_eq!(fixture.names(), ["a", "directory"]);
}

/// The statuses, in order, of uploads of these bodies of one byte to one place that end at the same
/// moment.
fn race(fixture: &Fixture, path: &str, line: &str, bodies: [&str; 4]) -> [u16; 4] {
    let start = Barrier::new(4);
    let racer = &|body: &str| {
        let mut client = fixture.client();
        begin(&mut client, path, line, 1);
        start.wait();
        client.send(body);
        client.reply().status
    };
    let mut statuses = thread::scope(|scope| {
        bodies
            .map(|body| scope.spawn(move || racer(body)))
            .map(|racing| racing.join().expect("no panic"))
    });
    statuses.sort();
    statuses
}

#[test]
fn of_racing_uploads_one_wins() {
    let fixture = fixture();
    for round in 0..20 {
        let path = format!("/{round}");
        let created = race(&fixture, &path, "If-None-Match: *\r\n", ["a", "b", "c", "d"]);
        assert_eq!(created, [201, 412, 412, 412]);
        let mut client = fixture.client();
        client.send(get(&path));
        let line = format!("If-Match: {}\r\n", client.reply().tag());
        // None of them the byte that is there: its tag would stay.
        let others = ["e", "f", "g", "h"];
        assert_eq!(race(&fixture, &path, &line, others), [204, 412, 412, 412]);
        assert_eq!(race(&fixture, &path, "", others), [204; 4]);
    }
    assert_eq!(fixture.names().len(), 20);
}

#[test]
fn reader_sees_the_former_bytes_or_the_new() {
    let fixture = fixture();
    // From memory, and from the file.
    for (path, length) in [("/small", 70_000), ("/large", 700_000)] {
        let version = |number: usize| ["a", "b"][number % 2].repeat(length + number % 2);
        answer_to(&fixture, path, "", &version(0)).expect_status(201);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut client = fixture.client();
                for number in 1..30 {
                    client.send(put(path, "", &version(number)));
                    client.reply().expect_status(204);
                }
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut client = fixture.client();
                    for _ in 0..60 {
                        client.send(get(path));
                        let body = client.reply().expect_status(200).body;
                        let is_whole = (0..2).any(|number| version(number).as_bytes() == body);
                        assert!(is_whole, "{} bytes from {:?}", body.len(), body.first());
                    }
                });
            }
        });
    }
}

#[test]
fn broken_off_upload_leaves_the_old_file_and_no_other() {
    let fixture = fixture();
    fixture.file("a", "old");
    for path in ["/a", "/b"] {
        let mut client = fixture.client();
        begin(&mut client, path, "", 10);
        client.send("half");
    }
    let root = fixture.root;
    assert_eq!(fixture.server.stop(), 0, "no connection is left");
    assert_eq!(names(root.path()), ["a"]);
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"old");
}

#[test]
fn kill_in_mid_upload_leaves_the_old_file_and_a_restart_no_other() {
    let root = tempfile::tempdir().expect("a directory");
    let leftover = root.path().join("directory/.tinyhttpd-upload-0123456789abcdef");
    fs::create_dir(root.path().join("directory")).expect("a directory");
    fs::write(root.path().join("directory/a"), "old").expect("a file");
    let program = Program::start(root.path(), &["--writable"]);
    let mut client = Client::new(program.address);
    begin(&mut client, "/directory/a", "", 1_000_000);
    client.send("x".repeat(500_000));
    program.kill();
    // What a file system leaves that cannot have files without a name.
    fs::write(&leftover, "half").expect("a file");
    Program::start(root.path(), &[]).kill();
    assert!(leftover.exists(), "only who writes clears");
    let program = Program::start(root.path(), &["--writable"]);
    assert_eq!(names(&root.path().join("directory")), ["a"]);
    let mut client = Client::new(program.address);
    client.send(get("/directory/a"));
    assert_eq!(client.reply().body, b"old");
    program.kill();
}
