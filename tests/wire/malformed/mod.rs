//! What is no good request: each refusal with its status, and that the client can read it.

mod cuts;
mod heads;
mod sizes;

use crate::support::{Fixture, exchange, set_modified};
use std::thread;
use std::time::Duration;
use tinyhttpd::server::Settings;

fn fixture() -> Fixture {
    fixture_with(|_| {})
}

/// A server with what the requests of this file ask for.
fn fixture_with(change: impl FnOnce(&mut Settings)) -> Fixture {
    let fixture = Fixture::with(|_, server| change(server));
    fixture.file("a.txt", "content");
    // In 1994.
    set_modified(&fixture.path("a.txt"), 784_111_777);
    fixture.directory("directory");
    fixture
}

/// A server that a head must be quick for, but not so quick that a busy machine could be late with
/// a whole one.
fn impatient() -> Fixture {
    fixture_with(|server| server.head_time = Duration::from_secs(1))
}

/// A request line and field lines to a head in HTTP/1.1.
fn head(request_line: &str, lines: &str) -> String {
    format!("{request_line}\r\nHost: a\r\n{lines}\r\n")
}

/// A GET with these field lines, and no other.
fn with_lines(lines: &str) -> String {
    format!("GET /a.txt HTTP/1.1\r\n{lines}\r\n")
}

/// The first line of a refusal, once the server has closed the connection.
fn status_of(fixture: &Fixture, bytes: &[u8]) -> u16 {
    let answer = exchange(fixture.address(), [bytes]);
    let answer = String::from_utf8(answer).expect("UTF-8");
    assert_eq!(answer.matches("Server: tinyhttpd").count(), 1, "{answer}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    answer[9..12].parse().expect("a status code")
}

#[track_caller]
fn expect_refused(fixture: &Fixture, requests: &[impl AsRef<[u8]>], status: u16) {
    for request in requests {
        let request = request.as_ref();
        let shown = &request[..request.len().min(200)];
        let have = status_of(fixture, request);
        assert_eq!(have, status, "{}", shown.escape_ascii());
    }
}

#[test]
fn request_line_that_is_none_is_400() {
    let fixture = fixture();
    let lines = [
        "GET /a.txt",
        "GET /a.txt HTTP/1",
        "GET /a.txt HTTP/1.",
        "GET /a.txt HTTP/11",
        "GET /a.txt HTTP/1.10",
        "GET /a.txt HTTP/a.b",
        "GET /a.txt http/1.1",
        "GET /a.txt HTTPS/1.1",
        "GET  /a.txt HTTP/1.1",
        "GET /a.txt  HTTP/1.1",
        "GET /a.txt HTTP/1.1 ",
        " GET /a.txt HTTP/1.1",
        "GET\t/a.txt HTTP/1.1",
        "GET /a.txt\tHTTP/1.1",
        "GET /a.txt HTTP/1.1\t",
        "GET /a b.txt HTTP/1.1",
        "GET HTTP/1.1",
        "GET  HTTP/1.1",
        "G@T /a.txt HTTP/1.1",
        "GET: /a.txt HTTP/1.1",
        "G\u{e4}T /a.txt HTTP/1.1",
        "GET a.txt HTTP/1.1",
        "GET a:80 HTTP/1.1",
        "GET * HTTP/1.1",
        "GET ?a HTTP/1.1",
        "GET /a.txt#a HTTP/1.1",
        "GET # HTTP/1.1",
        "GET https://a/a.txt HTTP/1.1",
        "GET ftp://a/a.txt HTTP/1.1",
        "GET http:// HTTP/1.1",
        "GET http:///a.txt HTTP/1.1",
        "GET http://b@a/a.txt HTTP/1.1",
        "GET http://a:b/a.txt HTTP/1.1",
        "GET /% HTTP/1.1",
        "GET /%4 HTTP/1.1",
        "GET /%zz HTTP/1.1",
        "GET /%00 HTTP/1.1",
        "GET /../a.txt HTTP/1.1",
    ];
    expect_refused(&fixture, &lines.map(|line| head(line, "")), 400);
}

#[test]
fn control_byte_anywhere_in_the_head_is_400() {
    let fixture = fixture();
    for control in (0..32).chain([127]) {
        let control = char::from(control);
        // HT is a blank inside a field value, and LF the end of a line.
        if !matches!(control, '\t' | '\n') {
            let rows = [
                head(&format!("G{control}T /a.txt HTTP/1.1"), ""),
                head(&format!("GET /a{control}.txt HTTP/1.1"), ""),
                head("GET /a.txt HTTP/1.1", &format!("A{control}: b\r\n")),
                head("GET /a.txt HTTP/1.1", &format!("A: b{control}c\r\n")),
            ];
            expect_refused(&fixture, &rows, 400);
        }
    }
    // Without an end of the line: a ClientHello of TLS, and CR without LF.
    let rows: [&[u8]; 3] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /a.txt HTTP/1.1\rHost: a\r\r",
        b"\0",
    ];
    expect_refused(&fixture, &rows, 400);
}

