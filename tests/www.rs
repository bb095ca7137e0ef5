//! The sample site, as the server serves it: each of its links leads where it says, and each of its
//! files is linked.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use support::{Client, Program, get, names};

/// What the site links to show another status than 200.
const ON_PURPOSE: [(&str, u16); 3] = [("/files", 301), ("/images/", 404), ("/nothing/here", 404)];

/// The values of all attributes of this name.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    let rests = page.match_indices(&begin).map(|(at, begin)| &page[at + begin.len()..]);
    rests.map(|rest| rest.split('"').next().unwrap_or_default()).collect()
}

/// The links of a page: each a path on this server, and the part of that page, if one is named.
fn links<'a>(path: &'a str, page: &'a str) -> Vec<(&'a str, Option<&'a str>)> {
    let links = ["href", "src", "srcset"].into_iter().flat_map(|name| attributes(page, name));
    let link = |link: &'a str| {
        let (target, part) = match link.split_once('#') {
            Some((target, part)) => (target, Some(part)),
            None => (link, None),
        };
        let target = if target.is_empty() { path } else { target };
        assert!(target.starts_with('/') && !target.starts_with("//"), "{path} links to {link}");
        (target, part)
    };
    links.map(link).collect()
}

/// Every path that the pages lead to from the first one on, with its status, and its text if it is
/// a page.
/// Every path that the pages lead to from the first one on, with its status, and its text if it is
/// a page of the site.
fn crawl(program: &Program) -> BTreeMap<String, (u16, String)> {
    let mut client = Client::new(program.address);
    let mut found = BTreeMap::new();
    let mut left = vec!["/".to_owned()];
    while let Some(path) = left.pop() {
        if found.contains_key(&path) {
            continue;
        }
        client.send(get(&path));
        let reply = client.reply();
        let is_page = reply.field("Content-Type").is_some_and(|kind| kind.starts_with("text/html"));
        let is_ours = is_page && reply.status != 301;
        let page = if is_ours { reply.body } else { Vec::new() };
        let page = String::from_utf8(page).expect("UTF-8");
        left.extend(links(&path, &page).into_iter().map(|(target, _)| target.to_owned()));
        found.insert(path, (reply.status, page));
    }
    found
}

#[test]
fn every_link_of_the_sample_site_leads_where_it_says() {
    let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
    let found = crawl(&Program::start(&www, &[]));
    for (path, (status, page)) in &found {
        let on_purpose = ON_PURPOSE.iter().find(|(target, _)| target == path);
        assert_eq!(*status, on_purpose.map_or(200, |&(_, status)| status), "{path}");
        for (target, part) in links(path, page) {
            let ids = attributes(&found[target].1, "id");
            assert!(
                part.is_none_or(|part| ids.contains(&part)),
                "{path} links to {target}#{part:?}"
            );
        }
        let ids = attributes(page, "id");
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!(once.len(), ids.len(), "{path} has an id twice");
    }
    assert!(found.len() > 10, "{:?}", found.keys());
}

#[test]
fn every_file_of_the_sample_site_is_linked() {
    let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
    let found = crawl(&Program::start(&www, &[]));
    let mut directories = vec![(www, "/".to_owned())];
    while let Some((directory, path)) = directories.pop() {
        for name in names(&directory) {
            let file = directory.join(&name);
            match &*name {
                // What answers for what is not there.
                "404.html" if path == "/" => {}
                "index.html" => assert!(found.contains_key(&path), "{path}"),
                _ if file.is_dir() => directories.push((file, format!("{path}{name}/"))),
                _ => assert!(found.contains_key(&format!("{path}{name}")), "{path}{name}"),
            }
        }
    }
}
