//! What stands in for an unknown path: `--spa` and `--clean-urls`.

use crate::support::site::{Asked, Tree};
use tinyhttpd::site::{Settings, Site};

const BROWSER: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn tree() -> Tree {
    Tree::with(&[
        ("index.html", "app"),
        ("a.txt", "a"),
        ("dir/b.txt", "b"),
        (".env", "secret"),
        ("about.html", "about"),
        ("blog.html", "all posts"),
        ("blog/post.html", "one post"),
        ("docs/index.html", "docs"),
    ])
}

fn spa(tree: &Tree) -> Asked {
    tree.site(|settings| settings.fallback = Some("index.html".to_owned()))
}

fn clean(tree: &Tree) -> Asked {
    tree.site(|settings| settings.clean_urls = true)
}

#[test]
fn without_spa_an_unknown_path_is_404() {
    tree().default_site().get_with("/unknown", BROWSER).expect_status("404 Not Found");
}

#[test]
fn the_fallback_is_for_clients_that_ask_for_html() {
    let tree = tree();
    let site = spa(&tree);
    for lines in [
        "",
        "Accept: */*",
        "Accept:",
        "Accept: application/json",
        "Accept: application/json, text/plain, */*",
        "Accept: image/avif,image/webp,image/*,*/*;q=0.8",
        "Accept: text/css,*/*;q=0.1",
        "Accept: text/html;q=0",
        "Accept: text/html;q=0, */*",
    ] {
        let reply = site.get_with("/unknown", lines);
        assert_eq!(reply.code(), "404", "{lines}");
    }
    for lines in [BROWSER, "Accept: text/html", "Accept: text/*", "Accept: text/html, */*;q=0.01"] {
        let reply = site.get_with("/unknown", lines);
        assert_eq!(reply.code(), "200", "{lines}");
        reply
            .expect_body("app")
            .expect_field("Content-Type", Some("text/html; charset=utf-8"))
            .expect_field("Cache-Control", Some("no-cache"));
    }
}

#[test]
fn the_fallback_is_for_every_unknown_path() {
    let tree = tree();
    let site = spa(&tree);
    for target in [
        "/unknown",
        "/unknown/",
        "/unknown/deep/er?x=1",
        "/a.txt/",
        "/a.txt/b",
        "/dir/",
        "/dir/unknown.js",
    ] {
        let reply = site.get_with(target, BROWSER);
        assert_eq!((reply.code(), reply.text().as_str()), ("200", "app"), "{target}");
    }
}

#[test]
fn the_fallback_takes_the_place_of_nothing_else() {
    let tree = tree();
    tree.file("404.html", "own 404");
    let site = spa(&tree);
    for (target, code) in [
        ("/a.txt", "200"),
        ("/dir", "301"),
        ("/.env", "404"),
        ("/.git/config", "404"),
        ("/x%2fy", "404"),
        ("/%zz", "400"),
        ("/../x", "400"),
    ] {
        let reply = site.get_with(target, BROWSER);
        assert_eq!(reply.code(), code, "{target}");
        assert_ne!(reply.text(), "app", "{target}");
    }
    let post = site.ask("POST /unknown", BROWSER);
    post.expect_status("405 Method Not Allowed");
}

#[test]
fn the_fallback_has_validators_and_ranges_as_the_file_it_is() {
    let tree = tree();
    let site = spa(&tree);
    let tag = site.get("/index.html").tag();
    let get = |lines: &str| site.get_with("/unknown", &format!("{BROWSER}\n{lines}"));
    assert_eq!(get("").tag(), tag);
    get(&format!("If-None-Match: {tag}")).expect_status("304 Not Modified");
    get("Range: bytes=0-0").expect_status("206 Partial Content").expect_body("a");
    let head = site.ask("HEAD /unknown", BROWSER);
    assert_eq!(head, get(""));
}

// RFC 9110 §12.5.5: for another Accept it would be another answer.
#[test]
fn an_answer_about_an_unknown_path_varies_with_accept_where_there_is_a_fallback() {
    let tree = tree();
    let site = spa(&tree);
    for (lines, code) in [
        (BROWSER.to_owned(), "200"),
        (format!("{BROWSER}\nIf-None-Match: *"), "304"),
        (format!("{BROWSER}\nRange: bytes=0-0"), "206"),
        ("Accept: */*".to_owned(), "404"),
    ] {
        let reply = site.get_with("/unknown", &lines);
        assert_eq!(reply.code(), code, "{lines}");
        reply.expect_field("Vary", Some("Accept"));
    }
    site.get_with("/a.txt", BROWSER).expect_field("Vary", None);
    let plain = tree.default_site().get("/unknown");
    plain.expect_field("Vary", None);
    let both = tree.site(|settings| {
        settings.fallback = Some("index.html".to_owned());
        settings.precompressed = true;
    });
    let reply = both.get_with("/unknown", BROWSER);
    reply.expect_field("Vary", Some("Accept-Encoding, Accept"));
}

