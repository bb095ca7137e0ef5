//! A listing as a page in HTML.
//!
//! Reading needs no script: the column headings are links that sort by way of the query, and the
//! filter is a form. The page shows at most [`ENTRIES_MAX`] entries, and says so where there are
//! more. It is not cut into several pages: programs such as rclone read one page, and would miss
//! the files on the next.
//!
//! Programs read it too. Kodi takes a link for an entry where the text is the decoded address, so a
//! name has no markup within its link and no `./` before it; it looks for the size before `</td>`.

use super::filter::FILTER_BYTES_MAX;
use super::link::push_encoded;
use super::listed::{Listed, cut, full_path};
use super::order::{Order, SortKey};
use super::readme::Readme;
use super::text::{
    push_counted, push_escaped, push_grouped, push_human_size, push_prose, push_visible,
};
use super::upload_page;
use super::view::View;
use crate::http::date::Timestamp;
use crate::limits::ENTRIES_MAX;

const STYLE: &str = include_str!("page.css");

/// What a page is made of.
pub(super) struct Contents<'a> {
    /// The directory's path, relative to the root and decoded; empty for the root itself.
    pub path: &'a [u8],
    pub view: &'a View,
    /// As `view` asks for them. Of more than [`ENTRIES_MAX`], the page shows the first and says
    /// that there are more.
    pub entries: &'a [Listed],
    pub readme: Option<Readme>,
    /// Whether there is a button for the directory's archive.
    pub has_archive: bool,
    /// Where files may be uploaded by way of the page: bytes of one at most.
    pub upload_bytes_max: Option<u64>,
}

/// The listing as an HTML page in UTF-8.
///
/// Links are relative. They name the exact bytes, percent-encoded, a colon too, so that no name can
/// be taken for a scheme. What is shown of a name is escaped; bytes that are not UTF-8 are shown as
/// U+FFFD, unseen characters by their names.
pub(super) fn page(contents: &Contents) -> Vec<u8> {
    let (shown, is_cut) = cut(contents.entries);
    let mut page = String::with_capacity(32 * 1024 + 256 * shown.len());
    push_head(&mut page, contents);
    push_header(&mut page, contents);
    page.push_str("<main>\n");
    if let Some(bytes_max) = contents.upload_bytes_max {
        upload_page::push_controls(&mut page, bytes_max);
    }
    page.push_str("<div id=listing>\n");
    push_table(&mut page, contents, shown, is_cut);
    if let Some(readme) = &contents.readme {
        push_readme(&mut page, readme);
    }
    page.push_str("</div>\n</main>\n");
    if contents.upload_bytes_max.is_some() {
        upload_page::push_script(&mut page);
    }
    page.into_bytes()
}

fn push_head(page: &mut String, contents: &Contents) {
    page.push_str(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>Index of ",
    );
    push_visible(page, &full_path(contents.path));
    page.push_str("</title>\n<style>\n");
    page.push_str(STYLE);
    page.push_str("</style>\n");
    if contents.upload_bytes_max.is_some() {
        upload_page::push_style(page);
    }
}

/// Where the reader is, and what is looked for here.
fn push_header(page: &mut String, contents: &Contents) {
    page.push_str("<header>\n");
    let mut segments: Vec<&[u8]> = contents.path.split(|&byte| byte == b'/').collect();
    let own_name = segments.pop().unwrap_or_default();
    if !own_name.is_empty() {
        push_breadcrumbs(page, &segments, contents.view.order);
    }
    page.push_str("<h1>Index of <bdi>");
    push_visible(page, &String::from_utf8_lossy(own_name));
    page.push_str("/</bdi></h1>\n");
    let is_of_use = !contents.entries.is_empty() || !contents.view.filter.is_empty();
    if is_of_use || contents.upload_bytes_max.is_some() {
        push_filter(page, contents.view);
    }
    page.push_str("</header>\n");
}

