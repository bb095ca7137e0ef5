//! What is no good request: each refusal with its status, that the client can read it, and that no
//! cut in the bytes changes it.

use crate::support::{Fixture, PATIENCE, exchange, get, masked};
use std::fs::File;
use std::io::Read;
use std::thread;
use std::time::{Duration, SystemTime};
use tinyhttpd::server::Settings;

fn fixture() -> Fixture {
    fixture_with(|_| {})
}

/// A server with what the requests of this file ask for.
fn fixture_with(change: impl FnOnce(&mut Settings)) -> Fixture {
    let fixture = Fixture::with(|_, server| change(server));
    fixture.file("a.txt", "content");
    let file = File::options().append(true).open(fixture.path("a.txt"));
    let in_1994 = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let set = file.expect("a file").set_modified(in_1994);
    set.expect("a time");
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

/// `GET /` and so many bytes that the request line has `bytes` bytes.
fn request_line(bytes: usize) -> String {
    let around = "GET / HTTP/1.1".len();
    format!("GET /{} HTTP/1.1", "x".repeat(bytes - around))
}

#[test]
fn too_long_a_request_line_is_414() {
    let fixture = fixture();
    let whole = head(&request_line(8193), "");
    let rows =
        [whole, "GET ".to_owned() + &"x".repeat(8189), "GET /".to_owned() + &"x".repeat(100_000)];
    expect_refused(&fixture, &rows, 414);
    let mut client = fixture.client();
    client.send(head(&request_line(8192), ""));
    client.reply().expect_status(404);
}

/// A field line that makes a GET of `bytes` bytes.
fn filled(bytes: usize) -> String {
    let around = get("/a.txt").len() + "A: \r\n".len();
    format!("A: {}\r\n", "x".repeat(bytes - around))
}

#[test]
fn too_large_a_head_is_431() {
    let fixture = fixture();
    let get = |lines: &str| head("GET /a.txt HTTP/1.1", lines);
    let large = get(&filled(32 * 1024 + 1));
    let endless = large[..32 * 1024].to_owned() + &"x".repeat(100_000);
    // Host is a field line too.
    let rows = [large, endless, get(&"A: b\r\n".repeat(100))];
    expect_refused(&fixture, &rows, 431);
    let mut client = fixture.client();
    for lines in [filled(32 * 1024), "A: b\r\n".repeat(99)] {
        client.send(get(&lines));
        client.reply().expect_status(200);
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
    // Behind an answer, too.
    let mut client = fixture.client();
    client.send(get("/a.txt") + "GET");
    client.reply().expect_status(200);
    client.reply().expect_status(408);
    client.expect_closed();
}

#[test]
fn client_that_sends_nothing_is_left_in_silence() {
    impatient().client().expect_closed();
}

#[test]
fn refused_client_that_still_sends_can_read_its_answer() {
    let fixture = fixture_with(|server| server.linger_time = PATIENCE);
    let rows = [
        (head("GET /a.txt HTTP/1.1", "Content-Length: 8388608\r\n"), 200),
        (head("POST /a.txt HTTP/1.1", "Content-Length: 8388608\r\n"), 405),
        (head("PUT /a.txt HTTP/1.1", "Content-Length: 8388608\r\n"), 405),
        (head("GET /%zz HTTP/1.1", "Content-Length: 8388608\r\n"), 400),
        (head("POST /a.txt HTTP/1.1", "Transfer-Encoding: chunked\r\n"), 405),
        ("\0".to_owned(), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505),
        (head(&request_line(8193), ""), 414),
        (head("GET /a.txt HTTP/1.1", &filled(40_000)), 431),
    ];
    for (mut request, status) in rows {
        request.push_str(&get("/a.txt").repeat((8 << 20) / get("/a.txt").len()));
        expect_refused(&fixture, &[request], status);
    }
}

/// Requests that end their connection, good and malformed.
fn to_be_cut() -> Vec<String> {
    let close = "Connection: close\r\n";
    vec![
        head("GET /a.txt HTTP/1.1", close),
        head("HEAD /a.txt HTTP/1.1", close),
        head("OPTIONS * HTTP/1.1", close),
        head("POST /a.txt HTTP/1.1", close),
        head("GET /missing HTTP/1.1", close),
        head("GET /directory HTTP/1.1", close),
        head("GET /a.txt HTTP/1.1", "Range: bytes=1-2\r\nConnection: close\r\n"),
        head("GET /a.txt HTTP/1.1", "Content-Length: 20\r\n") + "GET / HTTP/1.0\r\n\r\n",
        "\r\n\n\r\n\nGET http://b/a.txt HTTP/1.0\n\n".to_owned(),
        get("/a.txt") + "\r\n" + &get("/missing") + "GET / HTTP/1.0\n\n",
        get("/a.txt") + "GET  / HTTP/1.0\r\n\r\n",
        head("GET /%zz HTTP/1.1", ""),
        head("GET /a.txt HTTP/2.0", ""),
        head("get /a.txt HTTP/1.1", ""),
        head("GET /a.txt HTTP/1.1", "A : b\r\n"),
        head("GET /a.txt HTTP/1.1", "A: b\r\n c\r\n"),
        head("GET /a.txt HTTP/1.1", "A: b\rc\r\n"),
        head("GET /a.txt HTTP/1.1", "Host: a\r\n"),
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n",
        "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET /\r\n".to_owned(),
        "GET /\rA: b\r\n\r\n".to_owned(),
        "GET /\rA".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ]
}

/// What the answer to a request begins with, be it a request or not.
fn version_of(request: &str) -> &'static str {
    let line = request.trim_start().lines().next().unwrap_or_default();
    match line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/2.0") {
        true => "HTTP/1.1 ",
        false => "HTTP/1.0 ",
    }
}

