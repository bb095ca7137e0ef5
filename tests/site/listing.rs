//! Listings of directories, as a site answers with them; the page itself is tested beside its code.

use crate::support::site::{Reply, Tree, logged};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

fn tree() -> Tree {
    Tree::with(&[
        ("docs/b.txt", "22"),
        ("docs/a.txt", "1"),
        ("docs/sub/deep.txt", ""),
        ("docs/.hidden", ""),
        ("docs/.well-known/x", ""),
        ("page/index.html", "index"),
    ])
}

fn list(tree: &Tree, target: &str, lines: &str) -> Reply {
    tree.site(|settings| settings.lists = true).get_with(target, lines)
}

/// The links of a listing's JSON, in its order.
fn links(tree: &Tree, target: &str) -> Vec<String> {
    let reply = list(tree, target, "Accept: application/json").expect_status("200 OK");
    let text = reply.text();
    let links = text.split("\"href\":\"").skip(1);
    links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn without_list_a_directory_is_404() {
    let tree = tree();
    let site = tree.default_site();
    for target in ["/", "/docs/", "/docs/sub/"] {
        site.get(target).expect_status("404 Not Found");
    }
}

#[test]
fn the_log_says_that_list_exists_where_it_would_help() {
    let tree = tree();
    let site = tree.default_site();
    let hints = |target: &str| {
        let logged = logged(|| drop(site.get(target)));
        let hints = logged.iter().filter(|line| line.contains("--list"));
        hints.count()
    };
    for target in ["/missing/", "/docs/a.txt/", "/page/", "/docs/a.txt", "/.git/"] {
        assert_eq!(hints(target), 0, "{target}");
    }
    // Each request is made twice.
    for target in ["/", "/docs/"] {
        assert_eq!(hints(target), 2, "{target}");
    }
    assert_eq!(logged(|| drop(list(&tree, "/docs/", ""))), [""; 0]);
}

#[test]
fn what_is_no_directory_is_404_with_list_too() {
    let tree = tree();
    tree.link("../outside", "out");
    for target in ["/missing/", "/docs/a.txt/", "/out/", "/docs/.hidden/", "/.git/"] {
        assert_eq!(list(&tree, target, "").code(), "404", "{target}");
    }
    assert_eq!(list(&tree, "/docs", "").code(), "301");
}

#[test]
fn an_index_file_wins() {
    list(&tree(), "/page/", "Accept: application/json").expect_body("index");
}

#[test]
fn what_would_be_refused_is_not_listed() {
    let tree = tree();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, tree.path("docs/fifo"), FileType::Fifo, mode, 0).unwrap();
    tree.link("../../outside/secret", "docs/out");
    tree.link("../../outside", "docs/out_directory");
    tree.link(tree.path("docs/a.txt").to_str().unwrap(), "docs/absolute");
    tree.link("missing", "docs/dangling");
    tree.link("fifo", "docs/to_fifo");
    tree.link("a.txt", "docs/inside");
    let expected = ["./.well-known/", "./sub/", "./a.txt", "./b.txt", "./inside"];
    assert_eq!(links(&tree, "/docs/"), expected);
    for link in expected {
        let code = list(&tree, &format!("/docs/{}", &link[2..]), "").code().to_owned();
        assert_eq!(code, "200", "{link}");
    }
    let html = list(&tree, "/docs/", "").text();
    for name in ["hidden", "fifo", "out", "absolute", "dangling"] {
        assert!(!html.contains(&format!("href=\"{name}")), "{name}");
        assert!(!html.contains(&format!("href=\".{name}")), "{name}");
    }
}

#[test]
fn hidden_names_are_listed_where_they_are_served() {
    let tree = tree();
    let site = tree.site(|settings| {
        settings.lists = true;
        settings.serves_hidden = true;
    });
    let text = site.get("/docs/").text();
    assert!(text.contains("href=\".hidden\""), "{text}");
}

// RFC 9110 §12.5.1.
#[test]
fn a_client_that_prefers_json_gets_json() {
    let tree = tree();
    let html = "text/html; charset=utf-8";
    let json = "application/json; charset=utf-8";
    for (accept, expected) in [
        ("", html),
        ("Accept: */*", html),
        ("Accept: text/html,application/xhtml+xml,*/*;q=0.8", html),
        ("Accept: image/png", html),
        ("Accept: application/json;q=0.5, text/html", html),
        ("Accept: application/json", json),
        ("Accept: application/json, */*;q=0.5", json),
        ("Accept: application/*, text/*;q=0.1", json),
    ] {
        let reply = list(&tree, "/docs/", accept).expect_status("200 OK");
        assert_eq!(reply.field("Content-Type").as_deref(), Some(expected), "{accept}");
        let is_json = reply.body.starts_with(b"{");
        assert_eq!(is_json, expected == json, "{accept}");
    }
}

