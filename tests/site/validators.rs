//! The fields of a file, its validators above all (RFC 9110 §8.8; contract, §4).

use crate::support::site::{MODIFIED_DATE, NOW, NOW_DATE, Tree};
use std::fs::{self, Permissions, hard_link};
use std::os::unix::fs::PermissionsExt;
use tinyhttpd::http::date::Timestamp;
use tinyhttpd::limits::SENDFILE_BYTES_MIN;

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

#[test]
fn a_file_has_the_fields_of_the_contract() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let reply = tree.default_site().get("/a.txt");
    let reply = reply.expect_status("200 OK").expect_body("content");
    assert_eq!(
        reply.names(),
        [
            "Accept-Ranges",
            "Cache-Control",
            "Content-Type",
            "ETag",
            "Last-Modified",
            "X-Content-Type-Options",
        ]
    );
    let tag = reply.tag();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
    reply
        .expect_field("Accept-Ranges", Some("bytes"))
        .expect_field("Cache-Control", Some("no-cache"))
        .expect_field("Content-Type", Some("text/plain; charset=utf-8"))
        .expect_field("Last-Modified", Some(MODIFIED_DATE))
        .expect_field("X-Content-Type-Options", Some("nosniff"));
}

#[test]
fn head_has_the_very_response_of_get() {
    let tree = Tree::with(&[("a.txt", "content"), ("sub/b", "")]);
    let site = tree.site(|settings| settings.lists = true);
    for (target, lines) in [
        ("/a.txt", ""),
        ("/a.txt", "If-None-Match: *"),
        ("/a.txt", "If-Match: \"x\""),
        ("/sub", ""),
        ("/sub/", ""),
        ("/sub/", "Accept: application/json"),
        ("/missing", ""),
        ("/%zz", ""),
    ] {
        let head = site.ask(&format!("HEAD {target}"), lines);
        assert_eq!(head, site.get_with(target, lines), "{target} {lines}");
    }
}

/// The length of a file that is not held in memory.
const LONG: usize = SENDFILE_BYTES_MIN as usize;

#[test]
fn a_time_that_says_nothing_is_not_told_and_the_bytes_make_the_tag() {
    let tree = Tree::with(&[("a.txt", "content"), ("dated.txt", "content")]);
    let dated = tree.default_site().get("/dated.txt").tag();
    for seconds in [0, 1] {
        tree.date("a.txt", seconds);
        let site = tree.default_site();
        let get = |lines: &str| site.get_with("/a.txt", lines).expect_field("Last-Modified", None);
        assert_eq!(get("").expect_status("200 OK").tag(), dated);
        get(&format!("If-None-Match: {dated}")).expect_status("304 Not Modified");
        get(&format!("Range: bytes=0-1\nIf-Range: {dated}")).expect_status("206 Partial Content");
        for lines in [
            "If-None-Match: \"x\"",
            "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT",
            &format!("If-Modified-Since: {NOW_DATE}"),
            "If-Range: Thu, 01 Jan 1970 00:00:00 GMT\nRange: bytes=0-1",
        ] {
            get(lines).expect_status("200 OK").expect_body("content");
        }
    }
    tree.date("a.txt", 2);
    let reply = tree.default_site().get("/a.txt");
    reply.expect_field("Last-Modified", Some("Thu, 01 Jan 1970 00:00:02 GMT"));
}

#[test]
fn a_long_file_whose_time_says_nothing_has_no_validators_and_is_never_304() {
    let tree = Tree::new();
    tree.file("a.bin", vec![b'x'; LONG]);
    for seconds in [0, 1] {
        tree.date("a.bin", seconds);
        let site = tree.default_site();
        for lines in [
            "",
            "If-None-Match: *",
            "If-None-Match: \"x\"",
            &format!("If-Modified-Since: {NOW_DATE}"),
            "If-Range: \"x\"\nRange: bytes=0-1",
        ] {
            let reply = site.get_with("/a.bin", lines).expect_status("200 OK");
            reply.expect_field("ETag", None).expect_field("Last-Modified", None);
        }
    }
}

#[test]
fn a_date_that_http_cannot_tell_is_left_out() {
    let tree = Tree::in_memory();
    tree.file("a.txt", "content");
    for (seconds, now) in [
        (-1, NOW),
        (-2_000_000_000, NOW),
        (LAST_SECOND + 1, NOW),
        (LAST_SECOND + 1, Timestamp::from_seconds(LAST_SECOND + 9)),
    ] {
        tree.date("a.txt", seconds);
        let site = tree.default_site().at(now);
        let reply = site.get("/a.txt").expect_status("200 OK");
        let tag = reply.expect_body("content").expect_field("Last-Modified", None).tag();
        let since = format!("If-Modified-Since: {NOW_DATE}");
        site.get_with("/a.txt", &since).expect_status("200 OK");
        let same = format!("If-None-Match: {tag}");
        site.get_with("/a.txt", &same).expect_status("304 Not Modified");
    }
}

