//! Whole heads, refused and accepted, line by line and at each limit.

use super::*;
use crate::limits::FIELD_LINES_MAX;

fn parse_whole(head: &[u8]) -> Request<'_> {
    match parse(head) {
        Parsed::Complete { request, head_bytes } if head_bytes == head.len() => request,
        other => panic!("{} is {other:?}", head.escape_ascii()),
    }
}

#[track_caller]
fn expect_refused(head: &[u8], reject: Reject) {
    match parse(head) {
        Parsed::Refused(have) if have == reject => {}
        other => panic!("{} is {other:?}, not {reject:?}", head.escape_ascii()),
    }
}

#[track_caller]
fn expect_partial(head: &[u8]) {
    let parsed = parse(head);
    assert!(matches!(parsed, Parsed::Partial), "{} is {parsed:?}", head.escape_ascii());
}

/// A head with this request line and, where the version asks for it, a Host.
fn head_of(request_line: &[u8]) -> Vec<u8> {
    [request_line, b"\r\nHost: a\r\n\r\n"].concat()
}

/// A good HTTP/1.1 head with these further field lines, each ended by CRLF.
fn head_with(field_lines: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{field_lines}\r\n").into_bytes()
}

#[test]
fn malformed_request_lines_are_refused() {
    let rows: &[(&[u8], Reject)] = &[
        (b"GET", Reject::RequestLine),
        (b"GET /", Reject::RequestLine),
        (b"GET / ", Reject::RequestLine),
        (b" GET / HTTP/1.1", Reject::RequestLine),
        (b"GET  / HTTP/1.1", Reject::RequestLine),
        (b"GET /  HTTP/1.1", Reject::RequestLine),
        (b"GET  HTTP/1.1", Reject::RequestLine),
        (b"CONNECT  HTTP/1.1", Reject::RequestLine),
        (b"GET / HTTP/1.1 ", Reject::RequestLine),
        (b"GET /a b HTTP/1.1", Reject::RequestLine),
        (b" / HTTP/1.1", Reject::RequestLine),
        (b"GET\t/ HTTP/1.1", Reject::RequestLine),
        (b"GET /\tHTTP/1.1", Reject::RequestLine),
        (b"GET /a\tb HTTP/1.1", Reject::RequestLine),
        (b"GET / HTTP/1.1\t", Reject::RequestLine),
        (b"\tGET / HTTP/1.1", Reject::RequestLine),
        (b"GET / HTTP/1", Reject::Version),
        (b"GET / HTTP/1.", Reject::Version),
        (b"GET / HTTP/.1", Reject::Version),
        (b"GET / HTTP/2", Reject::Version),
        (b"GET / HTTP/1.10", Reject::Version),
        (b"GET / HTTP/11.0", Reject::Version),
        (b"GET / HTTP/a.b", Reject::Version),
        (b"GET / HTTP/1.x", Reject::Version),
        (b"GET / http/1.0", Reject::Version),
        (b"GET / Http/1.1", Reject::Version),
        (b"GET / HTTP 1.1", Reject::RequestLine),
        (b"GET / ICY/1.0", Reject::Version),
        (b"GET / HTTP/2.0", Reject::UnsupportedVersion),
        (b"GET / HTTP/3.0", Reject::UnsupportedVersion),
        (b"GET / HTTP/0.9", Reject::UnsupportedVersion),
        (b"PRI * HTTP/2.0", Reject::UnsupportedVersion),
        (b"G(T / HTTP/1.1", Reject::Method),
        (b"GET: / HTTP/1.1", Reject::Method),
        (b"G\xc3\x89T / HTTP/1.1", Reject::Method),
        (b"get / HTTP/1.1", Reject::UnknownMethod),
        (b"Get / HTTP/1.1", Reject::UnknownMethod),
        (b"GETT / HTTP/1.1", Reject::UnknownMethod),
        (b"PO / HTTP/1.1", Reject::UnknownMethod),
        (b"BREW /pot HTTP/1.1", Reject::UnknownMethod),
        (b"* / HTTP/1.1", Reject::UnknownMethod),
        (b"GET a HTTP/1.1", Reject::TargetForm),
        (b"GET /#a HTTP/1.1", Reject::TargetFragment),
        (b"GET http://a@b/ HTTP/1.1", Reject::TargetAuthority),
    ];
    for (line, reject) in rows {
        expect_refused(&head_of(line), *reject);
    }
}

