//! What answers for a directory: its index file, else its listing.
//!
//! Which entries are listed and in which form is decided here; what a listing looks like is told in
//! [`listing`].

use super::document_root::{Absent, Found};
use super::listing::{self, Entry, Order};
use super::representation::Representation;
use super::response::{Body, Response};
use super::{Asked, Site, precluded, status_of};
use crate::http::negotiation::media_type_weight;
use crate::http::response::{FieldLines, Status};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

impl Site {
    /// An index file of the directory, else its listing, else what stands in for an unknown path.
    pub(super) fn get_directory(&self, asked: &Asked, relative: &[u8]) -> Result<Response, Status> {
        for name in &self.settings.index {
            if let Some(response) = self.get_file(asked, &join(relative, name.as_bytes()))? {
                return Ok(response);
            }
        }
        self.list(asked, relative)?.map_or_else(|| self.get_fallback(asked), Ok)
    }

    /// The listing of the directory; `None` where there is none, or where `--list` is not given.
    fn list(&self, asked: &Asked, relative: &[u8]) -> Result<Option<Response>, Status> {
        if !self.settings.lists {
            hint_at_list(asked, relative);
            return Ok(None);
        }
        let mut entries = match asked.root.read_directory(relative) {
            Ok(entries) => entries,
            Err(Absent::NotFound) => return Ok(None),
            Err(absent) => return Err(status_of(absent)),
        };
        entries.retain(|entry| self.settings.serves_hidden || !is_hidden_name(&entry.name));
        Ok(Some(listed(asked, relative, &mut entries)))
    }
}

/// Tells who runs the server, and not its client, why a directory is 404.
fn hint_at_list(asked: &Asked, relative: &[u8]) {
    if matches!(asked.root.find(relative, asked.now), Ok(Found::Directory)) {
        log::info!("a directory without an index file was asked for: --list would list it");
    }
}

/// The answer with a listing of `entries`: preconditions, then JSON for a client that would rather
/// have it, else a page.
fn listed(asked: &Asked, relative: &[u8], entries: &mut [Entry]) -> Response {
    let order = Order::from_query(asked.query);
    let weight = |media_type| media_type_weight(&asked.request.fields, media_type);
    let (media_type, text) = match weight("application/json") > weight("text/html") {
        true => (JSON, listing::json(relative, entries, order)),
        false => (HTML, listing::html(relative, entries, order)),
    };
    let representation = Representation::of_listing(&text, media_type);
    precluded(asked, &representation).unwrap_or_else(|| Response {
        status: Status::Ok,
        fields: FieldLines::sharing(representation.fields),
        body: Body::Text(text),
    })
}

fn is_hidden_name(name: &[u8]) -> bool {
    name.starts_with(b".") && name != b".well-known"
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match directory {
        b"" => name.to_vec(),
        directory => [directory, b"/", name].concat(),
    }
}
