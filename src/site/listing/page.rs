//! The listing of a directory: from its entries to a page, or to the same in JSON (RFC 8259).
//!
//! The page needs no script: its column headings are links that sort by way of the query. It is
//! bounded, not streamed: [`ENTRIES_MAX`] entries, and a sentence where there are more. What is
//! listed at all is decided by whoever reads the directory.

use super::entry::{ENTRIES_MAX, Entry};
use super::order::{Order, SortKey};
use super::text::{
    RFC3339_BYTES, push_counted, push_escaped, push_grouped, push_human_size, push_json_string,
    push_number, push_rfc3339, push_visible,
};
use crate::http::date::Timestamp;
use crate::http::path::encode_path;
use std::sync::LazyLock;

const STYLE: &str = include_str!("page.css");

/// The listing as an HTML page in UTF-8. `path` is the directory's, relative to the root and
/// decoded; empty for the root itself. `entries` are in `order`; of those beyond [`ENTRIES_MAX`] the
/// page says that they are there.
///
/// Links are relative and begin with `./`, so that no name can be taken for a scheme, and name the
/// exact bytes, percent-encoded. What is shown of a name is escaped; bytes that are not UTF-8 are
/// shown as U+FFFD, unseen characters by their names.
pub fn html(path: &[u8], entries: &[Entry], order: Order) -> Vec<u8> {
    let (shown, is_cut) = cut(entries);
    let mut page = String::with_capacity(8 * 1024 + 256 * shown.len());
    push_page_start(&mut page, path, order);
    push_caption(&mut page, shown, is_cut);
    push_headings(&mut page, order);
    let mut carried = String::new();
    push_escaped(&mut carried, &order.carried());
    page.push_str("<tbody>\n");
    if !path.is_empty() {
        let link = format!("<a href=\"../{carried}\">Parent folder</a>");
        page.push_str(&format!("<tr class=p><th scope=row>{link}<td><td>\n"));
    }
    for entry in shown {
        push_row(&mut page, entry, &carried);
    }
    page.push_str("</table>\n</main>\n");
    page.into_bytes()
}

/// The listing as a JSON document: an object with `path` (slashes at both ends), `truncated`
/// (whether there are more than [`ENTRIES_MAX`]) and `entries`, objects with `name`, `href`, `type`
/// (`file` or `directory`), `size` in bytes (files only) and `modified` (RFC 3339, to the second;
/// null where the year has not four digits).
///
/// A name that is not UTF-8 has U+FFFD in `name`; `href`, relative to the listing and
/// percent-encoded, always leads to the very file.
pub fn json(path: &[u8], entries: &[Entry]) -> Vec<u8> {
    let (shown, is_cut) = cut(entries);
    let mut document = String::with_capacity(256 + 160 * shown.len());
    document.push_str("{\"path\":");
    push_json_string(&mut document, &full_path(path));
    document.push_str(&format!(",\"truncated\":{is_cut},\"entries\":["));
    for (position, entry) in shown.iter().enumerate() {
        document.push_str(if position == 0 { "\n" } else { ",\n" });
        push_object(&mut document, entry);
    }
    document.push_str("\n]}\n");
    document.into_bytes()
}

/// The first [`ENTRIES_MAX`] entries, and whether there are more.
fn cut(entries: &[Entry]) -> (&[Entry], bool) {
    let count = entries.len().min(ENTRIES_MAX);
    (&entries[..count], count < entries.len())
}

/// Everything up to the table.
fn push_page_start(page: &mut String, path: &[u8], order: Order) {
    page.push_str(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>Index of ",
    );
    push_visible(page, &full_path(path));
    page.push_str("</title>\n<style>\n");
    page.push_str(STYLE);
    page.push_str("</style>\n<header>\n");
    let mut segments: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
    let own_name = segments.pop().unwrap_or_default();
    if !own_name.is_empty() {
        push_breadcrumbs(page, &segments, order);
    }
    page.push_str("<h1>Index of <bdi>");
    push_visible(page, &String::from_utf8_lossy(own_name));
    page.push_str("/</bdi></h1>\n</header>\n<main>\n<table>\n");
}