#[test]
fn the_first_mistake_in_the_order_of_judgement_counts() {
    let rows: &[(&[u8], Reject)] = &[
        (b"get  # HTTP/2.0\r\n", Reject::RequestLine),
        (b"get # HTTP/2.0\r\n", Reject::UnsupportedVersion),
        (b"get # HTTP/1.1\r\n", Reject::UnknownMethod),
        (b"GET # HTTP/1.1\r\n : \r\n", Reject::TargetFragment),
        (b"GET / HTTP/1.1\r\n : \r\n\r\n", Reject::FoldedLine),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", Reject::MissingHost),
        (
            b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n",
            Reject::MalformedContentLength,
        ),
    ];
    for (head, reject) in rows {
        expect_refused(head, *reject);
    }
}

#[test]
fn a_bad_request_line_is_refused_before_the_fields_come() {
    expect_refused(b"GET /\r\n", Reject::RequestLine);
    expect_refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reject::UnsupportedVersion);
}

#[test]
fn each_version_of_major_1_is_served() {
    let rows: &[(&[u8], Version)] = &[
        (b"GET / HTTP/1.0", Version::Http10),
        (b"GET / HTTP/1.1", Version::Http11),
        (b"GET / HTTP/1.2", Version::Http11),
        (b"GET / HTTP/1.9", Version::Http11),
    ];
    for (line, version) in rows {
        assert_eq!(parse_whole(&head_of(line)).version, *version);
    }
}

#[test]
fn methods_are_told_apart() {
    let rows: &[(&str, Method)] = &[
        ("GET", Method::Get),
        ("HEAD", Method::Head),
        ("OPTIONS", Method::Options),
        ("PUT", Method::Put),
        ("CONNECT", Method::Connect),
        ("POST", Method::NotAllowed),
        ("DELETE", Method::Delete),
        ("MKCOL", Method::Mkcol),
        ("TRACE", Method::NotAllowed),
        ("PATCH", Method::NotAllowed),
        ("QUERY", Method::NotAllowed),
        ("PRI", Method::NotAllowed),
        ("PROPFIND", Method::NotAllowed),
        ("ACL", Method::NotAllowed),
        ("COPY", Method::NotAllowed),
        ("UPDATEREDIRECTREF", Method::NotAllowed),
        ("VERSION-CONTROL", Method::NotAllowed),
    ];
    for (name, method) in rows {
        let head = head_of(format!("{name} / HTTP/1.1").as_bytes());
        assert_eq!(parse_whole(&head).method, *method, "{name}");
    }
    assert!(Method::NOT_ALLOWED.split(' ').all(|name| is_token(name.as_bytes())));
}

#[test]
fn connect_is_taken_with_any_target() {
    for target in ["a:443", "/", "*", "http://a@b/", "#", "\u{fc}"] {
        let head = head_of(format!("CONNECT {target} HTTP/1.1").as_bytes());
        assert_eq!(parse_whole(&head).target, Target::Authority, "{target}");
    }
}

