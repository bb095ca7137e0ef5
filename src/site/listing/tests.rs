//! What a listing looks like, as a page and as a JSON document.

use super::listed::Listed;
use super::order::Order;
use super::page::Contents;
use super::readme::Readme;
use super::view::View;
use super::{json, page as html, upload_page};
use crate::http::date::Timestamp;
use crate::limits::ENTRIES_MAX;
use sha2::Digest;

const TIME: Timestamp = Timestamp::from_seconds(1_795_388_527);

fn file(name: &[u8], length: u64) -> Listed {
    Listed { name: name.to_vec(), is_directory: false, length, modified: TIME }
}

fn directory(name: &[u8]) -> Listed {
    Listed { is_directory: true, ..file(name, 4096) }
}

fn page(path: &str, entries: &[Listed], order: Order) -> String {
    let view = View { order, ..View::default() };
    page_of(path.as_bytes(), &view, entries, |_| {})
}

/// The page with what `change` adds to it.
fn page_of(
    path: &[u8],
    view: &View,
    entries: &[Listed],
    change: impl FnOnce(&mut Contents),
) -> String {
    let mut contents =
        Contents { path, view, entries, readme: None, has_archive: false, upload_bytes_max: None };
    change(&mut contents);
    String::from_utf8(html::page(&contents)).expect("a page is UTF-8")
}

fn document(path: &str, entries: &[Listed]) -> String {
    let document = json::document(path.as_bytes(), entries);
    String::from_utf8(document).expect("JSON is UTF-8")
}

/// Names that try to be more than names; how each is shown; how each is in JSON.
fn hostile() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let rows: [(&[u8], &'static str, &'static str); 15] = [
        (b"<script>alert(1)", "&lt;script&gt;alert(1)", "<script>alert(1)"),
        (b"<!--", "&lt;!--", "<!--"),
        (b"\"><b x=\"", "&quot;&gt;&lt;b x=&quot;", "\\\"><b x=\\\""),
        (b"a' b='c", "a&#39; b=&#39;c", "a' b='c"),
        (b"&lt;&amp", "&amp;lt;&amp;amp", "&lt;&amp"),
        (b"a\nb\r\x01", "a‹U+000A›b‹U+000D›‹U+0001›", "a\\u000ab\\u000d\\u0001"),
        (b"100%", "100%", "100%"),
        (b"%41%zz", "%41%zz", "%41%zz"),
        ("gpj\u{202E}.exe".as_bytes(), "gpj‹U+202E›.exe", "gpj\\u202e.exe"),
        (b"\xFFa\x80", "\u{FFFD}a\u{FFFD}", "\u{FFFD}a\u{FFFD}"),
        (b"javascript:x", "javascript:x", "javascript:x"),
        (b"?q#f", "?q#f", "?q#f"),
        (b"a\\b", "a\\b", "a\\\\b"),
        (b" a  b ", " a  b ", " a  b "),
        ("ä".as_bytes(), "ä", "ä"),
    ];
    rows.map(|row| (row.0.to_vec(), row.1, row.2)).to_vec()
}

/// How often each character that makes markup occurs.
fn marks(page: &str) -> [usize; 3] {
    ['<', '>', '"'].map(|mark| page.matches(mark).count())
}

/// What follows the first `before` in `text`, up to the next quotation mark.
fn value_after<'a>(text: &'a str, before: &str) -> &'a str {
    let rest = text.split_once(before).expect(before).1;
    rest.split_once('"').expect("a closing quotation mark").0
}

/// Holds that a link is a relative path that cannot be read as anything else, to the entry
/// `name`.
fn assert_links_to(href: &str, name: &[u8]) {
    let segment = href.strip_prefix("./").unwrap_or(href);
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\?#/:".contains(&byte);
    assert!(segment.bytes().all(is_plain), "{href}");
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
    assert_eq!(decoded, name, "{href}");
}

#[test]
fn hostile_names_are_escaped_in_the_page() {
    let plain = page("", &[file(b"plain", 1)], Order::default());
    for (name, shown, _) in hostile() {
        let page = page("", &[file(&name, 1)], Order::default());
        assert!(page.contains(&format!("\">{shown}</a></bdi>")), "{page}");
        assert_eq!(marks(&page), marks(&plain), "{page}");
        let href = value_after(&page, "<tr><th scope=row><bdi><a href=\"");
        let href = href.replace("&#39;", "'").replace("&amp;", "&");
        assert_links_to(&href, &name);
    }
}

