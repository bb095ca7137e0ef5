//! Ranges of what is served (RFC 9110 §14, §13.1.5; contract, §4).

use crate::support::site::{Asked, MODIFIED_DATE, Reply, Tree};
use tinyhttpd::limits::SENDFILE_BYTES_MIN;

const LENGTH: usize = 1000;

/// Content that names its own offset every four bytes: `000 004 008 `.
fn content(length: usize) -> String {
    let mut content: String = (0..length).step_by(4).map(|at| format!("{at:03} ")).collect();
    content.truncate(length);
    content
}

fn tree() -> Tree {
    let tree = Tree::with(&[("a.txt", &content(LENGTH))]);
    tree.file("empty.txt", "");
    tree
}

fn get_range(site: &Asked, range: &str) -> Reply {
    site.get_with("/a.txt", &format!("Range: {range}"))
}

// RFC 9110 §14.2.
#[test]
fn a_range_that_is_ignored_is_the_whole_file() {
    let tree = tree();
    let site = tree.default_site();
    let whole = site.get("/a.txt").expect_body(&content(LENGTH));
    for range in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=20-10",
        "bytes=a-b",
        "bytes=0x0-4",
        "bytes=0 - 4",
        "bytes=--5",
        "lines=0-4",
        "none",
        "bytes=0-4,10-14",
        "bytes=0-0,-1",
        "bytes=5000-,6000-",
    ] {
        assert_eq!(get_range(&site, range), whole, "{range}");
    }
}

#[test]
fn many_tiny_ranges_are_one_whole_file() {
    let tree = tree();
    let site = tree.default_site();
    let whole = site.get("/a.txt");
    let tiny: String = (0..4000).map(|at| format!("{at}-{at},")).collect();
    let tiny = &tiny[..tiny[..30_000].rfind(',').unwrap()];
    let same = "0-,".repeat(9000);
    let none = ",".repeat(30_000);
    let suffixes = format!("{}-1", "-1,".repeat(9000));
    for ranges in [tiny, &same, &none, &suffixes] {
        assert_eq!(get_range(&site, &format!("bytes={ranges}")), whole);
    }
    let lines = "Range: bytes=0-0\n".repeat(90);
    let reply = site.get_with("/a.txt", &lines);
    assert!(reply.body.len() <= LENGTH);
}

#[test]
fn numbers_that_overflow_are_only_large() {
    let tree = tree();
    let site = tree.default_site();
    let digits = "9".repeat(10_000);
    for (range, expected) in [
        ("bytes=18446744073709551615-", None),
        ("bytes=18446744073709551616-", None),
        ("bytes=9223372036854775808-18446744073709551615", None),
        (&format!("bytes={digits}-{digits}"), None),
        ("bytes=996-18446744073709551615", Some("996 ")),
        ("bytes=996-18446744073709551616", Some("996 ")),
        (&format!("bytes=996-{digits}"), Some("996 ")),
        ("bytes=-18446744073709551616", Some(content(LENGTH).as_str())),
    ] {
        let reply = get_range(&site, range);
        match expected {
            None => reply.expect_status("416 Range Not Satisfiable"),
            Some(part) => reply.expect_status("206 Partial Content").expect_body(part),
        };
    }
}

// RFC 9110 §15.5.17.
#[test]
fn a_range_past_the_end_is_416_with_the_size() {
    let tree = tree();
    let site = tree.default_site();
    for range in ["bytes=1000-", "bytes=1000-1000", "bytes=5000-6000", "bytes=-0"] {
        let reply = get_range(&site, range).expect_status("416 Range Not Satisfiable");
        assert_eq!(reply.field("Content-Range").as_deref(), Some("bytes */1000"), "{range}");
        let names = ["Cache-Control", "Content-Range", "Content-Type", "X-Content-Type-Options"];
        assert_eq!(reply.names(), names, "{range}");
    }
}

// RFC 9110 §14.1.2, §15.3.7.
#[test]
fn one_range_is_206_with_that_part() {
    let tree = tree();
    let site = tree.default_site();
    for (range, part, content_range) in [
        ("bytes=0-3", "000 ", "bytes 0-3/1000"),
        ("bytes=0-0", "0", "bytes 0-0/1000"),
        ("bytes=500-506", "500 504", "bytes 500-506/1000"),
        ("bytes=996-", "996 ", "bytes 996-999/1000"),
        ("bytes=996-5000", "996 ", "bytes 996-999/1000"),
        ("bytes=999-999", " ", "bytes 999-999/1000"),
        ("bytes=-4", "996 ", "bytes 996-999/1000"),
        ("BYTES=0-3", "000 ", "bytes 0-3/1000"),
        ("bytes=,0-3,", "000 ", "bytes 0-3/1000"),
    ] {
        get_range(&site, range)
            .expect_status("206 Partial Content")
            .expect_field("Content-Range", Some(content_range))
            .expect_body(part);
    }
    let all = get_range(&site, "bytes=0-").expect_status("206 Partial Content");
    all.expect_field("Content-Range", Some("bytes 0-999/1000")).expect_body(&content(LENGTH));
}

