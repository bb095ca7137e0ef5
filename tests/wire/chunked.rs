//! Chunked bodies over the wire: a PUT whose length nobody knows beforehand is as any other, and
//! what is malformed in one is 400 and the end.

use crate::support::{Client, Fixture, exchange, find, get, wait_until};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;

/// A server where PUT is allowed.
fn fixture() -> Fixture {
    Fixture::with(|site, _| site.writable = true)
}

/// The head of a chunked PUT; `lines` are ended by CRLF.
fn head(path: &str, lines: &str) -> String {
    format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n{lines}\r\n")
}

/// The size line, the data and its line end.
fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

const LAST: &str = "0\r\n\r\n";

#[test]
fn chunked_body_is_a_file_however_it_is_cut() {
    let fixture = fixture();
    let body = "5\r\nhello\r\n1;a=\"b\"\r\n \r\n5\r\nworld\r\n0\r\nA: b\r\n\r\n";
    let whole = head("/a", "") + body + &head("/b", "Connection: close\r\n") + LAST;
    for cut in 1..whole.len() {
        let (before, after) = whole.split_at(cut);
        let answer = exchange(fixture.address(), [before.as_bytes(), after.as_bytes()]);
        let answer = String::from_utf8(answer).expect("UTF-8");
        assert_eq!(answer.matches("HTTP/1.1 20").count(), 2, "cut at {cut}: {answer}");
        assert_eq!(fixture.content("a"), "hello world", "cut at {cut}");
        assert_eq!(fixture.content("b"), "", "cut at {cut}");
        fs::remove_file(fixture.path("a")).expect("a file");
    }
    let answer = exchange(fixture.address(), whole.as_bytes().chunks(1));
    assert_eq!(String::from_utf8_lossy(&answer).matches("HTTP/1.1 20").count(), 2);
    assert_eq!(fixture.content("a"), "hello world");
}

#[test]
fn answers_are_those_of_a_body_with_a_length() {
    let fixture = fixture();
    fixture.directory("directory");
    let mut client = fixture.client();
    let rows = [("/a", "", 201), ("/a", "", 204), ("/a", "If-None-Match: \"x\"\r\n", 204)];
    for (path, lines, status) in rows {
        client.send(head(path, lines) + &chunk("new") + LAST);
        let reply = client.reply().expect_status(status);
        assert_eq!(reply.field("Connection"), Some("keep-alive"));
        let tag = reply.tag();
        client.send(get("/a"));
        assert_eq!(client.reply().tag(), tag);
    }
    for (path, lines, status) in [
        ("/a", "If-None-Match: *\r\n", 412),
        ("/directory", "", 409),
        ("/missing/a", "", 409),
        ("/.a", "", 403),
        ("/a", "Content-Range: bytes 0-2/3\r\n", 400),
    ] {
        let request = head(path, lines) + &chunk("newer") + LAST + &get("/a");
        let answer = exchange(fixture.address(), [request.as_bytes()]);
        let answer = String::from_utf8(answer).expect("UTF-8");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {lines}: {answer}");
        assert_eq!(answer.matches("Server: ").count(), 1, "{answer}");
    }
    assert_eq!(fixture.content("a"), "new");
}

#[test]
fn requests_behind_a_chunked_body_are_answered_in_order() {
    let fixture = fixture();
    let mut client = fixture.client();
    let mut bytes = String::new();
    for number in 0..50 {
        let data = format!("number {number}").repeat(number * 20);
        let chunks: String =
            data.as_bytes().chunks(7).map(|c| chunk(str::from_utf8(c).expect("ASCII"))).collect();
        bytes += &(head("/a", "") + &chunks + LAST + &get("/a"));
    }
    let mut writing = client.stream.get_ref().try_clone().expect("a socket");
    thread::scope(|scope| {
        scope.spawn(move || {
            std::io::Write::write_all(&mut writing, bytes.as_bytes()).expect("bytes are taken");
        });
        for number in 0..50 {
            client.reply().expect_status(if number == 0 { 201 } else { 204 });
            let expected = format!("number {number}").repeat(number * 20);
            assert_eq!(client.reply().expect_status(200).body, expected.as_bytes());
        }
    });
}

#[test]
fn malformed_body_is_400_and_the_end_and_leaves_the_old_file() {
    let fixture = fixture();
    fixture.file("a", "old");
    for body in [
        "x\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5;\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\n\r\n",
        "5\r\nhello\r\n0\r\nA : b\r\n\r\n",
        "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n",
    ] {
        let request = head("/a", "") + body + &get("/a");
        for cut in [0, request.len() - get("/a").len(), head("/a", "").len()] {
            let (before, after) = request.split_at(cut);
            let pieces = [before.as_bytes(), after.as_bytes()];
            let answer = exchange(fixture.address(), pieces.into_iter().filter(|p| !p.is_empty()));
            let answer = String::from_utf8(answer).expect("UTF-8");
            assert!(answer.starts_with("HTTP/1.1 400 "), "{body:?}: {answer}");
            assert!(answer.contains("\r\nConnection: close\r\n"), "{body:?}: {answer}");
            assert_eq!(answer.matches("Server: ").count(), 1, "{body:?}: {answer}");
        }
    }
    // Where uploads have names, the last may go just after its client has seen the end.
    wait_until("no upload is left", || fixture.names() == ["a"]);
    assert_eq!(fixture.content("a"), "old");
}