#[test]
fn an_ordinary_request_is_taken_apart() {
    let bytes =
        b"GET /a/b.txt?q=1 HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n\r\nGET /next";
    let Parsed::Complete { request, head_bytes } = parse(bytes) else {
        panic!("not complete");
    };
    assert_eq!(&bytes[head_bytes..], b"GET /next");
    assert_eq!(request.line, b"GET /a/b.txt?q=1 HTTP/1.1");
    assert_eq!(request.method, Method::Get);
    let (path, query) = (&b"/a/b.txt"[..], Some(&b"q=1"[..]));
    assert_eq!(request.target, Target::Resource { path, query });
    assert_eq!(request.version, Version::Http11);
    assert_eq!(request.host, Some(&b"example.org:8080"[..]));
    assert_eq!(request.framing, Framing::None);
    assert_eq!(request.fields.get("accept"), Some(&b"*/*"[..]));
    assert_eq!(request.fields.iter().count(), 2);
}

#[test]
fn empty_lines_before_the_request_line_are_skipped_up_to_the_limit() {
    for empty_line in ["\r\n", "\n"] {
        let most = format!("{}GET / HTTP/1.0\r\n\r\n", empty_line.repeat(EMPTY_LINES_MAX));
        assert_eq!(parse_whole(most.as_bytes()).line, b"GET / HTTP/1.0");
        expect_partial(empty_line.repeat(EMPTY_LINES_MAX).as_bytes());
        let too_many = empty_line.repeat(EMPTY_LINES_MAX + 1);
        expect_refused(too_many.as_bytes(), Reject::TooManyEmptyLines);
    }
    expect_refused(b"\r\rGET / HTTP/1.0\r\n\r\n", Reject::BareCr);
}

#[test]
fn lines_that_end_in_lf_alone_are_accepted() {
    let request = parse_whole(b"GET / HTTP/1.1\nHost: a\r\nAccept: b\n\n");
    assert_eq!(request.fields.get("Accept"), Some(&b"b"[..]));
    parse_whole(b"GET / HTTP/1.0\r\n\n");
    parse_whole(b"GET / HTTP/1.0\n\r\n");
}

#[test]
fn a_control_byte_is_refused_at_once_wherever_it_stands() {
    let controls = (0..0x20).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte));
    for control in controls {
        for start in ["", "GET /", "GET / HTTP/1.0\r\nA", "GET / HTTP/1.0\r\nA: a-very-long-value"]
        {
            expect_refused(&[start.as_bytes(), &[control]].concat(), Reject::ControlByte);
        }
    }
    let tls_client_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01";
    expect_refused(tls_client_hello, Reject::ControlByte);
}

#[test]
fn cr_without_lf_is_refused_when_the_next_byte_is_there() {
    for start in ["", "GET / HTTP/1.0", "GET / HTTP/1.0\r\nA: b", "GET / HTTP/1.0\r\n"] {
        let cr = [start, "\r"].concat();
        expect_partial(cr.as_bytes());
        expect_refused(&[cr.as_bytes(), b"\r"].concat(), Reject::BareCr);
        expect_refused(&[cr.as_bytes(), b"a"].concat(), Reject::BareCr);
    }
}

#[test]
fn malformed_field_lines_are_refused() {
    let rows = [
        ("Accept : a\r\n", Reject::FieldName),
        (": a\r\n", Reject::FieldName),
        ("A b: c\r\n", Reject::FieldName),
        ("\u{e4}: c\r\n", Reject::FieldName),
        ("Accept\r\n", Reject::FieldWithoutColon),
        (" folded: a\r\n", Reject::FoldedLine),
        ("\tfolded\r\n", Reject::FoldedLine),
        (" \r\n", Reject::FoldedLine),
    ];
    for (line, reject) in rows {
        expect_refused(&head_with(line), reject);
    }
    expect_refused(b"GET / HTTP/1.0\r\n folded: a\r\n\r\n", Reject::FoldedLine);
}

