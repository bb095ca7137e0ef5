//! The listing of a directory: from its entries to a page, or to the same in JSON (RFC 8259).
//!
//! The page needs no script: its column headings are links that sort by way of the query. It is
//! bounded, not streamed: [`ENTRIES_MAX`] entries, and a sentence where there are more. What is
//! listed at all is decided by whoever reads the directory.

use super::html::{
    counted, grouped, human_size, push_escaped, push_json_string, push_visible, rfc3339,
};
use crate::http::date::Timestamp;
use crate::http::target::encode_path;
use std::cmp::Ordering;

/// Entries in one listing; of more, the first in the order asked for are shown, and the listing
/// says so. A page of so many has about 2 MB, and is still quick in a browser.
pub const ENTRIES_MAX: usize = 10_000;

const STYLE: &str = include_str!("listing.css");

/// One file or directory in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Any bytes but a slash and NUL.
    pub name: Vec<u8>,
    pub is_directory: bool,
    /// Bytes; of a directory it is not looked at.
    pub length: u64,
    pub modified: Timestamp,
}

/// The column by which a listing is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    Name,
    Size,
    Time,
}

/// The order of a listing: by name, ascending, unless the query says otherwise. Directories always
/// come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub key: SortKey,
    pub descending: bool,
}

impl Order {
    /// The order that a query such as `sort=size&order=desc` asks for. What it does not know is
    /// ignored; the last of several wins.
    pub fn from_query(query: Option<&[u8]>) -> Order {
        let mut order = Order::default();
        for parameter in query.unwrap_or_default().split(|&byte| byte == b'&') {
            match parameter {
                b"sort=name" => order.key = SortKey::Name,
                b"sort=size" => order.key = SortKey::Size,
                b"sort=time" => order.key = SortKey::Time,
                b"order=asc" => order.descending = false,
                b"order=desc" => order.descending = true,
                _ => {}
            }
        }
        order
    }

    /// The query that asks for this order, with its question mark.
    fn query(self) -> String {
        let key = match self.key {
            SortKey::Name => "name",
            SortKey::Size => "size",
            SortKey::Time => "time",
        };
        let direction = if self.descending { "desc" } else { "asc" };
        format!("?sort={key}&order={direction}")
    }

    /// What is added to links between listings, so that the order stays while one walks about:
    /// nothing for the usual one.
    fn carried(self) -> String {
        match self == Order::default() {
            true => String::new(),
            false => self.query(),
        }
    }

    /// The order that the heading of column `key` leads to: the other direction where it is sorted
    /// by already, else the one that is asked for first, from A, from the largest, from the latest.
    fn after_click_on(self, key: SortKey) -> Order {
        let descending = match self.key == key {
            true => !self.descending,
            false => key != SortKey::Name,
        };
        Order { key, descending }
    }

    /// How two entries follow each other. Where the key says nothing the name decides, so the order
    /// is always the same.
    fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let by_key = match self.key {
            SortKey::Name => compare_names(&a.name, &b.name),
            SortKey::Size if a.is_directory => Ordering::Equal,
            SortKey::Size => a.length.cmp(&b.length),
            SortKey::Time => a.modified.cmp(&b.modified),
        };
        let by_key = match self.descending {
            true => by_key.reverse(),
            false => by_key,
        };
        let directories_first = b.is_directory.cmp(&a.is_directory);
        directories_first.then(by_key).then_with(|| compare_names(&a.name, &b.name))
    }
}