/// The form that filters by way of the query, and keeps the order.
fn push_filter(page: &mut String, view: &View) {
    page.push_str("<form role=search action=\"./\"><input type=search name=filter value=\"");
    push_escaped(page, view.filter.text());
    page.push_str(&format!(
        "\" maxlength={FILTER_BYTES_MAX} aria-label=\"Part of a name\" placeholder=\"Part of a name\">"
    ));
    for (name, value) in view.order.carried_parameters() {
        page.push_str(&format!("<input type=hidden name={name} value={value}>"));
    }
    page.push_str("<button>Filter</button></form>\n");
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

fn push_table(page: &mut String, contents: &Contents, shown: &[Listed], is_cut: bool) {
    page.push_str("<table>\n");
    push_caption(page, contents, shown, is_cut);
    push_headings(page, contents.view);
    let mut carried = String::new();
    push_escaped(&mut carried, &contents.view.order.carried());
    page.push_str("<tbody>\n");
    if !contents.path.is_empty() {
        let link = format!("<a href=\"../{carried}\">Parent folder</a>");
        page.push_str(&format!("<tr class=p><th scope=row>{link}<td><td>\n"));
    }
    for entry in shown {
        push_row(page, entry, &carried);
    }
    page.push_str("</table>\n");
}

/// A form and no link: what follows all links, as `wget -r` does, would get each folder twice.
const ARCHIVE_BUTTON: &str = "<form action=\"./\"><button name=archive value=tar>Download this \
                              folder (.tar)</button></form>";

/// What the table holds, in a sentence: shown above it, and read out with it.
fn push_caption(page: &mut String, contents: &Contents, shown: &[Listed], is_cut: bool) {
    let view = contents.view;
    page.push_str("<caption>");
    if is_cut {
        page.push_str("These are the first ");
        push_grouped(page, ENTRIES_MAX as u64);
        page.push_str(" entries; there are more.");
    } else if !shown.is_empty() {
        push_totals(page, shown);
    } else if view.filter.is_empty() {
        page.push_str("This folder is empty.");
    } else {
        page.push_str("Nothing");
    }
    if !view.filter.is_empty() {
        page.push_str(" with <q>");
        push_visible(page, view.filter.text());
        page.push_str("</q> in the name. <a href=\"./");
        push_escaped(page, &view.order.carried());
        page.push_str("\">Show all</a>");
    }
    if contents.has_archive {
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
fn push_headings(page: &mut String, view: &View) {
    let columns =
        [(SortKey::Name, "Name"), (SortKey::Size, "Size"), (SortKey::Time, "Modified (UTC)")];
    let order = view.order;
    let direction = if order.descending { "descending" } else { "ascending" };
    page.push_str("<thead><tr>");
    for (key, heading) in columns {
        page.push_str("<th scope=col");
        if key == order.key {
            page.push_str(&format!(" aria-sort={direction}"));
        }
        page.push_str("><a rel=nofollow href=\"./");
        push_escaped(page, &view.query_in(order.after_click_on(key)));
        page.push_str(&format!("\">{heading}</a>"));
    }
    page.push('\n');
}

/// One row of the table. `carried` is a query, escaped, for the links to directories. The end tags
/// that HTML does without are left out, but for the one that Kodi needs: at ten thousand rows they
/// count.
fn push_row(page: &mut String, entry: &Listed, carried: &str) {
    let name = String::from_utf8_lossy(&entry.name);
    if entry.is_directory {
        page.push_str("<tr class=d><th scope=row><bdi><a href=\"");
        push_encoded(page, &entry.name);
        page.push('/');
        page.push_str(carried);
        page.push_str("\">");
        push_visible(page, &name);
        page.push_str("/</a></bdi><td><td>");
    } else {
        page.push_str("<tr><th scope=row><bdi><a href=\"");
        push_encoded(page, &entry.name);
        page.push_str("\">");
        push_visible(page, &name);
        page.push_str("</a></bdi><td title=\"");
        push_counted(page, entry.length, "byte");
        page.push_str("\">");
        push_human_size(page, entry.length);
        page.push_str("</td><td>");
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

/// The text of a README as it stands in its file.
fn push_readme(page: &mut String, readme: &Readme) {
    let name = readme.name;
    page.push_str(&format!("<section aria-labelledby=readme>\n<h2 id=readme>{name}</h2>\n<pre>\n"));
    push_prose(page, &readme.text);
    page.push_str("</pre>\n");
    if let Some(length) = readme.cut_from {
        page.push_str(&format!("<p>This is its beginning. <a href=\"{name}\">The whole</a> has "));
        push_human_size(page, length);
        page.push_str(".</p>\n");
    }
    page.push_str("</section>\n");
}
