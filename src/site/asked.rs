//! One GET or HEAD, with all that its answer depends on.

use super::archive::Gathering;
use super::document_root::DocumentRoot;
use super::kept::Proofs;
use super::leave::Leave;
use super::listing::{ListingAsked, Listings};
use super::open_file::Found;
use super::refusal::refusal;
use super::representation::Representation;
use super::response::Response;
use super::roots::Roots;
use super::rules::Rules;
use crate::http::date::Timestamp;
use crate::http::precondition::{Preconditions, Verdict};
use crate::http::request::Request;
use crate::http::status::Status;
use std::sync::Arc;

/// What an answer depends on beside its request and the site.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// The time of the request. It may lag behind, it must not be ahead.
    pub now: Timestamp,
    /// What was proved lately.
    pub proofs: &'a Proofs,
    /// The leave to do dear work, for a request that has asked for it.
    pub leave: Option<Leave>,
    /// Whether a short file is to be sent from the disk, as a long one is.
    pub memory_is_short: bool,
    /// Whether the server is about to stop, and wants no further requests.
    pub is_leaving: bool,
}

/// What a site answers from.
pub(super) struct Sources {
    /// Shared with the uploads that go on when the site is exchanged.
    pub rules: Arc<Rules>,
    pub roots: Roots,
    pub listings: Listings,
}

/// One GET or HEAD on its way to a response.
pub(super) struct Asked<'a> {
    pub site: &'a Sources,
    pub request: &'a Request<'a>,
    pub query: Option<&'a [u8]>,
    pub conditions: &'a Conditions<'a>,
    /// The root that the request is about.
    pub root: &'a DocumentRoot,
}

/// Why there is no response.
pub(super) enum Unanswered {
    /// An error, with this status.
    Status(Status),
    /// A listing, which is to be made by a worker that may.
    Listing(ListingAsked),
    /// An archive, whose contents are to be gathered by a worker that may.
    Archive(Box<Gathering>),
}

impl From<Status> for Unanswered {
    fn from(status: Status) -> Unanswered {
        Unanswered::Status(status)
    }
}

impl Asked<'_> {
    /// What `relative` names in the root.
    pub(super) fn find(&self, relative: &[u8]) -> Result<Found, Status> {
        match self.root.find_with(relative, self.conditions.now, self.conditions.proofs) {
            Ok(Found::File(file)) if self.site.rules.is_secret(&file.facts) => {
                Err(Status::NotFound)
            }
            found => found,
        }
    }

    /// The 304 or 412 that the request's preconditions ask for, if they do (RFC 9110 §13.2).
    pub(super) fn precluded(&self, representation: &Representation) -> Option<Response> {
        let current = Some(&representation.validators);
        let Asked { request, conditions, .. } = self;
        match Preconditions::of(&request.fields).evaluate(request.method, current, conditions.now) {
            Verdict::Proceed => None,
            Verdict::Failed => Some(refusal(Status::PreconditionFailed)),
            Verdict::NotModified => Some(Response {
                fields: representation.field_lines_not_modified(),
                ..Response::empty(Status::NotModified)
            }),
        }
    }
}
