//! From a GET to its response: the decisions in their order, from the request-target down to the
//! bytes. HEAD takes the same way; its body is left unsent.

use super::answer::Answer;
use super::archive::{self, Gathering};
use super::asked::{Asked, Conditions, Sources, Unanswered};
use super::leave::Leave;
use super::open_file::{Found, OpenFile};
use super::refusal::{redirect_to_directory, redirect_to_page, refusal};
use super::relative_path::join;
use super::response::{Body, Response};
use super::roots::Opened;
use super::selection::select;
use crate::http::method::Method;
use crate::http::negotiation::media_type_weight;
use crate::http::path::{PathError, RequestPath};
use crate::http::precondition;
use crate::http::range::{self, Ranged};
use crate::http::request::Request;
use crate::http::status::Status;
use crate::http::validator::Validators;
use crate::limits::THRIFTY_BYTES_MIN;
use std::ops::Range;
use std::sync::Arc;

/// One GET or HEAD, before its root is known.
pub(super) struct Get<'a> {
    pub site: &'a Sources,
    pub request: &'a Request<'a>,
    /// The path of the request-target, as received.
    pub path: &'a [u8],
    pub query: Option<&'a [u8]>,
    pub conditions: &'a Conditions<'a>,
}

impl Get<'_> {
    /// The answer. The error is what only some workers may do: for a listing, such a worker asks
    /// again, with the leave in `conditions`.
    pub(super) fn respond(&self) -> Result<Response, Answer> {
        let mut is_first = true;
        loop {
            let roots = self.site.roots.current();
            let asked = self.asked(&roots);
            let answer = match &asked {
                Some(asked) => get(asked, self.path),
                None => Err(Status::NotFound.into()),
            };
            match answer {
                Ok(response) => return Ok(response),
                Err(Unanswered::Listing(asked)) => return Err(Answer::Dear(Leave::Listing(asked))),
                Err(Unanswered::Archive(gathering)) => return Err(Answer::Archive(gathering)),
                // The root may have been replaced a moment ago.
                Err(Unanswered::Status(Status::NotFound))
                    if is_first && self.is_root_replaced(&roots) =>
                {
                    is_first = false;
                }
                Err(Unanswered::Status(status)) => return Ok(say_why(status, asked.as_ref())),
            }
        }
    }

    /// The same, asked of the root that it is about; `None` if there is none.
    fn asked<'b>(&'b self, roots: &'b Opened) -> Option<Asked<'b>> {
        let Get { site, request, query, conditions, .. } = *self;
        Some(Asked { site, request, query, conditions, root: roots.root(request.host)? })
    }

    /// Whether `roots`, in which nothing was found, were replaced, and are opened anew now.
    fn is_root_replaced(&self, roots: &Opened) -> bool {
        let (settings, proofs) = (&self.site.rules.settings, self.conditions.proofs);
        let address = std::ptr::from_ref(roots).addr();
        // With hosts, each of them would have to be known.
        if proofs.facts().in_place == address && !settings.by_host {
            return false;
        }
        let is_replaced = self.site.roots.look_for(settings, self.request.host, roots);
        proofs.note_facts(|facts| facts.in_place = if is_replaced { 0 } else { address });
        is_replaced
    }
}

/// The answer about what `path` names.
fn get(asked: &Asked, path: &[u8]) -> Result<Response, Unanswered> {
    let whole = RequestPath::parse(path).map_err(PathError::status)?;
    let path = asked.site.rules.settings.prefix.cut(&whole).ok_or(Status::NotFound)?;
    if path.is_hidden() && !asked.site.rules.settings.serves_hidden {
        return Err(Status::NotFound.into());
    }
    let relative = path.relative();
    if path.names_directory() {
        if asked.site.rules.settings.archives && archive::is_asked_for(asked.query) {
            return get_archive(asked, relative);
        }
        return match is_page_alone(asked, relative) {
            true => Ok(redirect_to_page(&whole, asked.query)),
            false => get_directory(asked, relative),
        };
    }
    // The prefix alone.
    if relative.is_empty() {
        return Ok(redirect_to_directory(&whole, asked.query));
    }
    match asked.find(relative) {
        Ok(Found::File(file)) => Ok(file_response(asked, relative, file)),
        Ok(Found::Directory) => Ok(get_page(asked, relative)?
            .unwrap_or_else(|| redirect_to_directory(&whole, asked.query))),
        Err(Status::NotFound) => match get_page(asked, relative)? {
            Some(page) => Ok(page),
            None => Ok(get_fallback(asked)?),
        },
        Err(status) => Err(status.into()),
    }
}

/// The directory as an archive, whether it has an index file or not.
fn get_archive(asked: &Asked, relative: &[u8]) -> Result<Response, Unanswered> {
    let gathering = Gathering::begin(asked.root.shared(), &asked.site.rules, relative)?;
    match asked.precluded(&archive::representation()) {
        Some(response) => Ok(response),
        None => Err(Unanswered::Archive(Box::new(gathering))),
    }
}

/// An index file of the directory, else its listing, else what stands in for an unknown path.
fn get_directory(asked: &Asked, relative: &[u8]) -> Result<Response, Unanswered> {
    for name in &asked.site.rules.settings.index {
        if let Some(response) = get_file(asked, &join(relative, name.as_bytes()))? {
            return Ok(response);
        }
    }
    match asked.list(relative)? {
        Some(response) => Ok(response),
        None => Ok(get_fallback(asked)?),
    }
}

