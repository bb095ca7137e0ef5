//! What a client is told of an archive: when it has asked for one, and the fields of the answer.

use super::contents::name_of;
use super::sending::Archive;
use crate::http::status::Status;
use crate::http::validator::Validators;
use crate::site::refusal::refusal_saying;
use crate::site::representation::{NO_SNIFFING, Representation};
use crate::site::response::{Body, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Whether a query asks for the archive of its directory.
pub(in crate::site) fn is_asked_for(query: Option<&[u8]>) -> bool {
    query.is_some_and(|query| query.split(|&byte| byte == b'&').any(|one| one == b"archive=tar"))
}

/// What all archives share, and what preconditions are judged by. There are no validators: to know
/// whether two archives have the same bytes takes a look at all of them. So no part can be asked
/// for, and nobody is to keep gigabytes that can never be proved fresh.
pub(in crate::site) fn representation() -> Representation {
    let content =
        [("Content-Type", Some("application/x-tar")), ("Accept-Ranges", Some("none")), NO_SNIFFING];
    Representation::of_lines(Validators::NONE, &[("Cache-Control", Some("no-store"))], &content)
}

/// The answer with the archive of the folder at `relative`.
pub(super) fn response(relative: &[u8], archive: Archive) -> Response {
    let disposition = disposition(name_of(relative));
    Response {
        status: Status::Ok,
        fields: representation().field_lines(),
        body: Body::Archive(Box::new(archive)),
    }
    .with("Content-Disposition", &disposition)
}

/// The answer for a folder with more than `names` names in it, or with more bytes than a number can
/// tell. Not 413, which is about what a client sends, nor 503: to ask again would not help.
pub(super) fn too_much(names: usize) -> Response {
    let meaning = format!(
        "This folder holds more than {names} names, which is too much for one download. The \
         folders in it can be had one by one."
    );
    refusal_saying(Status::Forbidden, &meaning)
}

/// The value of Content-Disposition (RFC 6266): the name twice, in ASCII for old clients, and
/// whole (RFC 8187). What is not UTF-8 is U+FFFD.
fn disposition(name: &[u8]) -> String {
    let name = format!("{}.tar", String::from_utf8_lossy(name));
    // RFC 6266, appendix D: no escapes of either kind, and nothing that a client would change.
    let is_plain = |&char: &char| matches!(char, ' '..='~') && !matches!(char, '"' | '\\' | '%');
    let plain: String = name.chars().map(|char| if is_plain(&char) { char } else { '_' }).collect();
    let whole = utf8_percent_encode(&name, &NO_ATTR_CHAR);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// All but attr-char (RFC 8187 §3.2.1).
const NO_ATTR_CHAR: AsciiSet = NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_a_tar_or_for_nothing() {
        let rows = [
            ("archive=tar", true),
            ("sort=size&archive=tar", true),
            ("", false),
            ("archive", false),
            ("archive=zip", false),
            ("archive=tar.gz", false),
            ("xarchive=tar", false),
            ("Archive=tar", false),
        ];
        for (query, expected) in rows {
            assert_eq!(is_asked_for(Some(query.as_bytes())), expected, "{query}");
        }
        assert!(!is_asked_for(None));
    }

    #[test]
    fn a_name_is_said_plainly_and_as_it_is() {
        let rows: [(&[u8], &str, &str); 8] = [
            (b"photos", "photos.tar", "photos.tar"),
            (b"a b", "a b.tar", "a%20b.tar"),
            ("\u{fc}ber".as_bytes(), "_ber.tar", "%C3%BCber.tar"),
            (b"a\"b\\c", "a_b_c.tar", "a%22b%5Cc.tar"),
            (b"50%41", "50_41.tar", "50%2541.tar"),
            (b"a\r\nb", "a__b.tar", "a%0D%0Ab.tar"),
            (b"\xff", "_.tar", "%EF%BF%BD.tar"),
            (b"it's;(*)", "it's;(*).tar", "it%27s%3B%28%2A%29.tar"),
        ];
        for (name, plain, whole) in rows {
            let expected = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}");
            assert_eq!(disposition(name), expected);
        }
    }
}
