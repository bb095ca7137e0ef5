//! From request to response: the document root and its rules. Files are known here; sockets and
//! threads are not.
//!
//! [`Site::respond`] decides the whole answer before a byte of it is sent: request-target to path,
//! path to an open file beneath the root, validators, preconditions, range, status, fields, body.
//! For PUT, [`Site::begin`] decides what can be decided before the body is there, and the
//! [`Upload`] the rest.

pub mod content_type;
mod directory;
pub mod document_root;
pub mod error_page;
mod get;
mod health;
mod hosts;
mod html;
mod index;
mod kept;
mod leftovers;
pub mod listing;
mod made_listings;
mod media_types;
mod openat;
mod order;
mod permissions;
mod proofs;
mod reading;
mod refusal;
pub mod representation;
pub mod response;
mod roots;
mod selection;
mod settings;
mod temporary_file;
pub mod upload;

pub use crate::http::prefix::Prefix;
pub use health::parse_health;
pub use made_listings::ListingAsked;
pub use proofs::Proofs;
pub use settings::{CacheRule, Settings, parse_field};

use crate::http::date::Timestamp;
use crate::http::request::{Method, Request};
use crate::http::response::Status;
use crate::http::target::Target;
use content_type::ContentTypes;
use document_root::{DocumentRoot, Found};
use get::{Asked, NotAnswered};
use made_listings::Listings;
use refusal::refusal;
use response::Response;
use roots::{Opened, Roots};
use std::io;
use std::path::{self, PathBuf};
use std::sync::Arc;
use upload::Upload;

/// What becomes of a request.
pub enum Answer {
    Response(Response),
    /// The same without a line in the access log.
    Unlogged(Response),
    /// A listing, which is dear: the request is to be asked again with this, by somebody who may
    /// take the time.
    Listing(ListingAsked),
    /// A file that the request's body is to be written to; it gives the response then.
    Upload(Box<Upload>),
}

/// What an answer depends on beside its request.
#[derive(Clone, Copy)]
pub struct Conditions<'a> {
    /// It may lag behind, it must not be ahead.
    pub now: Timestamp,
    /// What was proved lately.
    pub proofs: &'a Proofs,
    /// The leave to make a listing, for a request that has asked for one.
    pub listing: Option<ListingAsked>,
    /// Whether a short file is to be sent as a long one is, from the disk.
    pub memory_is_short: bool,
    /// Whether the server is about to stop, and wants no further requests.
    pub is_leaving: bool,
}

/// Document roots with the rules for what is served of them, and how.
pub struct Site {
    roots: Roots,
    settings: Settings,
    types: ContentTypes,
    /// The built-in page for 404, made once: crawlers and browsers ask for much that is not there.
    not_found_page: Arc<[u8]>,
    listings: Listings,
}

impl Site {
    /// Opens the document root.
    ///
    /// # Errors
    ///
    /// Where the root is missing, is no directory or cannot be read, or has no fallback file though
    /// one is set. It names what it is about.
    pub fn open(mut settings: Settings) -> io::Result<Site> {
        settings.root = absolute(settings.root);
        let roots = Roots::open(&settings)?;
        expect_fallback(&roots.current(), &settings)?;
        if settings.writable {
            leftovers::remove_leftovers(&settings.root);
        }
        let types = ContentTypes::new(settings.types.clone());
        Ok(Site {
            roots,
            types,
            not_found_page: Arc::from(error_page::page(Status::NotFound)),
            listings: Listings::default(),
            settings,
        })
    }

    /// What to do about `request`: nearly always to answer it at once, as [`Site::respond`] says, or
    /// as the health path has it; a PUT that is not refused needs its body first, and a listing the
    /// leave to make it.
    pub fn begin(self: &Arc<Site>, request: &Request, conditions: Conditions) -> Answer {
        if let Some(answer) = self.check_health(request, conditions.is_leaving) {
            return answer;
        }
        match (request.method, &request.target) {
            (Method::Put, Target::Resource { path, .. }) if self.settings.writable => {
                let mut begun = self.begin_upload(request, path, conditions.now);
                if matches!(begun, Err(Status::NotFound | Status::Conflict))
                    && self.roots.look_for(&self.settings, request.host)
                {
                    begun = self.begin_upload(request, path, conditions.now);
                }
                match begun {
                    Ok(upload) => Answer::Upload(Box::new(upload)),
                    Err(status) => Answer::Response(self.refuse(status)),
                }
            }
            _ => match self.decide(request, &conditions) {
                Ok(response) => Answer::Response(self.complete(response)),
                Err(asked) => Answer::Listing(asked),
            },
        }
    }

    /// The answer to `request` at time `now`, for every method but PUT and every path but that for
    /// health. For HEAD it is the answer to GET. A listing is made at once. This is how tests,
    /// benchmarks and fuzzers ask.
    #[cfg(any(test, feature = "internals"))]
    pub fn respond(&self, request: &Request, now: Timestamp) -> Response {
        let proofs = Proofs::new();
        let listing = Some(self.listings.ask());
        let conditions =
            Conditions { now, proofs: &proofs, listing, memory_is_short: false, is_leaving: false };
        self.complete(match self.decide(request, &conditions) {
            Ok(response) => response,
            Err(_) => refusal(Status::InternalServerError),
        })
    }