/// The answer to what comes in two pieces. The first comes together with a whole request, whose
/// answer tells that it is there.
fn answer_to_two_pieces(fixture: &Fixture, before: &[u8], after: &[u8]) -> String {
    let mut client = fixture.client();
    client.send([get("/missing").as_bytes(), before].concat());
    client.reply().expect_status(404);
    client.send(after);
    let mut answer = Vec::new();
    client.stream.read_to_end(&mut answer).expect("an end");
    masked(answer)
}

#[test]
fn no_cut_changes_the_answer() {
    let fixture = fixture();
    let address = fixture.address();
    for request in to_be_cut() {
        let bytes = request.as_bytes();
        let whole = masked(exchange(address, [bytes]));
        let version = if request.contains(" HTTP/1.0") { "HTTP/1." } else { version_of(&request) };
        assert!(whole.starts_with(version), "{request:?}: {whole}");
        for cut in 1..bytes.len() {
            let (before, after) = bytes.split_at(cut);
            let answer = answer_to_two_pieces(&fixture, before, after);
            assert_eq!(answer, whole, "{request:?} cut at {cut}");
        }
        let answer = masked(exchange(address, bytes.chunks(1)));
        assert_eq!(answer, whole, "{request:?} byte by byte");
    }
}

#[test]
fn no_cut_near_a_limit_changes_the_answer() {
    let fixture = fixture();
    let get = |lines: &str| head("GET /a.txt HTTP/1.0", lines);
    let requests = [
        (8192, head(&request_line(8192), "Connection: close\r\n")),
        (8192, head(&request_line(8193), "")),
        (8192, format!("GET /{}", "x".repeat(8190))),
        (8196, "\r\n\r\n".to_owned() + &head(&request_line(8193), "")),
        (32 * 1024, get(&filled(32 * 1024))),
        (32 * 1024, get(&filled(32 * 1024 + 1))),
        (32 * 1024, get(&filled(40_000))),
        (32 * 1024, get(&filled(40_000))[..33_000].to_owned()),
    ];
    for (limit, request) in requests {
        let bytes = request.as_bytes();
        let whole = masked(exchange(fixture.address(), [bytes]));
        for cut in limit - 5..bytes.len().min(limit + 5) {
            let (before, after) = bytes.split_at(cut);
            let answer = answer_to_two_pieces(&fixture, before, after);
            assert_eq!(answer, whole, "{limit} cut at {cut}");
        }
    }
}

