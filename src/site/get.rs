//! From a GET to its response: the decisions in their order, from the request-target down to the
//! bytes. HEAD takes the same way; its body is left unsent.

use super::document_root::{Absent, Content, DocumentRoot, Found, OpenFile};
use super::refusal::status_of_path;
use super::refusal::{html, redirect_to_directory, redirect_to_page, refusal, status_of};
use super::representation::Representation;
use super::response::{Body, Response};
use super::{Conditions, ListingAsked, Site};
use crate::http::date::Timestamp;
use crate::http::negotiation::media_type_weight;
use crate::http::precondition::{self, Verdict};
use crate::http::range::{self, Ranged};
use crate::http::request::{Method, Request};
use crate::http::response::{FieldLines, Status};
use crate::http::target::RequestPath;
use crate::http::validator::Validators;
use std::ops::Range;
use std::sync::Arc;

/// One GET or HEAD on its way to a response.
pub(super) struct Asked<'a> {
    pub(super) site: &'a Site,
    pub(super) request: &'a Request<'a>,
    pub(super) query: Option<&'a [u8]>,
    pub(super) root: &'a DocumentRoot,
    pub(super) now: Timestamp,
    pub(super) conditions: &'a Conditions<'a>,
}

/// Why there is no response.
pub(super) enum Unanswered {
    /// An error, with this status.
    Status(Status),
    /// A listing, which is to be made by somebody who may.
    Listing(ListingAsked),
}

/// Why a GET has no answer yet.
pub(super) enum NotAnswered {
    /// Nothing is found; the page that says so, where there is a root.
    NotFound(Option<Response>),
    Listing(ListingAsked),
}

impl From<Status> for Unanswered {
    fn from(status: Status) -> Unanswered {
        Unanswered::Status(status)
    }
}

