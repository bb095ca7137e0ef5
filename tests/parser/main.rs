//! The request parser under bytes that nobody chose: general truths about any input.
//!
//! Seeds are fixed, so a failure shows itself again; proptest prints the smallest input that fails.

mod oracle;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use tinyhttpd::http::authority::is_host;
use tinyhttpd::http::field::Fields;
use tinyhttpd::http::path::{RequestPath, encode_path};
use tinyhttpd::http::reject::Reject;
use tinyhttpd::http::request::{Parsed, first_line, may_decide, parse};
use tinyhttpd::http::target::Target;
use tinyhttpd::limits::{FIELD_LINES_MAX, HEAD_BYTES_MAX, REQUEST_LINE_BYTES_MAX};

const GOOD_HEADS: [&str; 8] = [
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "\r\n\nHEAD /a%20b?c HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /index.html HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
    "GET http://[::1]:80/a HTTP/1.1\r\nhost:\r\nX-Tabbed:\ta\tb \r\nAccept-Language: de, en;q=0.5\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\n\r\n",
    "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
    "PUT /ä HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 05\r\nExpect: 100-continue\r\n\r\n",
];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(9112),
        ..ProptestConfig::default()
    }
}

/// What can be compared of a judgement: the length of a whole head, or the refusal; `None` for a
/// partial one.
fn judgement(bytes: &[u8]) -> Option<Result<usize, Reject>> {
    match parse(bytes) {
        Parsed::Complete { head_bytes, .. } => Some(Ok(head_bytes)),
        Parsed::Refused(reject) => Some(Err(reject)),
        Parsed::Partial => None,
    }
}

/// Request lines and field lines, most of them good, in any order that a head can have.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let line_end = || select(&["\r\n", "\r\n", "\r\n", "\n"][..]);
    let method =
        select(&["GET", "GET", "HEAD", "OPTIONS", "POST", "PRI", "CONNECT", "get", "G=T"][..]);
    let target = select(
        &[
            "/",
            "/a/b.txt?c=d",
            "/%41/../ü",
            "*",
            "http://a:80/b?c",
            "HTTP://a",
            "a:443",
            "/#",
            "/a\"<>\\^`{|}",
        ][..],
    );
    let version = select(
        &["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.7", "HTTP/2.0", "HTTP/1", "http/1.1"][..],
    );
    let request_line = (select(&["", "", "\r\n", "\n\n"][..]), method, target, version, line_end())
        .prop_map(|(empty, method, target, version, end)| {
            format!("{empty}{method} {target} {version}{end}")
        });
    let field_lines =
        vec((field_line(), line_end()).prop_map(|(line, end)| [line, end].concat()), 0..6);
    let host = select(&["Host: a\r\n", "Host: a\r\n", "Host: a\r\n", ""][..]);
    (request_line, host, field_lines, line_end()).prop_map(|(line, host, fields, end)| {
        [&line, host, &fields.concat(), end].concat().into_bytes()
    })
}

fn field_line() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "Host: b",
            "Accept: */*",
            "Accept:a\t, b",
            "X: \t c \t ",
            "X:",
            "X: \"a,b\", c",
            "If-None-Match: W/\"a\"",
            "Connection: close",
            "Content-Length: 3",
            "Content-Length: 3, 4",
            "Transfer-Encoding: chunked",
            "X: ü",
            "X : a",
            " folded",
            "no colon",
            ": a",
            "!#$%&'*+-.^_`|~1a: b",
        ][..],
    )
}

/// Changes to a head: at each place, bytes to put in, with or without the byte that is there.
fn mutations() -> impl Strategy<Value = Vec<(Index, Vec<u8>, bool)>> {
    let special = select(&b"\0\t\n\r\r\n  ::%#*/\x01\x7f\x80\xff,\"\\a1"[..]);
    let bytes = vec(prop_oneof![3 => special, 1 => any::<u8>()], 0..3);
    vec((any::<Index>(), bytes, any::<bool>()), 0..5)
}

fn mutated(mut head: Vec<u8>, mutations: Vec<(Index, Vec<u8>, bool)>) -> Vec<u8> {
    for (at, bytes, replaces) in mutations {
        let at = at.index(head.len());
        head.splice(at..at + usize::from(replaces), bytes);
    }
    head
}

fn mutated_head() -> impl Strategy<Value = Vec<u8>> {
    (head(), mutations()).prop_map(|(head, mutations)| mutated(head, mutations))
}

/// Bytes that are nothing in particular, control bytes and separators among them more often than
/// chance has it.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), select(&b"GET /HTP1.:%.\r\n\t \"\\,[]"[..])];
    vec(byte, 0..300)
}

/// Asks every function that takes bytes from the network.
fn ask_everything(bytes: &[u8]) {
    if let Parsed::Complete { request, .. } = parse(bytes) {
        request.wants_persistence();
        request.expects_continue();
        if let Target::Resource { path, .. } = request.target {
            assert!(path.starts_with(b"/"));
            let _ = RequestPath::parse(path);
        }
    }
    if let Ok(fields) = Fields::parse(bytes) {
        fields
            .iter()
            .for_each(|(name, _)| fields.list(&String::from_utf8_lossy(name)).for_each(drop));
    }
    first_line(bytes);
    is_host(bytes);
    encode_path(bytes);
    let _ = RequestPath::parse(bytes);
}

#[test]
fn every_proper_prefix_of_a_good_head_is_partial() {
    for head in GOOD_HEADS {
        for length in 0..head.len() {
            assert_eq!(
                judgement(&head.as_bytes()[..length]),
                None,
                "{:?}",
                &head.as_bytes()[..length].escape_ascii()
            );
        }
        assert_eq!(judgement(head.as_bytes()), Some(Ok(head.len())), "{head}");
    }
}