#[test]
fn malformed_field_line_is_400() {
    let fixture = fixture();
    let lines = [
        "A : b\r\n",
        "A\t: b\r\n",
        ": b\r\n",
        "A b: c\r\n",
        "A(b): c\r\n",
        "\u{e4}: b\r\n",
        "A\r\n",
        " A: b\r\n",
        "\tA: b\r\n",
        "A: b\r\n c\r\n",
        "A: b\r\n\tc\r\n",
    ];
    let request_line = "GET /a.txt HTTP/1.1";
    expect_refused(&fixture, &lines.map(|line| head(request_line, line)), 400);
}

#[test]
fn missing_repeated_or_malformed_host_is_400() {
    let fixture = fixture();
    let lines = [
        "",
        "A: Host: a\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nhost: b\r\n",
        "Host: a b\r\n",
        "Host: a, b\r\n",
        "Host: b@a\r\n",
        "Host: a/b\r\n",
        "Host: http://a\r\n",
        "Host: a:b\r\n",
        "Host: [::1\r\n",
        "Host: ::1\r\n",
        "Host: a%zz\r\n",
    ];
    expect_refused(&fixture, &lines.map(with_lines), 400);
    let of_1_0 = "GET /a.txt HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n";
    let absolute = "GET http://a/a.txt HTTP/1.1\r\n\r\n";
    expect_refused(&fixture, &[of_1_0, absolute], 400);
}

#[test]
fn body_whose_length_is_in_doubt_is_refused() {
    let fixture = fixture();
    let rows = [
        ("Content-Length: \r\n", 400),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: +1\r\n", 400),
        ("Content-Length: 0x1\r\n", 400),
        ("Content-Length: 1 1\r\n", 400),
        ("Content-Length: 1.0\r\n", 400),
        ("Content-Length: 1,\r\n", 400),
        ("Content-Length: 1, 2\r\n", 400),
        ("Content-Length: 1, 1\r\n", 400),
        ("Content-Length: 18446744073709551616\r\n", 400),
        ("Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", 400),
        ("Transfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: \r\n", 400),
        ("Transfer-Encoding: chunked, gzip\r\n", 400),
        ("Transfer-Encoding: chunked, chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: xchunked\r\n", 400),
        ("Transfer-Encoding: chunked;a=b\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: identity, chunked\r\n", 501),
    ];
    for (lines, status) in rows {
        for method in ["GET", "HEAD", "OPTIONS", "POST", "PUT"] {
            let request = head(&format!("{method} /a.txt HTTP/1.1"), lines);
            expect_refused(&fixture, &[request], status);
        }
    }
}

#[test]
fn other_major_version_is_505() {
    let fixture = fixture();
    let versions = ["0.9", "2.0", "3.0", "9.9"];
    let rows = versions.map(|version| head(&format!("GET /a.txt HTTP/{version}"), ""));
    expect_refused(&fixture, &rows, 505);
    expect_refused(&fixture, &["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], 505);
}

#[test]
fn unknown_method_is_501() {
    let fixture = fixture();
    let (long, longer) = ("X".repeat(8193), "Y".repeat(30_000));
    let methods = ["get", "Get", "head", "GETS", "BREW", "!", "A-B", &long, &longer];
    let rows = methods.map(|method| head(&format!("{method} /a.txt HTTP/1.1"), ""));
    expect_refused(&fixture, &rows, 501);
}

#[test]
fn known_method_is_405_and_the_connection_persists() {
    let fixture = fixture();
    let mut client = fixture.client();
    let lines = [
        "POST /a.txt",
        "POST /missing",
        "PUT /a.txt",
        "DELETE /a.txt",
        "TRACE /a.txt",
        "PATCH /a.txt",
        "QUERY /a.txt",
        "PROPFIND /a.txt",
        "CONNECT /a.txt",
        "CONNECT a:80",
        "CONNECT http://a/",
        "CONNECT *",
    ];
    for line in lines {
        client.send(head(&format!("{line} HTTP/1.1"), ""));
        let reply = client.reply();
        assert_eq!(reply.status, 405, "{line}");
        assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS"), "{line}");
        assert_eq!(reply.field("Connection"), Some("keep-alive"), "{line}");
    }
}

#[test]
fn what_is_unusual_but_good_is_served() {
    let fixture = fixture();
    let rows = [
        "\r\n\r\n\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "\n\r\n\n\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.txt HTTP/1.1\nHost: a\n\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\n\r\n",
        "GET /a.txt HTTP/1.1\nHost: a\r\n\n",
        "GET /a.txt HTTP/1.9\r\nHost: a\r\n\r\n",
        "GET http://b:80/a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET HTTP://b/a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.txt?b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%61.txt HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.txt?\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nhOST:a\t \r\nA:\r\nB: \u{e4}\tc\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: \r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 00\r\n\r\n",
    ];
    let mut client = fixture.client();
    for row in rows {
        client.send(row);
        let reply = client.reply();
        assert_eq!(reply.status, 200, "{row}");
        assert_eq!(reply.body, b"content", "{row}");
        assert_eq!(reply.field("Connection"), Some("keep-alive"), "{row}");
    }
    client.send("\r\n".repeat(5));
    client.reply().expect_status(400);
    client.expect_closed();
}

#[test]
fn beginning_of_a_head_is_408_once_its_time_is_up() {
    let fixture = impatient();
    let beginnings = ["G", "\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"];
    thread::scope(|scope| {
        for beginning in beginnings {
            let fixture = &fixture;
            scope.spawn(move || expect_refused(fixture, &[beginning], 408));
        }
    });
}
