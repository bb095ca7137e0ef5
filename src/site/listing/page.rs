//! A listing as a page in HTML.
//!
//! The page needs no script: its column headings are links that sort by way of the query. It shows
//! at most [`ENTRIES_MAX`] entries, and says so where there are more. It is not cut into several
//! pages: programs such as rclone read one page, and would miss the files on the next.

use super::link::push_encoded;
use super::listed::{Listed, cut, full_path};
use super::order::{Order, SortKey};
use super::text::{push_counted, push_escaped, push_grouped, push_human_size, push_visible};
use crate::http::date::Timestamp;
use crate::limits::ENTRIES_MAX;

const STYLE: &str = include_str!("page.css");

/// The listing as an HTML page in UTF-8. `path` is the directory's, relative to the root and
/// decoded; empty for the root itself. `entries` are in `order`; where there are more than
/// [`ENTRIES_MAX`], the page shows the first and says that there are more. With `has_archive`, it
/// has a button for the directory's archive.
///
/// Links are relative and begin with `./`, so that no name can be taken for a scheme, and name the
/// exact bytes, percent-encoded. What is shown of a name is escaped; bytes that are not UTF-8 are
/// shown as U+FFFD, unseen characters by their names.
pub(super) fn page(path: &[u8], entries: &[Listed], order: Order, has_archive: bool) -> Vec<u8> {
    let (shown, is_cut) = cut(entries);
    let mut page = String::with_capacity(8 * 1024 + 256 * shown.len());
    push_page_start(&mut page, path, order);
    push_caption(&mut page, shown, is_cut, has_archive);
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

/// A form and no link: what follows all links, as `wget -r` does, would get each folder twice.
const ARCHIVE_BUTTON: &str = "<form action=\"./\"><button name=archive value=tar>Download this \
                              folder (.tar)</button></form>";

/// What the table holds, in a sentence: shown above it, and read out with it.
fn push_caption(page: &mut String, shown: &[Listed], is_cut: bool, has_archive: bool) {
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
    if has_archive {
        page.push_str(ARCHIVE_BUTTON);
    }
    page.push_str("</caption>\n");
}

/// How many folders and files there are, and how large the files are together: `1 folder, 12 files,
/// 3.4 MiB`.
fn push_totals(page: &mut String, shown: &[Listed]) {
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
fn push_row(page: &mut String, entry: &Listed, carried: &str) {
    let name = String::from_utf8_lossy(&entry.name);
    if entry.is_directory {
        page.push_str("<tr class=d><th scope=row><a href=\"./");
        push_encoded(page, &entry.name);
        page.push('/');
        page.push_str(carried);
        page.push_str("\"><bdi>");
        push_visible(page, &name);
        page.push_str("/</bdi></a><td><td>");
    } else {
        page.push_str("<tr><th scope=row><a href=\"./");
        push_encoded(page, &entry.name);
        page.push_str("\"><bdi>");
        push_visible(page, &name);
        page.push_str("</bdi></a><td title=\"");
        push_counted(page, entry.length, "byte");
        page.push_str("\">");
        push_human_size(page, entry.length);
        page.push_str("<td>");
    }
    push_time(page, entry.modified);
    page.push('\n');
}

/// A time to the minute; nothing where it cannot be written.
fn push_time(page: &mut String, modified: Timestamp) {
    if let Some(time) = modified.rfc3339() {
        let time = time.as_str();
        let (date, clock) = (&time[..10], &time[11..16]);
        for part in ["<time datetime=", time, ">", date, " ", clock, "</time>"] {
            page.push_str(part);
        }
    }
}