/// The listing as an HTML page in UTF-8. `path` is the directory's, relative to the root and
/// decoded; empty for the root itself. `entries` are sorted in place.
///
/// Links are relative and begin with `./`, so that no name can be taken for a scheme, and name the
/// exact bytes, percent-encoded. What is shown of a name is escaped; bytes that are not UTF-8 are
/// shown as U+FFFD, unseen characters by their names.
pub fn html(path: &[u8], entries: &mut [Entry], order: Order) -> Vec<u8> {
    let (shown, is_cut) = sorted(entries, order);
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
pub fn json(path: &[u8], entries: &mut [Entry], order: Order) -> Vec<u8> {
    let (shown, is_cut) = sorted(entries, order);
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

/// The entries in order, [`ENTRIES_MAX`] of them at most, and whether there are more.
fn sorted(entries: &mut [Entry], order: Order) -> (&[Entry], bool) {
    entries.sort_by(|a, b| order.compare(a, b));
    let count = entries.len().min(ENTRIES_MAX);
    (&entries[..count], count < entries.len())
}

/// Everything up to the table.
fn push_page_start(page: &mut String, path: &[u8], order: Order) {
    page.push_str(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Index of ",
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
    let sentence = if is_cut {
        let count = grouped(ENTRIES_MAX as u64);
        format!("These are the first {count} entries; there are more.")
    } else if shown.is_empty() {
        "This folder is empty.".to_owned()
    } else {
        totals(shown)
    };
    page.push_str(&format!("<caption>{sentence}</caption>\n"));
}

/// How many folders and files there are, and how large the files are together: `1 folder, 12 files,
/// 3.4 MiB`.
fn totals(shown: &[Entry]) -> String {
    let folders = shown.iter().filter(|entry| entry.is_directory).count();
    let files = shown.iter().filter(|entry| !entry.is_directory);
    let bytes = files.fold(0u64, |sum, file| sum.saturating_add(file.length));
    let mut parts = Vec::with_capacity(3);
    if folders > 0 {
        parts.push(counted(folders as u64, "folder"));
    }
    if shown.len() > folders {
        parts.push(counted((shown.len() - folders) as u64, "file"));
        parts.push(human_size(bytes));
    }
    parts.join(", ")
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
    page.push_str(&format!("{row}<th scope=row><a href=\""));
    push_escaped(page, &href(entry));
    page.push_str(&format!("{query}\"><bdi>"));
    push_visible(page, &String::from_utf8_lossy(&entry.name));
    page.push_str(&format!("{slash}</bdi></a>"));
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
    let exact = counted(entry.length, "byte");
    let size = human_size(entry.length);
    page.push_str(&format!("<td title=\"{exact}\">{size}"));
}

/// The cell with a time to the minute; empty where it cannot be written.
fn push_time(page: &mut String, modified: Timestamp) {
    page.push_str("<td>");
    if let Some(time) = rfc3339(modified) {
        let (date, clock) = (&time[..10], &time[11..16]);
        page.push_str(&format!("<time datetime={time}>{date} {clock}</time>"));
    }
}

/// One entry as a JSON object (see [`json`]).
fn push_object(document: &mut String, entry: &Entry) {
    document.push_str("{\"name\":");
    push_json_string(document, &String::from_utf8_lossy(&entry.name));
    document.push_str(",\"href\":");
    push_json_string(document, &href(entry));
    match entry.is_directory {
        true => document.push_str(",\"type\":\"directory\""),
        false => document.push_str(&format!(",\"type\":\"file\",\"size\":{}", entry.length)),
    }
    match rfc3339(entry.modified) {
        Some(time) => document.push_str(&format!(",\"modified\":\"{time}\"}}")),
        None => document.push_str(",\"modified\":null}"),
    }
}

/// The link to an entry, relative to the listing and percent-encoded, with a slash at a directory's
/// end.
fn href(entry: &Entry) -> String {
    let slash = if entry.is_directory { "/" } else { "" };
    format!("./{}{slash}", encode_path(&entry.name))
}

/// A directory's path for people, with slashes at both ends; what is not UTF-8 is U+FFFD.
fn full_path(path: &[u8]) -> String {
    match String::from_utf8_lossy(path) {
        root if root.is_empty() => "/".to_owned(),
        path => format!("/{path}/"),
    }
}

/// Compares names as people number and read them: digits by their value (`2` before `10`), ASCII
/// letters without case. Names that are equal by this are told apart by their bytes.
fn compare_names(a: &[u8], b: &[u8]) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    while let (Some(first_a), Some(first_b)) = (rest_a.first(), rest_b.first()) {
        let (len_a, len_b, ordering) = match first_a.is_ascii_digit() && first_b.is_ascii_digit() {
            true => compare_numbers(rest_a, rest_b),
            false => (1, 1, first_a.to_ascii_lowercase().cmp(&first_b.to_ascii_lowercase())),
        };
        if ordering.is_ne() {
            return ordering;
        }
        (rest_a, rest_b) = (&rest_a[len_a..], &rest_b[len_b..]);
    }
    rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b))
}