#[test]
fn a_fallback_that_is_no_longer_there_is_404() {
    let tree = Tree::with(&[("a.txt", "a"), ("index.html", "app")]);
    let site = spa(&tree);
    std::fs::remove_file(tree.path("index.html")).unwrap();
    site.get_with("/unknown", BROWSER).expect_status("404 Not Found");
}

#[test]
fn a_site_whose_fallback_is_not_there_is_not_opened() {
    let tree = Tree::with(&[("a.txt", "a")]);
    tree.directory("index.html");
    for fallback in ["missing", "a.txt/", "a.txt/b", "index.html"] {
        let settings = Settings {
            root: tree.path(""),
            fallback: Some(fallback.to_owned()),
            ..Settings::default()
        };
        let error = Site::open(settings).err().expect("an error");
        assert!(error.to_string().contains(fallback), "{error}");
    }
}

#[test]
fn a_listing_is_before_the_fallback_and_only_of_what_is_there() {
    let tree = tree();
    let site = tree.site(|settings| {
        settings.lists = true;
        settings.fallback = Some("index.html".to_owned());
    });
    let listing = site.get_with("/dir/", BROWSER).expect_status("200 OK");
    assert!(listing.text().contains("b.txt"));
    let reply = site.get_with("/unknown/", BROWSER);
    reply.expect_status("200 OK").expect_body("app");
}

#[test]
fn without_clean_urls_a_name_is_whole() {
    tree().default_site().get("/about").expect_status("404 Not Found");
}

#[test]
fn clean_urls_find_the_page_of_that_name() {
    let tree = tree();
    let site = clean(&tree);
    for (target, body) in [
        ("/about", "about"),
        ("/about?x", "about"),
        ("/about.html", "about"),
        ("/blog/post", "one post"),
        ("/index", "app"),
    ] {
        let reply = site.get(target).expect_status("200 OK");
        assert_eq!(reply.text(), body, "{target}");
        reply
            .expect_field("Content-Type", Some("text/html; charset=utf-8"))
            .expect_field("Vary", None);
    }
    let tag = site.get("/about.html").tag();
    let reply = site.get_with("/about", &format!("If-None-Match: {tag}"));
    reply.expect_status("304 Not Modified");
}

// As nginx does with `try_files $uri $uri.html $uri/`.
#[test]
fn clean_urls_prefer_a_page_to_a_directory_of_that_name() {
    let tree = tree();
    let site = clean(&tree);
    site.get("/blog").expect_status("200 OK").expect_body("all posts");
    site.get("/blog/").expect_field("Location", Some("../blog"));
    site.get("/docs")
        .expect_status("301 Moved Permanently")
        .expect_field("Location", Some("docs/"));
    let plain = tree.default_site();
    plain.get("/blog").expect_status("301 Moved Permanently");
}

#[test]
fn a_slash_after_a_clean_url_is_taken_away() {
    let tree = tree();
    tree.file("about us.html", "us");
    tree.file("a:b.html", "a colon");
    tree.file("docs/index.html", "docs");
    tree.file("docs.html", "other docs");
    let site = clean(&tree);
    for (target, location) in [
        ("/about/", "../about"),
        ("/about/?a=b", "../about?a=b"),
        ("/about%20us/", "../about%20us"),
        ("/a:b/", "../a%3Ab"),
        ("/blog/post/", "../post"),
        ("/blog/", "../blog"),
        ("//about/", "/about"),
        ("/about//", "/about"),
        ("/blog/../about/", "/about"),
        ("/about/.", "/about"),
        ("http://b/about/", "../about"),
    ] {
        let reply = site.get(target).expect_status("301 Moved Permanently");
        assert_eq!(reply.field("Location").as_deref(), Some(location), "{target}");
    }
    site.get("/docs/").expect_status("200 OK").expect_body("docs");
    let lists = tree.site(|settings| {
        settings.clean_urls = true;
        settings.lists = true;
    });
    lists.get("/blog/").expect_field("Location", Some("../blog"));
    lists.get("/").expect_status("200 OK");
    tree.default_site().get("/about/").expect_status("404 Not Found");
}

#[test]
fn clean_urls_find_nothing_else() {
    let tree = tree();
    tree.file("a.txt.html", "page");
    tree.file(".hidden.html", "secret");
    tree.directory("folder.html");
    tree.link("../outside/secret", "out.html");
    let site = clean(&tree);
    site.get("/a.txt").expect_body("a");
    for target in [
        "/about.html/",
        "/abou/",
        "/abou",
        "/.hidden",
        "/folder",
        "/out",
        "/about.htm",
        "/x%2fabout",
    ] {
        assert_eq!(site.get(target).code(), "404", "{target}");
    }
}

#[test]
fn clean_urls_are_before_the_fallback() {
    let tree = tree();
    let site = tree.site(|settings: &mut Settings| {
        settings.clean_urls = true;
        settings.fallback = Some("index.html".to_owned());
    });
    site.get_with("/about", BROWSER).expect_body("about");
    site.get_with("/unknown", BROWSER).expect_body("app");
}