const FIELDS_OF_A_PAGE: &str = "Content-Type: text/html; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n";
const FIELDS_OF_THE_FILE: &str =
    "ETag: *\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: no-cache\r\n";
const FIELDS_OF_THE_CONTENT: &str = "Content-Type: text/plain; charset=utf-8\r\nAccept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n";

/// Each status with a request that has it for an answer, and the field lines after Connection.
fn one_of_each() -> Vec<(&'static str, String, String)> {
    let page = |lines: &str| format!("Content-Length: LENGTH\r\n{FIELDS_OF_A_PAGE}{lines}");
    let content = |lines: &str| {
        format!("Content-Length: LENGTH\r\n{FIELDS_OF_THE_FILE}{FIELDS_OF_THE_CONTENT}{lines}")
    };
    let get = |lines: &str| head("GET /a.txt HTTP/1.1", lines);
    let of = |line: &str| head(&format!("{line} HTTP/1.1"), "");
    let allow = "Allow: GET, HEAD, OPTIONS\r\n";
    vec![
        ("200 OK", get(""), content("")),
        ("204 No Content", of("OPTIONS *"), allow.to_owned()),
        (
            "206 Partial Content",
            get("Range: bytes=1-3\r\n"),
            content("Content-Range: bytes 1-3/7\r\n"),
        ),
        ("301 Moved Permanently", of("GET /directory?a=b"), page("Location: directory/?a=b\r\n")),
        ("304 Not Modified", get("If-None-Match: *\r\n"), FIELDS_OF_THE_FILE.to_owned()),
        ("400 Bad Request", of("GET /%zz"), page("")),
        ("404 Not Found", of("GET /missing"), page("")),
        ("405 Method Not Allowed", of("POST /a.txt"), page(allow)),
        ("408 Request Timeout", "GET /".to_owned(), page("")),
        ("412 Precondition Failed", get("If-Match: \"b\"\r\n"), page("")),
        ("414 URI Too Long", of(&format!("GET /{}", "x".repeat(9000))), page("")),
        (
            "416 Range Not Satisfiable",
            get("Range: bytes=7-\r\n"),
            page("Content-Range: bytes */7\r\n"),
        ),
        ("431 Request Header Fields Too Large", get(&"A: b\r\n".repeat(100)), page("")),
        ("501 Not Implemented", of("BREW /"), page("")),
        ("505 HTTP Version Not Supported", "GET / HTTP/2.0\r\n\r\n".to_owned(), page("")),
    ]
}

#[test]
fn head_of_each_status_is_these_bytes() {
    let (patient, impatient) = (fixture(), impatient());
    let closing = ["400", "408", "414", "431", "501", "505"];
    for (status, request, fields) in one_of_each() {
        let is_late = status.starts_with("408");
        // Too long a line has no version that could be read, nor has half a line.
        let version = match !["408", "414"].contains(&&status[..3]) {
            true => "HTTP/1.1 ",
            false => "HTTP/1.0 ",
        };
        let mut client = if is_late { &impatient } else { &patient }.client();
        client.send(request);
        let reply = client.reply();
        let connection = match closing.contains(&&status[..3]) {
            true => "close",
            false => "keep-alive",
        };
        let expected = format!(
            "{version}{status}\r\nDate: *\r\nServer: tinyhttpd/*\r\nConnection: {connection}\r\n{fields}\r\n"
        );
        let expected = expected.replace("LENGTH", &reply.body.len().to_string());
        assert_eq!(masked(&reply.head), expected);
        let page = String::from_utf8(reply.body).expect("UTF-8");
        assert_eq!(page.contains(status), fields.contains("html"), "{page}");
        if connection == "close" {
            client.expect_closed();
        }
    }
}