#[test]
fn host_is_judged() {
    let rows: &[(&[u8], Reject)] = &[
        (b"GET / HTTP/1.1\r\n\r\n", Reject::MissingHost),
        (b"GET / HTTP/1.2\r\n\r\n", Reject::MissingHost),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", Reject::MissingHost),
        (b"GET http://a/ HTTP/1.1\r\n\r\n", Reject::MissingHost),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", Reject::RepeatedHost),
        (b"GET / HTTP/1.0\r\nHost: a\r\nHOST: b\r\n\r\n", Reject::RepeatedHost),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Reject::MalformedHost),
        (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Reject::MalformedHost),
        (b"GET / HTTP/1.0\r\nHost: u@a\r\n\r\n", Reject::MalformedHost),
        (b"GET / HTTP/1.0\r\nHost: http://a\r\n\r\n", Reject::MalformedHost),
        (b"GET http://a/ HTTP/1.1\r\nHost: a/b\r\n\r\n", Reject::MalformedHost),
    ];
    for (head, reject) in rows {
        expect_refused(head, *reject);
    }
}

#[test]
fn host_comes_from_the_authority_else_from_the_field() {
    let rows: &[(&[u8], Option<&[u8]>)] = &[
        (b"GET / HTTP/1.0\r\n\r\n", None),
        (b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", Some(b"a")),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", Some(b"")),
        (b"GET http://b:1/ HTTP/1.0\r\n\r\n", Some(b"b:1")),
        (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Some(b"b")),
    ];
    for (head, host) in rows {
        assert_eq!(parse_whole(head).host, *host, "{}", head.escape_ascii());
    }
}

#[test]
fn bodies_whose_end_is_in_doubt_are_refused() {
    let rows = [
        ("Content-Length:\r\n", Reject::MalformedContentLength),
        ("Content-Length: -1\r\n", Reject::MalformedContentLength),
        ("Content-Length: +1\r\n", Reject::MalformedContentLength),
        ("Content-Length: 1.0\r\n", Reject::MalformedContentLength),
        ("Content-Length: 0x10\r\n", Reject::MalformedContentLength),
        ("Content-Length: 1 0\r\n", Reject::MalformedContentLength),
        ("Content-Length: 5,\r\n", Reject::MalformedContentLength),
        ("Content-Length: ,5\r\n", Reject::MalformedContentLength),
        ("Content-Length: \u{664}\r\n", Reject::MalformedContentLength),
        ("Content-Length: 18446744073709551616\r\n", Reject::MalformedContentLength),
        ("Content-Length: 99999999999999999999\r\n", Reject::MalformedContentLength),
        ("Content-Length: 5, 6\r\n", Reject::MalformedContentLength),
        ("Content-Length: 5, 5\r\n", Reject::MalformedContentLength),
        ("Content-Length: 5\t,5\r\n", Reject::MalformedContentLength),
        ("Content-Length: 5\r\ncontent-length: 6\r\n", Reject::ConflictingContentLength),
        ("Transfer-Encoding:\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: identity\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: gzip\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: xchunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunkedx\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: \"chunked\"\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked;a=b\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked, chunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked, identity\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked, gzip\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: gzip, chunked, chunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked,\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: ,chunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: a b, chunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: chunked chunked\r\n", Reject::TransferEncoding),
        ("Transfer-Encoding: gzip, chunked\r\n", Reject::UnknownTransferCoding),
        ("Transfer-Encoding: a;b=c, chunked\r\n", Reject::UnknownTransferCoding),
        (
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            Reject::UnknownTransferCoding,
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            Reject::ContentLengthAndTransferEncoding,
        ),
    ];
    for (lines, reject) in rows {
        expect_refused(&head_with(lines), reject);
    }
    for coding in ["chunked", "gzip, chunked", "identity"] {
        let post = format!("POST / HTTP/1.0\r\nTransfer-Encoding: {coding}\r\n\r\n");
        expect_refused(post.as_bytes(), Reject::TransferEncoding);
    }
}

