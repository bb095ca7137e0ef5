//! A listing as a JSON document (RFC 8259).

use super::link::push_encoded;
use super::listed::{Listed, cut, full_path};
use super::text::{push_json_string, push_number};

/// The listing as a JSON document, an object with
///
/// - `path`: with slashes at both ends;
/// - `truncated`: whether there are more than [`ENTRIES_MAX`](crate::limits::ENTRIES_MAX) entries;
/// - `entries`: objects with `name`, `href`, `type` (`file` or `directory`), `size` in bytes (files
///   only) and `modified` (RFC 3339, to the second; null where the year has not four digits).
///
/// A name that is not UTF-8 has U+FFFD in `name`. `href`, relative to the listing and
/// percent-encoded, always leads to the very file.
pub(super) fn document(path: &[u8], entries: &[Listed]) -> Vec<u8> {
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

/// One entry as a JSON object (see [`document`]).
fn push_object(document: &mut String, entry: &Listed) {
    document.push_str("{\"name\":");
    push_json_string(document, &String::from_utf8_lossy(&entry.name));
    document.push_str(",\"href\":\"./");
    push_encoded(document, &entry.name);
    match entry.is_directory {
        true => document.push_str("/\",\"type\":\"directory\""),
        false => {
            document.push_str("\",\"type\":\"file\",\"size\":");
            push_number(document, entry.length);
        }
    }
    document.push_str(",\"modified\":");
    match entry.modified.rfc3339() {
        Some(time) => {
            document.push('"');
            document.push_str(time.as_str());
            document.push_str("\"}");
        }
        None => document.push_str("null}"),
    }
}