#[test]
fn a_listing_has_the_fields_of_what_changes_at_any_time() {
    let reply = list(&tree(), "/docs/", "");
    let names = ["Cache-Control", "Content-Type", "ETag", "Vary", "X-Content-Type-Options"];
    assert_eq!(reply.names(), names);
    reply
        .expect_field("Cache-Control", Some("no-cache"))
        .expect_field("Vary", Some("Accept"))
        .expect_field("X-Content-Type-Options", Some("nosniff"));
}

#[test]
fn a_listing_that_the_client_has_is_304_until_it_changes() {
    let tree = tree();
    let tag = list(&tree, "/docs/", "").tag();
    let lines = format!("If-None-Match: {tag}");
    let reply = list(&tree, "/docs/", &lines).expect_status("304 Not Modified");
    assert_eq!(reply.names(), ["Cache-Control", "ETag", "Vary"]);
    reply.expect_body("").expect_field("ETag", Some(&tag));
    list(&tree, "/docs/", "If-Match: \"x\"").expect_status("412 Precondition Failed");
    let as_json = list(&tree, "/docs/", &format!("Accept: application/json\n{lines}"));
    as_json.expect_status("200 OK");
    let sorted = list(&tree, "/docs/?sort=size", &lines);
    sorted.expect_status("200 OK");
    tree.file("docs/new.txt", "");
    list(&tree, "/docs/", &lines).expect_status("200 OK");
}

#[test]
fn a_range_of_a_listing_is_ignored() {
    let tree = tree();
    let whole = list(&tree, "/docs/", "");
    assert_eq!(list(&tree, "/docs/", "Range: bytes=0-3"), whole);
    assert_eq!(list(&tree, "/docs/", "Range: bytes=9999999-"), whole);
}

#[test]
fn the_query_sorts() {
    let tree = tree();
    tree.date("docs/b.txt", 999_999_999);
    for (query, expected) in [
        ("", ["./a.txt", "./b.txt"]),
        ("?sort=name&order=desc", ["./b.txt", "./a.txt"]),
        ("?sort=size", ["./a.txt", "./b.txt"]),
        ("?sort=size&order=desc", ["./b.txt", "./a.txt"]),
        ("?sort=time", ["./b.txt", "./a.txt"]),
        ("?sort=time&order=desc", ["./a.txt", "./b.txt"]),
        ("?sort=<script>&order=up", ["./a.txt", "./b.txt"]),
    ] {
        let links = links(&tree, &format!("/docs/{query}"));
        assert_eq!(links[2..], expected, "{query}");
    }
}

#[test]
fn every_hostile_name_is_shown_harmless_and_linked_right() {
    let tree = Tree::new();
    let names: [&[u8]; 12] = [
        b"<script>alert(1)<",
        b"\"quoted\" 'too'",
        b"&amp;",
        b"100%25",
        b"a?b#c",
        b"javascript:alert(1)",
        b"line\nbreak\r\n",
        b"back\\slash",
        b"  blanks  ",
        b"invalid\xff\xfeutf8",
        "\u{202e}lmth.exe".as_bytes(),
        b"http:%2F%2Fevil.example",
    ];
    for name in names {
        std::fs::write(tree.path("").join(OsStr::from_bytes(name)), name).unwrap();
    }
    let html = list(&tree, "/", "").text();
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains('\u{202e}'), "{html}");
    let links = links(&tree, "/");
    assert_eq!(links.len(), names.len());
    let site = tree.default_site();
    let mut contents: Vec<Vec<u8>> = Vec::new();
    for link in links {
        let link = link.strip_prefix("./").unwrap();
        assert!(html.contains(&format!("href=\"{link}\"")), "{link}");
        contents.push(site.get(&format!("/{link}")).body);
    }
    contents.sort();
    let mut expected = names.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(contents, expected);
}

#[test]
fn the_name_of_the_directory_is_escaped_too() {
    let tree = Tree::new();
    tree.directory("<b>&\"/x");
    let html = list(&tree, "/%3Cb%3E&%22/", "").expect_status("200 OK").text();
    assert!(!html.contains("<b>"), "{html}");
    assert!(html.contains("&lt;b&gt;&amp;"), "{html}");
}

#[test]
fn the_files_of_a_listing_are_what_the_disk_has_now() {
    let tree = tree();
    let site = tree.site(|settings| settings.lists = true);
    let before = site.get("/docs/").text();
    assert!(before.contains("\"a.txt"));
    std::fs::remove_file(tree.path("docs/a.txt")).unwrap();
    tree.file("docs/c.txt", "");
    let after = site.get("/docs/").text();
    assert!(!after.contains("\"a.txt") && after.contains("\"c.txt"));
}
