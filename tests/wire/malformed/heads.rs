//! The whole head of an answer with each status, byte by byte.

use super::{fixture, head, impatient};
use crate::support::masked;

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
