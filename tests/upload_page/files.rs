//! Files of all sizes and names, chosen and dropped, alone and in folders.

use crate::desk::{Desk, WRITABLE};
use crate::support::{names, sparse_file};
use std::fs;

/// Names that mean something in a URL, in HTML or in a shell; the last three are one letter and its
/// mark (NFD), both together (NFC), and in a script from right to left.
const NAMES: [&str; 12] = [
    "100%.txt",
    "%41%zz",
    "a#b?c=d&e.txt",
    "double\"quote",
    "it's",
    "<b>&lt;",
    "c:d;e,f+g",
    "  blanks  ",
    "~!$()*@[]{}|^`",
    "A\u{308}pfel",
    "\u{c4}pfel",
    "שלום.txt",
];

#[test]
fn names_arrive_as_they_are() {
    let Some(mut desk) = Desk::open() else { return };
    desk.upload(&NAMES.map(|name| (name, name)));
    desk.expect_told(&format!("{} uploaded", NAMES.len()));
    let mut expected = NAMES.map(str::to_owned);
    expected.sort();
    assert_eq!(desk.in_root(), expected);
    for name in NAMES {
        assert_eq!(desk.content(name), name);
    }
    assert_eq!(desk.listed().len(), NAMES.len());
    assert_eq!(desk.rows(), [""; 0]);
}

#[test]
fn empty_and_large_files_arrive_whole() {
    const LENGTH: u64 = 300 << 20;
    let Some(mut desk) = Desk::open() else { return };
    desk.upload(&[("empty", "")]);
    desk.expect_told("1 uploaded");
    sparse_file(&desk.files.path().join("large"), LENGTH);
    desk.choose("large");
    desk.page.wait_for("document.querySelector('progress')?.ariaLabel === 'large'");
    desk.page.wait_for("document.querySelector('#listing').textContent.includes('300 MiB')");
    for (name, length) in [("empty", 0), ("large", LENGTH)] {
        let metadata = fs::metadata(desk.root.path().join(name)).expect("a file");
        assert_eq!(metadata.len(), length);
    }
    assert_eq!(desk.listed(), ["empty", "large"]);
}

#[test]
fn folder_that_is_chosen_arrives_with_what_is_in_it() {
    let Some(mut desk) = Desk::open() else { return };
    for name in ["album/1.txt", "album/deep er/2.txt", "album/.hidden", "album/deep er/#3"] {
        desk.file(name, name);
    }
    let folder = desk.files.path().join("album");
    desk.page.choose("#folder", &[&folder]);
    desk.expect_told("3 uploaded");
    assert_eq!(desk.in_root(), ["album"]);
    assert_eq!(names(&desk.root.path().join("album")), ["1.txt", "deep er"]);
    assert_eq!(desk.content("album/deep er/#3"), "album/deep er/#3");
    assert_eq!(desk.listed(), ["album/"]);
}

#[test]
fn files_and_folders_that_are_dropped_arrive() {
    let Some(mut desk) = Desk::open() else { return };
    fs::create_dir_all(desk.files.path().join("folder/empty")).expect("a folder");
    let single = desk.file("single", "1");
    desk.file("folder/.git/config", "");
    // More than a browser tells at once.
    let numbered: Vec<_> = (0..120).map(|number| format!("{number:03}")).collect();
    for name in &numbered {
        desk.file(&format!("folder/many/{name}"), name);
    }
    let folder = desk.files.path().join("folder");
    desk.page.drop_files(&[&single, &folder]);
    desk.expect_told("122 uploaded");
    assert_eq!(desk.in_root(), ["folder", "single"]);
    assert_eq!(names(&desk.root.path().join("folder")), ["empty", "many"]);
    assert_eq!(names(&desk.root.path().join("folder/many")), numbered);
}

#[test]
fn hidden_files_are_left_out_in_words() {
    let Some(mut desk) = Desk::open() else { return };
    desk.upload(&[(".bashrc", "")]);
    desk.expect_told("Nothing to upload. Names that start with a dot are left out.");
    desk.upload(&[(".bashrc", ""), ("a", "")]);
    desk.expect_told("1 uploaded");
    assert_eq!(desk.in_root(), ["a"]);
}

#[test]
fn files_go_where_the_page_is() {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(root.path().join("100% #1/b")).expect("a folder");
    let prefixed = [&WRITABLE[..], &["--prefix", "/files"]].concat();
    let Some(mut desk) = Desk::at(root, &prefixed) else { return };
    let url = desk.program.as_ref().expect("it runs").urls[0].clone();
    desk.page.load(&format!("{url}files/100%25%20%231/b/?sort=size&order=desc"));
    desk.upload(&[("a", "content")]);
    desk.expect_told("1 uploaded");
    assert_eq!(desk.content("100% #1/b/a"), "content");
}
