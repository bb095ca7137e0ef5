//! Which representation of a file is selected: the file itself, or a precompressed variant beside
//! it (RFC 9110 §12.5.3).

use super::document_root::{Found, OpenFile};
use super::representation::{Description, Representation};
use super::{Asked, Site};
use crate::http::negotiation::{ContentCoding, accepted_codings};
use std::sync::Arc;

impl Site {
    /// The file to be sent for the one at `relative`, and its representation.
    pub(super) fn select(
        &self,
        asked: &Asked,
        relative: &[u8],
        file: Arc<OpenFile>,
    ) -> (Arc<OpenFile>, Arc<Representation>) {
        if self.settings.precompressed
            && let Some((coding, variant)) = find_variant(asked, relative, &file)
        {
            // Not kept with the variant: asked for by its own name, the same file is another
            // representation.
            let representation = self.represent(asked, relative, &variant, Some(coding));
            return (variant, Arc::new(representation));
        }
        let made = || Arc::new(self.represent(asked, relative, &file, None));
        let representation = Arc::clone(file.representation.get_or_init(made));
        (file, representation)
    }

    fn represent(
        &self,
        asked: &Asked,
        relative: &[u8],
        file: &OpenFile,
        coding: Option<ContentCoding>,
    ) -> Representation {
        let name = relative.rsplit(|&byte| byte == b'/').next().unwrap_or(relative);
        let rule = self.settings.cache_control.iter().find(|rule| rule.matches(relative));
        let description = Description {
            media_type: &self.types.of(name),
            content_coding: coding.map(ContentCoding::name),
            varies: self.settings.precompressed,
            cache_control: rule.map_or("no-cache", |rule| &rule.value),
        };
        Representation::new(&file.facts, description, asked.now)
    }
}

/// The best variant that the client accepts and that is not older than its original.
fn find_variant(
    asked: &Asked,
    relative: &[u8],
    original: &OpenFile,
) -> Option<(ContentCoding, Arc<OpenFile>)> {
    accepted_codings(&asked.request.fields).find_map(|coding| {
        let variant = [relative, coding.suffix().as_bytes()].concat();
        match asked.root.find(&variant, asked.now) {
            Ok(Found::File(file)) if file.facts.modified >= original.facts.modified => {
                Some((coding, file))
            }
            _ => None,
        }
    })
}