/// The lengths of the digits that `a` and `b` start with, and how their values compare; no number
/// of digits is too many.
fn compare_numbers(a: &[u8], b: &[u8]) -> (usize, usize, Ordering) {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zeros = |text: &[u8]| text.iter().take_while(|&&byte| byte == b'0').count();
    let (len_a, len_b) = (digits(a), digits(b));
    let value_a = &a[zeros(a)..len_a];
    let value_b = &b[zeros(b)..len_b];
    let by_length = value_a.len().cmp(&value_b.len());
    (len_a, len_b, by_length.then_with(|| value_a.cmp(value_b)))
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

    fn page(path: &str, entries: &mut [Entry], order: Order) -> String {
        let page = html(path.as_bytes(), entries, order);
        String::from_utf8(page).expect("a page is UTF-8")
    }

    fn document(path: &str, entries: &mut [Entry], order: Order) -> String {
        let document = json(path.as_bytes(), entries, order);
        String::from_utf8(document).expect("JSON is UTF-8")
    }

    fn names(entries: &[Entry]) -> Vec<&str> {
        let name = |entry| str::from_utf8(entry).expect("test names are UTF-8");
        entries.iter().map(|entry| name(&entry.name)).collect()
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
        let plain = page("", &mut [file(b"plain", 1)], Order::default());
        for (name, shown, _) in hostile() {
            let page = page("", &mut [file(&name, 1)], Order::default());
            assert!(page.contains(&format!("<bdi>{shown}</bdi>")), "{page}");
            assert_eq!(marks(&page), marks(&plain), "{page}");
            let href = value_after(&page, "<tr><th scope=row><a href=\"");
            let href = href.replace("&#39;", "'").replace("&amp;", "&");
            assert_links_to(&href, &name);
        }
    }

    #[test]
    fn hostile_directories_are_escaped_where_they_name_the_page() {
        let plain = page("plain/plain", &mut [], Order::default());
        for (name, shown, _) in hostile() {
            let path = [&name[..], &name[..]].join(&b'/');
            let page = String::from_utf8(html(&path, &mut [], Order::default()));
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
            let document = document("", &mut [file(&name, 1)], Order::default());
            let start = format!("\n{{\"name\":\"{string}\",\"href\":\"./");
            assert!(document.contains(&start), "{document}");
            assert_links_to(value_after(&document, "\"href\":\""), &name);
        }
    }

    #[test]
    fn page_runs_and_loads_nothing() {
        let page = page("a/b", &mut [directory(b"d")], Order::default());
        for word in ["<script", "src=", "url(", "@import", "http:", "//", "<link", "style="] {
            assert!(!page.contains(word), "{word} in {page}");
        }
    }

    #[test]
    fn unknown_queries_are_ignored() {
        let by = |key, descending| Order { key, descending };
        let rows: [(Option<&[u8]>, Order); 12] = [
            (None, Order::default()),
            (Some(b""), Order::default()),
            (Some(b"sort"), Order::default()),
            (Some(b"sort=SIZE&order=down"), Order::default()),
            (Some(b"sort=size%26"), Order::default()),
            (Some(b"\xFF&&=&sort=size;order=desc"), Order::default()),
            (Some(b"sort=name&order=asc"), by(SortKey::Name, false)),
            (Some(b"order=desc"), by(SortKey::Name, true)),
            (Some(b"sort=size"), by(SortKey::Size, false)),
            (Some(b"order=desc&x=y&sort=time"), by(SortKey::Time, true)),
            (Some(b"sort=size&sort=time"), by(SortKey::Time, false)),
            (Some(b"order=desc&order=asc"), by(SortKey::Name, false)),
        ];
        for (query, expected) in rows {
            assert_eq!(Order::from_query(query), expected, "{query:?}");
        }
    }

    #[test]
    fn every_order_is_read_back_from_its_own_query() {
        for key in [SortKey::Name, SortKey::Size, SortKey::Time] {
            for descending in [false, true] {
                let order = Order { key, descending };
                let query = order.query();
                let query = query.strip_prefix('?').expect("a query has its mark");
                assert_eq!(Order::from_query(Some(query.as_bytes())), order);
            }
        }
    }

    #[test]
    fn names_are_in_natural_order_without_case() {
        let ordered = [
            "",
            "-",
            "0",
            "00",
            "1",
            "2",
            "02a",
            "10",
            "99999999999999999999998",
            "99999999999999999999999",
            "_",
            "A",
            "a",
            "a0",
            "a01",
            "a1",
            "a2",
            "a10",
            "a10b2",
            "a10b10",
            "ab",
            "B",
            "b",
            "ä",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                let ordering = compare_names(a.as_bytes(), b.as_bytes());
                assert_eq!(ordering, i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn order_of_names_has_no_circle() {
        let alphabet = [b'0', b'1', b'a', b'A', b'_'];
        let mut names: Vec<Vec<u8>> = vec![vec![]];
        for start in 0..31 {
            let longer = alphabet.map(|byte| [&names[start][..], &[byte]].concat());
            names.extend(longer);
        }
        names.sort_by(|a, b| compare_names(a, b));
        for (i, a) in names.iter().enumerate() {
            for (j, b) in names.iter().enumerate() {
                assert_eq!(compare_names(a, b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn directories_come_first_in_every_order() {
        let at =
            |entry: Entry, seconds| Entry { modified: Timestamp::from_seconds(seconds), ..entry };
        let rows = [
            ("", "d1 d2 a b c"),
            ("order=desc", "d2 d1 c b a"),
            ("sort=size", "d1 d2 c a b"),
            ("sort=size&order=desc", "d1 d2 a b c"),
            ("sort=time", "d2 d1 b c a"),
            ("sort=time&order=desc", "d1 d2 a b c"),
        ];
        for (query, expected) in rows {
            let mut entries = [
                at(file(b"b", 9), 1),
                at(directory(b"d2"), 1),
                at(file(b"c", 1), 1),
                at(directory(b"d1"), 2),
                at(file(b"a", 9), 7),
            ];
            page("", &mut entries, Order::from_query(Some(query.as_bytes())));
            assert_eq!(names(&entries).join(" "), expected, "{query}");
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
            let page = page("", &mut [], order);
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
        let mut entries = [directory(b"d"), file(b"f", 1)];
        let usual = page("a/b", &mut entries, Order::default());
        for link in ["../../", "../", "./d/", "./f"] {
            assert!(usual.contains(&format!("<a href=\"{link}\">")), "{link}");
        }
        let order = Order::from_query(Some(b"sort=size"));
        let sorted = page("a/b", &mut entries, order);
        for link in ["../../", "../", "./d/"] {
            let link = format!("<a href=\"{link}?sort=size&amp;order=asc\">");
            assert!(sorted.contains(&link), "{link}");
        }
        assert!(sorted.contains("<a href=\"./f\">"));
    }

    #[test]
    fn root_has_neither_parent_nor_breadcrumbs() {
        let page = page("", &mut [file(b"f", 1)], Order::default());
        assert!(page.contains("<title>Index of /</title>"));
        assert!(page.contains("<h1>Index of <bdi>/</bdi></h1>"));
        assert!(!page.contains("../") && !page.contains("<nav"));
    }

    #[test]
    fn breadcrumbs_lead_to_each_directory_above() {
        let page = page("a/b c/d", &mut [], Order::default());
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
        let mut entries = [directory(b"d"), file(b"f", 1234)];
        let page = page("", &mut entries, Order::default());
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
        for (mut entries, expected) in rows {
            let page = page("", &mut entries, Order::default());
            assert!(page.contains(&format!("<caption>{expected}</caption>")), "{expected}");
        }
    }

    #[test]
    fn json_says_everything() {
        let mut unknown_time = file(b"old", 0);
        unknown_time.modified = Timestamp::from_seconds(i64::MIN);
        let mut entries = [unknown_time, file(b"f.txt", u64::MAX), directory(b"d")];
        let expected = r#"{"path":"/a/b/","truncated":false,"entries":[
{"name":"d","href":"./d/","type":"directory","modified":"2026-11-22T23:02:07Z"},
{"name":"f.txt","href":"./f.txt","type":"file","size":18446744073709551615,"modified":"2026-11-22T23:02:07Z"},
{"name":"old","href":"./old","type":"file","size":0,"modified":null}
]}
"#;
        assert_eq!(document("a/b", &mut entries, Order::default()), expected);
        let empty = "{\"path\":\"/\",\"truncated\":false,\"entries\":[\n]}\n";
        assert_eq!(document("", &mut [], Order::default()), empty);
    }

    #[test]
    fn ten_thousand_entries_are_all_and_more_are_cut() {
        let numbered = |number: usize| file(format!("measurement {number:05}.csv").as_bytes(), 1);
        let mut entries: Vec<Entry> = (0..ENTRIES_MAX).rev().map(numbered).collect();
        let whole = page("", &mut entries, Order::default());
        assert_eq!(whole.matches("<tr><th scope=row>").count(), ENTRIES_MAX);
        assert!(!whole.contains("there are more"));
        assert!(whole.len() < 8 * 1024 + 200 * ENTRIES_MAX, "{}", whole.len());
        let whole = document("", &mut entries, Order::default());
        assert!(whole.contains("\"truncated\":false"));
        assert!(whole.len() < 1024 + 160 * ENTRIES_MAX, "{}", whole.len());

        entries.insert(0, numbered(ENTRIES_MAX));
        let cut = page("", &mut entries, Order::default());
        assert_eq!(cut.matches("<tr><th scope=row>").count(), ENTRIES_MAX);
        assert!(cut.contains("the first 10,000 entries; there are more"));
        assert!(!cut.contains("measurement 10000.csv"));
        let cut = document("", &mut entries, Order::default());
        assert!(cut.contains("\"truncated\":true"));
        assert_eq!(cut.matches("\"href\"").count(), ENTRIES_MAX);
    }

    #[test]
    fn no_byte_of_a_name_makes_the_page_grow_without_bound() {
        let bare = page("", &mut [file(b"", 1)], Order::default()).len();
        let pairs = (0..=u8::MAX).map(|byte| vec![byte; 255]);
        let marks = ["\u{202E}", "\u{FEFF}"].map(|mark| mark.repeat(85).into_bytes());
        for name in pairs.chain(marks) {
            let page = page("", &mut [file(&name, 1)], Order::default());
            assert!(page.len() - bare <= 16 * name.len(), "{:?}", &name[..3]);
        }
    }
}
