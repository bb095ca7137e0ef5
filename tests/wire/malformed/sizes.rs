//! What is too long or too large, and that its client can read the refusal.

use super::{expect_refused, fixture, fixture_with, head};
use crate::support::{PATIENCE, get};

/// `GET /` and so many bytes that the request line has `bytes` bytes.
pub fn request_line(bytes: usize) -> String {
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
pub fn filled(bytes: usize) -> String {
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
