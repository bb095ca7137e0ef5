//! `--prefix`: every path begins with it, and what is answered is what is beneath it.

use crate::support::site::{Asked, Tree};
use tinyhttpd::site::{CacheRule, Prefix, Settings};

fn tree() -> Tree {
    Tree::with(&[
        ("a", "file"),
        ("index.html", "start"),
        ("files/a", "deeper"),
        ("sub/b", "sub"),
        ("page.html", "page"),
        ("404.html", "missing"),
        (".hidden", "hidden"),
    ])
}

fn site(tree: &Tree, prefix: &str, change: impl FnOnce(&mut Settings)) -> Asked {
    tree.site(|settings| {
        settings.prefix = Prefix::parse(prefix).unwrap();
        change(settings);
    })
}

#[test]
fn what_is_beneath_is_answered_as_if_the_prefix_were_cut_off() {
    let tree = tree();
    let rows = [
        ("/files/", "200", "start"),
        ("/files/a", "200", "file"),
        ("/files/a?q", "200", "file"),
        ("/files/files/a", "200", "deeper"),
        ("http://b.example/files/a", "200", "file"),
        ("/%66iles/a", "200", "file"),
        ("/fil%65s/%61", "200", "file"),
        ("//files///a", "200", "file"),
        ("/x/../files/./a", "200", "file"),
        ("/files/sub/../a", "200", "file"),
        ("/files/..", "404", "missing"),
        ("/files/../a", "404", "missing"),
        ("/files/%2e%2e/a", "404", "missing"),
        ("/files/.hidden", "404", "missing"),
        ("/files/missing", "404", "missing"),
        ("/files%2fa", "404", "missing"),
        ("/", "404", "missing"),
        ("/a", "404", "missing"),
        ("/file", "404", "missing"),
        ("/filesystem", "404", "missing"),
        ("/filesystem/a", "404", "missing"),
        ("/FILES/a", "404", "missing"),
        ("http://b.example", "404", "missing"),
    ];
    let site = site(&tree, "/files", |_| {});
    for (target, code, body) in rows {
        let reply = site.get(target);
        assert_eq!((reply.code(), reply.text().as_str()), (code, body), "{target}");
    }
    for target in ["/files/../../a", "/files/%2e%2e/..", "/../files/a", "/files/%zz", "/%00"] {
        assert_eq!(site.get(target).code(), "400", "{target}");
    }
}

#[test]
fn redirect_leads_to_where_the_prefix_is_in_front_again() {
    let tree = tree();
    let rows = [
        ("/files", "files/"),
        ("/files?a=b", "files/?a=b"),
        ("/%66iles", "files/"),
        ("//files", "/files/"),
        ("/x/../files", "/files/"),
        ("/files/sub", "sub/"),
        ("/files/sub?q", "sub/?q"),
        ("/files//sub", "/files/sub/"),
        ("/files/./sub?q", "/files/sub/?q"),
        ("/files/page/", "../page"),
        ("/files//page/", "/files/page"),
    ];
    let site = site(&tree, "/files/", |settings| settings.clean_urls = true);
    for (target, location) in rows {
        let reply = site.get(target).expect_status("301 Moved Permanently");
        reply.expect_field("Location", Some(location));
    }
}

#[test]
fn prefix_of_several_segments_is_taken_whole() {
    let tree = tree();
    let site = site(&tree, "/docs/v%201", |_| {});
    site.get("/docs/v%201/a").expect_status("200 OK").expect_body("file");
    site.get("/docs/v%201").expect_field("Location", Some("v%201/"));
    site.get("/docs//v%201").expect_field("Location", Some("/docs/v%201/"));
    for target in ["/docs", "/docs/", "/docs/a", "/docs/v", "/docs/v%2012/a", "/a"] {
        assert_eq!(site.get(target).code(), "404", "{target}");
    }
}

#[test]
fn fallback_and_rules_are_about_what_is_left_of_the_path() {
    let tree = tree();
    let site = site(&tree, "/files", |settings| {
        settings.fallback = Some("index.html".to_owned());
        settings.cache_control = vec![CacheRule::parse("/sub/*=max-age=60").unwrap()];
    });
    let html = "Accept: text/html";
    site.get_with("/files/unknown", html).expect_status("200 OK").expect_body("start");
    site.get_with("/unknown", html).expect_status("404 Not Found");
    site.get("/files/sub/b").expect_field("Cache-Control", Some("max-age=60"));
}

#[test]
fn listing_at_the_top_leads_nowhere_above_it() {
    let tree = Tree::with(&[("sub/deep/b", "sub")]);
    let site = site(&tree, "/files", |settings| settings.lists = true);
    let top = site.get("/files/").expect_status("200 OK").text();
    assert!(top.contains("href=\"sub/\"") && !top.contains("href=\"../"), "{top}");
    // The way up ends at the prefix: two steps from here.
    let deep = site.get("/files/sub/deep/").text();
    assert!(deep.contains("href=\"../../\"") && !deep.contains("href=\"../../../"), "{deep}");
    let json = site.get_with("/files/sub/", "Accept: application/json").text();
    assert!(json.contains("\"path\":\"/sub/\"") && json.contains("\"./deep/\""), "{json}");
    assert_eq!(site.get("/").code(), "404");
}

#[test]
fn hosts_have_the_prefix_too() {
    let tree = Tree::with(&[("a.example/a", "one"), ("default/a", "rest")]);
    let site = site(&tree, "/files", |settings| settings.by_host = true);
    site.get("/files/a").expect_status("200 OK").expect_body("one");
    site.get("http://b.example/files/a").expect_status("200 OK").expect_body("rest");
    site.get("/a").expect_status("404 Not Found");
}

#[test]
fn methods_are_judged_before_the_path() {
    let tree = tree();
    let site = site(&tree, "/files", |_| {});
    for target in ["*", "/files/a", "/a"] {
        site.ask(&format!("OPTIONS {target}"), "").expect_status("204 No Content");
    }
    site.ask("POST /a", "").expect_status("405 Method Not Allowed");
}
