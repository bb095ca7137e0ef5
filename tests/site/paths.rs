//! From request-target to file (contract, §3).

use crate::support::site::Tree;
use rustix::fs::{CWD, FileType, Mode, mknodat};
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