#[test]
fn hostile_directories_are_escaped_where_they_name_the_page() {
    let plain = page("plain/plain", &[], Order::default());
    for (name, shown, _) in hostile() {
        let path = [&name[..], &name[..]].join(&b'/');
        let page = page_of(&path, &View::default(), &[], |_| {});
        assert_eq!(marks(&page), marks(&plain), "{page}");
        for text in [
            format!("<title>Index of /{shown}/{shown}/</title>"),
            format!("<h1>Index of <bdi>{shown}/</bdi></h1>"),
            format!("<a href=\"../\"><bdi>{shown}</bdi></a>"),
        ] {
            assert!(page.contains(&text), "{text} in {page}");
        }
    }
}

#[test]
fn hostile_names_are_escaped_in_json() {
    for (name, _, string) in hostile() {
        let document = document("", &[file(&name, 1)]);
        let start = format!("\n{{\"name\":\"{string}\",\"href\":\"./");
        assert!(document.contains(&start), "{document}");
        assert_links_to(value_after(&document, "\"href\":\""), &name);
    }
}

#[test]
fn page_runs_and_loads_nothing() {
    let page = page("a/b", &[directory(b"d")], Order::default());
    // An empty icon of its own keeps browsers from asking for one.
    let page = page.replace("<link rel=\"icon\" href=\"data:,\">\n", "");
    for word in ["<script", "src=", "url(", "@import", "http:", "//", "<link", "style="] {
        assert!(!page.contains(word), "{word} in {page}");
    }
}

#[test]
fn filter_and_order_keep_each_other() {
    let view = View::from_query(Some(b"filter=%22a%26&sort=size"));
    let page = page_of(b"a", &view, &[file(b"\"a&", 1), directory(b"d")], |_| {});
    let form =
        "<form role=search action=\"./\"><input type=search name=filter value=\"&quot;a&amp;\"";
    assert!(page.contains(form), "{page}");
    let order = "<input type=hidden name=sort value=size><input type=hidden name=order value=asc>";
    assert!(page.contains(order), "{page}");
    assert!(page.contains("\"./?sort=name&amp;order=asc&amp;filter=%22a%26\">Name"), "{page}");
    let caption = "<caption>1 folder, 1 file, 1 B with <q>&quot;a&amp;</q> in the name. \
        <a href=\"./?sort=size&amp;order=asc\">Show all</a></caption>";
    assert!(page.contains(caption), "{page}");
    // Elsewhere it says nothing.
    assert!(page.contains("href=\"d/?sort=size&amp;order=asc\""), "{page}");
    let nothing = page_of(b"", &View::from_query(Some(b"filter=x")), &[], |_| {});
    assert!(nothing.contains("<caption>Nothing with <q>x</q> in the name."), "{nothing}");
    assert!(!nothing.contains("type=hidden"), "{nothing}");
}

#[test]
fn readme_stands_beneath_as_text() {
    let readme = |text: &str, cut_from| Readme { name: "README.md", text: text.into(), cut_from };
    let with = |readme| page_of(b"", &View::default(), &[], |contents| contents.readme = readme);
    let page = with(Some(readme("\n# <b>\ttitle\r\n\u{1B}", None)));
    let section = "<section aria-labelledby=readme>\n<h2 id=readme>README.md</h2>\n\
        <pre>\n\n# &lt;b&gt;\ttitle\r\n‹U+001B›</pre>\n</section>\n";
    assert!(page.contains(section), "{page}");
    let page = with(Some(readme("a", Some(3 << 20))));
    let rest = "<p>This is its beginning. <a href=\"README.md\">The whole</a> has 3.0 MiB.</p>";
    assert!(page.contains(rest), "{page}");
    assert!(!with(None).contains("readme"), "{page}");
}

/// The contents of all elements of this name.
fn elements<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let parts = page.split(&*start).skip(1);
    parts.map(|part| part.split_once(&*end).expect("an end tag").0).collect()
}

