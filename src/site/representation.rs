//! What all answers about one file share: its validators and the field lines that do not depend on
//! the request.

use crate::http::date::{HttpDate, Timestamp};
use crate::http::response::FieldLines;
use crate::http::validator::{EntityTag, FileFacts, Validators};
use std::sync::Arc;

/// A selected representation's metadata (RFC 9110 §8), made once for each state of a file.
#[derive(Clone, Debug)]
pub struct Representation {
    /// Its entity-tag and time of modification.
    pub validators: Validators,
    /// The field lines of a 200 or 206, each ended by CRLF. They begin with those that a 304
    /// carries (RFC 9110 §15.4.5).
    fields: Arc<str>,
    /// Bytes of the latter.
    not_modified_bytes: usize,
}

/// What the field lines are made of, besides the file's own facts.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    /// The value of Content-Type.
    pub media_type: &'a str,
    /// The value of Content-Encoding, for a precompressed variant.
    pub content_coding: Option<&'a str>,
    /// Whether the answer depends on Accept-Encoding.
    pub varies: bool,
    /// The value of Cache-Control.
    pub cache_control: &'a str,
}

impl Representation {
    /// The representation of a file with this entity-tag and these facts, asked for at `now`.
    pub fn new(
        entity_tag: Option<EntityTag>,
        facts: &FileFacts,
        description: Description<'_>,
        now: Timestamp,
    ) -> Representation {
        let validators = Validators::of_file(entity_tag, facts, now);
        let last_modified =
            validators.told_last_modified(facts, now).and_then(Timestamp::http_date);
        let caching = [
            ("ETag", validators.entity_tag.as_ref().map(EntityTag::as_str)),
            ("Last-Modified", last_modified.as_ref().map(HttpDate::as_str)),
            ("Cache-Control", Some(description.cache_control)),
            ("Vary", description.varies.then_some("Accept-Encoding")),
        ];
        let content = [
            ("Content-Type", Some(description.media_type)),
            ("Content-Encoding", description.content_coding),
            ("Accept-Ranges", Some("bytes")),
            NO_SNIFFING,
        ];
        Representation::of_lines(validators, &caching, &content)
    }

    /// The representation of a listing: its validators come from its text, and it depends on
    /// Accept. `policy` is the value of Content-Security-Policy.
    pub fn of_listing(text: &[u8], media_type: &str, policy: Option<&str>) -> Representation {
        let validators = Validators::of_content(text);
        let caching = [
            ("ETag", validators.entity_tag.as_ref().map(EntityTag::as_str)),
            ("Cache-Control", Some("no-cache")),
            ("Vary", Some("Accept")),
        ];
        let content =
            [("Content-Type", Some(media_type)), NO_SNIFFING, ("Content-Security-Policy", policy)];
        Representation::of_lines(validators, &caching, &content)
    }

    /// A representation with these field lines, where they have a value: those that its 304
    /// carries, and the others.
    pub(super) fn of_lines(
        validators: Validators,
        caching: &[Line],
        content: &[Line],
    ) -> Representation {
        let mut fields = String::with_capacity(LINES_BYTES);
        push_lines(&mut fields, caching);
        let not_modified_bytes = fields.len();
        push_lines(&mut fields, content);
        Representation { validators, fields: Arc::from(fields), not_modified_bytes }
    }

    /// The field lines of a 200 or 206.
    pub fn field_lines(&self) -> FieldLines {
        FieldLines::sharing(Arc::clone(&self.fields), self.fields.len())
    }

    /// The field lines of a 304.
    pub fn field_lines_not_modified(&self) -> FieldLines {
        FieldLines::sharing(Arc::clone(&self.fields), self.not_modified_bytes)
    }
}

/// The name of a field and its value, if it has one.
pub(super) type Line<'a> = (&'a str, Option<&'a str>);

pub(super) const NO_SNIFFING: Line = ("X-Content-Type-Options", Some("nosniff"));

/// Bytes of the field lines of nearly every file.
const LINES_BYTES: usize = 384;

fn push_lines(fields: &mut String, lines: &[Line]) {
    for (name, value) in lines {
        let Some(value) = value else { continue };
        [name, ": ", value, "\r\n"].iter().for_each(|part| fields.push_str(part));
    }
}
