//! The built-in page for an answer that is no file: the status, and what it means in one sentence
//! (RFC 9110 §15).
//!
//! It stands alone: no script, nothing to load, not even an icon, and light or dark as the reader
//! has it.

use crate::http::status::Status;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:22vh auto 0;max-width:32rem;padding:0 1.5rem;font:1rem/1.6 system-ui,sans-serif;color:#1d2126;background:#fff;overflow-wrap:anywhere}\
h1{margin:0 0 .5rem;font-size:1.5rem;font-weight:600;line-height:1.25}\
p{margin:0 0 .5rem;color:#5a6470}\
@media(prefers-color-scheme:dark){body{color:#e2e6ea;background:#14171a}p{color:#9aa4af}}";

/// An HTML page in UTF-8 that says `status`, under 1 KiB, with nothing of the request in it.
pub fn page(status: Status) -> Vec<u8> {
    page_saying(status, meaning(status))
}

/// The same, where `meaning`, as HTML, says more than the status does.
pub(super) fn page_saying(status: Status, meaning: &str) -> Vec<u8> {
    let line = status.line();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{line}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{line}</h1>\n<p>{meaning}</p>\n</main>\n"
    )
    .into_bytes()
}

/// What a status means, for a reader who knows nothing of HTTP.
fn meaning(status: Status) -> &'static str {
    use Status::*;
    match status {
        Ok | Created | NoContent | PartialContent => "The request has been carried out.",
        MovedPermanently => "This page has moved to another address.",
        NotModified => "The page has not changed.",
        BadRequest => "The server could not make sense of the request.",
        Unauthorized => "This needs the name of a user and the right password.",
        Forbidden => "The server is not allowed to do this at this address.",
        NotFound => "There is nothing at this address.",
        MethodNotAllowed => "What lies here can be read, and that is not what was asked for.",
        RequestTimeout => "The request took too long to arrive.",
        Conflict => {
            "Something is in the way: a folder is missing or not empty, or another thing has this name."
        }
        LengthRequired => "The request has a body, and must say how long it is.",
        PreconditionFailed => "The file is not, or no longer, as the request expects it.",
        ContentTooLarge => "The file sent is larger than the server takes.",
        UriTooLong => "The address is too long.",
        UnsupportedMediaType => "A new folder comes without a body, and the request has one.",
        RangeNotSatisfiable => "The part asked for lies past the end of the file.",
        MisdirectedRequest => "This server does not answer to the name in the address.",
        RequestHeaderFieldsTooLarge => "The browser sent more header fields than the server takes.",
        InternalServerError => "Something went wrong here. The server's log says more.",
        NotImplemented => "The server cannot do what was asked for.",
        ServiceUnavailable => "The server is busy. Please try again in a moment.",
        HttpVersionNotSupported => "The server does not speak this version of HTTP.",
        InsufficientStorage => "The server has no room left for the file.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 26] = [
        Status::Ok,
        Status::Created,
        Status::NoContent,
        Status::PartialContent,
        Status::MovedPermanently,
        Status::NotModified,
        Status::BadRequest,
        Status::Unauthorized,
        Status::Forbidden,
        Status::NotFound,
        Status::MethodNotAllowed,
        Status::RequestTimeout,
        Status::Conflict,
        Status::LengthRequired,
        Status::PreconditionFailed,
        Status::ContentTooLarge,
        Status::UriTooLong,
        Status::UnsupportedMediaType,
        Status::RangeNotSatisfiable,
        Status::MisdirectedRequest,
        Status::RequestHeaderFieldsTooLarge,
        Status::InternalServerError,
        Status::NotImplemented,
        Status::ServiceUnavailable,
        Status::HttpVersionNotSupported,
        Status::InsufficientStorage,
    ];

    fn text(status: Status) -> String {
        String::from_utf8(page(status)).expect("a page is UTF-8")
    }

    #[test]
    fn every_page_says_its_status_in_under_1_kib() {
        for status in ALL {
            let page = text(status);
            let line = status.line();
            assert!(page.contains(&format!("<title>{line}</title>")), "{line}");
            assert!(page.contains(&format!("<h1>{line}</h1>")), "{line}");
            assert!(page.contains(meaning(status)), "{line}");
            assert!(page.len() < 1024, "{line} has {} bytes", page.len());
        }
    }

    #[test]
    fn page_runs_and_loads_nothing() {
        for status in ALL {
            // An icon of its own, an empty one, keeps browsers from asking for one.
            let icon = "<link rel=\"icon\" href=\"data:,\">";
            let page = text(status);
            assert_eq!(page.matches(icon).count(), 1, "{page}");
            let page = page.replace(icon, "");
            for word in ["<script", "src=", "href=", "url(", "@import", "http:", "//"] {
                assert!(!page.contains(word), "{word} in {page}");
            }
        }
    }
}