#[test]
fn chunked_body_on_what_wants_none_is_never_read_as_a_request() {
    let fixture = fixture();
    fixture.file("a", "old");
    for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 204), ("POST", 405)] {
        let request = head("/a", "").replace("PUT", method) + &chunk(&get("/a")) + LAST;
        let request = request + &get("/a");
        let answer = exchange(fixture.address(), [request.as_bytes()]);
        let answer = String::from_utf8(answer).expect("UTF-8");
        assert_eq!(answer[9..12], status.to_string(), "{answer}");
        assert_eq!(answer.matches("Server: ").count(), 1, "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    }
}

#[test]
fn body_that_turns_out_too_long_is_413_while_it_arrives() {
    let fixture = Fixture::with(|site, _| {
        site.writable = true;
        site.body_bytes_max = 1000;
    });
    fixture.file("a", "old");
    let mut client = fixture.client();
    client.send(head("/a", "") + &chunk(&"x".repeat(1000)) + "1\r\n");
    client.send("x");
    client.reply().expect_status(413);
    client.send("\r\n0\r\n\r\n");
    client.expect_closed();
    assert_eq!(fixture.content("a"), "old");
    // Where the file had a name meanwhile, it goes with the upload, after the answer.
    wait_until("the upload is gone", || fixture.names() == ["a"]);
    let mut client = fixture.client();
    client.send(head("/a", "") + &chunk(&"x".repeat(1000)) + LAST);
    client.reply().expect_status(204);
}

#[test]
fn continue_is_said_before_a_chunked_body() {
    let fixture = fixture();
    let mut client = fixture.client();
    client.send(head("/a", "Expect: 100-continue\r\n"));
    assert_eq!(client.reply().head, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(chunk("new") + LAST);
    client.reply().expect_status(201);
    assert_eq!(fixture.content("a"), "new");
}

#[test]
fn chunked_bodies_that_wait_hold_no_worker() {
    let fixture = fixture();
    fixture.file("b", "content");
    let mut waiting: Vec<Client> = (0..32).map(|_| fixture.client()).collect();
    for (number, client) in waiting.iter_mut().enumerate() {
        client.send(head(&format!("/a{number}"), "") + "5\r\nhel");
    }
    let mut client = fixture.client();
    client.send(get("/b"));
    client.reply().expect_status(200);
    for mut client in waiting {
        client.send("lo\r\n0\r\n");
        client.send("\r\n");
        client.reply().expect_status(201);
    }
    assert_eq!(fixture.names().len(), 33);
}

#[test]
fn body_that_breaks_off_leaves_the_old_file() {
    let fixture = fixture();
    fixture.file("a", "old");
    for body in ["", "5\r\nhe", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n"] {
        let mut client = fixture.client();
        client.send(head("/a", "Expect: 100-continue\r\n"));
        client.reply().expect_status(100);
        client.send(body);
    }
    wait_until("no connection is left", || fixture.server.connections() == 0);
    assert_eq!(fixture.names(), ["a"]);
    assert_eq!(fixture.content("a"), "old");
}

#[test]
fn bytes_of_a_file_come_whole_in_chunks_of_any_size() {
    let fixture = fixture();
    let content: String = (0..200_000).map(|number| format!("{number:07}\n")).collect();
    for size in [13, 4096, 100_000, content.len()] {
        let chunks = content.as_bytes().chunks(size);
        let body: String = chunks.map(|c| chunk(str::from_utf8(c).expect("ASCII"))).collect();
        let mut client = fixture.client();
        client.send(head("/a", "") + &body + LAST);
        client.reply();
        assert!(fixture.content("a") == content, "chunks of {size}");
    }
}

/// What `sh` says of a command line; curl's answers are its status codes.
fn shell(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).output();
    let output = output.expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn curl_uploads_what_it_reads_from_a_pipe() {
    if find("curl").is_none() || find("tar").is_none() {
        return;
    }
    let fixture = fixture();
    let source = tempfile::tempdir().expect("a directory");
    let content: String = (0..300_000).map(|number| format!("{number:07}\n")).collect();
    fs::write(source.path().join("large"), &content).expect("a file");
    let curl = "curl -sS --max-time 60 -o /dev/null -w '%{http_code}' -T -";
    let (from, address) = (source.path().display(), fixture.address());
    assert_eq!(shell(&format!("cat {from}/large | {curl} http://{address}/a")), "201");
    assert!(fixture.content("a") == content);
    assert_eq!(shell(&format!("printf '' | {curl} http://{address}/empty")), "201");
    assert_eq!(fixture.content("empty"), "");
    assert_eq!(shell(&format!("tar -C {from} -c . | {curl} http://{address}/a.tar")), "201");
    let listed = shell(&format!("tar -tf {}", fixture.path("a.tar").display()));
    assert_eq!(listed.trim(), "./\n./large");
    assert_eq!(shell(&format!("echo x | {curl} http://{address}/missing/a")), "409");
}
