//! Validators and preconditions of what is served (RFC 9110 §8.8, §13; contract, §4).

use super::support::{Asked, MODIFIED_DATE, NOW, NOW_DATE, Tree};
use std::fs::hard_link;
use tinyhttpd::http::date::Timestamp;

const BEFORE: &str = "Sun, 09 Sep 2001 01:46:39 GMT";
const AFTER: &str = "Sun, 09 Sep 2001 01:46:41 GMT";
const TOMORROW: &str = "Wed, 03 Oct 2096 07:06:40 GMT";

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Asks for `/a.txt`, `TAG` in `lines` being its entity-tag, and expects each row's status code.
fn expect_codes(rows: &[(&str, &str)]) {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.default_site();
    let tag = site.get("/a.txt").tag();
    for (lines, code) in rows {
        for method in ["GET", "HEAD"] {
            let reply = site.ask(&format!("{method} /a.txt"), &lines.replace("TAG", &tag));
            assert_eq!(reply.code(), *code, "{method} {lines}");
        }
    }
}

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

#[test]
fn a_time_that_says_nothing_gives_no_validators_and_no_304() {
    let tree = Tree::with(&[("a.txt", "content")]);
    for seconds in [0, 1] {
        tree.date("a.txt", seconds);
        let site = tree.default_site();
        let get = |lines| site.get_with("/a.txt", lines).expect_body("content");
        for lines in [
            "",
            "If-None-Match: *",
            "If-None-Match: \"x\"",
            "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT",
            &format!("If-Modified-Since: {NOW_DATE}"),
            "If-Range: Thu, 01 Jan 1970 00:00:00 GMT\nRange: bytes=0-1",
        ] {
            get(lines)
                .expect_status("200 OK")
                .expect_field("ETag", None)
                .expect_field("Last-Modified", None);
        }
    }
    tree.date("a.txt", 2);
    let reply = tree.default_site().get("/a.txt");
    reply.expect_field("Last-Modified", Some("Thu, 01 Jan 1970 00:00:02 GMT"));
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
    tree.date("a.txt", NOW.seconds);
    let reply = site.get("/a.txt").expect_status("200 OK");
    reply.expect_field("Last-Modified", Some(NOW_DATE));
}

#[test]
fn an_entity_tag_changes_with_whatever_can_have_changed() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.default_site();
    let mut seen = vec![site.get("/a.txt").tag()];
    let mut expect_new = |site: &Asked, what: &str| {
        let tag = site.get("/a.txt").tag();
        assert!(!seen.contains(&tag), "{what}");
        seen.push(tag);
    };
    tree.file("a.txt", "longer content");
    expect_new(&site, "the length");
    tree.date("a.txt", 1_000_000_001);
    expect_new(&site, "the time");
    tree.file("b.txt", "other content!");
    tree.date("b.txt", 1_000_000_001);
    std::fs::rename(tree.path("b.txt"), tree.path("a.txt")).unwrap();
    expect_new(&site, "another file of this length and time");
}

#[test]
fn an_entity_tag_stays_as_long_as_the_file_does() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let tag = tree.default_site().get("/a.txt").tag();
    assert_eq!(tree.default_site().get("/a.txt").tag(), tag);
    let uncached = tree.site(|settings| settings.cache.bytes_max = 0);
    assert_eq!(uncached.get("/a.txt").tag(), tag);
    hard_link(tree.path("a.txt"), tree.path("b.txt")).unwrap();
    let (a, b) = (uncached.get("/a.txt").tag(), uncached.get("/b.txt").tag());
    assert_eq!(a, b, "one file by two names");
}

// RFC 9110 §13.1.1, §13.1.4.
#[test]
fn a_failed_precondition_is_412() {
    expect_codes(&[
        ("If-Match: \"x\"", "412"),
        ("If-Match: W/TAG", "412"),
        ("If-Match: \"x\", \"y\"", "412"),
        (&format!("If-Unmodified-Since: {BEFORE}"), "412"),
        ("If-Unmodified-Since: Sunday, 09-Sep-01 01:46:39 GMT", "412"),
        ("If-Unmodified-Since: Sun Sep  9 01:46:39 2001", "412"),
        ("If-Match: TAG", "200"),
        ("If-Match: *", "200"),
        ("If-Match: \"x\", TAG", "200"),
        (&format!("If-Unmodified-Since: {MODIFIED_DATE}"), "200"),
        ("If-Unmodified-Since: never", "200"),
    ]);
}