/// The way from the root to the parent: `above` are the names on it, the root's own, which has
/// none, excepted.
fn push_breadcrumbs(page: &mut String, above: &[&[u8]], order: Order) {
    let names = std::iter::once(&b"Root"[..]).chain(above.iter().copied());
    page.push_str("<nav aria-label=\"Breadcrumb\"><ol>");
    for (position, name) in names.enumerate() {
        page.push_str("<li><a href=\"");
        page.push_str(&"../".repeat(above.len() + 1 - position));
        push_escaped(page, &order.carried());
        page.push_str("\"><bdi>");
        push_visible(page, &String::from_utf8_lossy(name));
        page.push_str("</bdi></a>");
    }
    page.push_str("</ol></nav>\n");
}

/// What the table holds, in a sentence: shown above it, and read out with it.
fn push_caption(page: &mut String, shown: &[Entry], is_cut: bool) {
    page.push_str("<caption>");
    if is_cut {
        page.push_str("These are the first ");
        push_grouped(page, ENTRIES_MAX as u64);
        page.push_str(" entries; there are more.");
    } else if shown.is_empty() {
        page.push_str("This folder is empty.");
    } else {
        push_totals(page, shown);
    }
    page.push_str("</caption>\n");
}

/// How many folders and files there are, and how large the files are together: `1 folder, 12 files,
/// 3.4 MiB`.
fn push_totals(page: &mut String, shown: &[Entry]) {
    let folders = shown.iter().filter(|entry| entry.is_directory).count();
    let files = shown.iter().filter(|entry| !entry.is_directory);
    let bytes = files.fold(0u64, |sum, file| sum.saturating_add(file.length));
    if folders > 0 {
        push_counted(page, folders as u64, "folder");
    }
    if shown.len() > folders {
        page.push_str(if folders > 0 { ", " } else { "" });
        push_counted(page, (shown.len() - folders) as u64, "file");
        page.push_str(", ");
        push_human_size(page, bytes);
    }
}

/// The column headings, each a link that sorts by it.
fn push_headings(page: &mut String, order: Order) {
    let columns =
        [(SortKey::Name, "Name"), (SortKey::Size, "Size"), (SortKey::Time, "Modified (UTC)")];
    let direction = if order.descending { "descending" } else { "ascending" };
    page.push_str("<thead><tr>");
    for (key, heading) in columns {
        page.push_str("<th scope=col");
        if key == order.key {
            page.push_str(&format!(" aria-sort={direction}"));
        }
        page.push_str("><a rel=nofollow href=\"./");
        push_escaped(page, &order.after_click_on(key).query());
        page.push_str(&format!("\">{heading}</a>"));
    }
    page.push('\n');
}

/// One row of the table. `carried` is a query, escaped, for the links to directories. The end tags
/// that HTML does without are left out: at ten thousand rows they count.
fn push_row(page: &mut String, entry: &Entry, carried: &str) {
    let (row, slash, query) = match entry.is_directory {
        true => ("<tr class=d>", "/", carried),
        false => ("<tr>", "", ""),
    };
    page.push_str(row);
    page.push_str("<th scope=row><a href=\"");
    push_href(page, entry);
    page.push_str(query);
    page.push_str("\"><bdi>");
    push_visible(page, &String::from_utf8_lossy(&entry.name));
    page.push_str(slash);
    page.push_str("</bdi></a>");
    push_size(page, entry);
    push_time(page, entry.modified);
    page.push('\n');
}

/// The cell with a file's length, exact where one points at it; empty for a directory.
fn push_size(page: &mut String, entry: &Entry) {
    if entry.is_directory {
        page.push_str("<td>");
        return;
    }
    page.push_str("<td title=\"");
    push_counted(page, entry.length, "byte");
    page.push_str("\">");
    push_human_size(page, entry.length);
}

/// The cell with a time to the minute; empty where it cannot be written.
fn push_time(page: &mut String, modified: Timestamp) {
    let mut time = String::with_capacity(RFC3339_BYTES);
    page.push_str("<td>");
    if push_rfc3339(&mut time, modified) {
        let (date, clock) = (&time[..10], &time[11..16]);
        for part in ["<time datetime=", &time, ">", date, " ", clock, "</time>"] {
            page.push_str(part);
        }
    }
}

/// One entry as a JSON object (see [`json`]).
fn push_object(document: &mut String, entry: &Entry) {
    document.push_str("{\"name\":");
    push_json_string(document, &String::from_utf8_lossy(&entry.name));
    document.push_str(",\"href\":\"");
    push_href(document, entry);
    match entry.is_directory {
        true => document.push_str("\",\"type\":\"directory\""),
        false => {
            document.push_str("\",\"type\":\"file\",\"size\":");
            push_number(document, entry.length);
        }
    }
    document.push_str(",\"modified\":\"");
    if push_rfc3339(document, entry.modified) {
        document.push_str("\"}");
    } else {
        document.pop();
        document.push_str("null}");
    }
}