/// The source in a Content-Security-Policy that allows an inline element with this content.
fn hash_source(content: &str) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encoded = sha2::Sha256::digest(content).chunks(3).fold(String::new(), |encoded, bytes| {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(*bytes.get(at).unwrap_or(&0)));
        (0..4).fold(encoded, |mut encoded, at| {
            let digit = char::from(digits[bits >> (18 - 6 * at) & 63]);
            encoded.push(if at > bytes.len() { '=' } else { digit });
            encoded
        })
    });
    format!("'sha256-{encoded}'")
}

#[test]
fn policy_names_all_scripts_and_styles_of_the_page_by_their_hashes() {
    let allow = |contents: &mut Contents| contents.upload_bytes_max = Some(1 << 30);
    let page = page_of(b"a", &View::default(), &[], allow);
    let policy = upload_page::POLICY;
    for (element, directive) in [("script", "script-src "), ("style", "style-src ")] {
        let sources: Vec<_> = elements(&page, element).into_iter().map(hash_source).collect();
        let allowed = policy.split("; ").find_map(|part| part.strip_prefix(directive));
        assert_eq!(allowed, Some(&*sources.join(" ")), "{element}");
    }
    assert!(policy.starts_with("default-src 'none'; "));
    for word in ["style=", "src=", " on", "url(", "@import", "http:", "//evil"] {
        let markup = page.split("<style>").next().unwrap_or_default();
        assert!(!markup.contains(word), "{word}");
    }
}

#[test]
fn listing_that_is_for_reading_has_no_word_of_script() {
    let page = page("a/b", &[directory(b"d"), file(b"f", 1)], Order::default());
    for word in ["script", "upload", "dialog", "button type"] {
        assert!(!page.to_lowercase().contains(word), "{word} in {page}");
    }
}

#[test]
fn headings_link_to_the_next_order() {
    let rows = [
        ("", ["name&amp;order=desc", "size&amp;order=desc", "time&amp;order=desc"], 0),
        ("order=desc", ["name&amp;order=asc", "size&amp;order=desc", "time&amp;order=desc"], 0),
        ("sort=size", ["name&amp;order=asc", "size&amp;order=desc", "time&amp;order=desc"], 1),
        (
            "sort=time&order=desc",
            ["name&amp;order=asc", "size&amp;order=desc", "time&amp;order=asc"],
            2,
        ),
    ];
    for (query, links, sorted) in rows {
        let order = Order::from_query(Some(query.as_bytes()));
        let page = page("", &[], order);
        let headings: Vec<&str> = page.split("<th scope=col").skip(1).collect();
        assert_eq!(headings.len(), 3);
        for (position, link) in links.iter().enumerate() {
            let direction = match (position == sorted, order.descending) {
                (true, true) => " aria-sort=descending",
                (true, false) => " aria-sort=ascending",
                (false, _) => "",
            };
            let start = format!("{direction}><a rel=nofollow href=\"./?sort={link}\">");
            assert!(headings[position].starts_with(&start), "{query}: {start}");
        }
    }
}

#[test]
fn order_stays_on_the_way_to_other_directories() {
    let entries = [directory(b"d"), file(b"f", 1)];
    let usual = page("a/b", &entries, Order::default());
    for link in ["../../", "../", "d/", "f"] {
        assert!(usual.contains(&format!("<a href=\"{link}\">")), "{link}");
    }
    let order = Order::from_query(Some(b"sort=size"));
    let sorted = page("a/b", &entries, order);
    for link in ["../../", "../", "d/"] {
        let link = format!("<a href=\"{link}?sort=size&amp;order=asc\">");
        assert!(sorted.contains(&link), "{link}");
    }
    assert!(sorted.contains("<a href=\"f\">"));
}

#[test]
fn root_has_neither_parent_nor_breadcrumbs() {
    let page = page("", &[file(b"f", 1)], Order::default());
    assert!(page.contains("<title>Index of /</title>"));
    assert!(page.contains("<h1>Index of <bdi>/</bdi></h1>"));
    assert!(!page.contains("../") && !page.contains("<nav"));
}

#[test]
fn breadcrumbs_lead_to_each_directory_above() {
    let page = page("a/b c/d", &[], Order::default());
    let crumbs = "<nav aria-label=\"Breadcrumb\"><ol>\
        <li><a href=\"../../../\"><bdi>Root</bdi></a>\
        <li><a href=\"../../\"><bdi>a</bdi></a>\
        <li><a href=\"../\"><bdi>b c</bdi></a></ol></nav>";
    assert!(page.contains(crumbs), "{page}");
    assert!(page.contains("<title>Index of /a/b c/d/</title>"));
    assert!(page.contains("<h1>Index of <bdi>d/</bdi></h1>"));
}

