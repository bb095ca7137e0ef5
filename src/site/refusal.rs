//! Answers without a representation: errors with the built-in page, and redirects.

use super::error_page;
use super::response::{Body, Response};
use crate::http::path::{RequestPath, encode_path, encode_query};
use crate::http::status::Status;

/// The response of this status with the built-in page, for an answer without a representation.
pub(super) fn refusal(status: Status) -> Response {
    let response = html_response(status, Body::text(error_page::page(status)));
    match status {
        Status::ServiceUnavailable => response.with("Retry-After", "1"),
        _ => response,
    }
}

/// The same, with a page that says what the status means here: `meaning`, as HTML.
pub(super) fn refusal_saying(status: Status, meaning: &str) -> Response {
    html_response(status, Body::text(error_page::page_saying(status, meaning)))
}

/// An answer whose body is an HTML page. A cache must ask before it uses it again: what was not
/// there may be there now.
fn html_response(status: Status, body: Body) -> Response {
    Response { body, ..Response::empty(status) }
        .with("Content-Type", "text/html; charset=utf-8")
        .with("X-Content-Type-Options", "nosniff")
        .with("Cache-Control", "no-cache")
}

/// 301 to the same directory with a slash at its end: `name/`.
pub(super) fn redirect_to_directory(path: &RequestPath, query: Option<&[u8]>) -> Response {
    let name = encode_path(path.name());
    // The text before a colon could be taken for a scheme.
    let relative = match path.name().contains(&b':') {
        true => format!("./{name}/"),
        false => format!("{name}/"),
    };
    redirect(path, relative, "/", query)
}

/// 301 to the page of this name without the slash at its end: `../name`.
pub(super) fn redirect_to_page(path: &RequestPath, query: Option<&[u8]>) -> Response {
    redirect(path, format!("../{}", encode_path(path.name())), "", query)
}

/// 301 to `relative`, which also works behind a proxy that cuts a prefix off the path. A path that
/// is not plain gets the whole path and `end`: it begins with one slash and holds no `\`, so that
/// no browser takes it for another host.
fn redirect(path: &RequestPath, relative: String, end: &str, query: Option<&[u8]>) -> Response {
    let mut location = match path.is_plain() {
        true => relative,
        false => format!("/{}{end}", encode_path(path.relative())),
    };
    if let Some(query) = query {
        location.push('?');
        location.push_str(&encode_query(query));
    }
    refusal(Status::MovedPermanently).with("Location", &location)
}
