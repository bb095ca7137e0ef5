//! `--vhosts`: each directory of the root is the root of the host it is named for.

use crate::support::site::{Asked, Reply, Tree};
use std::sync::atomic::{AtomicBool, Ordering};

fn tree() -> Tree {
    Tree::with(&[
        ("a.example/index.html", "a"),
        ("a.example/404.html", "a has none"),
        ("B.example/index.html", "b"),
        ("default/index.html", "default"),
        (".hidden/index.html", "hidden"),
        ("no host/index.html", "blank"),
        ("file.example", "no directory"),
        ("index.html", "above"),
    ])
}

fn site(tree: &Tree) -> Asked {
    tree.site(|settings| settings.by_host = true)
}

fn get(site: &Asked, host: &str) -> Reply {
    site.ask_raw(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
}

#[test]
fn without_vhosts_every_host_has_the_one_root() {
    let tree = tree();
    for host in ["a.example", "", "[::1]:80", "unknown"] {
        get(&tree.default_site(), host).expect_body("above");
    }
}

#[test]
fn the_host_picks_the_root() {
    let tree = tree();
    let site = site(&tree);
    for (host, body) in [
        ("a.example", "a"),
        ("a.example:8080", "a"),
        ("a.example:", "a"),
        ("A.EXAMPLE", "a"),
        ("a.example.", "a"),
        ("a.example.:80", "a"),
        ("b.example", "b"),
        ("B.Example:1", "b"),
        ("default", "default"),
    ] {
        let reply = get(&site, host);
        assert_eq!(reply.text(), body, "{host}");
    }
}

// RFC 9112 §3.2.2.
#[test]
fn an_absolute_form_picks_before_the_host() {
    let tree = tree();
    let site = site(&tree);
    for (target, body) in [
        ("http://b.example/", "b"),
        ("http://b.example:81", "b"),
        ("HTTP://B.EXAMPLE/", "b"),
        ("http://unknown/", "default"),
    ] {
        let reply = site.get(target);
        assert_eq!(reply.text(), body, "{target}");
    }
    let reply = site.ask_raw(b"GET http://b.example/ HTTP/1.0\r\n\r\n");
    reply.expect_body("b");
}

#[test]
fn a_host_that_is_no_plain_name_is_the_default() {
    let tree = tree();
    let site = site(&tree);
    for host in [
        "",
        ":80",
        ".",
        "..",
        "...",
        "..%2froot",
        "%2e%2e",
        "[::1]",
        "[::1]:8080",
        "[v1.a]",
        "127.0.0.1",
        ".hidden",
        "no%20host",
        "file.example",
        "a.example..",
        "a%2eexample",
        "unknown",
        "!$&'()*+,;=",
        "index.html",
    ] {
        let reply = get(&site, host);
        assert_eq!(reply.text(), "default", "{host}");
    }
    let reply = site.ask_raw(b"GET / HTTP/1.0\r\n\r\n");
    reply.expect_body("default");
}

#[test]
fn without_a_default_an_unknown_host_is_404() {
    let tree = tree();
    std::fs::remove_dir_all(tree.path("default")).unwrap();
    let site = site(&tree);
    for host in ["unknown", "", "..", "[::1]", "default", "file.example", ".hidden"] {
        let reply = get(&site, host);
        assert_eq!(reply.code(), "404", "{host}");
        assert!(!reply.text().contains("a has none"), "{host}");
    }
    get(&site, "a.example").expect_status("200 OK");
}

#[test]
fn no_path_leads_from_one_host_to_another() {
    let tree = tree();
    tree.link("../B.example/index.html", "a.example/link");
    tree.link("../B.example", "a.example/directory");
    let site = site(&tree);
    for (target, code) in [
        ("/link", "404"),
        ("/directory/", "404"),
        ("/../B.example/index.html", "400"),
        ("/B.example/", "404"),
    ] {
        let reply = site.get(target);
        assert_eq!(reply.code(), code, "{target}");
    }
}

#[test]
fn each_host_has_its_own_404_page_and_files() {
    let tree = tree();
    tree.file("a.example/same.txt", "of a");
    tree.file("B.example/same.txt", "of b");
    let site = site(&tree);
    site.get("/missing").expect_status("404 Not Found").expect_body("a has none");
    site.get("/same.txt").expect_body("of a");
    site.get("http://b.example/same.txt").expect_body("of b");
    let missing = site.get("http://b.example/missing").expect_status("404 Not Found");
    assert!(!missing.text().contains("a has none"));
}

#[test]
fn a_symlink_within_the_root_is_another_name_of_a_host() {
    let tree = tree();
    tree.link("a.example", "www.a.example");
    tree.link("../outside", "out.example");
    tree.link(tree.path("a.example").to_str().unwrap(), "absolute.example");
    let site = site(&tree);
    get(&site, "www.a.example").expect_body("a");
    for host in ["out.example", "absolute.example"] {
        let reply = get(&site, host);
        assert_eq!(reply.text(), "default", "{host}");
    }
}

#[test]
fn a_method_and_a_preflight_need_no_host() {
    let tree = tree();
    let site = site(&tree);
    let options = site.ask_raw(b"OPTIONS * HTTP/1.1\r\nHost: unknown\r\n\r\n");
    options.expect_status("204 No Content");
    let post = site.ask_raw(b"POST / HTTP/1.1\r\nHost: unknown\r\n\r\n");
    post.expect_status("405 Method Not Allowed");
}

// As it is at SIGHUP: each time the hosts are looked for anew.
#[test]
fn a_directory_swapped_for_a_symlink_gives_nothing_from_outside() {
    let tree = tree();
    tree.file("a.example/secret", "inside");
    tree.link("../outside", "link");
    let swap = |from: &str, to: &str| std::fs::rename(tree.path(from), tree.path(to)).unwrap();
    let is_over = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10_000 {
                swap("a.example", "a side");
                swap("link", "a.example");
                swap("a.example", "link");
                swap("a side", "a.example");
            }
            is_over.store(true, Ordering::Release);
        });
        let mut found = 0;
        while !is_over.load(Ordering::Acquire) {
            let reply = site(&tree).ask_once(b"GET http://a.example/secret HTTP/1.0\r\n\r\n");
            assert_ne!(reply.text(), "outside");
            found += usize::from(reply.text() == "inside");
        }
        found
    });
    assert!(found > 0);
}

#[test]
fn a_host_that_cannot_be_opened_is_left_out() {
    let tree = tree();
    tree.link("round.example", "round.example");
    tree.link("missing", "dangling.example");
    let site = site(&tree);
    for host in ["round.example", "dangling.example"] {
        get(&site, host).expect_body("default");
    }
    get(&site, "a.example").expect_body("a");
}
