//! The link from a listing to what it lists.

use crate::http::path::encode_path;
use std::sync::LazyLock;

/// Appends a name, percent-encoded, for a link that is relative to the listing: `./`, the name, and
/// a slash where it is a directory's. No byte appended means anything in HTML or in a JSON string.
pub(super) fn push_encoded(out: &mut String, name: &[u8]) {
    let table = &*ENCODED;
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        let count = rest.iter().take_while(|&&byte| table.stays[usize::from(byte)]).count();
        if count == 0 {
            out.push_str(&table.encoded[usize::from(*byte)]);
            rest = after;
        } else {
            out.push_str(str::from_utf8(&rest[..count]).unwrap_or_default());
            rest = &rest[count..];
        }
    }
}

/// What [`encode_path`] makes of each byte of a name.
struct Encoded {
    encoded: [String; 256],
    /// Whether the byte stays as it is. All that do are ASCII.
    stays: [bool; 256],
}

static ENCODED: LazyLock<Encoded> = LazyLock::new(|| {
    let encoded = std::array::from_fn(|byte| encode_path(&[byte as u8]));
    let stays = std::array::from_fn(|byte| encoded[byte].as_bytes() == [byte as u8]);
    Encoded { encoded, stays }
});
