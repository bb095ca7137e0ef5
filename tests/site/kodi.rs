//! The listing as Kodi reads it (CHTTPDirectory::GetDirectory). It takes a link for an entry where
//! the text is the address without its query, decoded; a folder where that ends in a slash. In what
//! follows, up to the next link, it looks for a size before `</td>` and for a date.

use crate::support::site::Tree;
use percent_encoding::percent_decode_str;

/// A link with its address, its text, and what follows up to the next.
fn links(page: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    page.split("<a href=\"").skip(1).filter_map(|link| {
        let (address, rest) = link.split_once('"')?;
        let (text, rest) = rest.split_once('>')?.1.split_once("</a>")?;
        Some((address, text, rest.split("</tr").next()?))
    })
}

fn without_entities(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, is)| text.replace(entity, is))
}

/// Digits and dots after `>`, blanks, a unit: in bytes.
fn size(after: &str) -> Option<f64> {
    let cells = after.split("</td>").filter_map(|cell| cell.rsplit_once('>'));
    cells.into_iter().find_map(|(_, text)| {
        let (number, unit) = text.trim_start().split_once(' ')?;
        let factor = ["B", "KiB", "MiB", "GiB"].iter().position(|have| *have == unit)?;
        Some(number.parse::<f64>().ok()? * 1024f64.powi(factor as i32))
    })
}

/// `YYYY-MM-DD hh:mm` anywhere.
fn date(after: &str) -> Option<&str> {
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"- :".contains(&byte));
    let windows = (0..after.len()).filter_map(|start| after.get(start..start + 16));
    windows.into_iter().find(|text| digits(text) && text.get(10..11) == Some(" "))
}

fn entries(page: &str) -> Vec<(String, bool, Option<f64>, Option<String>)> {
    let entries = links(page).filter_map(|(address, text, after)| {
        let (address, text) = (without_entities(address), without_entities(text.trim()));
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let name = percent_decode_str(path.trim_end_matches('/')).decode_utf8().ok()?.into_owned();
        let is_entry = name == text.trim_end_matches('/') && !name.is_empty() && name != "..";
        let is_folder = path.ends_with('/');
        is_entry.then(|| (name, is_folder, size(after), date(after).map(str::to_owned)))
    });
    entries.collect()
}

#[test]
fn kodi_finds_names_kinds_sizes_and_dates() {
    let names = ["100% #1?.mkv", "Tom & \"Jerry\".avi", "a:b+c;d.mp3", "Ünïcode 文.mp4"];
    let tree = Tree::with(&names.map(|name| (name, "")));
    tree.file("a:b+c;d.mp3", [0; 3000]);
    tree.file("Films/x", "");
    tree.file("README.md", "x".repeat(100_000));
    let site = tree.site(|settings| settings.lists = true);
    for query in ["", "?sort=size&order=desc"] {
        let found = entries(&site.get(&format!("/{query}")).text());
        let mut expected: Vec<&str> = names.to_vec();
        // The link to the whole README has another text.
        expected.extend(["Films", "README.md"]);
        expected.sort_unstable();
        let mut found_names: Vec<&str> = found.iter().map(|entry| &*entry.0).collect();
        found_names.sort_unstable();
        assert_eq!(found_names, expected, "{query}");
        for (name, is_folder, size, date) in &found {
            assert_eq!(*is_folder, name == "Films", "{name}");
            assert_eq!(date.as_deref().map(str::len), Some(16), "{name}");
            let expected = match &**name {
                "Films" => None,
                "a:b+c;d.mp3" => Some(2.9 * 1024.0),
                "README.md" => Some(97.6 * 1024.0),
                _ => Some(0.0),
            };
            assert_eq!(*size, expected, "{name}");
        }
    }
    tree.file("Films/One/y", "");
    assert_eq!(entries(&site.get("/Films/").text()).len(), 2);
}