#[test]
fn a_pipelined_request_is_left_alone() {
    for head in GOOD_HEADS {
        for next in ["GET / HTTP/1.0\r\n\r\n", "\0", "\r", &"x".repeat(2 * HEAD_BYTES_MAX)] {
            assert_eq!(judgement([head, next].concat().as_bytes()), Some(Ok(head.len())), "{head}");
        }
    }
}

#[test]
fn a_head_sent_byte_by_byte_is_parsed_about_once_a_line() {
    for head in GOOD_HEADS {
        let bytes = head.as_bytes();
        let looks =
            (1..=bytes.len()).filter(|&length| may_decide(&bytes[..length], length - 1)).count();
        assert_eq!(looks, head.matches('\n').count(), "{head}");
    }
    let long = format!("GET /{} HTTP/1.1\r\nX: {}\r\n", "a".repeat(8000), "\t".repeat(20_000));
    let looks = (1..=long.len())
        .filter(|&length| may_decide(&long.as_bytes()[..length], length - 1))
        .count();
    assert_eq!(looks, 3, "two lines and the limit of the request line");
}

/// Each limit lies where `may_decide` says so: byte by byte, nothing is decided that it did not
/// announce.
#[test]
fn limits_are_announced() {
    let endless = [
        vec![b'x'; REQUEST_LINE_BYTES_MAX + 20],
        [b"\r\n\n\r\n", &[b'x'; REQUEST_LINE_BYTES_MAX + 20][..]].concat(),
        [b"GET / HTTP/1.0\r\nX: ", &[b'x'; HEAD_BYTES_MAX][..]].concat(),
        [&b"GET / HTTP/1.0\r\n"[..], &b"X: a\n".repeat(FIELD_LINES_MAX + 1)].concat(),
        b"\n".repeat(20),
    ];
    for bytes in endless {
        let mut judged = 0;
        while judgement(&bytes[..judged]).is_none() {
            let announced =
                (judged + 1..=bytes.len()).find(|&length| may_decide(&bytes[..length], judged));
            let looked_at = announced.expect("the end is announced");
            assert_eq!(judgement(&bytes[..looked_at - 1]), None);
            judged = looked_at;
        }
        assert!(matches!(judgement(&bytes[..judged]), Some(Err(_))));
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn noise_makes_nothing_panic(bytes in noise()) {
        ask_everything(&bytes);
    }

    #[test]
    fn mutated_heads_make_nothing_panic(bytes in mutated_head()) {
        ask_everything(&bytes);
    }

    #[test]
    fn noise_after_a_good_beginning_makes_nothing_panic(head in select(&GOOD_HEADS[..]), cut in any::<Index>(), rest in noise()) {
        let bytes = [&head.as_bytes()[..cut.index(head.len())], &rest].concat();
        ask_everything(&bytes);
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn more_bytes_never_change_an_answer(bytes in mutated_head()) {
        let mut judged = None;
        for length in 0..=bytes.len() {
            let now = judgement(&bytes[..length]);
            prop_assert!(judged.is_none() || judged == now, "{judged:?} became {now:?} at {length}");
            judged = now;
        }
    }

    #[test]
    fn what_may_not_decide_is_partial(bytes in mutated_head(), judged in any::<Index>()) {
        let judged = judged.index(bytes.len() + 1);
        prop_assume!(judgement(&bytes[..judged]).is_none());
        for length in judged..=bytes.len() {
            prop_assert!(may_decide(&bytes[..length], judged) || judgement(&bytes[..length]).is_none());
        }
    }

    #[test]
    fn the_line_for_the_log_is_the_request_line(bytes in mutated_head()) {
        if let Parsed::Complete { request, .. } = parse(&bytes) {
            prop_assert_eq!(first_line(&bytes), request.line);
        }
    }
}

/// Paths that climb, repeat themselves and hide what they say.
fn path() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(
        &[
            "a", "b.txt", ".", "..", "/", "/", "/", "%2e", "%2E", "%2f", "%5c", "\\", "%00", "%",
            "%2", "%25", "%20", ":", "ü", ".git",
        ][..],
    );
    vec(piece, 0..12).prop_map(|pieces| ["/", &pieces.concat()].concat().into_bytes())
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn a_request_path_stays_beneath_the_root(path in path()) {
        let Ok(parsed) = RequestPath::parse(&path) else { return Ok(()) };
        let relative = parsed.relative();
        prop_assert!(!relative.contains(&0) && !relative.starts_with(b"/") && !relative.ends_with(b"/"));
        for segment in parsed.segments() {
            prop_assert!(!matches!(segment, b"" | b"." | b".."));
        }
        let joined = parsed.segments().collect::<Vec<_>>().join(&b'/');
        prop_assert_eq!(joined, relative);
        prop_assert!(parsed.names_directory() || !relative.is_empty());
    }

    #[test]
    fn a_location_leads_to_the_same_path_and_to_no_other_site(path in path()) {
        let Ok(parsed) = RequestPath::parse(&path) else { return Ok(()) };
        prop_assume!(!parsed.relative().is_empty());
        let location = ["/", &encode_path(parsed.relative()), "/"].concat();
        prop_assert!(!location.starts_with("//") && !location.contains(['\\', ':', '"', '\'', '<', '>', '&']));
        prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        let again = RequestPath::parse(location.as_bytes());
        prop_assert_eq!(again.as_ref().map(RequestPath::relative), Ok(parsed.relative()));
        prop_assert!(again.is_ok_and(|again| again.names_directory()));
    }
}