    /// Forgets the listings that were made for several requests.
    pub fn forget_listings(&self) {
        self.listings.forget();
    }

    /// Looks whether the document root is still where it was, and opens it anew where it is another
    /// directory now, as after a build or the switch of a symlink; whether it has. A call or two,
    /// to be made about twice a second: no answer comes from a former root for longer.
    ///
    /// A request that finds nothing looks too. While there is no root, every answer is 404.
    pub fn look_at_root(&self) -> bool {
        self.roots.look(&self.settings)
    }

    /// Lets go of what is kept and has not been used for a minute before `now`, a bounded part at a
    /// time, so that file systems beneath the root can be unmounted and removed files' blocks go
    /// back to the disk. Worth a call a second. Returns whether there is more.
    pub fn let_go(&self, now: Timestamp) -> bool {
        let opened = self.roots.current();
        opened.roots().map(|root| root.let_go(now)).filter(|&is_more| is_more).count() > 0
    }

    /// The answer to a request that is refused before it is known what it is about.
    pub fn refuse(&self, status: Status) -> Response {
        self.complete(refusal(status))
    }

    /// The same response with the field lines that every answer of this site has.
    fn complete(&self, mut response: Response) -> Response {
        if self.settings.cross_origin {
            // Browsers take two of them for none.
            if !self.settings.sets("Access-Control-Allow-Origin") {
                response.fields.push("Access-Control-Allow-Origin", "*");
            }
            response.fields.push(
                "Access-Control-Expose-Headers",
                "Accept-Ranges, Content-Length, Content-Range, ETag",
            );
        }
        for (name, value) in &self.settings.fields {
            response.fields.push(name, value);
        }
        response
    }

    fn decide(&self, request: &Request, conditions: &Conditions) -> Result<Response, ListingAsked> {
        Ok(match (request.method, &request.target) {
            (Method::Options, _) => self.options(request),
            (Method::Get | Method::Head, Target::Resource { path, query }) => {
                let get_from = |roots: &Opened| {
                    let root = roots.root(request.host).ok_or(NotAnswered::NotFound(None))?;
                    let now = conditions.now;
                    let site = self;
                    let asked = Asked { site, request, query: *query, root, now, conditions };
                    asked.get_or_say_why(path)
                };
                let mut answer = get_from(&self.roots.current());
                // The root may have been replaced a moment ago.
                if matches!(answer, Err(NotAnswered::NotFound(_)))
                    && self.is_root_replaced(request.host, conditions.proofs)
                {
                    answer = get_from(&self.roots.current());
                }
                match answer {
                    Ok(response) => response,
                    Err(NotAnswered::NotFound(page)) => {
                        page.unwrap_or_else(|| refusal(Status::NotFound))
                    }
                    Err(NotAnswered::Listing(asked)) => return Err(asked),
                }
            }
            _ => refusal(Status::MethodNotAllowed).with("Allow", self.allow()),
        })
    }

    /// The methods that are allowed, for an Allow field.
    fn allow(&self) -> &'static str {
        if self.settings.writable { "GET, HEAD, OPTIONS, PUT" } else { "GET, HEAD, OPTIONS" }
    }

    /// 204, and what a CORS preflight asks for where `--cors` is given.
    fn options(&self, request: &Request) -> Response {
        let response = Response::empty(Status::NoContent).with("Allow", self.allow());
        if !self.settings.cross_origin
            || request.fields.get("Access-Control-Request-Method").is_none()
        {
            return response;
        }
        response
            // Not PUT: else every page that the user opens could write here.
            .with("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
            .with("Access-Control-Allow-Headers", "*")
            .with("Access-Control-Max-Age", "86400")
    }

    /// Whether the root in which nothing was found was replaced, and opened anew now.
    fn is_root_replaced(&self, host: Option<&[u8]>, proofs: &Proofs) -> bool {
        let address = Arc::as_ptr(&self.roots.current()).addr();
        // With hosts, each of them would have to be known.
        if proofs.facts().in_place == address && !self.settings.by_host {
            return false;
        }
        let is_replaced = self.roots.look_for(&self.settings, host);
        proofs.note_facts(|facts| facts.in_place = if is_replaced { 0 } else { address });
        is_replaced
    }
}

/// The same directory by an absolute path: a relative one would stay with the directory that this
/// process is in, though another takes its place. Where the absolute one does not lead there, say
/// through a directory that this process may not enter, the relative one has to do.
fn absolute(root: PathBuf) -> PathBuf {
    match path::absolute(&root) {
        Ok(absolute) if openat::identify(&absolute) == openat::identify(&root) => absolute,
        _ => root,
    }
}

/// An error where no root has the fallback file: a mistake that would show as 404 only much later.
fn expect_fallback(roots: &Opened, settings: &Settings) -> io::Result<()> {
    let Some(name) = &settings.fallback else {
        return Ok(());
    };
    // At a time when no file has settled, so that none is kept.
    let is_file = |root: &DocumentRoot| {
        matches!(root.find(name.as_bytes(), Timestamp::from_seconds(0)), Ok(Found::File(_)))
    };
    if roots.roots().any(is_file) {
        return Ok(());
    }
    let message = format!("{}: the --spa file {name} is not in it", settings.root.display());
    Err(io::Error::new(io::ErrorKind::NotFound, message))
}
