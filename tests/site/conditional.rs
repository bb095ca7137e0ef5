//! Preconditions of what is served (RFC 9110 §13; contract, §4).

use crate::support::site::{MODIFIED_DATE, NOW_DATE, Tree};

const BEFORE: &str = "Sun, 09 Sep 2001 01:46:39 GMT";
const AFTER: &str = "Sun, 09 Sep 2001 01:46:41 GMT";
const TOMORROW: &str = "Wed, 03 Oct 2096 07:06:40 GMT";

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
