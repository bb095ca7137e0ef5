//! No cut in the bytes of a request changes its answer.

use super::sizes::{filled, request_line};
use super::{fixture, head};
use crate::support::{Fixture, exchange, get, masked};

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
    masked(client.rest())
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
