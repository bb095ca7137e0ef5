//! The body of a PUT on its connection: when it is asked for, what comes after it, and how long it
//! may take.

use super::{answer_to, begin, fixture, fixture_with, put};
use crate::support::{Client, Fixture, find, get, run, wait_until, wait_until_closed};
use std::fs;
use std::io::Write;
use std::thread;
use std::time::Duration;

#[test]
fn requests_after_a_body_are_answered_in_order() {
    let fixture = fixture();
    let mut client = fixture.client();
    let large = "x".repeat(300_000);
    let requests = [
        put("/a", "", "one"),
        get("/a"),
        put("/a", "", "two"),
        put("/b", "", &large),
        get("/a"),
        get("/b"),
        put("/b", "", "three"),
        get("/b"),
    ];
    let all = requests.concat();
    // In one piece, whose end is read while the server still answers; and cut within the first
    // head, body and the second.
    for cuts in [vec![], vec![10, 70, 78]] {
        let mut from = 0;
        for cut in cuts {
            client.send(&all[from..cut]);
            from = cut;
        }
        let mut writing = client.stream.get_ref().try_clone().expect("a socket");
        thread::scope(|scope| {
            scope.spawn(|| writing.write_all(&all.as_bytes()[from..]));
            let mut bodies = Vec::new();
            for _ in &requests {
                let reply = client.reply();
                assert!((200..=204).contains(&reply.status), "{}", reply.head);
                assert_eq!(reply.field("Connection"), Some("keep-alive"));
                bodies.push(String::from_utf8(reply.body).expect("UTF-8"));
            }
            assert_eq!(bodies, ["", "one", "", "", "two", &large, "", "three"]);
        });
    }
}

#[test]
fn requests_behind_an_answer_that_waits_are_not_lost() {
    let fixture = fixture();
    let large = "x".repeat(8 << 20);
    answer_to(&fixture, "/large", "", &large).expect_status(201);
    let mut client = fixture.client();
    client.send([get("/large"), put("/a", "", "new"), get("/a")].concat());
    assert_eq!(client.reply().body.len(), large.len());
    client.reply().expect_status(201);
    assert_eq!(client.reply().body, b"new");
}

#[test]
fn connection_ends_after_a_body_where_the_client_says_so() {
    let fixture = fixture();
    for (version, lines, persists) in [
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
        ("1.1", "Host: localhost\r\nConnection: close\r\n", false),
    ] {
        let mut client = fixture.client();
        let request = format!("PUT /a HTTP/{version}\r\nContent-Length: 3\r\n{lines}\r\nnew");
        client.send(&request);
        let first = client.reply();
        assert!(first.status <= 204, "{}", first.head);
        if !persists {
            client.expect_closed();
            continue;
        }
        client.send(&request);
        client.reply().expect_status(204);
    }
}

#[test]
fn body_of_a_refused_request_is_never_read_as_a_request() {
    let fixture = fixture();
    fixture.file("a", "content");
    let mut client = fixture.client();
    client.send(put("/missing/a", "", &get("/a")));
    client.reply().expect_status(409);
    client.expect_closed();
}

#[test]
fn client_that_has_sent_all_may_end_its_side() {
    let fixture = fixture();
    let mut client = fixture.client();
    begin(&mut client, "/a", "", 3);
    client.send("new");
    client.end_sending();
    client.reply().expect_status(201);
    client.expect_closed();
}

#[test]
fn continue_is_not_said_to_whom_does_not_wait_for_it() {
    let fixture = fixture();
    let expect = "Expect: 100-continue\r\n";
    answer_to(&fixture, "/a", expect, "new").expect_status(201);
    let mut client = fixture.client();
    client.send(format!("PUT /a HTTP/1.0\r\nContent-Length: 3\r\n{expect}\r\n"));
    client.send("new");
    client.reply().expect_status(204);
}

#[test]
fn slow_uploads_hold_no_worker() {
    let fixture = fixture_with(|_, server| server.threads = 2);
    fixture.file("file", "content");
    let mut slow: Vec<_> = (0..4).map(|_| fixture.client()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        begin(client, &format!("/{number}"), "", 100_001);
        client.send("x");
    }
    let mut client = fixture.client();
    client.send(get("/file"));
    client.reply().expect_status(200);
    for client in &mut slow {
        client.send("x".repeat(100_000));
    }
    for client in &mut slow {
        client.reply().expect_status(201);
    }
}

/// Sends one byte of a body each time that another client's idle connection has ended, until the
/// answer comes.
fn trickle(fixture: &Fixture, client: &mut Client) {
    wait_until("it is answered", || {
        let mut clock = fixture.client();
        clock.send(get("/a"));
        clock.reply().expect_status(200);
        clock.expect_closed();
        // A reset after the answer is no concern here.
        let _ = client.stream.get_mut().write_all(b"x");
        client.is_answered()
    });
}

#[test]
fn upload_that_is_late_is_408() {
    let fixture = fixture_with(|_, server| {
        server.body_time = Duration::from_millis(200);
        server.idle_time = Duration::from_millis(50);
    });
    fixture.file("a", "old");
    for is_slow in [false, true] {
        let mut client = fixture.client();
        begin(&mut client, "/a", "", 1_000_000);
        if is_slow {
            trickle(&fixture, &mut client);
        }
        let reply = client.reply().expect_status(408);
        assert_eq!(reply.field("Connection"), Some("close"));
    }
    assert_eq!(fixture.content("a"), "old");
    // Where the file had a name meanwhile, it goes with the upload, after the answer.
    wait_until("the upload is gone", || fixture.names() == ["a"]);
}

#[test]
fn upload_in_flight_is_finished_at_shutdown() {
    let fixture = fixture();
    let address = fixture.address();
    let mut client = fixture.client();
    begin(&mut client, "/a", "", 3);
    let (root, server) = (fixture.root, fixture.server);
    let stopping = thread::spawn(|| server.stop());
    wait_until_closed(address);
    client.send("new");
    let reply = client.reply().expect_status(201);
    assert_eq!(reply.field("Connection"), Some("close"));
    client.expect_closed();
    assert_eq!(stopping.join().expect("no panic"), 0);
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"new");
}

#[test]
fn curl_gets_its_continue() {
    let Some(curl) = find("curl") else { return };
    let fixture = fixture();
    let source = tempfile::NamedTempFile::new().expect("a file");
    let content = "0123456789".repeat(300_000);
    fs::write(source.path(), &content).expect("a file");
    let source = source.path().to_str().expect("UTF-8");
    // A curl that did not get its 100 would wait longer than it may take.
    let limits = ["--expect100-timeout", "600", "--max-time", "300"];
    let quiet = ["-sS", "-o", "/dev/null", "-w", "%{http_code}"];
    for (path, status) in [("a", "201"), ("a", "204"), ("missing/a", "409")] {
        let url = format!("http://{}/{path}", fixture.address());
        let upload = ["-H", "Expect: 100-continue", "-T", source, &url];
        assert_eq!(run(&curl, &[&quiet[..], &limits, &upload].concat()), status);
    }
    assert_eq!(fixture.content("a"), content);
}