#[test]
fn a_body_s_end_is_found_by_its_length_or_its_chunks() {
    let rows = [
        ("", Framing::None),
        ("Content-Length: 0\r\n", Framing::Length(0)),
        ("content-length:5\r\n", Framing::Length(5)),
        ("Content-Length: 5\r\nContent-Length: 05\r\n", Framing::Length(5)),
        ("Content-Length: 18446744073709551615\r\n", Framing::Length(u64::MAX)),
        ("Transfer-Encoding: chunked\r\n", Framing::Chunked),
        ("transfer-encoding:\tChunked \r\n", Framing::Chunked),
    ];
    for (lines, framing) in rows {
        assert_eq!(parse_whole(&head_with(lines)).framing, framing, "{lines}");
    }
}

#[test]
fn a_request_line_over_the_limit_is_414_even_without_its_end() {
    let line_of = |bytes: usize| {
        let fixed = "GET / HTTP/1.0".len();
        format!("GET /{} HTTP/1.0", "a".repeat(bytes - fixed))
    };
    for line_end in ["\n", "\r\n"] {
        let longest = [&line_of(REQUEST_LINE_BYTES_MAX), line_end, line_end].concat();
        assert_eq!(parse_whole(longest.as_bytes()).line.len(), REQUEST_LINE_BYTES_MAX);
        let longer = [&line_of(REQUEST_LINE_BYTES_MAX + 1), line_end].concat();
        expect_refused(longer.as_bytes(), Reject::RequestLineTooLong);
        let after_empty_lines = [line_end, line_end, &longest].concat();
        parse_whole(after_empty_lines.as_bytes());
    }
    expect_partial(&[b'x'; REQUEST_LINE_BYTES_MAX]);
    let long_target = [&b"GET /"[..], &[b'x'; REQUEST_LINE_BYTES_MAX]].concat();
    expect_refused(&long_target, Reject::RequestLineTooLong);
    expect_refused(&[b' '; REQUEST_LINE_BYTES_MAX + 9], Reject::RequestLineTooLong);
    expect_refused(&[b'\xff'; 2 * HEAD_BYTES_MAX], Reject::RequestLineTooLong);
    expect_partial(&[line_of(REQUEST_LINE_BYTES_MAX).as_bytes(), b"\r"].concat());
}

#[test]
fn an_unknown_method_of_any_length_is_501() {
    for length in [100, 8000, REQUEST_LINE_BYTES_MAX, REQUEST_LINE_BYTES_MAX + 1, 20_000] {
        let method = "X".repeat(length);
        let head = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        expect_refused(head.as_bytes(), Reject::UnknownMethod);
        let with_long_target = format!("{method} /{method}");
        if length > 8000 {
            expect_refused(with_long_target.as_bytes(), Reject::UnknownMethod);
        }
    }
    // As soon as no end of it could make it another one.
    expect_refused(&[b'x'; REQUEST_LINE_BYTES_MAX + 1], Reject::UnknownMethod);
    expect_partial(&[b'x'; REQUEST_LINE_BYTES_MAX]);
}

#[test]
fn a_head_over_the_limit_is_431_even_without_its_end() {
    let head_of = |bytes: usize| {
        let (start, end) = ("GET / HTTP/1.0\r\nA: ", "\r\n\r\n");
        [start, &"a".repeat(bytes - start.len() - end.len()), end].concat()
    };
    let longest = head_of(HEAD_BYTES_MAX);
    assert_eq!(parse_whole(longest.as_bytes()).fields.iter().count(), 1);
    let longer = head_of(HEAD_BYTES_MAX + 1);
    expect_refused(longer.as_bytes(), Reject::HeadTooLong);
    expect_refused(&longer.as_bytes()[..HEAD_BYTES_MAX], Reject::HeadTooLong);
    expect_partial(&longer.as_bytes()[..HEAD_BYTES_MAX - 1]);
}

