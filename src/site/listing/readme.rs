//! The README of a directory, shown beneath its listing.

use crate::limits::README_BYTES_MAX;
use crate::site::asked::Asked;
use crate::site::open_file::{Content, Found, OpenFile};
use crate::site::relative_path::join;
use std::io;
use std::os::unix::fs::FileExt;

/// The first of these that is served is shown.
const NAMES: [&str; 2] = ["README.txt", "README.md"];

/// The text of a README, or its beginning.
pub(super) struct Readme {
    pub name: &'static str,
    /// At most [`README_BYTES_MAX`] bytes of the file. What is not UTF-8 is U+FFFD.
    pub text: String,
    /// Bytes of the whole file, if `text` is only its beginning.
    pub cut_from: Option<u64>,
}

impl Readme {
    /// The README in the directory `relative`. `None` if there is none that a request could get.
    pub(super) fn find(asked: &Asked, relative: &[u8]) -> Option<Readme> {
        NAMES.into_iter().find_map(|name| {
            let path = join(relative, name.as_bytes());
            let Ok(Found::File(file)) = asked.find(&path) else { return None };
            match beginning(&file) {
                Ok(bytes) => Some(Readme::new(name, &bytes, file.facts.length)),
                Err(error) => {
                    log::warn!("{} cannot be read for a listing: {error}", path.escape_ascii());
                    None
                }
            }
        })
    }

    fn new(name: &'static str, bytes: &[u8], length: u64) -> Readme {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
        let is_cut = length > bytes.len() as u64;
        // The cut may go through a character.
        let text = if is_cut { text.trim_end_matches('\u{FFFD}') } else { text };
        Readme { name, text: text.to_owned(), cut_from: is_cut.then_some(length) }
    }
}

/// The first bytes of a file.
fn beginning(file: &OpenFile) -> io::Result<Vec<u8>> {
    match &file.content {
        Content::Bytes(bytes) => Ok(bytes[..bytes.len().min(README_BYTES_MAX)].to_vec()),
        Content::Handle(handle) => {
            let length = usize::try_from(file.facts.length).unwrap_or(usize::MAX);
            let mut bytes = vec![0; length.min(README_BYTES_MAX)];
            handle.read_exact_at(&mut bytes, 0)?;
            Ok(bytes)
        }
    }
}
