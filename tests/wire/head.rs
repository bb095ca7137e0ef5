//! Heads of answers over the wire: what every answer says, HEAD beside GET, preconditions, ranges,
//! error pages.

use crate::support::{Client, Fixture, Reply, exchange, masked, set_modified};
use std::time::SystemTime;
use tinyhttpd::http::date::{self, Timestamp};
use tinyhttpd::site;

/// In the three forms of an HTTP-date (RFC 9110 §5.6.7).
const LAST_CHANGE: [&str; 3] =
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
const A_SECOND_EARLIER: [&str; 3] =
    ["Sun, 06 Nov 1994 08:49:36 GMT", "Sunday, 06-Nov-94 08:49:36 GMT", "Sun Nov  6 08:49:36 1994"];

fn fixture() -> Fixture {
    fixture_with(|_| {})
}

/// A server with `a.txt` of ten bytes from 1994, an empty file and a directory.
fn fixture_with(change: impl FnOnce(&mut site::Settings)) -> Fixture {
    let fixture = Fixture::with(|site, _| change(site));
    fixture.file("a.txt", "0123456789");
    set_modified(&fixture.path("a.txt"), 784_111_777);
    fixture.file("empty", "");
    fixture.directory("directory");
    fixture
}

fn request(request_line: &str, lines: &str) -> String {
    format!("{request_line} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

/// The answer to a GET of `a.txt` with these field lines.
fn answer_to(client: &mut Client, lines: &str) -> Reply {
    client.send(request("GET /a.txt", lines));
    client.reply()
}

/// Requests without their method, with the status of a GET.
const ASKED: [(&str, &str, u16); 12] = [
    ("/a.txt", "", 200),
    ("/empty", "", 200),
    ("/directory", "", 301),
    ("/a.txt", "If-None-Match: *\r\n", 304),
    ("/%zz", "", 400),
    ("/missing", "", 404),
    ("/directory/", "", 404),
    ("/a.txt", "If-Match: \"b\"\r\n", 412),
    ("/a.txt", "Connection: close\r\n", 200),
    ("/missing", "Connection: close\r\n", 404),
    ("/missing", "Content-Length: 1\r\n", 404),
    ("/a.txt", "Transfer-Encoding: gzip, chunked\r\n", 501),
];

#[test]
fn head_is_answered_with_the_very_head_of_get() {
    for has_own_page in [false, true] {
        let fixture = fixture();
        if has_own_page {
            fixture.file("404.html", "<p>nothing here");
        }
        for (target, lines, status) in ASKED {
            let mut client = fixture.client();
            client.send(request(&format!("GET {target}"), lines));
            let of_get = client.reply().expect_status(status);
            let of_head = head_of_head(&fixture, target, lines);
            let have = masked(&of_head);
            assert_eq!(have, masked(&of_get.head), "{target} {lines}");
            let tag = of_get.field("ETag").unwrap_or("");
            assert!(of_head.contains(tag), "{of_head}");
        }
    }
}

#[test]
fn refused_head_has_no_body_either() {
    let fixture = fixture();
    let rows = [
        ("/ HTTP/1.1\r\n\r\n", 400),
        ("/\0", 400),
        ("/ HTTP/2.0\r\n\r\n", 505),
        ("/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (&format!("/{}", "x".repeat(9000)), 414),
        (&format!("/ HTTP/1.0\r\n{}", "A: b\r\n".repeat(101)), 431),
    ];
    for (rest, status) in rows {
        let mut client = fixture.client();
        client.send(format!("GET {rest}"));
        let of_get = client.reply().expect_status(status);
        assert_ne!(of_get.field("Content-Length"), Some("0"));
        let all = exchange(fixture.address(), [format!("HEAD {rest}").as_bytes()]);
        assert_eq!(masked(all), masked(&of_get.head), "{rest:.200}");
    }
}

/// The answer to HEAD, all of it: a byte more would be seen.
fn head_of_head(fixture: &Fixture, target: &str, lines: &str) -> String {
    let mut client = fixture.client();
    client.send(request(&format!("HEAD {target}"), lines));
    // Not on a connection that persists: its end tells that the answer is over.
    client.end_sending();
    String::from_utf8(client.rest()).expect("UTF-8")
}

#[test]
fn range_counts_in_a_get_alone() {
    let fixture = fixture();
    for range in ["bytes=1-2", "bytes=10-"] {
        let line = format!("Range: {range}\r\n");
        let of_head = masked(head_of_head(&fixture, "/a.txt", &line));
        assert_eq!(of_head, masked(head_of_head(&fixture, "/a.txt", "")));
        assert!(of_head.starts_with("HTTP/1.1 200 OK\r\n"), "{of_head}");
    }
}

#[test]
fn every_answer_has_the_fields_of_every_answer() {
    let fixture = fixture();
    for method in ["GET", "OPTIONS", "POST", "CONNECT", "BREW"] {
        for (target, lines, _) in ASKED {
            let mut client = fixture.client();
            client.send(request(&format!("{method} {target}"), lines));
            let reply = client.reply();
            expect_fields_of_every_answer(&reply);
        }
    }
}

fn expect_fields_of_every_answer(reply: &Reply) {
    let head = &reply.head;
    for name in ["Date", "Server", "Connection"] {
        assert_eq!(head.matches(&format!("\r\n{name}: ")).count(), 1, "{head}");
    }
    let date = reply.field("Date").expect("a date");
    let parsed = date::parse(date.as_bytes(), now()).expect("an HTTP-date");
    let again = parsed.http_date().expect("an HTTP-date");
    assert_eq!(date, again.as_str());
    let lengths = head.matches("\r\nContent-Length: ").count();
    let can_have_a_body = ![204, 304].contains(&reply.status);
    assert_eq!(lengths, usize::from(can_have_a_body), "{head}");
}

fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("a time past 1970");
    Timestamp::from_seconds(since.as_secs().cast_signed())
}

#[test]
fn options_tells_the_methods() {
    let fixture = fixture();
    for line in ["OPTIONS *", "OPTIONS /", "OPTIONS /missing", "OPTIONS http://a/a.txt"] {
        for version in ["1.0", "1.1"] {
            let mut client = fixture.client();
            client.send(format!("{line} HTTP/{version}\r\nHost: a\r\n\r\n"));
            let reply = client.reply().expect_status(204);
            assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS"), "{line}");
        }
    }
}

#[test]
fn own_404_page_takes_the_place_of_the_built_in_one() {
    let fixture = fixture();
    let own = "<p>nothing here";
    let mut client = fixture.client();
    let mut page_of = |target: &str| {
        client.send(request(&format!("GET {target}"), "Range: bytes=0-0\r\nIf-None-Match: *\r\n"));
        let reply = client.reply().expect_status(404);
        assert_eq!(reply.field("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.field("ETag"), None);
        reply.body
    };
    assert_ne!(page_of("/missing"), own.as_bytes());
    fixture.file("404.html", own);
    for target in ["/missing", "/directory/", "/a.txt/", "/.hidden", "/a%2Fb"] {
        assert_eq!(page_of(target), own.as_bytes(), "{target}");
    }
}

#[test]
fn condition_on_the_entity_tag_comes_first() {
    let fixture = fixture();
    let mut client = fixture.client();
    let tag = answer_to(&mut client, "").expect_status(200).tag();
    let [date, ..] = LAST_CHANGE;
    let [earlier, ..] = A_SECOND_EARLIER;
    let rows = [
        (format!("If-None-Match: {tag}\r\n"), 304),
        (format!("If-None-Match: W/{tag}\r\n"), 304),
        (format!("If-None-Match: \"b\", {tag}\r\n"), 304),
        (format!("If-None-Match: \"b\"\r\nIf-None-Match: {tag}\r\n"), 304),
        ("If-None-Match: *\r\n".to_owned(), 304),
        ("If-None-Match: \"b\"\r\n".to_owned(), 200),
        (format!("If-None-Match: \"b\"\r\nIf-Modified-Since: {date}\r\n"), 200),
        (format!("If-None-Match: {tag}\r\nIf-Modified-Since: {earlier}\r\n"), 304),
        (format!("If-None-Match: {tag}\r\nRange: bytes=0-0\r\n"), 304),
        (format!("If-Match: {tag}\r\n"), 200),
        ("If-Match: *\r\n".to_owned(), 200),
        (format!("If-Match: W/{tag}\r\n"), 412),
        ("If-Match: \"b\"\r\n".to_owned(), 412),
        (format!("If-Match: {tag}\r\nIf-Unmodified-Since: {earlier}\r\n"), 200),
        (format!("If-Match: {tag}\r\nIf-None-Match: {tag}\r\n"), 304),
    ];
    for (lines, status) in rows {
        let reply = answer_to(&mut client, &lines);
        assert_eq!(reply.status, status, "{lines}");
    }
}

#[test]
fn dates_count_in_all_three_forms() {
    let fixture = fixture();
    let mut client = fixture.client();
    for (date, earlier) in LAST_CHANGE.iter().zip(A_SECOND_EARLIER) {
        let rows = [
            (format!("If-Modified-Since: {date}\r\n"), 304),
            (format!("If-Modified-Since: {earlier}\r\n"), 200),
            (format!("If-Unmodified-Since: {date}\r\n"), 200),
            (format!("If-Unmodified-Since: {earlier}\r\n"), 412),
        ];
        for (lines, status) in rows {
            let reply = answer_to(&mut client, &lines);
            assert_eq!(reply.status, status, "{lines}");
        }
    }
    // Neither a date nor one that can have been: both are passed over.
    for date in ["yesterday", "Sun, 06 Nov 1994", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        answer_to(&mut client, &format!("If-Modified-Since: {date}\r\n")).expect_status(200);
    }
}

#[test]
fn range_is_one_part_or_the_whole() {
    let fixture = fixture();
    let mut client = fixture.client();
    let rows = [
        ("bytes=0-0", 206, "0", Some("bytes 0-0/10")),
        ("bytes=2-4", 206, "234", Some("bytes 2-4/10")),
        ("bytes=7-", 206, "789", Some("bytes 7-9/10")),
        ("bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("bytes=0-99", 206, "0123456789", Some("bytes 0-9/10")),
        ("bytes=-99", 206, "0123456789", Some("bytes 0-9/10")),
        ("bytes=0-1,3-4", 200, "0123456789", None),
        ("bytes=4-2", 200, "0123456789", None),
        ("bytes=a-b", 200, "0123456789", None),
        ("lines=0-0", 200, "0123456789", None),
    ];
    for (range, status, body, content_range) in rows {
        let reply = answer_to(&mut client, &format!("Range: {range}\r\n"));
        assert_eq!(reply.status, status, "{range}");
        assert_eq!(reply.body, body.as_bytes(), "{range}");
        assert_eq!(reply.field("Content-Range"), content_range, "{range}");
    }
    for range in ["bytes=10-", "bytes=10-10", "bytes=99-", "bytes=-0"] {
        let reply = answer_to(&mut client, &format!("Range: {range}\r\n"));
        let reply = reply.expect_status(416);
        assert_eq!(reply.field("Content-Range"), Some("bytes */10"), "{range}");
    }
    client.send(request("GET /empty", "Range: bytes=0-0\r\n"));
    client.reply().expect_status(200);
}

#[test]
fn if_range_asks_for_the_part_of_this_state_only() {
    let fixture = fixture();
    let mut client = fixture.client();
    let tag = answer_to(&mut client, "").tag();
    let rows = [
        (tag.as_str(), 206),
        (LAST_CHANGE[0], 206),
        (&format!("W/{tag}"), 200),
        ("\"b\"", 200),
        (A_SECOND_EARLIER[0], 200),
    ];
    for (validator, status) in rows {
        let lines = format!("Range: bytes=1-2\r\nIf-Range: {validator}\r\n");
        let reply = answer_to(&mut client, &lines);
        assert_eq!(reply.status, status, "{validator}");
    }
}

#[test]
fn time_that_says_nothing_is_not_told() {
    let fixture = fixture();
    set_modified(&fixture.path("empty"), 1);
    let mut client = fixture.client();
    for lines in
        ["", "If-None-Match: \"b\"\r\n", "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT\r\n"]
    {
        client.send(request("GET /empty", lines));
        let reply = client.reply().expect_status(200);
        assert_eq!(reply.field("Last-Modified"), None);
        // That of its bytes, of which there are none.
        assert_eq!(reply.tag(), "\"4pl83d60a7j3c600e34h38qibv\"");
    }
}

#[test]
fn file_of_the_future_is_as_old_as_its_answer() {
    let fixture = fixture();
    // In the year 2100.
    set_modified(&fixture.path("a.txt"), 4_102_444_800);
    let mut client = fixture.client();
    let reply = answer_to(&mut client, "").expect_status(200);
    assert_eq!(reply.field("Last-Modified"), reply.field("Date"));
}

#[test]
fn error_pages_reflect_nothing_unescaped() {
    let fixture = fixture();
    let mark = "<i>\"'&mark";
    fixture.directory(&format!("directory/{mark}"));
    let rows = [
        (format!("GET /{mark}"), 404),
        (format!("GET /a.txt/{mark}"), 404),
        (format!("GET /directory/{mark}"), 301),
        (format!("GET /directory/{mark}?{mark}"), 301),
        (format!("GET /{mark}%zz"), 400),
        (format!("GET {mark}"), 400),
        (format!("POST /{mark}"), 405),
        (format!("GET{mark} /"), 400),
        ("mark /".to_owned(), 501),
        (format!("GET /{mark}{}", "x".repeat(9000)), 414),
    ];
    for (line, status) in rows {
        let lines = format!("User-Agent: {mark}\r\nReferer: {mark}\r\n{mark}: {mark}\r\n");
        for lines in ["User-Agent: <i>\"'&mark\r\nReferer: <i>\"'&mark\r\n", &lines] {
            let mut client = fixture.client();
            client.send(request(&line, lines));
            let reply = client.reply();
            let page = String::from_utf8(reply.body).expect("UTF-8");
            for part in ["<i>", "\"'&mark"] {
                assert!(!page.contains(part), "{line}: {page}");
                assert!(!reply.head.contains(part), "{line}: {}", reply.head);
            }
            let has_a_bad_field = lines.contains("\r\n<i>");
            assert!(has_a_bad_field || reply.status == status, "{line}: {}", reply.head);
        }
    }
}

#[test]
fn own_fields_are_in_every_answer_of_the_site() {
    let fixture = fixture_with(|site| site.fields = vec![("X-Own".to_owned(), "yes".to_owned())]);
    let mut client = fixture.client();
    for line in ["GET /a.txt", "GET /missing", "GET /directory", "OPTIONS *", "POST /"] {
        client.send(request(line, ""));
        assert_eq!(client.reply().field("X-Own"), Some("yes"), "{line}");
    }
}
