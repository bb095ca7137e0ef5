//! What the site is told: which files it serves, and how.

use super::kept::KeptLimits;
use crate::http::authority::is_host;
use crate::http::grammar::is_token;
use crate::http::prefix::Prefix;
use std::path::PathBuf;

/// The settings of one site, checked when they were read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The document root.
    pub root: PathBuf,
    /// What every path begins with; it is cut off, and other paths name nothing.
    pub prefix: Prefix,
    /// The path that tells whether this server wants requests, as it is in a request.
    pub health: Option<String>,
    /// Names of index files, in the order they are looked for.
    pub index: Vec<String>,
    /// Whether a directory without an index file is listed.
    pub lists: bool,
    /// Whether a directory can be had as an archive.
    pub archives: bool,
    /// Names looked at for one archive at most.
    pub archive_names_max: usize,
    /// Whether names that start with a dot are served.
    pub serves_hidden: bool,
    /// The file, relative to the root, that answers for an unknown path which asks for HTML.
    pub fallback: Option<String>,
    /// Whether `/about` finds `about.html`.
    pub clean_urls: bool,
    /// Whether each directory of the root is the root of the host it is named for.
    pub by_host: bool,
    /// Whether precompressed variants are looked for.
    pub precompressed: bool,
    /// Names or extensions of files with their media types, over the table's.
    pub types: Vec<(String, String)>,
    /// The first that matches a file's path has its Cache-Control.
    pub cache_control: Vec<CacheRule>,
    /// Field lines for every answer: names and values.
    pub fields: Vec<(String, String)>,
    /// Whether scripts of every origin may read the answers.
    pub cross_origin: bool,
    /// Whether PUT, DELETE and MKCOL are allowed.
    pub writable: bool,
    /// The file of users and their passwords' hashes.
    pub auth_file: Option<PathBuf>,
    /// Who needs a password of that file.
    pub auth_for: AuthFor,
    /// Names given for this server. Where there are any, it answers to no others.
    pub hosts: Vec<String>,
    /// Names of this machine, by which clients may write too.
    pub machine_names: Vec<String>,
    /// Bytes of one request's body at most.
    pub body_bytes_max: u64,
    /// How much is kept of the files.
    pub kept: KeptLimits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            root: PathBuf::from("."),
            prefix: Prefix::default(),
            health: None,
            index: vec!["index.html".to_owned()],
            lists: false,
            archives: false,
            archive_names_max: crate::limits::ARCHIVE_NAMES_MAX,
            serves_hidden: false,
            fallback: None,
            clean_urls: false,
            by_host: false,
            precompressed: false,
            types: Vec::new(),
            cache_control: Vec::new(),
            fields: Vec::new(),
            cross_origin: false,
            writable: false,
            auth_file: None,
            auth_for: AuthFor::Writing,
            hosts: Vec::new(),
            machine_names: Vec::new(),
            body_bytes_max: crate::limits::BODY_BYTES_MAX,
            kept: KeptLimits { bytes_max: crate::limits::KEPT_BYTES, descriptors_max: 128 },
        }
    }
}

impl Settings {
    /// Whether the user's field lines have one of this name.
    pub(super) fn sets(&self, name: &str) -> bool {
        let is_named = |(own, _): &(String, String)| own.eq_ignore_ascii_case(name);
        self.fields.iter().any(is_named)
    }
}

/// Who needs a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthFor {
    /// Whoever would change something.
    Writing,
    /// Everybody.
    All,
}

/// `--cache-control PATTERN=VALUE`: the Cache-Control of the files whose path matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRule {
    /// A path from the root, without the prefix, such as `/assets/*`; `*` stands for any bytes,
    /// slashes among them.
    pub pattern: String,
    /// The field value.
    pub value: String,
}

impl CacheRule {
    /// # Errors
    ///
    /// One line for the user, where `text` is no rule.
    pub fn parse(text: &str) -> Result<CacheRule, String> {
        let (pattern, value) = text
            .split_once('=')
            .ok_or("a rule is PATTERN=VALUE, such as '/assets/*=max-age=3600'")?;
        let is_field_content = |value: &str| {
            !value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        };
        match (pattern.starts_with(['/', '*']), is_field_content(value.trim())) {
            (false, _) => Err(format!("the pattern {pattern:?} must start with a slash or a *")),
            (true, false) => Err(format!("{value:?} cannot be the value of a field")),
            (true, true) => {
                Ok(CacheRule { pattern: pattern.to_owned(), value: value.trim().to_owned() })
            }
        }
    }

    /// Whether the rule is for the file at `relative`, a path beneath the root.
    pub fn matches(&self, relative: &[u8]) -> bool {
        match self.pattern.strip_prefix('/') {
            Some(pattern) => glob(pattern.as_bytes(), relative),
            None => glob(self.pattern.as_bytes(), relative),
        }
    }
}

