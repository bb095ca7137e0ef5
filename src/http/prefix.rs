//! The prefix that the paths of a site begin with, where it is not the whole of its host: behind a
//! proxy that sends on `/files/...` as it is.
//!
//! It is compared with the path as it is once it was decoded and resolved, so that no way of
//! writing a path leads past it: `/%66iles/a` and `/x/../files/a` are beneath `/files`,
//! `/files/../a` is not.

use super::path::RequestPath;

/// Whole segments, decoded; none of them by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    /// Joined by single slashes.
    relative: Vec<u8>,
}

impl Prefix {
    /// Parses a path as it is in a request, with or without a slash at its end; `/` is no prefix at
    /// all.
    ///
    /// # Errors
    ///
    /// One line for the user.
    pub fn parse(text: &str) -> Result<Prefix, String> {
        if !text.starts_with('/') || text.contains(['?', '#']) {
            return Err(format!("{text:?} is no path, such as /files"));
        }
        match RequestPath::parse(text.as_bytes()) {
            Ok(path) if path.is_plain() => Ok(Prefix { relative: path.relative().to_vec() }),
            Ok(_) => Err(format!("{text:?} has dot segments, repeated slashes or a backslash")),
            Err(_) => Err(format!("{text:?} cannot be the beginning of a path")),
        }
    }

    /// What is left of `path` without the prefix; `None` where it is not beneath it.
    ///
    /// Of the prefix itself nothing is left, and without a slash at its end that does not name a
    /// directory.
    pub fn cut<'a>(&self, path: &'a RequestPath) -> Option<RequestPath<'a>> {
        path.beneath(&self.relative)
    }
}

#[cfg(test)]
mod tests;
