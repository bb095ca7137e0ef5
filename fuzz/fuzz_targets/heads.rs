//! The request parser over any bytes: it never panics, never takes back an answer, and lets no path
//! out of the root.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tinyhttpd::http::path::RequestPath;
use tinyhttpd::http::reject::Reject;
use tinyhttpd::http::request::{self, Parsed};
use tinyhttpd::http::target::Target;

/// The length of a whole head, or the refusal; `None` for a part of one.
fn judgement(bytes: &[u8]) -> Option<Result<usize, Reject>> {
    match request::parse(bytes) {
        Parsed::Complete { head_bytes, .. } => Some(Ok(head_bytes)),
        Parsed::Refused(reject) => Some(Err(reject)),
        Parsed::Partial => None,
    }
}

fn check_path(path: &[u8]) {
    let Ok(path) = RequestPath::parse(path) else { return };
    assert!(!path.relative().contains(&0) && !path.relative().starts_with(b"/"));
    for segment in path.segments() {
        assert!(!matches!(segment, b"" | b"." | b".."));
    }
}

// The first byte says where the rest is cut, as if it had come in two pieces.
fuzz_target!(|data: &[u8]| {
    let Some((&cut, bytes)) = data.split_first() else { return };
    let whole = judgement(bytes);
    let cut = bytes.len() * usize::from(cut) / 255;
    let early = judgement(&bytes[..cut]);
    assert!(early.is_none() || early == whole, "{early:?} became {whole:?}");
    if early.is_none() && whole.is_some() {
        assert!(request::may_decide(bytes, cut), "{whole:?} was not announced");
    }
    if let Parsed::Complete { request, head_bytes } = request::parse(bytes) {
        assert_eq!(judgement(&bytes[..head_bytes]), Some(Ok(head_bytes)));
        assert_eq!(request::first_line(bytes), request.line);
        request.wants_persistence();
        request.expects_continue();
        if let Target::Resource { path, .. } = request.target {
            assert!(path.starts_with(b"/"));
            check_path(path);
        }
    }
    check_path(bytes);
});