/// Parses the name of a file in some directory, such as `--index NAME`.
///
/// # Errors
///
/// The end of a sentence that names option and value.
pub fn parse_file_name(text: &str) -> Result<String, String> {
    match text.is_empty() || text.contains(['/', '\0']) || text == "." || text == ".." {
        true => Err("a file name without a slash is needed".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// Parses the name of a host, such as `--host NAME`: without a port.
///
/// # Errors
///
/// One line for the user.
pub fn parse_host(text: &str) -> Result<String, String> {
    let is_name = is_host(text.as_bytes()) && !text.contains([':', '[', '%']) && !text.is_empty();
    match is_name {
        true => Ok(text.trim_end_matches('.').to_ascii_lowercase()),
        false => Err(format!("{text:?} is no name of a host, such as files.example.org")),
    }
}

/// Parses a path beneath the root, with or without a slash before it: what a request could name.
///
/// # Errors
///
/// The end of a sentence that names option and value.
pub fn parse_relative(text: &str) -> Result<String, String> {
    let relative = text.trim_start_matches('/');
    let is_plain = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains('\0');
    match relative.split('/').all(is_plain) {
        true => Ok(relative.to_owned()),
        false => Err("a file beneath the root is needed, such as index.html".to_owned()),
    }
}

/// Field names that only the server may set: with two of them, an answer would contradict itself.
const OWN_FIELDS: [&str; 16] = [
    "Accept-Ranges",
    "Allow",
    "Cache-Control",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Date",
    "ETag",
    "Keep-Alive",
    "Last-Modified",
    "Location",
    "Server",
    "Transfer-Encoding",
    "WWW-Authenticate",
];

/// Parses `--header 'Name: value'`.
///
/// # Errors
///
/// One line for the user, where `text` is no field line, or one that the server sets itself.
pub fn parse_field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a field line is 'Name: value'")?;
    let value = value.trim();
    if !is_token(name.as_bytes()) {
        return Err(format!("{name:?} is no field name"));
    }
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return Err(format!("{value:?} cannot be the value of a field"));
    }
    if let Some(own) = OWN_FIELDS.iter().find(|own| own.eq_ignore_ascii_case(name)) {
        return Err(refused_field(own));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Why the user may not set one of [`OWN_FIELDS`], and what may be meant instead.
fn refused_field(own: &str) -> String {
    match own {
        "Cache-Control" => "Cache-Control is what --cache-control PATTERN=VALUE is for".to_owned(),
        "Content-Type" => "Content-Type is what --type NAME=TYPE is for".to_owned(),
        own => format!("{own} is set by the server itself"),
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any bytes. Goes back to the last star
/// only, so the work is bounded by the product of the two lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, from));
            at += 1;
        } else if pattern.get(at) == Some(&text[from]) {
            at += 1;
            from += 1;
        } else if let Some((after, tried)) = star {
            star = Some((after, tried + 1));
            at = after + 1;
            from = tried + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_are_none_are_refused() {
        for text in ["", "no-cache", "assets/*=x", "/a=", "/a=x\r\nSet-Cookie: y", "/a=\u{e9}"] {
            assert!(CacheRule::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_pattern_matches_whole_paths() {
        let rows = [
            ("/assets/*", "assets/a.js", true),
            ("/assets/*", "assets/deep/a.js", true),
            ("/assets/*", "asset/a.js", false),
            ("*.js", "a/b.js", true),
            ("*.js", "a/b.json", false),
            ("/*.min.*", "x/a.min.css", true),
            ("/a", "a", true),
            ("/a", "ab", false),
            ("/**", "", true),
            ("/a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ];
        for (pattern, path, expected) in rows {
            let rule = CacheRule::parse(&format!("{pattern}=no-store")).expect("a rule");
            assert_eq!(rule.matches(path.as_bytes()), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn field_lines_that_could_break_an_answer_are_refused() {
        for text in [
            "",
            "X",
            ": x",
            "X Y: z",
            "X: a\r\nY: b",
            "X: a\nb",
            "content-length: 5",
            "DATE: x",
            "X: \u{e9}",
            "X : y",
        ] {
            assert!(parse_field(text).is_err(), "{text:?}");
        }
        assert_eq!(
            parse_field("X-Frame-Options:  DENY "),
            Ok(("X-Frame-Options".to_owned(), "DENY".to_owned()))
        );
        assert_eq!(
            parse_field("Link: <https://a/>; rel=x"),
            Ok(("Link".to_owned(), "<https://a/>; rel=x".to_owned()))
        );
    }

    #[test]
    fn name_of_a_host_has_no_port_and_no_address_in_brackets() {
        for text in ["", "a:80", "http://a", "a/b", "[::1]", "a b", "\u{e4}", "a%20b"] {
            assert!(parse_host(text).expect_err(text).contains("no name"), "{text}");
        }
        assert_eq!(parse_host("Files.Example.org."), Ok("files.example.org".to_owned()));
    }

    #[test]
    fn a_value_may_hold_equals_signs() {
        let rule =
            CacheRule::parse("/assets/*=public, max-age=31536000, immutable").expect("a rule");
        assert_eq!(rule.value, "public, max-age=31536000, immutable");
    }
}
