//! From request to response: the document root and its rules. Files are known here; sockets and
//! threads are not.
//!
//! [`Site::begin`] decides the whole answer before a byte of it is sent: request-target to path,
//! path to an open file beneath the root, validators, preconditions, range, status, fields, body
//! (`get.rs` has this order). For PUT it decides what can be decided before the body is there, and
//! the [`Upload`] the rest. Before all of it, `who_may/` says whether the client may ask at all.
//! DELETE is in `removal.rs`, MKCOL in `collection.rs`.

mod absent;
mod answer;
pub mod archive;
mod asked;
mod collection;
pub mod content_type;
pub mod document_root;
pub mod error_page;
mod get;
mod health;
mod hosts;
mod kept;
mod leave;
pub mod listing;
mod lock;
mod media_types;
mod open_file;
mod openat;
mod permissions;
mod place;
mod refusal;
mod relative_path;
mod removal;
pub mod representation;
pub mod response;
mod roots;
mod rules;
mod selection;
mod served;
mod settings;
mod status_code;
pub mod upload;
mod walk;
mod who_may;

#[cfg(test)]
#[path = "../../tests/support/alone.rs"]
mod alone;
#[cfg(test)]
#[path = "../../tests/support/linux.rs"]
mod linux;
#[cfg(test)]
#[path = "../../tests/support/refused.rs"]
mod refused;

pub use crate::http::prefix::Prefix;
pub use answer::Answer;
pub use asked::Conditions;
pub use health::parse_health;
pub use kept::{KeptLimits, Proofs};
pub use leave::Leave;
pub use settings::{
    AuthFor, CacheRule, Settings, parse_field, parse_file_name, parse_host, parse_relative,
};

use crate::http::date::Timestamp;
use crate::http::method::Method;
use crate::http::request::Request;
use crate::http::status::Status;
use crate::http::target::Target;
use asked::Sources;
use document_root::DocumentRoot;
use get::Get;
use listing::Listings;
use open_file::Found;
use refusal::refusal;
use response::Response;
use roots::{Opened, Roots};
use rules::Rules;
use std::io;
use std::path::{self, PathBuf};
use std::sync::Arc;
use upload::Upload;

/// Document roots, with the rules for what is served of them and how.
pub struct Site {
    sources: Sources,
}

impl Site {
    /// Opens the document root.
    ///
    /// # Errors
    ///
    /// If the root is missing, is no directory or cannot be read, if it lacks the fallback file that
    /// is set, or if the passwords cannot be read. The error names what it is about.
    pub fn open(mut settings: Settings) -> io::Result<Site> {
        settings.root = absolute(settings.root);
        let roots = Roots::open(&settings)?;
        expect_fallback(&roots.current(), &settings)?;
        if settings.writable {
            upload::remove_leftovers(&settings.root);
        }
        let rules = Arc::new(Rules::new(settings)?);
        Ok(Site { sources: Sources { rules, roots, listings: Listings::default() } })
    }

    /// What to do about `request`. Nearly always it is answered at once; a PUT that is not refused
    /// needs its body first, dear work a leave, and an archive to know what it will hold. For HEAD,
    /// the answer is that to GET.
    pub fn begin(&self, request: &Request, conditions: Conditions) -> Answer {
        let (site, rules) = (&self.sources, &self.sources.rules);
        if let Some(answer) = health::check(rules, request, conditions.is_leaving) {
            return answer;
        }
        if let Some(answer) = who_may::check(rules, request, &conditions) {
            return answer;
        }
        let response = match (request.method, &request.target) {
            (Method::Get | Method::Head, &Target::Resource { path, query }) => {
                let get = Get { site, request, path, query, conditions: &conditions };
                match get.respond() {
                    Ok(response) => response,
                    Err(answer) => return answer,
                }
            }
            (Method::Put, Target::Resource { path, .. }) if rules.settings.writable => {
                match Upload::begin(site, request, path, conditions.now) {
                    Ok(upload) => return Answer::Upload(Box::new(upload)),
                    Err(status) => refusal(status),
                }
            }
            (Method::Delete | Method::Mkcol, Target::Resource { path, .. })
                if rules.settings.writable =>
            {
                if conditions.leave != Some(Leave::Change) {
                    return Answer::Dear(Leave::Change);
                }
                change_name(site, request, path, conditions.now)
            }
            (Method::Options, _) => options(rules, request),
            _ => refusal(Status::MethodNotAllowed).with("Allow", rules.allow()),
        };
        Answer::Response(rules.complete(response))
    }

