//! The README of a directory beneath its listing.

use crate::support::site::Tree;
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// What the listing of `/d/` shows as the text of a README.
fn shown(tree: &Tree) -> Option<String> {
    let page = tree.site(|settings| settings.lists = true).get("/d/").expect_status("200 OK");
    let page = page.text();
    let (_, readme) = page.split_once("<h2 id=readme>")?;
    Some(readme.split_once("</section>").expect("an end").0.to_owned())
}

#[test]
fn readme_is_shown_beneath_the_listing() {
    for name in ["README.txt", "README.md"] {
        let tree = Tree::with(&[(&format!("d/{name}"), "# <Title>\n\ntext\n"), ("d/a", "")]);
        let expected = format!("{name}</h2>\n<pre>\n# &lt;Title&gt;\n\ntext\n</pre>\n");
        assert_eq!(shown(&tree), Some(expected));
        let site = tree.site(|settings| settings.lists = true);
        let json = site.get_with("/d/", "Accept: application/json").text();
        assert!(!json.contains("Title"), "{json}");
        // Nor where the listing is not of this directory.
        assert!(!site.get("/").text().contains("readme"));
    }
}

#[test]
fn first_of_two_is_shown() {
    let tree = Tree::with(&[("d/README.txt", "text"), ("d/README.md", "mark")]);
    assert_eq!(shown(&tree), Some("README.txt</h2>\n<pre>\ntext</pre>\n".to_owned()));
}

#[test]
fn other_names_are_none() {
    let tree = Tree::with(&[("d/README", ""), ("d/readme.md", ""), ("d/README.html", "")]);
    assert_eq!(shown(&tree), None);
}

#[test]
fn what_is_not_served_is_not_shown() {
    let tree = Tree::with(&[("d/a", ""), ("d/README.md/x", "")]);
    tree.link("../../outside/secret", "d/README.txt");
    assert_eq!(shown(&tree), None);
    let tree = Tree::with(&[("d/README.md", "second")]);
    mknodat(CWD, tree.path("d/README.txt"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert_eq!(shown(&tree), Some("README.md</h2>\n<pre>\nsecond</pre>\n".to_owned()));
    let tree = Tree::with(&[("inside", "inside"), ("d/a", "")]);
    tree.link("../inside", "d/README.md");
    assert!(shown(&tree).is_some_and(|shown| shown.contains("inside")));
}

#[test]
fn long_one_is_cut_with_a_link_to_the_whole() {
    let limit = tinyhttpd::limits::README_BYTES_MAX;
    // The cut goes through the last "ä"; the longer one is not held in memory.
    for (count, size) in [(limit / 2, "32.0 KiB"), (1 << 19, "1.0 MiB")] {
        let text = format!("x{}", "ä".repeat(count));
        let tree = Tree::with(&[("d/README.md", &*text)]);
        let shown = shown(&tree).expect("a README");
        let (text, rest) = shown.split_once("</pre>\n").expect("an end");
        let (_, text) = text.split_once("<pre>\n").expect("a start");
        assert!(text == format!("x{}", "ä".repeat(limit / 2 - 1)), "{} bytes", text.len());
        let link = "This is its beginning. <a href=\"README.md\">The whole</a> has";
        assert_eq!(rest, format!("<p>{link} {size}.</p>\n"));
    }
    let tree = Tree::with(&[("d/README.md", &*"x".repeat(limit))]);
    assert!(!shown(&tree).expect("a README").contains("beginning"));
}

#[test]
fn what_is_no_text_is_shown_harmless() {
    let tree = Tree::with(&[("d/a", "")]);
    let bytes = b"\xEF\xBB\xBF\xFF\x00\x1B[31m\r\n\t</pre><script>";
    tree.file("d/README.md", bytes);
    let text = "\u{FFFD}‹U+0000›‹U+001B›[31m\r\n\t&lt;/pre&gt;&lt;script&gt;";
    assert_eq!(shown(&tree), Some(format!("README.md</h2>\n<pre>\n{text}</pre>\n")));
}

#[test]
fn change_is_seen() {
    let tree = Tree::with(&[("d/README.md", "old")]);
    let site = tree.site(|settings| settings.lists = true);
    let before = site.get("/d/").tag();
    tree.file("d/README.md", "new");
    assert_ne!(site.get("/d/").tag(), before);
}
