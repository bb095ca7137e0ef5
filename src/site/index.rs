//! What answers for a directory: its index file, else its listing.
//!
//! Which entries are listed and in which form is decided here; what a listing looks like is told in
//! [`listing`].

use super::directory::lock;
use super::document_root::{Absent, Found};
use super::listing::{self, Entry, Order};
use super::representation::Representation;
use super::response::{Body, Response};
use super::{Asked, Site, Unanswered, precluded, status_of};
use crate::http::negotiation::media_type_weight;
use crate::http::response::{FieldLines, Status};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

impl Site {
    /// An index file of the directory, else its listing, else what stands in for an unknown path.
    pub(super) fn get_directory(
        &self,
        asked: &Asked,
        relative: &[u8],
    ) -> Result<Response, Unanswered> {
        for name in &self.settings.index {
            if let Some(response) = self.get_file(asked, &join(relative, name.as_bytes()))? {
                return Ok(response);
            }
        }
        match self.list(asked, relative)? {
            Some(response) => Ok(response),
            None => Ok(self.get_fallback(asked)?),
        }
    }

    /// The listing of the directory; `None` where there is none, or where `--list` is not given.
    fn list(&self, asked: &Asked, relative: &[u8]) -> Result<Option<Response>, Unanswered> {
        if !self.settings.lists {
            // Not about a root that is gone.
            if self.roots.current().is_in_place(asked.request.host) {
                hint_at_list(asked, relative);
            }
            return Ok(None);
        }
        let Some(leave) = asked.conditions.listing else {
            return Err(Unanswered::Listing(self.listings.ask()));
        };
        let key = Key::of(asked, relative);
        let made = match self.listings.find(&key, leave) {
            Some(made) => made,
            None => {
                let began = self.listings.begin();
                let Some(entries) = self.entries(asked, relative)? else { return Ok(None) };
                self.listings.keep(key.clone(), began, Made::new(&key, entries))
            }
        };
        Ok(Some(precluded(asked, &made.representation).unwrap_or_else(|| made.response())))
    }

    /// What is listed of the directory; `None` where there is no such directory.
    fn entries(&self, asked: &Asked, relative: &[u8]) -> Result<Option<Vec<Entry>>, Status> {
        match asked.root.read_directory(relative) {
            Ok(mut entries) => {
                let is_listed =
                    |entry: &Entry| self.settings.serves_hidden || !is_hidden_name(&entry.name);
                entries.retain(is_listed);
                Ok(Some(entries))
            }
            Err(Absent::NotFound) => Ok(None),
            Err(absent) => Err(status_of(absent)),
        }
    }
}

/// A request's leave to get a listing: a listing whose reading began after this was given answers
/// the request truly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListingAsked(u64);

/// The listings that were made lately, so that one answers all requests that had come before its
/// reading began.
#[derive(Default)]
pub(super) struct Listings {
    /// Counts requests and readings together: an order of what came first, without a clock.
    events: AtomicU64,
    made: Mutex<Vec<(Key, ListingAsked, Arc<Made>)>>,
}

/// Listings kept at most. They are forgotten when nobody waits.
const MADE_MAX: usize = 4;

/// What a listing is of, and in which form.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    /// The address of the document root, which lives as long as the site.
    root: usize,
    relative: Vec<u8>,
    order: Order,
    is_json: bool,
}

/// A listing as it is sent.
struct Made {
    representation: Representation,
    text: Arc<[u8]>,
}

impl Listings {
    /// A request for a listing has come.
    pub(super) fn ask(&self) -> ListingAsked {
        self.begin()
    }

    /// The reading of a directory begins.
    fn begin(&self) -> ListingAsked {
        ListingAsked(self.events.fetch_add(1, Ordering::AcqRel))
    }

    /// A listing whose reading began after `asked`.
    fn find(&self, key: &Key, asked: ListingAsked) -> Option<Arc<Made>> {
        let made = lock(&self.made);
        let is_it = |(have, began, _): &&(Key, ListingAsked, _)| have == key && *began > asked;
        made.iter().find(is_it).map(|(_, _, made)| Arc::clone(made))
    }

    fn keep(&self, key: Key, began: ListingAsked, new: Made) -> Arc<Made> {
        let new = Arc::new(new);
        let mut made = lock(&self.made);
        made.retain(|(have, _, _)| *have != key);
        if made.len() >= MADE_MAX {
            made.remove(0);
        }
        made.push((key, began, Arc::clone(&new)));
        new
    }

    pub(super) fn forget(&self) {
        lock(&self.made).clear();
    }
}

impl Key {
    /// JSON goes to a client that would rather have it than a page.
    fn of(asked: &Asked, relative: &[u8]) -> Key {
        let weight = |media_type| media_type_weight(&asked.request.fields, media_type);
        Key {
            root: std::ptr::from_ref(asked.root).addr(),
            relative: relative.to_vec(),
            order: Order::from_query(asked.query),
            is_json: weight("application/json") > weight("text/html"),
        }
    }
}

impl Made {
    fn new(key: &Key, mut entries: Vec<Entry>) -> Made {
        let (media_type, text) = match key.is_json {
            true => (JSON, listing::json(&key.relative, &mut entries, key.order)),
            false => (HTML, listing::html(&key.relative, &mut entries, key.order)),
        };
        let representation = Representation::of_listing(&text, media_type);
        Made { representation, text: Arc::from(text) }
    }

    fn response(&self) -> Response {
        Response {
            status: Status::Ok,
            fields: FieldLines::sharing(Arc::clone(&self.representation.fields)),
            body: Body::Bytes(Arc::clone(&self.text), 0..self.text.len()),
        }
    }
}

/// Tells who runs the server, and not its client, why a directory is 404.
fn hint_at_list(asked: &Asked, relative: &[u8]) {
    if matches!(asked.find(relative), Ok(Found::Directory)) {
        log::info!("a directory without an index file was asked for: --list would list it");
    }
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
