//! Which representation of a file is selected: the file itself, or a precompressed variant beside
//! it (RFC 9110 §12.5.3).

use super::asked::Asked;
use super::open_file::{Found, OpenFile};
use super::relative_path::split;
use super::representation::{Description, Representation};
use crate::http::negotiation::{ContentCoding, accepted_codings};
use std::sync::Arc;

/// The file to be sent for the one at `relative`, and its representation.
pub(super) fn select(
    asked: &Asked,
    relative: &[u8],
    file: Arc<OpenFile>,
) -> (Arc<OpenFile>, Representation) {
    if asked.site.rules.settings.precompressed
        && let Some((coding, variant)) = find_variant(asked, relative, &file)
    {
        // Not kept with the variant: asked for by its own name, the same file is another
        // representation.
        let representation = represent(asked, relative, &variant, Some(coding));
        return (variant, representation);
    }
    let made = || represent(asked, relative, &file, None);
    // Last-Modified is left out until its second is over, by this request's clock too. Only from
    // then on do all answers share one representation.
    let representation = match file.facts.modified.seconds < asked.conditions.now.seconds {
        true => file.representation.get_or_init(made).clone(),
        false => made(),
    };
    (file, representation)
}

fn represent(
    asked: &Asked,
    relative: &[u8],
    file: &OpenFile,
    coding: Option<ContentCoding>,
) -> Representation {
    let rules = &asked.site.rules;
    let rule = rules.settings.cache_control.iter().find(|rule| rule.matches(relative));
    let description = Description {
        media_type: &rules.types.of(split(relative).1),
        content_coding: coding.map(ContentCoding::name),
        varies: rules.settings.precompressed,
        cache_control: rule.map_or("no-cache", |rule| &rule.value),
    };
    let entity_tag = match (file.entity_tag(), coding) {
        (Some(tag), Some(coding)) => Some(tag.in_coding(coding)),
        (tag, _) => tag,
    };
    Representation::new(entity_tag, &file.facts, description, asked.conditions.now)
}

/// The best variant that the client accepts and that is not older than its original.
fn find_variant(
    asked: &Asked,
    relative: &[u8],
    original: &OpenFile,
) -> Option<(ContentCoding, Arc<OpenFile>)> {
    accepted_codings(&asked.request.fields).find_map(|coding| {
        let variant = [relative, coding.suffix().as_bytes()].concat();
        match asked.root.find(&variant, asked.conditions.now) {
            Ok(Found::File(file))
                if file.facts.modified >= original.facts.modified
                    && !asked.site.rules.is_secret(&file.facts) =>
            {
                Some((coding, file))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, Site};

    use crate::http::date::Timestamp;
    use crate::http::request::{Parsed, parse};
    use crate::http::validator::HASHED;

    /// So late that every file's times have settled, and it is kept.
    const LATER: Timestamp = Timestamp::from_seconds(4_000_000_000);

    #[test]
    fn no_byte_is_hashed_twice_while_a_file_is_kept() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a.js", "a.js.br", "long", "404.html"] {
            std::fs::write(root.path().join(name), name).unwrap();
        }
        std::fs::write(root.path().join("long"), vec![b'x'; 1 << 20]).unwrap();
        let settings =
            Settings { root: root.path().to_owned(), precompressed: true, ..Settings::default() };
        let site = Site::open(settings).unwrap();
        let hashed_for = |target: &str, line: &str| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{line}\r\n");
            let Parsed::Complete { request, .. } = parse(head.as_bytes()) else {
                panic!("no request: {head}");
            };
            let before = HASHED.get();
            site.respond(&request, LATER);
            HASHED.get() - before
        };
        let br = "Accept-Encoding: br\r\n";
        let rows = [
            ("/a.js", "", 1),
            ("/a.js", "If-None-Match: \"x\"\r\n", 0),
            ("/a.js", br, 1),
            ("/a.js", br, 0),
            ("/a.js.br", "", 0),
            ("/a.js", "Range: bytes=0-0\r\n", 0),
            ("/long", "", 0),
            ("/missing", "", 0),
        ];
        for (target, line, times) in rows {
            assert_eq!(hashed_for(target, line), times, "{target} {line}");
        }
    }
}
