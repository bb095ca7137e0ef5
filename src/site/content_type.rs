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
    let lower = value.to_ascii_lowercase();
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
mod tests {
    use super::*;

    fn of(file_name: &str) -> String {
        ContentTypes::default().of(file_name.as_bytes()).into_owned()
    }

    #[test]
    fn names_without_a_known_extension_are_octet_streams() {
        let names: &[&[u8]] = &[
            b"",
            b".",
            b"..",
            b"html",
            b".html",
            b".htpasswd",
            b"apple-app-site-association",
            b"page.",
            b"page.html.",
            b"a.nosuchtype",
            b"a.\xFF",
            b"a.html\xFF",
            b"a.html\n",
            b"a.html ",
            b"a.tar.html~",
        ];
        for name in names {
            assert_eq!(ContentTypes::default().of(name), UNKNOWN, "{name:?}");
        }
    }

    #[test]
    fn text_types_say_charset_utf_8() {
        let rows = [
            ("index.html", "text/html"),
            ("index.htm", "text/html"),
            ("style.css", "text/css"),
            ("app.js", "text/javascript"),
            ("app.mjs", "text/javascript"),
            ("app.cjs", "text/javascript"),
            ("app.jsx", "text/javascript"),
            ("app.ts", "text/plain"),
            ("app.mts", "text/plain"),
            ("app.tsx", "text/plain"),
            ("main.rs", "text/plain"),
            ("main.py", "text/plain"),
            ("main.c", "text/plain"),
            ("Cargo.toml", "text/plain"),
            ("ci.yml", "text/plain"),
            ("install.sh", "text/plain"),
            ("main.rb", "text/plain"),
            ("Main.java", "text/plain"),
            ("main.kt", "text/plain"),
            ("index.php", "text/plain"),
            ("app.vue", "text/plain"),
            ("app.scss", "text/plain"),
            ("paper.tex", "text/plain"),
            ("schema.proto", "text/plain"),
            ("README", "text/plain"),
            ("LICENSE-APACHE", "text/plain"),
            ("Makefile", "text/plain"),
            ("Dockerfile", "text/plain"),
            ("go.mod", "text/plain"),
            (".gitignore", "text/plain"),
            ("notes.ipynb", "application/x-ipynb+json"),
            ("captions.ttml", "application/ttml+xml"),
            ("notes.txt", "text/plain"),
            ("access.log", "text/plain"),
            ("README.md", "text/markdown"),
            ("table.csv", "text/csv"),
            ("captions.vtt", "text/vtt"),
            ("day.ics", "text/calendar"),
            ("app.js.map", "application/json"),
            ("data.json", "application/json"),
            ("data.jsonl", "application/jsonl"),
            ("data.jsonld", "application/ld+json"),
            ("map.geojson", "application/geo+json"),
            ("site.webmanifest", "application/manifest+json"),
            ("page.xhtml", "application/xhtml+xml"),
            ("feed.xml", "text/xml"),
            ("feed.rss", "application/rss+xml"),
            ("feed.atom", "application/atom+xml"),
            ("logo.svg", "image/svg+xml"),
        ];
        for (name, expected) in rows {
            assert_eq!(of(name), format!("{expected}; charset=utf-8"), "{name}");
        }
    }