/// The page that a clean URL stands for, if they are asked for: the file of that name with `.html`
/// after it. It comes before a directory of the same name, as with `try_files $uri $uri.html $uri/`
/// in nginx.
fn get_page(asked: &Asked, relative: &[u8]) -> Result<Option<Response>, Status> {
    match asked.site.rules.settings.clean_urls {
        true => get_file(asked, &[relative, b".html"].concat()),
        false => Ok(None),
    }
}

/// Whether a path with a slash at its end names a page and no directory with an index file, such as
/// `/about/` for `about.html`, and clean URLs are asked for: static site generators link to both.
fn is_page_alone(asked: &Asked, relative: &[u8]) -> bool {
    let settings = &asked.site.rules.settings;
    let is_file = |path: &[u8]| {
        let found = asked.root.find(path, asked.conditions.now);
        matches!(found, Ok(Found::File(_)))
    };
    settings.clean_urls
        && !relative.is_empty()
        && is_file(&[relative, b".html"].concat())
        && !settings.index.iter().any(|name| is_file(&join(relative, name.as_bytes())))
}

/// The fallback file, for a client that prefers HTML to everything else: a browser that opens a
/// page, and not a script that asks for data. In both cases the answer depends on Accept, and says
/// so (RFC 9110 §12.5.5).
fn get_fallback(asked: &Asked) -> Result<Response, Status> {
    let weight = |media_type| media_type_weight(&asked.request.fields, media_type);
    match &asked.site.rules.settings.fallback {
        Some(fallback) if weight("text/html") > weight("application/octet-stream") => {
            get_file(asked, fallback.as_bytes())?
                .map(|response| response.with("Vary", "Accept"))
                .ok_or(Status::NotFound)
        }
        _ => Err(Status::NotFound),
    }
}

/// The answer about the file at `relative`; `None` if there is none.
fn get_file(asked: &Asked, relative: &[u8]) -> Result<Option<Response>, Status> {
    match asked.find(relative) {
        Ok(Found::File(file)) => Ok(Some(file_response(asked, relative, file))),
        Ok(Found::Directory) | Err(Status::NotFound) => Ok(None),
        Err(status) => Err(status),
    }
}

/// The answer about a file: preconditions, then range, then the whole (RFC 9110 §13.2.2).
fn file_response(asked: &Asked, relative: &[u8], file: Arc<OpenFile>) -> Response {
    let (file, representation) = select(asked, relative, file);
    if let Some(response) = asked.precluded(&representation) {
        return response;
    }
    let length = file.facts.length;
    let whole =
        |status| Response { status, fields: representation.field_lines(), body: Body::Empty };
    match resolve_range(asked, &representation.validators, length) {
        Ranged::Whole => {
            whole(Status::Ok).with_body(thrifty_body(asked, relative, file, 0..length))
        }
        Ranged::Part(interval) => whole(Status::PartialContent)
            .with("Content-Range", &range::content_range(&interval, length))
            .with_body(thrifty_body(asked, relative, file, interval)),
        Ranged::Unsatisfiable => refusal(Status::RangeNotSatisfiable)
            .with("Content-Range", &range::unsatisfied_range(length)),
    }
}

/// What the Range field asks for, if it counts: in a GET whose If-Range holds (RFC 9110 §14.2).
fn resolve_range(asked: &Asked, validators: &Validators, length: u64) -> Ranged {
    let fields = &asked.request.fields;
    match fields.get("Range") {
        Some(value)
            if asked.request.method == Method::Get
                && precondition::range_applies(fields, validators, asked.conditions.now) =>
        {
            range::resolve(value, length)
        }
        _ => Ranged::Whole,
    }
}

/// An interval of a file as a body: from memory, unless memory is short.
fn thrifty_body(asked: &Asked, relative: &[u8], file: Arc<OpenFile>, interval: Range<u64>) -> Body {
    let is_thrifty = asked.conditions.memory_is_short && file.facts.length > THRIFTY_BYTES_MIN;
    match is_thrifty.then(|| asked.root.reopen(relative, &file)).flatten() {
        Some(handle) => Body::File(handle, interval),
        None => Body::of_file(file, interval),
    }
}

/// The answer of this status; for 404, with the page of the root that was asked, if there is one.
fn say_why(status: Status, asked: Option<&Asked>) -> Response {
    match (status, asked) {
        (Status::NotFound, Some(asked)) => not_found(asked),
        _ => refusal(status),
    }
}

/// 404 with the root's own page, or the built-in one.
fn not_found(asked: &Asked) -> Response {
    let response = asked.site.rules.not_found.clone();
    match find_not_found_page(asked) {
        Some(file) => {
            let length = file.facts.length;
            response.with_body(Body::of_file(file, 0..length))
        }
        None => response,
    }
}

/// The root's own page for what is not found.
fn find_not_found_page(asked: &Asked) -> Option<Arc<OpenFile>> {
    let (proofs, address) = (asked.conditions.proofs, std::ptr::from_ref(asked.root).addr());
    if proofs.facts().without_page == address {
        return None;
    }
    match asked.find(b"404.html") {
        Ok(Found::File(file)) => Some(file),
        _ => {
            proofs.note_facts(|facts| facts.without_page = address);
            None
        }
    }
}
