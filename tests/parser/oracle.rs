//! httparse as a second opinion.

use super::{GOOD_HEADS, config, head, judgement, mutated, mutated_head, mutations};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tinyhttpd::http::method::Method;
use tinyhttpd::http::reject::Reject;
use tinyhttpd::http::request::{Parsed, parse};
use tinyhttpd::http::target::Target;
use tinyhttpd::limits::FIELD_LINES_MAX;

/// Where httparse is stricter, and the contract decides otherwise: a minor version above 1 counts
/// as 1.1, and a request-target is bytes, UTF-8 or not.
///
/// What this server refuses and httparse takes is not listed here, the contract has it: more empty
/// lines, unknown methods, other targets, a missing Host, a body whose end is in doubt, and the
/// limits.
fn is_known_difference(line: &[u8], error: httparse::Error) -> bool {
    match error {
        httparse::Error::Version => matches!(line, [.., b'2'..=b'9']),
        httparse::Error::Token => str::from_utf8(line).is_err(),
        _ => false,
    }
}

/// Whether this is a fault in the grammar of a head, which httparse looks for too. The other
/// refusals are the contract's own.
fn is_of_grammar(reject: Reject) -> bool {
    matches!(
        reject,
        Reject::ControlByte
            | Reject::BareCr
            | Reject::RequestLine
            | Reject::Version
            | Reject::Method
            | Reject::FoldedLine
            | Reject::FieldWithoutColon
            | Reject::FieldName
    )
}

/// Compares [`parse`] with httparse on these bytes.
fn compare(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut lines = [httparse::EMPTY_HEADER; FIELD_LINES_MAX];
    let mut oracle = httparse::Request::new(&mut lines);
    let verdict = oracle.parse(bytes);
    let (request, head_bytes) = match parse(bytes) {
        Parsed::Complete { request, head_bytes } => (request, head_bytes),
        Parsed::Refused(reject) => {
            let is_taken = verdict.is_ok_and(|status| status.is_complete());
            prop_assert!(!(is_taken && is_of_grammar(reject)), "httparse takes {reject:?}");
            return Ok(());
        }
        Parsed::Partial => {
            prop_assert!(
                !verdict.is_ok_and(|status| status.is_complete()),
                "a whole head is taken for a part"
            );
            return Ok(());
        }
    };
    if let Err(error) = verdict {
        prop_assert!(is_known_difference(request.line, error), "httparse says {error}");
        return Ok(());
    }
    prop_assert_eq!(verdict, Ok(httparse::Status::Complete(head_bytes)));
    let line = [oracle.method.unwrap(), oracle.path.unwrap(), "HTTP/1."].join(" ");
    prop_assert!(request.line.starts_with(line.as_bytes()));
    prop_assert_eq!(method_named(oracle.method.unwrap()), request.method);
    if let Target::Resource { path, query } = request.target
        && oracle.path.unwrap().starts_with('/')
    {
        let target = [&[path][..], query.as_slice()].concat().join(&b'?');
        prop_assert_eq!(target, oracle.path.unwrap().as_bytes());
    }
    let fields = request.fields.iter();
    prop_assert!(fields.eq(oracle.headers.iter().map(|line| (line.name.as_bytes(), line.value))));
    Ok(())
}

fn method_named(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "OPTIONS" => Method::Options,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "MKCOL" => Method::Mkcol,
        "CONNECT" => Method::Connect,
        _ => Method::NotAllowed,
    }
}

#[test]
fn httparse_agrees_on_good_heads() {
    for head in GOOD_HEADS {
        compare(head.as_bytes()).unwrap();
    }
}

#[test]
fn the_differences_from_httparse_are_these() {
    let rows: [(&[u8], httparse::Error); 2] = [
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", httparse::Error::Version),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", httparse::Error::Token),
    ];
    for (head, error) in rows {
        let verdict = httparse::Request::new(&mut [httparse::EMPTY_HEADER; 1]).parse(head);
        assert_eq!(verdict, Err(error));
        assert_eq!(judgement(head), Some(Ok(head.len())));
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn httparse_agrees_on_generated_heads(bytes in head()) {
        compare(&bytes)?;
    }

    #[test]
    fn httparse_agrees_on_mutated_heads(bytes in mutated_head()) {
        compare(&bytes)?;
    }

    #[test]
    fn httparse_agrees_on_heads_of_two_halves(one in mutated_head(), other in head(), cut in any::<Index>(), from in any::<Index>()) {
        compare(&[&one[..cut.index(one.len() + 1)], &other[from.index(other.len())..]].concat())?;
    }

    #[test]
    fn httparse_agrees_on_mutated_heads_of_clients(head in select(&GOOD_HEADS[..]), mutations in mutations()) {
        compare(&mutated(head.as_bytes().to_vec(), mutations))?;
    }
}
