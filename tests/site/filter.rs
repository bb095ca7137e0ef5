//! Listings of which a part is asked for.

use crate::support::site::{Asked, Tree};

fn site(tree: &Tree) -> Asked {
    tree.site(|settings| settings.lists = true)
}

/// The links of a listing's JSON, in its order.
fn links(site: &Asked, target: &str) -> Vec<String> {
    let reply = site.get_with(target, "Accept: application/json").expect_status("200 OK");
    let text = reply.text();
    let links = text.split("\"href\":\"").skip(1);
    links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn names_with_the_text_are_listed() {
    let tree = Tree::with(&[
        ("Report 1.pdf", "1"),
        ("report 2.PDF", "22"),
        ("Notes.txt", ""),
        ("reports/x", ""),
        (".report", ""),
    ]);
    let site = site(&tree);
    let (all, none): (&[&str], &[&str]) =
        (&["./reports/", "./Notes.txt", "./Report%201.pdf", "./report%202.PDF"], &[]);
    for (query, expected) in [
        ("?filter=", all),
        ("?filter=REPORT", &["./reports/", "./Report%201.pdf", "./report%202.PDF"]),
        ("?filter=t+2", &["./report%202.PDF"]),
        ("?sort=size&filter=.pdf&order=desc", &["./report%202.PDF", "./Report%201.pdf"]),
        ("?filter=*.pdf", none),
        ("?filter=.report", none),
        ("?filter=%2Freports", none),
        ("?filter=%zz", none),
    ] {
        assert_eq!(links(&site, &format!("/{query}")), expected, "{query}");
        let page = site.get(&format!("/{query}")).expect_status("200 OK").text();
        let rows = page.matches("<th scope=row>").count();
        assert_eq!(rows, expected.len(), "{query}");
    }
}

#[test]
fn each_filter_is_a_listing_of_its_own() {
    let tree = Tree::with(&[("a", ""), ("b", "")]);
    let site = site(&tree);
    let tags = ["/", "/?filter=a", "/?filter=b"].map(|target| site.get(target).tag());
    assert!(tags[0] != tags[1] && tags[1] != tags[2]);
}

#[test]
fn text_is_shown_as_text() {
    let tree = Tree::with(&[("a", "")]);
    let page = site(&tree).get("/?filter=%22%3E%3Cscript%3E%E2%80%AE").text();
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("<q>&quot;&gt;&lt;script&gt;‹U+202E›</q>"), "{page}");
    assert!(page.contains(" value=\"&quot;&gt;&lt;script&gt;"), "{page}");
}