#[test]
fn field_lines_over_the_limit_are_431_even_without_the_head_s_end() {
    let lines_of = |count: usize| ["GET / HTTP/1.0\r\n", &"A: b\r\n".repeat(count)].concat();
    let most = lines_of(FIELD_LINES_MAX);
    expect_partial(most.as_bytes());
    let request = [most.as_bytes(), b"\r\n"].concat();
    assert_eq!(parse_whole(&request).fields.iter().count(), FIELD_LINES_MAX);
    expect_refused(lines_of(FIELD_LINES_MAX + 1).as_bytes(), Reject::TooManyFieldLines);
}

#[test]
fn persistence_is_what_version_and_connection_say() {
    let rows = [
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: TE\r\nconnection: x, keep-alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
        ("1.0", "Connection: not-keep-alive\r\n", false),
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: CLOSE\r\n", false),
        ("1.1", "Connection: x,close , y\r\n", false),
        ("1.1", "Connection: closed\r\n", true),
        ("1.2", "Connection: upgrade\r\n", true),
    ];
    for (version, lines, persists) in rows {
        let head = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
        assert_eq!(parse_whole(head.as_bytes()).wants_persistence(), persists, "{head}");
    }
}

#[test]
fn continue_is_expected_in_http_1_1_only() {
    let rows = [
        ("1.1", "", false),
        ("1.1", "Expect: 100-Continue\r\n", true),
        ("1.1", "Expect: 100\r\n", false),
        ("1.0", "Expect: 100-continue\r\n", false),
    ];
    for (version, lines, expects) in rows {
        let head = format!("PUT / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
        assert_eq!(parse_whole(head.as_bytes()).expects_continue(), expects, "{head}");
    }
}

#[test]
fn first_line_is_what_there_is_of_it() {
    let rows: &[(&[u8], &[u8])] = &[
        (b"", b""),
        (b"\r\n", b""),
        (b"GET /", b"GET /"),
        (b"GET /\r", b"GET /"),
        (b"GET /\r\nHost: a\r\n", b"GET /"),
        (b"\n\r\nGET /\nHost: a", b"GET /"),
        (b"\x16\x03\x01", b"\x16\x03\x01"),
    ];
    for (bytes, line) in rows {
        assert_eq!(first_line(bytes), *line, "{}", bytes.escape_ascii());
    }
    assert_eq!(first_line(&[b'x'; 2 * REQUEST_LINE_BYTES_MAX]).len(), REQUEST_LINE_BYTES_MAX);
}

#[test]
fn a_refused_head_has_the_version_that_can_be_read_of_it() {
    let too_long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(9000));
    let rows: &[(&[u8], Version)] = &[
        (b"", Version::Http10),
        (b"\r\n\n", Version::Http10),
        (b"\n\n\n\n\n\nGET / HTTP/1.1\r\n", Version::Http10),
        (b"GET /", Version::Http10),
        (b"GET / HTTP/1.", Version::Http10),
        (b"GET / HTTP/1.1 ", Version::Http10),
        (b"GET / http/1.1\r\n", Version::Http10),
        (b"GET / HTTP/0.9\r\n", Version::Http10),
        (b"GET / HTTP/1.0\r\nA: HTTP/1.1\r\n", Version::Http10),
        (b"\x16\x03\x01", Version::Http10),
        (&[b'x'; 2 * HEAD_BYTES_MAX], Version::Http10),
        (too_long.as_bytes(), Version::Http10),
        (b"GET /\0 HTTP/1.1\r\n", Version::Http10),
        (b"GET /\r HTTP/1.1\r\n", Version::Http10),
        (b"GET / HTTP/1.1\0", Version::Http11),
        (b"GET / HTTP/1.1", Version::Http11),
        (b"GET / HTTP/1.1\r", Version::Http11),
        (b"\r\nget  #  HTTP/1.2\nA : b", Version::Http11),
        (b"PRI * HTTP/2.0\r\n\r\n", Version::Http11),
    ];
    for (bytes, version) in rows {
        assert_eq!(version_of_refused(bytes), *version, "{}", bytes.escape_ascii());
    }
}
