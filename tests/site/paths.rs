//! From request-target to file (contract, §3), and what is answered where there is none.

use crate::support::alone::{is_alone, is_bound_by_permissions};
use crate::support::site::{NOW_DATE, Reply, Tree};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{File, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

fn expect_statuses(tree: &Tree, rows: &[(&str, &str)]) {
    let site = tree.default_site();
    for (target, code) in rows {
        assert_eq!(site.get(target).code(), *code, "{target}");
    }
}

#[test]
fn a_path_that_cannot_be_decoded_or_climbs_above_the_root_is_400() {
    let tree = Tree::with(&[("a.txt", "a"), ("sub/b.txt", "b")]);
    expect_statuses(
        &tree,
        &[
            ("/%", "400"),
            ("/%4", "400"),
            ("/%zz", "400"),
            ("/a.txt%", "400"),
            ("/a%00.txt", "400"),
            ("/a.txt%00", "400"),
            ("/..", "400"),
            ("/../a.txt", "400"),
            ("/sub/../../a.txt", "400"),
            ("/%2e%2e/outside/secret", "400"),
            ("/.%2E/outside/secret", "400"),
            ("/sub/..%2f../%zz", "400"),
        ],
    );
}

#[test]
fn a_path_is_decoded_once_and_resolved() {
    let tree = Tree::with(&[
        ("a.txt", "a"),
        ("a b.txt", "blank"),
        ("100%25.txt", "escape"),
        ("sub/b.txt", "b"),
        ("ü.txt", "umlaut"),
        ("back\\slash", "backslash"),
    ]);
    let site = tree.default_site();
    for (target, content) in [
        ("/a.txt", "a"),
        ("/%61%2Etxt", "a"),
        ("/a.txt?x=/../..", "a"),
        ("/a.txt?", "a"),
        ("/a%20b.txt", "blank"),
        ("/100%2525.txt", "escape"),
        ("/./sub/./b.txt", "b"),
        ("/sub/../a.txt", "a"),
        ("/sub/%2e%2E/a.txt", "a"),
        ("/missing/../a.txt", "a"),
        ("//sub///b.txt", "b"),
        ("/ü.txt", "umlaut"),
        ("/%C3%BC.txt", "umlaut"),
        ("/back%5cslash", "backslash"),
        ("/back\\slash", "backslash"),
        ("http://a.example/a.txt", "a"),
    ] {
        let reply = site.get(target).expect_status("200 OK");
        assert_eq!(reply.text(), content, "{target}");
    }
}

#[test]
fn what_is_no_file_beneath_the_root_is_404() {
    let tree = Tree::with(&[("a.txt", "a"), ("sub/b.txt", "b"), ("100%.txt", "")]);
    let long = format!("/{}", "n".repeat(300));
    let deep = "/d".repeat(2000);
    tree.link("loop", "loop");
    expect_statuses(
        &tree,
        &[
            ("/missing", "404"),
            ("/missing/", "404"),
            ("/missing/a.txt", "404"),
            ("/A.txt", "404"),
            ("/sub%2Fb.txt", "404"),
            ("/sub%2f..%2fa.txt", "404"),
            ("/a.txt/", "404"),
            ("/a.txt/.", "404"),
            ("/a.txt/b", "404"),
            ("/sub/b.txt//", "404"),
            ("/a.txt%20", "404"),
            ("/loop", "404"),
            ("/loop/a", "404"),
            ("/loop/", "404"),
            (&long, "404"),
            (&deep, "404"),
        ],
    );
}

#[test]
fn a_symlink_is_followed_as_long_as_it_stays_inside() {
    let tree = Tree::with(&[("a.txt", "a"), ("sub/b.txt", "b")]);
    tree.link("a.txt", "inside");
    tree.link("../a.txt", "sub/up");
    tree.link("sub", "directory");
    tree.link("../outside/secret", "out");
    tree.link("../outside", "outside");
    tree.link("../root/a.txt", "out_and_in");
    tree.link("missing", "dangling");
    tree.link(tree.path("a.txt").to_str().unwrap(), "absolute");
    tree.link(tree.outside().to_str().unwrap(), "absolute_out");
    expect_statuses(
        &tree,
        &[
            ("/out", "404"),
            ("/outside", "404"),
            ("/outside/", "404"),
            ("/outside/secret", "404"),
            ("/outside/missing", "404"),
            ("/out_and_in", "404"),
            ("/dangling", "404"),
            ("/absolute", "404"),
            ("/absolute_out", "404"),
            ("/absolute_out/secret", "404"),
            ("/inside", "200"),
            ("/sub/up", "200"),
            ("/directory/b.txt", "200"),
            ("/directory", "301"),
        ],
    );
}

#[test]
fn a_name_with_a_dot_first_is_404_unless_hidden_names_are_served() {
    let tree = Tree::with(&[
        (".env", "secret"),
        (".git/config", "secret"),
        ("sub/.htpasswd", "secret"),
        (".well-known/security.txt", "public"),
        (".well-known/.secret", "secret"),
    ]);
    let targets = [
        "/.env",
        "/%2eenv",
        "/.git",
        "/.git/",
        "/.git/config",
        "/sub/.htpasswd",
        "/.well-known/.secret",
    ];
    let (site, open) = (tree.default_site(), tree.site(|settings| settings.serves_hidden = true));
    for target in targets {
        assert_eq!(site.get(target).code(), "404", "{target}");
    }
    for target in ["/.env", "/.git/config", "/sub/.htpasswd"] {
        open.get(target).expect_status("200 OK").expect_body("secret");
    }
    let target = "/.well-known/security.txt";
    site.get(target).expect_status("200 OK").expect_body("public");
}

#[test]
fn a_directory_without_its_slash_is_301_with_the_query_kept() {
    let tree = Tree::new();
    for name in ["sub", "a b", "ü", "\\evil.example", "a?b", "a:b", "x\ny"] {
        tree.directory(&format!("{name}/deep"));
    }
    let site = tree.default_site();
    for (target, location) in [
        ("/sub", "sub/"),
        ("/sub?", "sub/?"),
        ("/sub?a=/b&c", "sub/?a=/b&c"),
        ("/sub?a=%41%0d%0a\\\"<>", "sub/?a=%41%0d%0a%5C%22%3C%3E"),
        ("/sub/deep", "deep/"),
        ("/s%75b/deep", "deep/"),
        ("//sub", "/sub/"),
        ("//sub//deep", "/sub/deep/"),
        ("/x/..//sub", "/sub/"),
        ("/.//sub", "/sub/"),
        ("/sub/%2e/deep", "/sub/deep/"),
        ("/%5cevil.example", "%5Cevil.example/"),
        ("/\\evil.example", "/%5Cevil.example/"),
        ("/%5cevil.example/deep", "deep/"),
        ("/\\evil.example/deep", "/%5Cevil.example/deep/"),
        ("/a%20b", "a%20b/"),
        ("/ü", "%C3%BC/"),
        ("/a%3Fb", "a%3Fb/"),
        ("/a:b", "./a%3Ab/"),
        ("/a%3ab", "./a%3Ab/"),
        ("//a:b", "/a%3Ab/"),
        ("/x%0ay", "x%0Ay/"),
        ("http://evil.example/sub", "sub/"),
    ] {
        let reply = site.get(target).expect_status("301 Moved Permanently");
        assert_eq!(reply.field("Location").as_deref(), Some(location), "{target}");
    }
}

#[test]
fn no_redirect_leads_to_another_site() {
    let tree = Tree::new();
    tree.directory("evil.example");
    let site = tree.default_site();
    for target in [
        "//evil.example",
        "//evil.example/..",
        "//evil.example/%2e%2e",
        "/%2fevil.example",
        "/\\/evil.example",
        "/%5c/evil.example",
        "///evil.example/.",
        "/.//evil.example",
    ] {
        let location = site.get(target).field("Location");
        let is_path = |path: String| {
            !path.trim_start_matches('/').starts_with(['/', '\\'])
                && !path.starts_with("//")
                && !path.contains(':')
        };
        assert!(location.is_none_or(is_path), "{target}");
    }
    let reply = site.get("//evil.example");
    assert_eq!(reply.field("Location").as_deref(), Some("/evil.example/"));
}

#[test]
fn a_directory_is_its_first_index_file() {
    let tree = Tree::with(&[
        ("index.html", "root"),
        ("sub/index.htm", "second"),
        ("both/index.html", "first"),
        ("both/index.htm", "second"),
    ]);
    tree.directory("sub/index.html");
    tree.directory("none");
    let site = tree.site(|settings| {
        settings.index = vec!["index.html".to_owned(), "index.htm".to_owned()];
    });
    for (target, content) in [
        ("/", "root"),
        ("/?x", "root"),
        ("/none/..", "root"),
        ("/sub/", "second"),
        ("/sub/.", "second"),
        ("/both/", "first"),
    ] {
        site.get(target)
            .expect_status("200 OK")
            .expect_body(content)
            .expect_field("Content-Type", Some("text/html; charset=utf-8"));
    }
    site.get("/none/").expect_status("404 Not Found");
    tree.default_site().get("/sub/").expect_status("404 Not Found");
}

#[test]
fn neither_a_fifo_nor_a_socket_is_served_or_waited_for() {
    let tree = Tree::new();
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, tree.path("fifo"), FileType::Fifo, mode, 0).unwrap();
    mknodat(CWD, tree.path("index.html"), FileType::Fifo, mode, 0).unwrap();
    mknodat(CWD, tree.path("404.html"), FileType::Fifo, mode, 0).unwrap();
    let _listener = UnixListener::bind(tree.path("socket")).unwrap();
    tree.link("fifo", "link");
    expect_statuses(
        &tree,
        &[
            ("/fifo", "404"),
            ("/link", "404"),
            ("/socket", "404"),
            ("/", "404"),
            ("/404.html", "404"),
        ],
    );
}

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
    let is_listed = |name: &str| listing.contains(&format!("href=\"./{name}\""));
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

#[test]
fn a_changed_file_is_never_answered_from_what_was() {
    let tree = Tree::with(&[("a.txt", "old")]);
    let site = tree.default_site();
    let old = site.get("/a.txt").expect_body("old").tag();
    tree.file("a.txt", "newer");
    let new = site.get("/a.txt").expect_body("newer").tag();
    assert_ne!(old, new);
    let reply = site.get_with("/a.txt", &format!("If-None-Match: {old}"));
    reply.expect_status("200 OK").expect_body("newer");
    std::fs::remove_file(tree.path("a.txt")).unwrap();
    site.get("/a.txt").expect_status("404 Not Found");
}
