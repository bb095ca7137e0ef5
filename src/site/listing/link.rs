//! The link from a listing to what it lists.

use super::listed::Listed;
use crate::http::path::encode_path;
use std::sync::LazyLock;

/// The link to an entry, relative to the listing and percent-encoded, with a slash at a directory's
/// end. No byte of it means anything in HTML or in a JSON string.
pub fn push_href(out: &mut String, entry: &Listed) {
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