    /// The answer to `request` at time `now`; dear work is done at once. A PUT that is not refused
    /// needs its body, and is 500 here. This is how tests, benchmarks and fuzzers ask.
    #[cfg(any(test, feature = "internals"))]
    pub fn respond(&self, request: &Request, now: Timestamp) -> Response {
        let proofs = Proofs::new();
        let mut leave = None;
        loop {
            let conditions = Conditions {
                now,
                proofs: &proofs,
                leave,
                memory_is_short: false,
                is_leaving: false,
            };
            match self.begin(request, conditions) {
                Answer::Response(response) | Answer::Unlogged(response) => return response,
                Answer::Dear(needed) => leave = Some(needed),
                Answer::Archive(mut gathering) => loop {
                    if let Some(response) = gathering.step() {
                        return response;
                    }
                },
                Answer::Again => leave = None,
                Answer::Upload(_) => return self.refuse(Status::InternalServerError),
            }
        }
    }

    /// The user whom the access log names: the one that the request names, if the password with it
    /// was found right lately.
    pub fn user(&self, request: &Request, now: Timestamp) -> Option<Vec<u8>> {
        who_may::user(&self.sources.rules, request, now)
    }

    /// Forgets the listings that were made for several requests.
    pub fn forget_listings(&self) {
        self.sources.listings.forget();
    }

    /// Looks whether the document root is still where it was. If another directory is there now, as
    /// after a build or the switch of a symlink, it is opened; returns whether it was. A system
    /// call or two, to be made about twice a second: no answer comes from a former root for longer.
    ///
    /// A request that finds nothing looks too. While there is no root, every answer is 404.
    pub fn look_at_root(&self) -> bool {
        self.sources.roots.look(&self.sources.rules.settings)
    }

    /// Lets go of what is kept and has not been used for a minute before `now`, a bounded part at a
    /// time, so that file systems beneath the root can be unmounted and the blocks of removed files
    /// become free. Worth a call a second. Returns whether there is more.
    pub fn let_go(&self, now: Timestamp) -> bool {
        let opened = self.sources.roots.current();
        opened.roots().map(|root| root.let_go(now)).filter(|&is_more| is_more).count() > 0
    }

    /// The answer to a request that is refused before its target is known.
    pub fn refuse(&self, status: Status) -> Response {
        self.sources.rules.refuse(status)
    }
}

/// The answer to a DELETE or MKCOL that may change names.
fn change_name(site: &Sources, request: &Request, path: &[u8], now: Timestamp) -> Response {
    match request.method {
        Method::Delete => removal::remove(site, request, path, now).unwrap_or_else(refusal),
        _ => collection::make(site, request, path, now),
    }
}

/// 204, and what a CORS preflight asks for if `--cors` is given.
fn options(rules: &Rules, request: &Request) -> Response {
    let response = Response::empty(Status::NoContent).with("Allow", rules.allow());
    if !rules.settings.cross_origin || request.fields.get("Access-Control-Request-Method").is_none()
    {
        return response;
    }
    response
        // None that writes: else every page that the user opens could write here.
        .with("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        .with("Access-Control-Allow-Headers", "*")
        .with("Access-Control-Max-Age", "86400")
}

/// The same directory by an absolute path: a relative one would stay with the directory that this
/// process is in, even if another takes its place. If the absolute path does not lead there, say
/// through a directory that this process may not enter, the relative one has to do.
fn absolute(root: PathBuf) -> PathBuf {
    match path::absolute(&root) {
        Ok(absolute) if openat::identify(&absolute) == openat::identify(&root) => absolute,
        _ => root,
    }
}

/// An error if no root has the fallback file: a mistake that would show as 404 only much later.
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