#[test]
fn last_modified_is_never_later_than_date() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.default_site();
    for seconds in [NOW.seconds + 1, NOW.seconds + 1_000_000, LAST_SECOND] {
        tree.date("a.txt", seconds);
        let reply = site.get("/a.txt").expect_status("200 OK");
        reply.expect_field("Last-Modified", Some(NOW_DATE));
    }
}

#[test]
fn a_date_is_told_and_matched_only_when_its_second_is_over() {
    let tree = Tree::with(&[("a.txt", "first")]);
    tree.date("a.txt", NOW.seconds);
    let within = Timestamp { nanoseconds: 999_999_999, ..NOW };
    let site = tree.default_site().at(within);
    let first = site.get("/a.txt").expect_field("Last-Modified", None).tag();
    // A second change in this second: the same time and the same length.
    tree.file("a.txt", "other");
    tree.date("a.txt", NOW.seconds);
    let date = NOW_DATE;
    let rows = [
        (format!("If-Modified-Since: {date}"), "200"),
        (format!("If-Unmodified-Since: {date}"), "412"),
        (format!("Range: bytes=0-1\nIf-Range: {date}"), "200"),
        (format!("If-None-Match: {first}"), "200"),
        (format!("If-None-Match: {first}\nIf-Modified-Since: {date}"), "200"),
    ];
    for (lines, code) in &rows {
        let reply = site.get_with("/a.txt", lines);
        assert_eq!(reply.code(), *code, "{lines}");
        reply.expect_field("Last-Modified", None);
    }
    // A second later its date is told, and matches; nothing of the answers before was kept.
    let site = site.at(Timestamp::from_seconds(NOW.seconds + 1));
    site.get("/a.txt").expect_body("other").expect_field("Last-Modified", Some(date));
    for (lines, code) in
        [(&rows[0].0, "304"), (&rows[1].0, "200"), (&rows[2].0, "206"), (&rows[3].0, "200")]
    {
        assert_eq!(site.get_with("/a.txt", lines).code(), code, "{lines}");
    }
}

#[test]
fn a_short_file_s_entity_tag_changes_with_its_bytes() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.default_site();
    let mut seen = Vec::new();
    // Each of them with the time of the one before.
    for content in ["content", "longer content", "other content!", ""] {
        tree.file("a.txt", content);
        let tag = site.get("/a.txt").expect_body(content).tag();
        assert!(!seen.contains(&tag), "{content:?}");
        seen.push(tag);
    }
    tree.file("a.txt", "content");
    assert_eq!(site.get("/a.txt").tag(), seen[0], "the same bytes again");
}

#[test]
fn a_long_file_s_entity_tag_changes_with_its_length_and_its_time() {
    let tree = Tree::new();
    tree.file("a.bin", vec![b'x'; LONG]);
    let site = tree.default_site();
    let first = site.get("/a.bin").tag();
    tree.file("a.bin", vec![b'x'; LONG + 1]);
    let second = site.get("/a.bin").tag();
    tree.date("a.bin", 1_000_000_001);
    let third = site.get("/a.bin").tag();
    assert!(first != second && second != third && first != third, "{first} {second} {third}");
    // A byte less, and it is held in memory.
    tree.file("a.bin", vec![b'x'; LONG - 1]);
    let short = site.get("/a.bin").tag();
    tree.date("a.bin", 1_000_000_001);
    assert_eq!(site.get("/a.bin").tag(), short);
}

#[test]
fn copies_on_other_machines_have_the_same_validators() {
    let (here, there) = (Tree::with(&[("a.txt", "content")]), Tree::new());
    here.file("a.bin", vec![b'x'; LONG]);
    // Each file is another one, changed at another time and with other permissions.
    for name in ["a.bin", "a.txt"] {
        there.file(name, fs::read(here.path(name)).unwrap());
        let mode = Permissions::from_mode(0o600);
        fs::set_permissions(there.path(name), mode).unwrap();
    }
    let (one, other) = (here.default_site(), there.default_site());
    for target in ["/a.txt", "/a.bin"] {
        let reply = one.get(target);
        assert_eq!(reply.lines, other.get(target).lines, "{target}");
        let same = format!("If-None-Match: {}", reply.tag());
        other.get_with(target, &same).expect_status("304 Not Modified");
        let rest = format!("Range: bytes=1-\nIf-Range: {}", reply.tag());
        other.get_with(target, &rest).expect_status("206 Partial Content");
    }
}

#[test]
fn an_entity_tag_stays_as_long_as_the_file_does() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let tag = tree.default_site().get("/a.txt").tag();
    assert_eq!(tree.default_site().get("/a.txt").tag(), tag);
    let uncached = tree.site(|settings| settings.kept.bytes_max = 0);
    assert_eq!(uncached.get("/a.txt").tag(), tag);
    let same = format!("If-None-Match: {tag}");
    uncached.get_with("/a.txt", &same).expect_status("304 Not Modified");
    hard_link(tree.path("a.txt"), tree.path("b.txt")).unwrap();
    let (a, b) = (uncached.get("/a.txt").tag(), uncached.get("/b.txt").tag());
    assert_eq!(a, b, "one file by two names");
    tree.date("a.txt", 5);
    assert_eq!(uncached.get("/a.txt").tag(), tag, "touched");
}