#[test]
fn a_206_has_the_fields_of_the_200_and_content_range() {
    let tree = tree();
    let site = tree.site(|settings| settings.precompressed = true);
    let whole = site.get("/a.txt");
    let mut part = get_range(&site, "bytes=0-3").expect_status("206 Partial Content");
    part.lines.retain(|(name, _)| name != "Content-Range");
    assert_eq!(part.lines, whole.lines);
}

#[test]
fn a_part_of_a_large_file_is_that_part() {
    let length = SENDFILE_BYTES_MIN as usize + 1000;
    let tree = Tree::new();
    let content = content(length);
    tree.file("large.bin", &content);
    let site = tree.default_site();
    for (first, last) in [(0, 0), (262_140, 262_160), (length - 7, length - 1)] {
        let reply = site.get_with("/large.bin", &format!("Range: bytes={first}-{last}"));
        reply.expect_status("206 Partial Content").expect_body(&content[first..=last]);
    }
    site.get("/large.bin").expect_status("200 OK").expect_body(&content);
}

#[test]
fn every_range_of_an_empty_file_is_200() {
    let tree = tree();
    let site = tree.default_site();
    for range in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-"] {
        let reply = site.get_with("/empty.txt", &format!("Range: {range}"));
        assert_eq!(reply.field("Content-Range"), None, "{range}");
        reply.expect_status("200 OK").expect_body("");
    }
}

// RFC 9110 §14.2: it is defined for GET alone.
#[test]
fn a_range_counts_in_a_get_only() {
    let tree = tree();
    let site = tree.default_site();
    for range in ["bytes=0-3", "bytes=5000-"] {
        let reply = site.ask("HEAD /a.txt", &format!("Range: {range}"));
        reply
            .expect_status("200 OK")
            .expect_field("Content-Range", None)
            .expect_body(&content(LENGTH));
    }
}

// RFC 9110 §13.1.5.
#[test]
fn if_range_with_the_same_validator_is_the_part_else_the_whole() {
    let tree = tree();
    let site = tree.default_site();
    let tag = site.get("/a.txt").tag();
    for (if_range, code) in [
        ("\"x\"", "200"),
        (&format!("W/{tag}"), "200"),
        (&format!("{tag}, \"x\""), "200"),
        ("*", "200"),
        ("", "200"),
        ("Sun, 09 Sep 2001 01:46:39 GMT", "200"),
        ("Sun, 09 Sep 2001 01:46:41 GMT", "200"),
        (&tag, "206"),
        (MODIFIED_DATE, "206"),
        ("Sunday, 09-Sep-01 01:46:40 GMT", "206"),
        ("Sun Sep  9 01:46:40 2001", "206"),
    ] {
        let lines = format!("Range: bytes=0-3\nIf-Range: {if_range}");
        let reply = site.get_with("/a.txt", &lines);
        assert_eq!(reply.code(), code, "{if_range}");
        let length = if code == "206" { 4 } else { LENGTH };
        assert_eq!(reply.body.len(), length, "{if_range}");
    }
}

#[test]
fn if_range_that_fails_makes_an_unsatisfiable_range_the_whole() {
    let tree = tree();
    let site = tree.default_site();
    let lines = "Range: bytes=5000-\nIf-Range: \"x\"";
    site.get_with("/a.txt", lines).expect_status("200 OK");
    site.get_with("/a.txt", "If-Range: \"x\"").expect_status("200 OK");
}

#[test]
fn parts_asked_for_one_by_one_are_the_file() {
    let tree = tree();
    let site = tree.default_site();
    let tag = site.get("/a.txt").tag();
    let mut gathered = Vec::new();
    while gathered.len() < LENGTH {
        let first = gathered.len();
        let lines = format!("Range: bytes={first}-{}\nIf-Range: {tag}", first + 332);
        let reply = site.get_with("/a.txt", &lines).expect_status("206 Partial Content");
        assert!(!reply.body.is_empty());
        gathered.extend(reply.body);
    }
    assert_eq!(gathered, content(LENGTH).into_bytes());
}