/// The link to an entry, relative to the listing and percent-encoded, with a slash at a directory's
/// end. No byte of it means anything in HTML or in a JSON string.
fn push_href(out: &mut String, entry: &Entry) {
    out.push_str("./");
    let mut rest = &entry.name[..];
    while !rest.is_empty() {
        let count = rest.iter().take_while(|&&byte| STAYS[usize::from(byte)]).count();
        out.push_str(str::from_utf8(&rest[..count]).unwrap_or_default());
        rest = &rest[count..];
        if let Some((byte, after)) = rest.split_first() {
            out.push_str(&ENCODED[usize::from(*byte)]);
            rest = after;
        }
    }
    if entry.is_directory {
        out.push('/');
    }
}

/// What [`encode_path`] makes of each byte of a name.
static ENCODED: LazyLock<[String; 256]> =
    LazyLock::new(|| std::array::from_fn(|byte| encode_path(&[byte as u8])));

/// Which bytes it leaves as they are. All are ASCII.
static STAYS: LazyLock<[bool; 256]> =
    LazyLock::new(|| std::array::from_fn(|byte| ENCODED[byte].as_bytes() == [byte as u8]));

/// A directory's path for people, with slashes at both ends; what is not UTF-8 is U+FFFD.
fn full_path(path: &[u8]) -> String {
    match String::from_utf8_lossy(path) {
        root if root.is_empty() => "/".to_owned(),
        path => format!("/{path}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Timestamp = Timestamp::from_seconds(1_795_388_527);

    fn file(name: &[u8], length: u64) -> Entry {
        Entry { name: name.to_vec(), is_directory: false, length, modified: TIME }
    }

    fn directory(name: &[u8]) -> Entry {
        Entry { is_directory: true, ..file(name, 4096) }
    }

    fn page(path: &str, entries: &[Entry], order: Order) -> String {
        let page = html(path.as_bytes(), entries, order);
        String::from_utf8(page).expect("a page is UTF-8")
    }

    fn document(path: &str, entries: &[Entry]) -> String {
        let document = json(path.as_bytes(), entries);
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
        let segment = href.strip_prefix("./").expect("a relative link");
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\?#/".contains(&byte);
        assert!(segment.bytes().all(is_plain), "{href}");
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(segment).collect();
        assert_eq!(decoded, name, "{href}");
    }

    #[test]
    fn hostile_names_are_escaped_in_the_page() {
        let plain = page("", &[file(b"plain", 1)], Order::default());
        for (name, shown, _) in hostile() {
            let page = page("", &[file(&name, 1)], Order::default());
            assert!(page.contains(&format!("<bdi>{shown}</bdi>")), "{page}");
            assert_eq!(marks(&page), marks(&plain), "{page}");
            let href = value_after(&page, "<tr><th scope=row><a href=\"");
            let href = href.replace("&#39;", "'").replace("&amp;", "&");
            assert_links_to(&href, &name);
        }
    }

    #[test]
    fn hostile_directories_are_escaped_where_they_name_the_page() {
        let plain = page("plain/plain", &[], Order::default());
        for (name, shown, _) in hostile() {
            let path = [&name[..], &name[..]].join(&b'/');
            let page = String::from_utf8(html(&path, &[], Order::default()));
            let page = page.expect("a page is UTF-8");
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
        for link in ["../../", "../", "./d/", "./f"] {
            assert!(usual.contains(&format!("<a href=\"{link}\">")), "{link}");
        }
        let order = Order::from_query(Some(b"sort=size"));
        let sorted = page("a/b", &entries, order);
        for link in ["../../", "../", "./d/"] {
            let link = format!("<a href=\"{link}?sort=size&amp;order=asc\">");
            assert!(sorted.contains(&link), "{link}");
        }
        assert!(sorted.contains("<a href=\"./f\">"));
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
            "<tr class=d><th scope=row><a href=\"./d/\"><bdi>d/</bdi></a><td>{time}\
             <tr><th scope=row><a href=\"./f\"><bdi>f</bdi></a><td title=\"1,234 bytes\">1.2 KiB{time}"
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
            (
                vec![folder(), folder(), file(b"a", 0), file(b"b", 2048)],
                "2 folders, 2 files, 2.0 KiB",
            ),
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
        let mut entries: Vec<Entry> = (0..ENTRIES_MAX).map(numbered).collect();
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
}
