//! Programs that read listings: rclone, which copies what they name, and wget, which follows their
//! links.

mod support;

use std::fs;
use std::path::Path;
use support::{Served, find, root_with, run, write};
use tempfile::TempDir;

const NAMES: [&str; 7] = [
    "a&b=c.txt",
    "100% #1?.txt",
    "c:d;e+f.txt",
    "sub folder/deep/x",
    "sub folder/\u{c4}pfel",
    "quote's \"x\".txt",
    "README.md",
];

fn root() -> TempDir {
    let root = root_with(&NAMES.map(|name| (name, name)));
    // So long that its listing links to it a second time.
    write(root.path(), "README.md", &b"text\n".repeat(20_000));
    root
}

#[track_caller]
fn expect_copy(root: &Path, copy: &Path) {
    for name in NAMES {
        let [expected, have] = [root, copy].map(|place| fs::read(place.join(name)).ok());
        assert!(expected == have, "{name}");
    }
}

#[test]
fn rclone_copies_a_folder_by_its_listings() {
    let Some(rclone) = find("rclone") else { return };
    let (root, desk) = (root(), TempDir::new().expect("a directory"));
    for options in [&["--list"][..], &["--list", "--writable"]] {
        let server = Served::start(root.path(), options);
        let (url, copy) = (server.url("/"), desk.path().join(options.len().to_string()));
        let with = |arguments: &[&str]| {
            run(&rclone, &[arguments, &["--config", "/dev/null", "--http-url", &url]].concat())
        };
        let listed = with(&["lsf", "-R", "--files-only", ":http:"]);
        let mut listed: Vec<_> = listed.lines().filter(|line| !line.contains("NOTICE")).collect();
        let mut expected = NAMES.to_vec();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected);
        with(&["copy", ":http:", copy.to_str().expect("UTF-8")]);
        expect_copy(root.path(), &copy);
    }
}

#[test]
fn wget_copies_a_folder_by_its_listings() {
    let Some(wget) = find("wget") else { return };
    let (root, desk) = (root(), TempDir::new().expect("a directory"));
    let server = Served::start(root.path(), &["--list"]);
    let place = desk.path().to_str().expect("UTF-8");
    // Without the listings themselves, which it would keep in each order.
    let options =
        ["-q", "-r", "-np", "-nH", "-R", "index.html*", "--restrict-file-names=nocontrol"];
    run(&wget, &[&options[..], &["-P", place, &server.url("/")]].concat());
    expect_copy(root.path(), desk.path());
    let log = server.stop();
    for request in log.requests() {
        assert!(request.status == 200 || request.target == "/robots.txt", "{request:?}");
    }
}