    #[test]
    fn other_types_say_no_charset() {
        let rows = [
            ("app.wasm", "application/wasm"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.jxl", "image/jxl"),
            ("a.png", "image/png"),
            ("a.apng", "image/apng"),
            ("a.jpg", "image/jpeg"),
            ("a.jpeg", "image/jpeg"),
            ("a.gif", "image/gif"),
            ("a.heic", "image/heic"),
            ("favicon.ico", "image/x-icon"),
            ("hand.cur", "image/x-icon"),
            ("a.woff", "font/woff"),
            ("a.woff2", "font/woff2"),
            ("a.ttf", "font/ttf"),
            ("a.otf", "font/otf"),
            ("a.mp3", "audio/mpeg"),
            ("a.m4a", "audio/mp4"),
            ("a.opus", "audio/ogg"),
            ("a.ogg", "audio/ogg"),
            ("a.flac", "audio/flac"),
            ("a.wav", "audio/wav"),
            ("a.aac", "audio/aac"),
            ("a.mp4", "video/mp4"),
            ("a.m4v", "video/mp4"),
            ("a.webm", "video/webm"),
            ("a.mkv", "video/x-matroska"),
            ("a.mov", "video/quicktime"),
            ("a.m2ts", "video/mp2t"),
            ("a.m3u8", "application/vnd.apple.mpegurl"),
            ("a.glb", "model/gltf-binary"),
            ("a.3mf", "model/3mf"),
            ("a.mtl", "model/mtl"),
            ("a.obj", "model/obj"),
            ("a.stl", "model/stl"),
            ("a.step", "model/step"),
            ("a.STP", "model/step"),
            ("a.usda", "model/vnd.usda"),
            ("a.exr", "image/aces"),
            ("a.psd", "image/vnd.adobe.photoshop"),
            ("a.pdf", "application/pdf"),
            ("a.epub", "application/epub+zip"),
            ("a.zip", "application/zip"),
            ("a.tar", "application/x-tar"),
            ("a.tar.gz", "application/gzip"),
            ("a.tgz", "application/gzip"),
            ("a.tar.zst", "application/zstd"),
            ("a.7z", "application/x-7z-compressed"),
            ("a.exe", "application/octet-stream"),
            ("a.bin", "application/octet-stream"),
        ];
        for (name, expected) in rows {
            assert_eq!(of(name), expected, "{name}");
        }
    }

    #[test]
    fn extension_is_compared_without_case() {
        assert_eq!(of("INDEX.HTML"), of("index.html"));
        assert_eq!(of("APP.MJS"), of("app.mjs"));
        assert_eq!(of("Photo.JpG"), "image/jpeg");
        let types = ContentTypes::new(vec![("LoG".into(), "text/x-log".into())]);
        assert_eq!(types.of(b"a.lOg"), "text/x-log; charset=utf-8");
    }

    #[test]
    fn user_rows_win_and_the_last_one_first() {
        let rows = [
            ("ts", "video/mp2t"),
            ("bin", "text/plain"),
            ("txt", "text/plain; charset=iso-8859-1"),
            ("html", "text/html; Charset=\"koi8-r\""),
            ("x", "a/b"),
            ("x", "application/x-last"),
            ("apple-app-site-association", "application/json"),
            ("feed.xml", "application/atom+xml"),
            ("tar.gz", "application/x-gtar"),
            ("LICENSE", "text/x-license"),
        ];
        let types = ContentTypes::new(rows.map(|(e, t)| (e.into(), t.into())).into());
        let expected = [
            ("a.ts", "video/mp2t"),
            ("a.bin", "text/plain; charset=utf-8"),
            ("a.txt", "text/plain; charset=iso-8859-1"),
            ("a.html", "text/html; Charset=\"koi8-r\""),
            ("a.x", "application/x-last"),
            ("a.css", "text/css; charset=utf-8"),
            ("apple-app-site-association", "application/json; charset=utf-8"),
            ("not-apple-app-site-association", "application/octet-stream"),
            ("feed.xml", "application/atom+xml; charset=utf-8"),
            ("other.xml", "text/xml; charset=utf-8"),
            ("my.feed.xml", "application/atom+xml; charset=utf-8"),
            ("myfeed.xml", "text/xml; charset=utf-8"),
            ("a.tar.gz", "application/x-gtar"),
            ("a.gz", "application/gzip"),
            ("LICENSE", "text/x-license; charset=utf-8"),
            ("license", "text/x-license; charset=utf-8"),
            ("x", "application/x-last"),
        ];
        for (name, value) in expected {
            assert_eq!(types.of(name.as_bytes()), value, "{name}");
        }
    }

    #[test]
    fn broken_overrides_are_refused() {
        let refused = [
            "",
            "md",
            "=text/plain",
            ".=text/plain",
            "..md=text/plain",
            "a/b=text/plain",
            "md=",
            "md=text",
            "md=text/",
            "md=/plain",
            "md=text/plain/x",
            "md= text/plain",
            "md=text /plain",
            "md=text/pl\u{e4}in",
            "md=text/plain\r\nX: y",
            "md=text/plain\n",
            "md=text/plain\0",
            "md=text/plain;",
            "md=text/plain; ",
            "md=text/plain; charset",
            "md=text/plain; charset=",
            "md=text/plain; =utf-8",
            "md=text/plain; charset =utf-8",
            "md=text/plain; charset=utf-8;",
            "md=text/plain; charset=utf-8 x",
            "md=text/plain; a=\"",
            "md=text/plain; a=\"b\\\"",
            "md=text/plain; a=\"b\"c",
            "md=text/plain; a=\"\n\"",
            "md=text/plain; a=\"\\\n\"",
        ];
        for text in refused {
            assert!(parse_override(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn good_overrides_are_taken_as_they_are() {
        let rows = [
            ("md=text/markdown", "md", "text/markdown"),
            (".md=text/markdown", "md", "text/markdown"),
            ("x=a/b", "x", "a/b"),
            ("tar.gz=a/b", "tar.gz", "a/b"),
            ("apple-app-site-association=a/b", "apple-app-site-association", "a/b"),
            ("\u{e4}=a/b", "\u{e4}", "a/b"),
            ("svg=image/svg+xml;charset=x", "svg", "image/svg+xml;charset=x"),
            ("x=a/b ; c=d ; e=f", "x", "a/b ; c=d ; e=f"),
            ("x=a/b; c=\"d; \\\" e=f\"; g=h", "x", "a/b; c=\"d; \\\" e=f\"; g=h"),
        ];
        for (text, extension, value) in rows {
            let expected = Ok((extension.to_owned(), value.to_owned()));
            assert_eq!(parse_override(text), expected, "{text}");
        }
    }
}