impl Asked<'_> {
    /// The answer to a GET; the error has the page that says 404.
    pub(super) fn get_or_say_why(&self, path: &[u8]) -> Result<Response, NotAnswered> {
        match self.get(path) {
            Ok(response) => Ok(response),
            Err(Unanswered::Status(Status::NotFound)) => {
                Err(NotAnswered::NotFound(Some(self.not_found())))
            }
            Err(Unanswered::Status(status)) => Ok(refusal(status)),
            Err(Unanswered::Listing(asked)) => Err(NotAnswered::Listing(asked)),
        }
    }

    fn get(&self, path: &[u8]) -> Result<Response, Unanswered> {
        let whole = RequestPath::parse(path).map_err(status_of_path)?;
        let path = self.site.settings.prefix.cut(&whole).ok_or(Status::NotFound)?;
        if path.is_hidden() && !self.site.settings.serves_hidden {
            return Err(Status::NotFound.into());
        }
        let relative = path.relative();
        if path.names_directory() {
            if self.is_page_alone(relative) {
                return Ok(redirect_to_page(&whole, self.query));
            }
            return self.get_directory(relative);
        }
        // The prefix alone.
        if relative.is_empty() {
            return Ok(redirect_to_directory(&whole, self.query));
        }
        match self.find(relative) {
            Ok(Found::File(file)) => Ok(self.file(relative, file)),
            Ok(Found::Directory) => Ok(self
                .get_page(relative)?
                .unwrap_or_else(|| redirect_to_directory(&whole, self.query))),
            Err(Absent::NotFound) => match self.get_page(relative)? {
                Some(page) => Ok(page),
                None => Ok(self.get_fallback()?),
            },
            Err(absent) => Err(status_of(absent).into()),
        }
    }

    /// The page that a clean URL stands for, where they are asked for: the file of that name with
    /// `.html` after it. A directory of the same name comes after it, as with `try_files $uri
    /// $uri.html $uri/` in nginx.
    fn get_page(&self, relative: &[u8]) -> Result<Option<Response>, Status> {
        match self.site.settings.clean_urls {
            true => self.get_file(&[relative, b".html"].concat()),
            false => Ok(None),
        }
    }

    /// Whether clean URLs are asked for, and what the slash at its end makes a directory is a page,
    /// such as `about.html` for `/about/`: static site generators link to both.
    fn is_page_alone(&self, relative: &[u8]) -> bool {
        let is_file = |end: &[&[u8]]| {
            let path = [&[relative], end].concat().concat();
            matches!(self.root.find(&path, self.now), Ok(Found::File(_)))
        };
        self.site.settings.clean_urls
            && !relative.is_empty()
            && is_file(&[b".html"])
            && !self.site.settings.index.iter().any(|name| is_file(&[b"/", name.as_bytes()]))
    }

    /// The fallback file, for a client that would rather have HTML than anything: a browser that
    /// opens a page, and not a script that asks for data. Either way the answer hangs on Accept,
    /// and says so (RFC 9110 §12.5.5).
    pub(super) fn get_fallback(&self) -> Result<Response, Status> {
        let fields = &self.request.fields;
        let asks_for_html = || {
            media_type_weight(fields, "text/html")
                > media_type_weight(fields, "application/octet-stream")
        };
        match &self.site.settings.fallback {
            Some(fallback) if asks_for_html() => self
                .get_file(fallback.as_bytes())?
                .map(|response| response.with("Vary", "Accept"))
                .ok_or(Status::NotFound),
            _ => Err(Status::NotFound),
        }
    }

    /// The answer about the file at `relative`; `None` where there is none.
    pub(super) fn get_file(&self, relative: &[u8]) -> Result<Option<Response>, Status> {
        match self.find(relative) {
            Ok(Found::File(file)) => Ok(Some(self.file(relative, file))),
            Ok(Found::Directory) | Err(Absent::NotFound) => Ok(None),
            Err(absent) => Err(status_of(absent)),
        }
    }

    /// The answer about a file: preconditions, then range, then the whole (RFC 9110 §13.2.2).
    fn file(&self, relative: &[u8], file: Arc<OpenFile>) -> Response {
        let (file, representation) = self.select(relative, file);
        if let Some(response) = self.precluded(&representation) {
            return response;
        }
        let length = file.facts.length;
        let whole = |status| Response {
            status,
            fields: FieldLines::sharing(Arc::clone(&representation.fields)),
            body: Body::Empty,
        };
        match self.resolve_range(&representation.validators, length) {
            Ranged::Whole => whole(Status::Ok).with_body(self.body_of(relative, &file, 0..length)),
            Ranged::Part(interval) => whole(Status::PartialContent)
                .with("Content-Range", &range::content_range(&interval, length))
                .with_body(self.body_of(relative, &file, interval)),
            Ranged::Unsatisfiable => refusal(Status::RangeNotSatisfiable)
                .with("Content-Range", &range::unsatisfied_range(length)),
        }
    }

    /// The 304 or 412 that the request's preconditions ask for, if they do.
    pub(super) fn precluded(&self, representation: &Representation) -> Option<Response> {
        let Asked { request, now, .. } = self;
        let current = Some(&representation.validators);
        match precondition::evaluate(request.method, &request.fields, current, *now) {
            Verdict::Proceed => None,
            Verdict::Failed => Some(refusal(Status::PreconditionFailed)),
            Verdict::NotModified => Some(Response {
                fields: FieldLines::sharing(Arc::clone(&representation.fields_not_modified)),
                ..Response::empty(Status::NotModified)
            }),
        }
    }

    /// What the Range field asks for, where it counts: in a GET whose If-Range holds (RFC 9110 §14.2).
    fn resolve_range(&self, validators: &Validators, length: u64) -> Ranged {
        let fields = &self.request.fields;
        match fields.get("Range") {
            Some(value)
                if self.request.method == Method::Get
                    && precondition::range_applies(fields, validators, self.now) =>
            {
                range::resolve(value, length)
            }
            _ => Ranged::Whole,
        }
    }

    /// 404 with the root's own page where there is one.
    fn not_found(&self) -> Response {
        let response = match self.find_not_found_page() {
            Some(file) => html(Status::NotFound, body_of(&file, 0..file.facts.length)),
            None => html(
                Status::NotFound,
                Body::Bytes(
                    Arc::clone(&self.site.not_found_page),
                    0..self.site.not_found_page.len(),
                ),
            ),
        };
        match self.site.settings.fallback {
            Some(_) => response.with("Vary", "Accept"),
            None => response,
        }
    }

    pub(super) fn find(&self, relative: &[u8]) -> Result<Found, Absent> {
        self.root.find_with(relative, self.now, self.conditions.proofs)
    }

    /// The root's own page for what is not found.
    fn find_not_found_page(&self) -> Option<Arc<OpenFile>> {
        let (proofs, address) = (self.conditions.proofs, std::ptr::from_ref(self.root).addr());
        if proofs.facts().without_page == address {
            return None;
        }
        match self.find(b"404.html") {
            Ok(Found::File(file)) => Some(file),
            _ => {
                proofs.note_facts(|facts| facts.without_page = address);
                None
            }
        }
    }

    /// An interval of a file as a body: from memory, unless memory is short.
    fn body_of(&self, relative: &[u8], file: &OpenFile, interval: Range<u64>) -> Body {
        let is_thrifty = self.conditions.memory_is_short && file.facts.length > THRIFTY_BYTES_MIN;
        match is_thrifty.then(|| self.root.reopen(relative, file)).flatten() {
            Some(handle) => Body::File(handle, interval),
            None => body_of(file, interval),
        }
    }
}

/// Bytes of a file above which it is sent from the disk where memory is short; a socket takes as many
/// at once.
const THRIFTY_BYTES_MIN: u64 = 16 * 1024;

fn body_of(file: &OpenFile, interval: Range<u64>) -> Body {
    match &file.content {
        Content::Handle(handle) => Body::File(Arc::clone(handle), interval),
        Content::Bytes(bytes) => {
            let end = usize::try_from(interval.end).unwrap_or(usize::MAX).min(bytes.len());
            let start = usize::try_from(interval.start).unwrap_or(usize::MAX).min(end);
            Body::Bytes(Arc::clone(bytes), start..end)
        }
    }
}
