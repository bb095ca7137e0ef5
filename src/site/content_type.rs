//! The media type of a file, by its name (RFC 9110 §8.3.1).
//!
//! What the user says with `--type` comes first, then the table of `media_types.rs`. Left out on
//! purpose: the type is never guessed from the bytes of a file.

use super::media_types;
use crate::http::grammar::{is_token, quoted_string_length, token_length};
use std::borrow::Cow;

/// What a file is called whose extension is unknown, or that has none.
const UNKNOWN: &str = "application/octet-stream";

/// The parameter added to types that are read as text: without it, browsers fall back on an
/// encoding of the reader's country.
const CHARSET: &str = "; charset=utf-8";

/// The media types of file names: the table that is built in, with the user's rows above it.
#[derive(Clone, Debug, Default)]
pub struct ContentTypes {
    /// Name or extension and value, the user's order; values are complete.
    overrides: Vec<(String, String)>,
}

impl ContentTypes {
    /// `overrides` are pairs of a name or an extension without its dot and a media type, as
    /// [`parse_override`] gives them; of two for one file the later wins.
    pub fn new(overrides: Vec<(String, String)>) -> ContentTypes {
        let complete = |(name, value): (String, String)| {
            let value = with_charset(&value).into_owned();
            (name, value)
        };
        ContentTypes { overrides: overrides.into_iter().map(complete).collect() }
    }

    /// The value of `Content-Type` for a file of this name, with `charset=utf-8` where the type is
    /// read as text.
    ///
    /// The user's rows are compared with the whole name and with each of its ends after a dot, the
    /// table's with what follows the last dot, none of them with regard to case. A name that says
    /// nothing is `application/octet-stream`.
    pub fn of(&self, file_name: &[u8]) -> Cow<'_, str> {
        let is_named = |row: &&(String, String)| ends_in(file_name, row.0.as_bytes());
        if let Some((_, value)) = self.overrides.iter().rev().find(is_named) {
            return Cow::Borrowed(value);
        }
        with_charset(media_types::of(file_name, extension(file_name)).unwrap_or(UNKNOWN))
    }
}

/// Whether a file name is `name`, or ends in it after a dot.
fn ends_in(file_name: &[u8], name: &[u8]) -> bool {
    let Some(start) = file_name.len().checked_sub(name.len()) else {
        return false;
    };
    let (before, end) = file_name.split_at(start);
    end.eq_ignore_ascii_case(name) && matches!(before.last(), None | Some(b'.'))
}

/// The pair of name or extension (without its dot) and media type in the argument of `--type
/// NAME=TYPE`.
///
/// The type is `type/subtype` with or without parameters (RFC 9110 §8.3.1), so it can be sent as a
/// field value as it is. One that is read as text gets `charset=utf-8`, unless it names a charset
/// itself.
///
/// # Errors
///
/// A sentence for the user that says what is wrong.
pub fn parse_override(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or("expected NAME=TYPE, such as md=text/markdown")?;
    let name = name.strip_prefix('.').unwrap_or(name);
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return Err("the name is a file's, or what follows a dot in it, such as md".into());
    }
    if !is_media_type(value) {
        return Err("the type is a media type, such as text/markdown".into());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// What follows the last dot of a name; `None` without a dot, with nothing before or after it, or
/// where it is not UTF-8.
fn extension(file_name: &[u8]) -> Option<&str> {
    let dot = file_name.iter().rposition(|&byte| byte == b'.')?;
    let extension = &file_name[dot + 1..];
    if dot == 0 || extension.is_empty() {
        return None;
    }
    std::str::from_utf8(extension).ok()
}

/// `value` with [`CHARSET`] where the type is read as text and names no charset.
fn with_charset(value: &str) -> Cow<'_, str> {
    let has_upper_case = value.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = match has_upper_case {
        true => Cow::Owned(value.to_ascii_lowercase()),
        false => Cow::Borrowed(value),
    };
    if is_text(essence(&lower)) && !lower.contains("charset=") {
        return Cow::Owned(format!("{value}{CHARSET}"));
    }
    Cow::Borrowed(value)
}

/// Whether a type (in lower case) is read as text: `text/*`, JavaScript, and all that is written in
/// JSON or XML, SVG among it.
fn is_text(essence: &str) -> bool {
    let Some((top_level, subtype)) = essence.split_once('/') else {
        return false;
    };
    top_level == "text"
        || subtype.ends_with("+json")
        || subtype.ends_with("+xml")
        || top_level == "application" && matches!(subtype, "javascript" | "json" | "jsonl" | "xml")
}

/// The type and subtype alone: what comes before the parameters.
fn essence(value: &str) -> &str {
    value.split(';').next().unwrap_or(value).trim_end()
}

/// Whether `value` is a media-type (RFC 9110 §8.3.1), blanks around its semicolons allowed.
fn is_media_type(value: &str) -> bool {
    let (essence, parameters) = match value.find(';') {
        Some(position) => value.split_at(position),
        None => (value, ""),
    };
    let is_essence =
        essence.trim_end_matches(' ').split_once('/').is_some_and(|(top_level, subtype)| {
            is_token(top_level.as_bytes()) && is_token(subtype.as_bytes())
        });
    is_essence && are_parameters(parameters)
}

/// Whether `text` is nothing but parameters, each with the semicolon before it (RFC 9110 §5.6.6).
fn are_parameters(mut text: &str) -> bool {
    while let Some(parameter) = text.strip_prefix(';') {
        let Some((name, value)) = parameter.trim_start_matches(' ').split_once('=') else {
            return false;
        };
        let Some(length) = parameter_value_length(value) else {
            return false;
        };
        if !is_token(name.as_bytes()) {
            return false;
        }
        text = value[length..].trim_start_matches(' ');
    }
    text.is_empty()
}

/// The length in bytes of the token or quoted-string that `text` starts with; `None` where it
/// starts with neither.
fn parameter_value_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = match bytes.first() {
        Some(b'"') => quoted_string_length(bytes)?,
        _ => token_length(bytes),
    };
    let is_printable = bytes[..length].iter().all(|byte| matches!(byte, b' '..=b'~'));
    (length > 0 && is_printable).then_some(length)
}

#[cfg(test)]
mod tests;
