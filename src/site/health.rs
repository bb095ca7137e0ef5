//! The health path: where a balancer asks whether this server wants requests. The answer hangs on
//! no file, on no host and on no field of the request, and is not worth a line in the access log.

use super::answer::Answer;
use super::response::{Body, Response};
use super::rules::Rules;
use crate::http::method::Method;
use crate::http::request::Request;
use crate::http::status::Status;
use crate::http::target::Target;

/// Parses `--health PATH`: a path as the checks send it.
///
/// # Errors
///
/// One line for the user.
pub fn parse_health(text: &str) -> Result<String, String> {
    let is_sent_in_path = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'?' | b'#');
    match text.starts_with('/') && text.bytes().all(is_sent_in_path) {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is no path, such as /health")),
    }
}

/// The answer to a request for the health path; `None` for any other, and where there is no such
/// path. `is_leaving` says that the server wants no further requests.
///
/// The path is compared as it was sent, byte by byte and with any prefix; the query counts for
/// nothing. OPTIONS is a check too: it is what HAProxy sends by itself.
pub(super) fn check(rules: &Rules, request: &Request, is_leaving: bool) -> Option<Answer> {
    let path = rules.settings.health.as_deref()?;
    if !matches!(request.target, Target::Resource { path: sent, .. } if sent == path.as_bytes()) {
        return None;
    }
    let response = match request.method {
        Method::Get | Method::Head | Method::Options if is_leaving => {
            text(Status::ServiceUnavailable, "draining")
        }
        Method::Get | Method::Head => text(Status::Ok, "ok"),
        Method::Options => Response::empty(Status::NoContent).with("Allow", ALLOW),
        _ => {
            let response = rules.refuse(Status::MethodNotAllowed).with("Allow", ALLOW);
            return Some(Answer::Response(response));
        }
    };
    Some(Answer::Unlogged(rules.complete(response)))
}

const ALLOW: &str = "GET, HEAD, OPTIONS";

/// An answer that nobody may keep: it is true in this moment only.
fn text(status: Status, text: &str) -> Response {
    Response::empty(status)
        .with("Content-Type", "text/plain; charset=utf-8")
        .with("X-Content-Type-Options", "nosniff")
        .with("Cache-Control", "no-store")
        .with_body(Body::text(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_path_is_one_that_a_request_can_have() {
        for text in ["", "health", "http://a/health", "/a b", "/a?b", "/a#b", "/\u{e4}", "/a\n"] {
            let said = parse_health(text).expect_err(text);
            assert!(said.contains("such as /health"), "{said}");
        }
        for text in ["/", "/health", "/files/%C3%A4/.well-known//x"] {
            assert_eq!(parse_health(text), Ok(text.to_owned()));
        }
    }
}
