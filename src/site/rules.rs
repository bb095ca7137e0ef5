//! What is the same for every answer of a site: its settings, its media types, its page for 404,
//! and the field lines that all answers have.

use super::content_type::ContentTypes;
use super::refusal::refusal;
use super::response::Response;
use super::settings::{AuthFor, Settings};
use super::who_may::Passwords;
use crate::http::status::Status;
use crate::http::validator::FileFacts;
use std::io;

/// The rules of one site.
pub(super) struct Rules {
    pub settings: Settings,
    pub types: ContentTypes,
    /// The answer of 404 with the built-in page, made once: crawlers and browsers ask for much that
    /// is not there.
    pub not_found: Response,
    pub passwords: Option<Passwords>,
    /// Whether it is asked even of requests that only read who may do so.
    pub guards_reading: bool,
}

impl Rules {
    /// # Errors
    ///
    /// If the passwords cannot be read.
    pub(super) fn new(settings: Settings) -> io::Result<Rules> {
        let passwords = settings.auth_file.as_deref().map(Passwords::read).transpose()?;
        passwords.iter().for_each(|passwords| passwords.warn_if_beneath(&settings.root));
        let asks_all = passwords.is_some() && settings.auth_for == AuthFor::All;
        Ok(Rules {
            passwords,
            types: ContentTypes::new(settings.types.clone()),
            not_found: not_found(&settings),
            guards_reading: asks_all || !settings.hosts.is_empty(),
            settings,
        })
    }

    /// Whether the file has the passwords: it is for nobody.
    pub(super) fn is_secret(&self, facts: &FileFacts) -> bool {
        self.passwords.as_ref().is_some_and(|passwords| passwords.are_in(facts))
    }

    /// The methods that are allowed, for an Allow field.
    pub(super) fn allow(&self) -> &'static str {
        match self.settings.writable {
            true => "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL",
            false => "GET, HEAD, OPTIONS",
        }
    }

    /// The complete answer of this status, with the page that says it.
    pub(super) fn refuse(&self, status: Status) -> Response {
        self.complete(refusal(status))
    }

    /// The same response with the field lines that every answer of this site has.
    pub(super) fn complete(&self, mut response: Response) -> Response {
        if self.settings.cross_origin {
            // Two of them: browsers then ignore both.
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
}

/// 404 with the built-in page, for many answers to share.
fn not_found(settings: &Settings) -> Response {
    let response = refusal(Status::NotFound);
    let response = match settings.fallback {
        Some(_) => response.with("Vary", "Accept"),
        None => response,
    };
    Response { fields: response.fields.into_shared(), ..response }
}
