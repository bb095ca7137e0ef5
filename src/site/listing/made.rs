//! The last few listings made. Making one is dear, so one listing answers every request that came
//! before the directory was read for it.

use super::view::View;
use crate::http::field::Fields;
use crate::http::negotiation::media_type_weight;
use crate::http::status::Status;
use crate::site::document_root::DocumentRoot;
use crate::site::lock::lock;
use crate::site::representation::Representation;
use crate::site::response::{Body, Response};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// When a request asked for a listing, and so its leave to get one. A listing whose reading began
/// later is true for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListingAsked(u64);

/// The last few listings made, each with the moment when its reading began.
#[derive(Default)]
pub(crate) struct Listings {
    /// Counts requests and readings together, and so says which came first without a clock.
    events: AtomicU64,
    made: Mutex<Vec<(Key, ListingAsked, Arc<Made>)>>,
}

/// The most listings that are kept. They are forgotten once no request waits for one.
const MADE_MAX: usize = 4;

/// What a listing is of, and in which form.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The address of the document root, which lives as long as the site.
    root: usize,
    pub relative: Vec<u8>,
    pub view: View,
    pub is_json: bool,
}

/// A listing as it is sent.
pub(crate) struct Made {
    pub representation: Representation,
    text: Arc<[u8]>,
}

impl Listings {
    /// The moment at which a request asks for a listing.
    pub(crate) fn ask(&self) -> ListingAsked {
        self.begin()
    }

    /// The moment at which the reading of a directory begins.
    pub(crate) fn begin(&self) -> ListingAsked {
        ListingAsked(self.events.fetch_add(1, Ordering::AcqRel))
    }

    /// A listing whose reading began after `asked`.
    pub(crate) fn find(&self, key: &Key, asked: ListingAsked) -> Option<Arc<Made>> {
        let made = lock(&self.made);
        let is_it = |(have, began, _): &&(Key, ListingAsked, _)| have == key && *began > asked;
        made.iter().find(is_it).map(|(_, _, made)| Arc::clone(made))
    }

    /// Keeps a listing whose reading began at `began`.
    pub(crate) fn keep(&self, began: ListingAsked, new: Made, key: Key) -> Arc<Made> {
        let new = Arc::new(new);
        let mut made = lock(&self.made);
        made.retain(|(have, _, _)| *have != key);
        if made.len() >= MADE_MAX {
            made.remove(0);
        }
        made.push((key, began, Arc::clone(&new)));
        new
    }

    /// Forgets all listings.
    pub(crate) fn forget(&self) {
        lock(&self.made).clear();
    }
}

impl Key {
    /// JSON goes to a client that would rather have it than a page.
    pub(crate) fn of(
        root: &DocumentRoot,
        relative: &[u8],
        query: Option<&[u8]>,
        fields: &Fields,
    ) -> Key {
        let weight = |media_type| media_type_weight(fields, media_type);
        Key {
            root: std::ptr::from_ref(root).addr(),
            relative: relative.to_vec(),
            view: View::from_query(query),
            is_json: weight("application/json") > weight("text/html"),
        }
    }
}

impl Made {
    /// A listing of this media type, to be shown under this Content-Security-Policy.
    pub(crate) fn new(text: Vec<u8>, media_type: &str, policy: Option<&str>) -> Made {
        let representation = Representation::of_listing(&text, media_type, policy);
        Made { representation, text: Arc::from(text) }
    }

    /// The answer with the whole listing.
    pub(crate) fn response(&self) -> Response {
        Response {
            status: Status::Ok,
            fields: self.representation.field_lines(),
            body: Body::page(Arc::clone(&self.text)),
        }
    }
}
