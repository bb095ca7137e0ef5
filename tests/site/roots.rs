//! Document roots that are removed, built again, or switched to another release (contract, §1).

use crate::support::site::{Asked, Tree, logged};
use std::fs::{self, rename};
use std::os::unix::fs::symlink;
use tinyhttpd::site::Settings;

/// A site whose root is `root` in the tree, a directory or a symlink.
fn site(tree: &Tree, change: impl FnOnce(&mut Settings)) -> Asked {
    tree.site(|settings| {
        settings.root = tree.path("root");
        change(settings);
    })
}

fn default_site(tree: &Tree) -> Asked {
    site(tree, |_| {})
}

/// Builds the root again, as a build tool does that removes it first.
fn build(tree: &Tree, content: &str) {
    let _ = fs::remove_dir_all(tree.path("root"));
    tree.file("root/index.html", content);
}

fn switch(tree: &Tree, release: &str) {
    let _ = fs::remove_file(tree.path("root.new"));
    symlink(release, tree.path("root.new")).unwrap();
    rename(tree.path("root.new"), tree.path("root")).unwrap();
}

/// The directories that this process has open beneath `path`, though they be removed.
fn open_beneath(tree: &Tree, name: &str) -> usize {
    let path = tree.path(name).canonicalize().unwrap_or_else(|_| tree.path(name));
    let entries = fs::read_dir("/proc/self/fd").unwrap();
    let targets = entries.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with(&*path.to_string_lossy())).count()
}

#[test]
fn a_request_that_finds_nothing_finds_the_root_that_was_built_again() {
    let tree = Tree::new();
    build(&tree, "first");
    let site = default_site(&tree);
    for content in ["first", "second", "third"] {
        build(&tree, content);
        site.get("/").expect_status("200 OK").expect_body(content);
    }
    tree.file("root/new.txt", "new");
    site.get("/new.txt").expect_body("new");
    site.get("/missing").expect_status("404 Not Found");
}

#[test]
fn a_release_that_a_symlink_is_switched_to_is_served_after_a_look() {
    let tree = Tree::with(&[("v1/a.txt", "one"), ("v2/a.txt", "two"), ("v2/new.txt", "new")]);
    switch(&tree, "v1");
    let site = default_site(&tree);
    site.get("/a.txt").expect_body("one");
    assert!(!site.look_at_root(), "nothing has happened");
    switch(&tree, "v2");
    site.get("/a.txt").expect_body("one");
    assert!(site.look_at_root());
    site.get("/a.txt").expect_body("two");
    assert!(!site.look_at_root());
    switch(&tree, "v1");
    switch(&tree, "v2");
    assert!(!site.look_at_root(), "it leads where it led");
    switch(&tree, "v1");
    // At once, for who asks for what was not there.
    site.get("/new.txt").expect_body("new");
    switch(&tree, "v2");
    switch(&tree, "v1");
    site.look_at_root();
    site.get("/new.txt").expect_status("404 Not Found");
    switch(&tree, "v2");
    site.get("/new.txt").expect_body("new");
}

#[test]
fn a_symlink_on_the_way_to_the_root_counts_too() {
    let tree = Tree::with(&[("v1/site/a.txt", "one"), ("v2/site/a.txt", "two")]);
    switch(&tree, "v1");
    let site = site(&tree, |settings| settings.root = tree.path("root/site"));
    site.get("/a.txt").expect_body("one");
    switch(&tree, "v2");
    assert!(site.look_at_root());
    site.get("/a.txt").expect_body("two");
}

#[test]
fn a_root_that_is_gone_is_404_until_it_is_back_and_said_once() {
    let tree = Tree::new();
    build(&tree, "first");
    let site = default_site(&tree);
    let gone: [fn(&Tree); 2] =
        [|_| {}, |tree| fs::write(tree.path("root"), "no directory").unwrap()];
    for spoil in gone {
        fs::remove_dir_all(tree.path("root")).unwrap();
        spoil(&tree);
        let said = logged(|| {
            for target in ["/", "/index.html", "/missing", "/a/"] {
                site.get(target).expect_status("404 Not Found");
                site.look_at_root();
            }
        });
        let [line] = &said[..] else { panic!("{said:?}") };
        assert!(line.contains("404 until") && line.contains("root"), "{line}");
        let _ = fs::remove_file(tree.path("root"));
        build(&tree, "back");
        let said = logged(|| drop(site.get("/").expect_body("back")));
        let [line] = &said[..] else { panic!("{said:?}") };
        assert!(line.contains("was opened anew"), "{line}");
    }
    fs::remove_dir_all(tree.path("root")).unwrap();
    assert!(site.look_at_root());
    build(&tree, "by a look");
    assert!(site.look_at_root());
    site.get("/").expect_body("by a look");
}

#[test]
fn what_is_kept_of_a_former_root_goes_with_it() {
    let tree = Tree::with(&[("v1/a/b/c.txt", "one"), ("v2/a/b/c.txt", "two")]);
    tree.file("v1/a/long", vec![b'x'; 1 << 20]);
    switch(&tree, "v1");
    let site = default_site(&tree);
    site.get("/a/b/c.txt");
    site.get("/a/long");
    assert!(open_beneath(&tree, "v1") > 3);
    switch(&tree, "v2");
    site.look_at_root();
    assert_eq!(open_beneath(&tree, "v1"), 0);
    site.get("/a/b/c.txt").expect_body("two");
}

#[test]
fn each_host_s_root_is_looked_at() {
    let tree = Tree::new();
    for host in ["a.example", "B.example", "default"] {
        tree.file(&format!("root/{host}/index.html"), host);
    }
    let site = site(&tree, |settings| settings.by_host = true);
    let get = |host: &str, target: &str| {
        site.ask_raw(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
    };
    // One is built again.
    fs::remove_dir_all(tree.path("root/B.example")).unwrap();
    tree.file("root/B.example/index.html", "rebuilt");
    get("b.example:80", "/").expect_body("rebuilt");
    get("a.example", "/").expect_body("a.example");
    // One is new, and one is gone.
    tree.file("root/c.example/index.html", "new");
    fs::remove_dir_all(tree.path("root/a.example")).unwrap();
    assert!(site.look_at_root());
    get("c.example", "/").expect_body("new");
    get("a.example", "/").expect_body("default");
    assert!(!site.look_at_root());
    // All of them are.
    rename(tree.path("root"), tree.path("former")).unwrap();
    assert!(site.look_at_root());
    get("b.example", "/").expect_status("404 Not Found");
    tree.file("root/b.example/index.html", "b again");
    get("b.example", "/").expect_body("b again");
}

#[test]
fn a_fallback_is_that_of_the_present_root() {
    let tree = Tree::new();
    build(&tree, "first");
    let site = site(&tree, |settings| settings.fallback = Some("index.html".to_owned()));
    let asks_for_html = |target| site.get_with(target, "Accept: text/html");
    asks_for_html("/somewhere").expect_body("first");
    build(&tree, "second");
    asks_for_html("/somewhere").expect_body("second");
}