// RFC 9110 §13.1.2, §13.1.3.
#[test]
fn what_the_client_has_already_is_304() {
    expect_codes(&[
        ("If-None-Match: \"x\"", "200"),
        ("If-None-Match: TAGx", "200"),
        (&format!("If-Modified-Since: {BEFORE}"), "200"),
        (&format!("If-Modified-Since: {TOMORROW}"), "200"),
        ("If-Modified-Since: 1000000000", "200"),
        ("If-Modified-Since: Mon, 09 Sep 2001 01:46:40 GMT", "200"),
        ("If-None-Match: TAG", "304"),
        ("If-None-Match: W/TAG", "304"),
        ("If-None-Match: \"x\", TAG", "304"),
        ("If-None-Match: \"x\"\nIf-None-Match: TAG", "304"),
        ("If-None-Match: *", "304"),
        (&format!("If-Modified-Since: {MODIFIED_DATE}"), "304"),
        (&format!("If-Modified-Since: {NOW_DATE}"), "304"),
        ("If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT", "304"),
        ("If-Modified-Since: Sun Sep  9 01:46:40 2001", "304"),
    ]);
}

// RFC 9110 §13.2.2.
#[test]
fn preconditions_count_in_their_order() {
    expect_codes(&[
        ("If-None-Match: TAG\nIf-Match: \"x\"", "412"),
        (&format!("If-None-Match: TAG\nIf-Unmodified-Since: {BEFORE}"), "412"),
        (&format!("If-Unmodified-Since: {BEFORE}\nIf-Match: TAG"), "200"),
        (&format!("If-Modified-Since: {AFTER}\nIf-None-Match: \"x\""), "200"),
        (&format!("If-Modified-Since: {BEFORE}\nIf-None-Match: TAG"), "304"),
        ("If-Match: TAG\nIf-None-Match: TAG", "304"),
        ("If-None-Match: TAG\nRange: bytes=99-", "304"),
        ("If-Match: \"x\"\nRange: bytes=0-0", "412"),
    ]);
}

// RFC 9110 §15.4.5.
#[test]
fn a_304_has_the_caching_fields_of_the_200_and_nothing_else() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let site = tree.site(|settings| settings.precompressed = true);
    let full = site.get("/a.txt");
    let reply = site.get_with("/a.txt", "If-None-Match: *");
    let reply = reply.expect_status("304 Not Modified").expect_body("");
    let names = ["Cache-Control", "ETag", "Last-Modified", "Vary"];
    assert_eq!(reply.names(), names);
    for name in names {
        assert_eq!(reply.field(name), full.field(name), "{name}");
    }
}

#[test]
fn a_304_without_a_variant_to_come_has_no_vary() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let reply = tree.default_site().get_with("/a.txt", "If-None-Match: *");
    assert_eq!(reply.names(), ["Cache-Control", "ETag", "Last-Modified"]);
}

#[test]
fn a_412_is_an_error_page_without_validators() {
    let tree = Tree::with(&[("a.txt", "content")]);
    let reply = tree.default_site().get_with("/a.txt", "If-Match: \"x\"");
    let reply = reply.expect_status("412 Precondition Failed");
    assert_eq!(reply.names(), ["Cache-Control", "Content-Type", "X-Content-Type-Options"]);
}

// RFC 9110 §13.2.1.
#[test]
fn preconditions_are_for_what_would_be_200() {
    let tree = Tree::with(&[("a.txt", "content"), ("sub/b", "")]);
    let site = tree.default_site();
    for (request, code) in [
        ("GET /missing", "404"),
        ("GET /sub", "301"),
        ("GET /%zz", "400"),
        ("POST /a.txt", "405"),
        ("OPTIONS /a.txt", "204"),
    ] {
        for lines in ["If-Match: \"x\"", "If-None-Match: *"] {
            assert_eq!(site.ask(request, lines).code(), code, "{request} {lines}");
        }
    }
}

// RFC 9110 §13.1.3: the index file is the representation of its directory.
#[test]
fn a_directory_has_the_validators_of_its_index_file() {
    let tree = Tree::with(&[("index.html", "content")]);
    let site = tree.default_site();
    let tag = site.get("/").tag();
    assert_eq!(site.get("/index.html").tag(), tag);
    let reply = site.get_with("/", &format!("If-None-Match: {tag}"));
    reply.expect_status("304 Not Modified");
}
