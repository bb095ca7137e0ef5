//! `?archive=tar`: what is in an archive, in which order, and what its client is told.

use crate::support::site::{Asked, Reply, Tree};
use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use tinyhttpd::site::Prefix;

fn site(tree: &Tree) -> Asked {
    tree.site(|settings| settings.archives = true)
}

/// The paths in an archive that needs no extended header, in their order; those of files with their bytes.
fn entries(archive: &[u8]) -> Vec<String> {
    let mut entries = Vec::new();
    let mut rest = archive;
    while rest[0] != 0 {
        let (header, behind) = rest.split_at(512);
        let text = |from: usize, length: usize| {
            let bytes = header[from..from + length].split(|&byte| byte == 0).next().unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        let length = usize::from_str_radix(&text(124, 12), 8).unwrap();
        let content = String::from_utf8_lossy(&behind[..length]);
        let path = format!("{}/{}", text(345, 155), text(0, 100));
        let path = path.trim_start_matches('/');
        entries.push(match header[156] {
            b'5' => path.to_owned(),
            b'0' => format!("{path}={content}"),
            other => panic!("{other}"),
        });
        rest = &behind[length.next_multiple_of(512)..];
    }
    assert_eq!(rest, [0; 1024]);
    entries
}

#[track_caller]
fn expect_entries(reply: &Reply, expected: &[&str]) {
    assert_eq!(reply.status, "200 OK");
    assert_eq!(entries(&reply.body), expected);
}

#[test]
fn a_directory_is_sent_whole_in_the_order_of_bytes() {
    let tree = Tree::with(&[
        ("dir/b/2", "two"),
        ("dir/b.txt", "b"),
        ("dir/B", ""),
        ("dir/a/1", "one"),
        ("dir/index.html", "index"),
        ("other", "other"),
    ]);
    tree.directory("dir/empty");
    let expected = [
        "dir/",
        "dir/B=",
        "dir/a/",
        "dir/a/1=one",
        "dir/b/",
        "dir/b/2=two",
        "dir/b.txt=b",
        "dir/empty/",
        "dir/index.html=index",
    ];
    let site = site(&tree);
    let reply = site.get("/dir/?archive=tar");
    expect_entries(&reply, &expected);
    let fields = [
        ("Accept-Ranges", "none"),
        ("Cache-Control", "no-store"),
        ("Content-Disposition", "attachment; filename=\"dir.tar\"; filename*=UTF-8''dir.tar"),
        ("Content-Type", "application/x-tar"),
        ("X-Content-Type-Options", "nosniff"),
    ];
    assert_eq!(reply.names(), fields.map(|(name, _)| name));
    for (name, value) in fields {
        assert_eq!(reply.field(name).as_deref(), Some(value));
    }
    assert_eq!(site.ask("HEAD /dir/?archive=tar", ""), reply);
    assert_eq!(site.get("/dir/?sort=size&archive=tar"), reply);
}

#[test]
fn the_name_of_the_root_is_not_told() {
    let tree = Tree::with(&[("a", "x")]);
    let reply = site(&tree).get("/?archive=tar");
    expect_entries(&reply, &["archive/", "archive/a=x"]);
    let disposition = reply.field("Content-Disposition").unwrap();
    assert_eq!(disposition, "attachment; filename=\"archive.tar\"; filename*=UTF-8''archive.tar");
    let site = tree.site(|settings| {
        settings.archives = true;
        settings.prefix = Prefix::parse("/files").unwrap();
    });
    expect_entries(&site.get("/files/?archive=tar"), &["archive/", "archive/a=x"]);
}

#[test]
fn each_host_has_its_own() {
    let tree = Tree::with(&[("a.example/a", "x"), ("default/d", "y")]);
    let site = tree.site(|settings| {
        settings.archives = true;
        settings.by_host = true;
    });
    expect_entries(&site.get("/?archive=tar"), &["archive/", "archive/a=x"]);
}

#[test]
fn without_the_option_the_query_is_ignored() {
    let tree = Tree::with(&[("dir/index.html", "index"), ("bare/a", "")]);
    let site = tree.default_site();
    site.get("/dir/?archive=tar").expect_status("200 OK").expect_body("index");
    site.get("/bare/?archive=tar").expect_status("404 Not Found");
}

#[test]
fn other_queries_and_other_paths_get_what_they_got() {
    let tree = Tree::with(&[("dir/index.html", "index"), ("file", "content")]);
    let site = site(&tree);
    for query in ["", "?archive", "?archive=zip", "?archive=tar2"] {
        site.get(&format!("/dir/{query}")).expect_status("200 OK").expect_body("index");
    }
    site.get("/dir?archive=tar")
        .expect_status("301 Moved Permanently")
        .expect_field("Location", Some("dir/?archive=tar"));
    site.get("/file?archive=tar").expect_status("200 OK").expect_body("content");
    for path in ["/file/", "/missing/", "/dir/missing/", "/.hidden/"] {
        site.get(&format!("{path}?archive=tar")).expect_status("404 Not Found");
    }
    site.get("/../?archive=tar").expect_status("400 Bad Request");
}

#[test]
fn hidden_names_are_in_it_where_they_are_served() {
    let tree = Tree::with(&[
        ("dir/.hidden", "1"),
        ("dir/.git/config", "2"),
        ("dir/.well-known/x", "3"),
        ("dir/a", "4"),
    ]);
    let rest = ["dir/.well-known/", "dir/.well-known/x=3", "dir/a=4"];
    let reply = site(&tree).get("/dir/?archive=tar");
    expect_entries(&reply, &[&["dir/"], &rest[..]].concat());
    let site = tree.site(|settings| {
        settings.archives = true;
        settings.serves_hidden = true;
    });
    let hidden = ["dir/", "dir/.git/", "dir/.git/config=2", "dir/.hidden=1"];
    expect_entries(&site.get("/dir/?archive=tar"), &[&hidden, &rest[..]].concat());
}

#[test]
fn symlinks_are_what_they_lead_to_beneath_the_root() {
    let tree = Tree::with(&[("dir/a", "x"), ("elsewhere/b", "y"), (".secret/c", "z")]);
    tree.link("a", "dir/file");
    tree.link("../elsewhere", "dir/directory");
    tree.link("../elsewhere/b", "dir/far");
    tree.link("../.secret", "dir/seen");
    // What is not served is not there.
    tree.link("missing", "dir/dangling");
    tree.link("../../outside", "dir/out");
    tree.link("../../outside/secret", "dir/out-file");
    tree.link("/etc", "dir/absolute");
    tree.link("round", "dir/round");
    expect_entries(
        &site(&tree).get("/dir/?archive=tar"),
        &[
            "dir/",
            "dir/a=x",
            "dir/directory/",
            "dir/directory/b=y",
            "dir/far=y",
            "dir/file=x",
            "dir/seen/",
            "dir/seen/c=z",
        ],
    );
}

#[test]
fn a_directory_is_not_in_itself() {
    let tree = Tree::with(&[("top/dir/a", "x"), ("top/side/b", "y")]);
    tree.link(".", "top/dir/self");
    tree.link("..", "top/dir/up");
    tree.link("../..", "top/dir/root");
    tree.link("../side", "top/dir/side");
    tree.link("../dir", "top/side/back");
    expect_entries(
        &site(&tree).get("/top/dir/?archive=tar"),
        &[
            "dir/",
            "dir/a=x",
            // The way that leads back to where it began ends there; its other ways do not.
            "dir/root/",
            "dir/root/top/",
            "dir/root/top/side/",
            "dir/root/top/side/b=y",
            "dir/side/",
            "dir/side/b=y",
            "dir/up/",
            "dir/up/side/",
            "dir/up/side/b=y",
        ],
    );
}

#[test]
fn what_is_neither_file_nor_directory_is_left_out() {
    let tree = Tree::with(&[("dir/a", "x")]);
    mknodat(CWD, tree.path("dir/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    mknodat(CWD, tree.path("dir/socket"), FileType::Socket, Mode::RUSR, 0).unwrap();
    tree.link("fifo", "dir/link");
    expect_entries(&site(&tree).get("/dir/?archive=tar"), &["dir/", "dir/a=x"]);
}

#[test]
fn an_archive_has_no_validators_and_no_parts() {
    let tree = Tree::with(&[("dir/a", "x")]);
    let site = site(&tree);
    let whole = site.get("/dir/?archive=tar");
    for lines in [
        "Range: bytes=0-9",
        "Range: bytes=99999-",
        "If-None-Match: \"x\"",
        "If-Modified-Since: Tue, 02 Oct 2096 07:06:40 GMT",
        "If-Range: \"x\"\nRange: bytes=0-9",
        "Accept-Encoding: gzip\nAccept: application/json",
    ] {
        assert_eq!(site.get_with("/dir/?archive=tar", lines), whole, "{lines}");
    }
    site.get_with("/dir/?archive=tar", "If-Match: \"x\"").expect_status("412 Precondition Failed");
    site.get_with("/missing/?archive=tar", "If-Match: \"x\"").expect_status("404 Not Found");
}

#[test]
fn fields_of_all_answers_are_those_of_an_archive_too() {
    let tree = Tree::with(&[("dir/a", "x")]);
    let site = tree.site(|settings| {
        settings.archives = true;
        settings.cross_origin = true;
        settings.fields = vec![("X-Own".to_owned(), "1".to_owned())];
    });
    site.get("/dir/?archive=tar")
        .expect_status("200 OK")
        .expect_field("X-Own", Some("1"))
        .expect_field("Access-Control-Allow-Origin", Some("*"));
}

#[test]
fn a_folder_with_too_many_names_is_403_and_its_parts_can_be_had() {
    let tree = Tree::with(&[("dir/a/1", ""), ("dir/a/2", ""), ("dir/b/3", "")]);
    let ask = |names_max| {
        let site = tree.site(|settings| {
            settings.archives = true;
            settings.archive_names_max = names_max;
        });
        (site.get("/dir/?archive=tar"), site.get("/dir/a/?archive=tar"))
    };
    assert_eq!(ask(5).0.code(), "200");
    let (whole, part) = ask(4);
    let page = whole.expect_status("403 Forbidden").text();
    assert!(page.contains("more than 4 names"), "{page}");
    assert_eq!(part.code(), "200");
    // Hidden names are looked at too.
    tree.file("dir/b/.4", "");
    assert_eq!(ask(5).0.code(), "403");
    assert_eq!(ask(1).1.code(), "403");
}

#[test]
fn deep_trees_are_sent() {
    let tree = Tree::new();
    let depth = 100;
    let path = vec!["d"; depth].join("/");
    tree.file(&format!("{path}/f"), "deep");
    let reply = site(&tree).get("/d/?archive=tar").expect_status("200 OK");
    let entries = entries(&reply.body);
    assert_eq!((entries.len(), &*entries[depth]), (depth + 1, &*format!("{path}/f=deep")));
}

/// 4095 bytes are the most that a path may have, and so a request.
#[test]
fn what_no_path_leads_to_is_left_out() {
    let tree = Tree::new();
    let mut directory = OwnedFd::from(File::open(tree.path("")).unwrap());
    for length in [3].into_iter().chain([255; 15]).chain([200]) {
        let name = "d".repeat(length);
        mkdirat(&directory, &name, Mode::RWXU).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        directory = openat(&directory, &name, flags, Mode::empty()).unwrap();
    }
    let write = |name: &str, content: &[u8]| {
        let flags = OFlags::WRONLY | OFlags::CREATE;
        let file = openat(&directory, name, flags, Mode::RUSR).unwrap();
        File::from(file).write_all(content).unwrap();
    };
    // The directory's path has 3 + 15 * 256 + 201 bytes.
    write(&"a".repeat(50), b"as far as it goes");
    write(&"b".repeat(51), b"too far");
    mkdirat(&directory, "c".repeat(51), Mode::RWXU).unwrap();
    let reply = site(&tree).get("/ddd/?archive=tar").expect_status("200 OK");
    let has = |text: &[u8]| reply.body.windows(text.len()).any(|window| window == text);
    assert!(has(b"as far as it goes") && !has(b"too far") && !has(b"cccc"));
}

/// A page has a form and no link, for what follows all links.
#[test]
fn a_listing_has_a_button_for_it() {
    let tree = Tree::with(&[("dir/a", "x")]);
    for archives in [true, false] {
        let site = tree.site(|settings| {
            settings.archives = archives;
            settings.lists = true;
        });
        let page = site.get("/dir/").expect_status("200 OK").text();
        assert_eq!(page.matches("<button name=archive value=tar>").count(), usize::from(archives));
        assert!(!page.contains("?archive"));
    }
}
