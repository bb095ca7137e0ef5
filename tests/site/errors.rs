//! What is answered where there is no file to send (contract, §3 and §4).

use crate::support::alone::{is_alone, is_bound_by_permissions};
use crate::support::site::{NOW_DATE, Reply, Tree};
use std::fs::{File, set_permissions};
use std::os::unix::fs::PermissionsExt;

#[test]
fn denied_permission_is_403() {
    if !is_bound_by_permissions(module_path!(), "denied_permission_is_403") {
        return;
    }
    let tree = Tree::with(&[
        ("file", ""),
        ("closed/index.html", ""),
        ("unlisted/a", ""),
        ("page/index.html", ""),
    ]);
    let deny = |name: &str, mode| set_permissions(tree.path(name), PermissionsExt::from_mode(mode));
    for name in ["file", "closed", "page/index.html"] {
        deny(name, 0o0).unwrap();
    }
    deny("unlisted", 0o311).unwrap();
    let site = tree.site(|settings| settings.lists = true);
    for target in ["/file", "/closed/", "/closed/a", "/unlisted/", "/page/"] {
        let reply = site.get(target).expect_status("403 Forbidden");
        expect_error_page(&reply);
    }
    site.get("/unlisted/a").expect_status("200 OK");
    let listing = site.get("/").expect_status("200 OK").text();
    let is_listed = |name: &str| listing.contains(&format!("href=\"{name}\""));
    assert!(!is_listed("file") && !is_listed("closed/"), "{listing}");
    assert!(is_listed("unlisted/") && is_listed("page/"), "{listing}");
    deny("closed", 0o700).unwrap();
    deny("unlisted", 0o700).unwrap();
}

#[test]
fn no_descriptors_left_is_503_with_retry_after_and_passes() {
    let test = "no_descriptors_left_is_503_with_retry_after_and_passes";
    if !is_alone(module_path!(), test, |command| command) {
        return;
    }
    let tree = Tree::with(&[("a.txt", "a"), ("404.html", "own")]);
    let site = tree.site(|settings| settings.lists = true);
    let limit = rustix::process::Rlimit {
        current: Some(100),
        ..rustix::process::getrlimit(rustix::process::Resource::Nofile)
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    let all: Vec<File> = (0..100).map_while(|_| File::open("/dev/null").ok()).collect();
    for target in ["/a.txt", "/"] {
        let reply = site.get(target).expect_status("503 Service Unavailable");
        assert_eq!(reply.field("Retry-After").as_deref(), Some("1"), "{target}");
    }
    site.get("/missing").expect_status("404 Not Found");
    drop(all);
    site.get("/a.txt").expect_status("200 OK").expect_body("a");
    site.get("/").expect_status("200 OK");
}

#[test]
fn an_error_is_a_short_page_that_reflects_nothing() {
    let tree = Tree::with(&[("a.txt", "a")]);
    let site = tree.default_site();
    for (request, lines, code) in [
        ("GET /<script>alert(1)</script>", "", "404"),
        ("GET /%3Cscript%3Ealert(1)?<script>", "", "404"),
        ("GET /%zz<script>", "", "400"),
        ("POST /<script>", "", "405"),
        ("GET /a.txt", "If-Match: \"<script>\"", "412"),
        ("GET /a.txt", "Range: bytes=5-\nX: <script>", "416"),
    ] {
        let reply = site.ask(request, lines);
        assert_eq!(reply.code(), code, "{request}");
        assert!(!reply.text().contains("script"), "{request}");
        expect_error_page(&reply);
    }
}

fn expect_error_page(reply: &Reply) {
    assert!(reply.text().contains(&reply.status), "{}", reply.status);
    assert!(reply.body.len() < 2048, "{}", reply.status);
    let content_type = reply.field("Content-Type");
    assert_eq!(content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(reply.field("X-Content-Type-Options").as_deref(), Some("nosniff"));
    for name in ["ETag", "Last-Modified", "Accept-Ranges"] {
        assert_eq!(reply.field(name), None, "{name} {}", reply.status);
    }
}

#[test]
fn own_404_page_takes_the_place_of_the_built_in_one() {
    let tree = Tree::with(&[("404.html", "<h1>own</h1>"), ("sub/404.html", "no"), ("a", "")]);
    let site = tree.default_site();
    for target in ["/missing", "/sub/missing", "/.git/config", "/a/", "/x%2fy", "/sub/"] {
        let reply = site.get(target).expect_status("404 Not Found");
        assert_eq!(reply.text(), "<h1>own</h1>", "{target}");
        assert_eq!(reply.names(), ["Cache-Control", "Content-Type", "X-Content-Type-Options"]);
    }
    let reply = site.get("/%zz").expect_status("400 Bad Request");
    assert_ne!(reply.text(), "<h1>own</h1>");
    site.get("/404.html").expect_status("200 OK");
}

#[test]
fn own_404_page_is_whole_whatever_the_request_says() {
    let tree = Tree::with(&[("404.html", "own page")]);
    let site = tree.default_site();
    let tag = site.get("/404.html").tag();
    for lines in [
        "Range: bytes=0-1".to_owned(),
        "If-None-Match: *".to_owned(),
        format!("If-None-Match: {tag}"),
        format!("If-Modified-Since: {NOW_DATE}"),
        "If-Match: \"x\"".to_owned(),
        "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT".to_owned(),
    ] {
        let reply = site.get_with("/missing", &lines);
        assert_eq!(reply.code(), "404", "{lines}");
        assert_eq!(reply.text(), "own page", "{lines}");
    }
}