#[test]
fn rows_have_exact_bytes_and_time() {
    let entries = [directory(b"d"), file(b"f", 1234)];
    let page = page("", &entries, Order::default());
    let time = "<td><time datetime=2026-11-22T23:02:07Z>2026-11-22 23:02</time>\n";
    let rows = format!(
        "<tr class=d><th scope=row><bdi><a href=\"d/\">d/</a></bdi><td>{time}\
         <tr><th scope=row><bdi><a href=\"f\">f</a></bdi><td title=\"1,234 bytes\">1.2 KiB</td>{time}"
    );
    assert!(page.contains(&rows), "{page}");
}

#[test]
fn caption_counts_what_is_shown() {
    let folder = || directory(b"d");
    let rows = [
        (vec![], "This folder is empty."),
        (vec![folder()], "1 folder"),
        (vec![file(b"a", 1)], "1 file, 1 B"),
        (vec![folder(), folder(), file(b"a", 0), file(b"b", 2048)], "2 folders, 2 files, 2.0 KiB"),
        (vec![file(b"a", u64::MAX), file(b"b", u64::MAX)], "2 files, 15.9 EiB"),
    ];
    for (entries, expected) in rows {
        let page = page("", &entries, Order::default());
        assert!(page.contains(&format!("<caption>{expected}</caption>")), "{expected}");
    }
}

#[test]
fn json_says_everything() {
    let mut unknown_time = file(b"old", 0);
    unknown_time.modified = Timestamp::from_seconds(i64::MIN);
    let entries = [directory(b"d"), file(b"f.txt", u64::MAX), unknown_time];
    let expected = r#"{"path":"/a/b/","truncated":false,"entries":[
{"name":"d","href":"./d/","type":"directory","modified":"2026-11-22T23:02:07Z"},
{"name":"f.txt","href":"./f.txt","type":"file","size":18446744073709551615,"modified":"2026-11-22T23:02:07Z"},
{"name":"old","href":"./old","type":"file","size":0,"modified":null}
]}
"#;
    assert_eq!(document("a/b", &entries), expected);
    let empty = "{\"path\":\"/\",\"truncated\":false,\"entries\":[\n]}\n";
    assert_eq!(document("", &[]), empty);
}

#[test]
fn ten_thousand_entries_are_all_and_more_are_cut() {
    let numbered = |number: usize| file(format!("measurement {number:05}.csv").as_bytes(), 1);
    let mut entries: Vec<Listed> = (0..ENTRIES_MAX).map(numbered).collect();
    let whole = page("", &entries, Order::default());
    assert_eq!(whole.matches("<tr><th scope=row>").count(), ENTRIES_MAX);
    assert!(!whole.contains("there are more"));
    assert!(whole.len() < 8 * 1024 + 200 * ENTRIES_MAX, "{}", whole.len());
    let whole = document("", &entries);
    assert!(whole.contains("\"truncated\":false"));
    assert!(whole.len() < 1024 + 160 * ENTRIES_MAX, "{}", whole.len());

    entries.push(numbered(ENTRIES_MAX));
    let cut = page("", &entries, Order::default());
    assert_eq!(cut.matches("<tr><th scope=row>").count(), ENTRIES_MAX);
    assert!(cut.contains("the first 10,000 entries; there are more"));
    assert!(!cut.contains("measurement 10000.csv"));
    let cut = document("", &entries);
    assert!(cut.contains("\"truncated\":true"));
    assert_eq!(cut.matches("\"href\"").count(), ENTRIES_MAX);
}

#[test]
fn no_byte_of_a_name_makes_the_page_grow_without_bound() {
    let bare = page("", &[file(b"", 1)], Order::default()).len();
    let pairs = (0..=u8::MAX).map(|byte| vec![byte; 255]);
    let marks = ["\u{202E}", "\u{FEFF}"].map(|mark| mark.repeat(85).into_bytes());
    for name in pairs.chain(marks) {
        let page = page("", &[file(&name, 1)], Order::default());
        assert!(page.len() - bare <= 16 * name.len(), "{:?}", &name[..3]);
    }
}
