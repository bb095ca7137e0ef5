//! Tables of faults and of good bodies, random bytes, and httparse beside them.

use super::*;
use proptest::prelude::*;

/// The data of a body, and how many bytes it takes; `None` where it is not whole. The input
/// comes in pieces of these lengths.
fn decode(input: &[u8], cuts: &[usize]) -> Result<Option<(Vec<u8>, usize)>, Reject> {
    let mut decoder = Decoder::new();
    let mut data = Vec::new();
    let mut at = 0;
    for end in cuts.iter().copied().chain([input.len()]) {
        while at < end && !decoder.is_whole() {
            let piece = decoder.next(&input[at..end])?;
            assert!(piece.consumed > 0 && piece.consumed <= end - at);
            data.extend_from_slice(piece.data);
            at += piece.consumed;
        }
    }
    Ok(decoder.is_whole().then_some((data, at)))
}

#[track_caller]
fn expect_fault(body: &[u8], reject: Reject) {
    for cut in 0..=body.len() {
        let decoded = decode(body, &[cut]);
        assert_eq!(decoded, Err(reject), "{} cut at {cut}", body.escape_ascii());
    }
}

#[test]
fn faulty_sizes_are_refused() {
    for start in [
        &b"\r\n"[..],
        b"\n",
        b" 5\r\n",
        b"\t5\r\n",
        b";a\r\n",
        b"+5\r\n",
        b"-5\r\n",
        b"0x5\r\n",
        b"5h\r\n",
        b"g\r\n",
        b"5.\r\n",
        b"5,\r\n",
        b"5_0\r\n",
        b"\xd9\xa5\r\n",
        b"5\n",
        b"5\r5",
        b"5\r\r\n",
        b"5\0",
        b"5\x0b\r\n",
        b"5\x0c\r\n",
        b"\"5\"\r\n",
        b"00000000000000005\r\n",
        b"10000000000000000\r\n",
        b"fffffffffffffffff\r\n",
        b"ffffffffffffffff0",
        b"0\n",
        b"0\n\n",
    ] {
        expect_fault(start, Reject::ChunkSize);
        // In a later chunk as in the first.
        expect_fault(&[b"1\r\nx\r\n", start].concat(), Reject::ChunkSize);
    }
}

#[test]
fn faulty_extensions_are_refused() {
    for extension in [
        " \r\n",
        "\t\r\n",
        " a\r\n",
        " =a\r\n",
        ";\r\n",
        "; \r\n",
        ";;a\r\n",
        ";a;\r\n",
        ";a;;b\r\n",
        ";a=\r\n",
        ";a= \r\n",
        ";a =\r\n",
        ";=b\r\n",
        ";a b\r\n",
        ";a=b c\r\n",
        ";a=b=c\r\n",
        ";a=b \r\n",
        ";a \r\n",
        ";a=\"b\r\n",
        ";a=\"b\"c\r\n",
        ";a=\"b\" \r\n",
        ";a=\"\\\r\n",
        ";a=\"\0\"\r\n",
        ";\"a\"\r\n",
        ";a/b\r\n",
        ";a\n",
        ";a\nb\r\n",
        ";\n",
        ";a=b\n",
        ";a=\"\n\"\r\n",
        ";a\0\r\n",
        ";\u{e4}\r\n",
    ] {
        let body = format!("5{extension}hello\r\n0\r\n\r\n");
        expect_fault(body.as_bytes(), Reject::ChunkExtension);
    }
    expect_fault(b"5;a\r5hello\r\n0\r\n\r\n", Reject::ChunkSize);
}

#[test]
fn data_without_its_line_end_is_refused() {
    for body in [
        &b"5\r\nhello0\r\n\r\n"[..],
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello\r0\r\n\r\n",
        b"5\r\nhello world\r\n0\r\n\r\n",
        b"5\r\nhell\r\n0\r\n\r\n",
        b"0005\r\nhello\r\r\n",
    ] {
        expect_fault(body, Reject::ChunkEnd);
    }
}

#[test]
fn faulty_trailers_are_refused() {
    for trailer in [
        "\n",
        "GET / HTTP/1.1\r\n",
        "a\r\n\r\n",
        "a : b\r\n\r\n",
        ": b\r\n\r\n",
        " a: b\r\n\r\n",
        "a: b\r\n c\r\n\r\n",
        "a: b\n\r\n",
        "a: b\rc\r\n\r\n",
        "a: \0\r\n\r\n",
        "a: \x7f\r\n\r\n",
        "\u{e4}: b\r\n\r\n",
        "\rx",
        "\r\r\n",
    ] {
        let body = format!("5\r\nhello\r\n0\r\n{trailer}");
        expect_fault(body.as_bytes(), Reject::Trailer);
    }
}

#[test]
fn a_body_that_is_cut_is_not_whole() {
    let body = b"5;a=\"b\\\"\" ; c\r\nhello\r\n00 ;d\r\nA: b\r\n\r\n";
    for length in 0..body.len() {
        assert_eq!(decode(&body[..length], &[]), Ok(None), "{length}");
    }
}

#[test]
fn good_bodies_yield_their_data_and_no_byte_behind_them() {
    let rows: &[(&[u8], &[u8])] = &[
        (b"0\r\n\r\n", b""),
        (b"0000000000000000\r\n\r\n", b""),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"05\r\nhello\r\n00\r\n\r\n", b"hello"),
        (b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"01234567890123456789"),
        (b"1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", b"\r\n"),
        (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
        (b"5;a\r\nhello\r\n0;b\r\n\r\n", b"hello"),
        (b"5;a=b;c=\"d;\\\" e\"\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5 ; a = b ; c\r\nhello\r\n0\t;\td\r\n\r\n", b"hello"),
        (b"5;a=\"\"\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5;a=\"\xc3\xa4\\\xff\t\"\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5\r\nhello\r\n0\r\nA: b\r\nc:\r\nd:\t\xff \r\n\r\n", b"hello"),
    ];
    for (body, data) in rows {
        let whole = [body, &b"GET / HTTP/1.1\r\n"[..]].concat();
        let expected = Ok(Some((data.to_vec(), body.len())));
        for one in 0..=whole.len() {
            for two in one..=whole.len() {
                let decoded = decode(&whole, &[one, two]);
                assert_eq!(decoded, expected, "{} {one} {two}", body.escape_ascii());
            }
        }
        let all: Vec<_> = (0..whole.len()).collect();
        assert_eq!(decode(&whole, &all), expected, "{}", body.escape_ascii());
    }
}

#[test]
fn the_largest_size_is_taken_and_its_data_passed_over() {
    let mut decoder = Decoder::new();
    let start = b"ffffffffffffffff\r\nhello";
    let piece = decoder.next(start).expect("a chunk");
    assert_eq!((piece.consumed, piece.data), (start.len(), &b"hello"[..]));
    assert!(!decoder.is_whole());
}

#[test]
fn extensions_and_trailers_have_the_limits_of_a_head() {
    let long = |count: usize| "a".repeat(count);
    let extended = |count| format!("1;{}\r\nx\r\n0\r\n\r\n", long(count - 1)).into_bytes();
    assert!(matches!(decode(&extended(HEAD_BYTES_MAX), &[]), Ok(Some(_))));
    assert_eq!(decode(&extended(HEAD_BYTES_MAX + 1), &[]), Err(Reject::ChunkOverhead));
    // Of all chunks together.
    let many = format!("{}0\r\n\r\n", "1;aaaaaaa\r\nx\r\n".repeat(HEAD_BYTES_MAX / 8 + 1));
    assert_eq!(decode(many.as_bytes(), &[]), Err(Reject::ChunkOverhead));
    let trailing = |count| format!("0\r\na:{}\r\n\r\n", long(count - 2)).into_bytes();
    assert!(matches!(decode(&trailing(HEAD_BYTES_MAX), &[]), Ok(Some(_))));
    assert_eq!(decode(&trailing(HEAD_BYTES_MAX + 1), &[]), Err(Reject::ChunkOverhead));
    let lines = |count| format!("0\r\n{}\r\n", "a:\r\n".repeat(count)).into_bytes();
    assert!(matches!(decode(&lines(FIELD_LINES_MAX), &[]), Ok(Some(_))));
    assert_eq!(decode(&lines(FIELD_LINES_MAX + 1), &[]), Err(Reject::ChunkOverhead));
    // Data is not what is bounded.
    let long_data = format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(2 * HEAD_BYTES_MAX));
    let (data, _) = decode(long_data.as_bytes(), &[]).expect("a body").expect("all of it");
    assert_eq!(data.len(), 2 * HEAD_BYTES_MAX);
}

/// What httparse says of a size line: its length and the size.
fn by_httparse(line: &[u8]) -> Option<(usize, u64)> {
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete(parsed)) => Some(parsed),
        Ok(httparse::Status::Partial) | Err(_) => None,
    }
}

/// What the decoder says of it.
fn by_decoder(line: &[u8]) -> Option<(usize, u64)> {
    let mut decoder = Decoder::new();
    for (at, byte) in line.iter().enumerate() {
        decoder.take_byte(*byte).ok()?;
        if matches!(decoder.state, State::Data | State::FieldStart) {
            return Some((at + 1, decoder.size));
        }
    }
    None
}

/// Where httparse takes what is refused here: no digit at all, blanks that no extension follows,
/// and whatever there is after a semicolon up to the line's end, be it an extension or not.
fn is_laxer(line: &[u8]) -> bool {
    line.starts_with(b"\r\n") || line.iter().any(|byte| b"; \t".contains(byte))
}

#[test]
fn sizes_are_those_of_httparse() {
    for line in ["0\r\n", "5\r\n", "1F\r\n", "fFfFfFfFfFfFfFfF\r\n", "5;a=b\r\n", "5 ;a\r\n"] {
        let expected = by_httparse(line.as_bytes());
        assert!(expected.is_some(), "{line:?}");
        assert_eq!(by_decoder(line.as_bytes()), expected, "{line:?}");
    }
    for line in ["", "x\r\n", "5\n", "5\r", "5\rx", "+5\r\n", "0x5\r\n", "11111111111111111\r\n"] {
        assert_eq!(by_httparse(line.as_bytes()), None, "{line:?}");
        assert_eq!(by_decoder(line.as_bytes()), None, "{line:?}");
    }
    for line in ["\r\n", "5 \r\n", "5\t\r\n", "5;\r\n", "5;a b\r\n", "5;\0\r\n", "5;\"\r\n"] {
        assert!(by_httparse(line.as_bytes()).is_some(), "{line:?}");
        assert_eq!(by_decoder(line.as_bytes()), None, "{line:?}");
    }
}

proptest! {
    #[test]
    fn no_line_is_taken_that_httparse_refuses(
        line in "[0-9a-fA-Fgx+]{0,18}[ \\t;]{0,2}[a-z=\"\\\\; ]{0,6}\\r?\\n?",
    ) {
        let line = [line.as_bytes(), b"\r\n"].concat();
        match (by_decoder(&line), by_httparse(&line)) {
            (Some(ours), theirs) => prop_assert_eq!(Some(ours), theirs),
            (None, Some(_)) => prop_assert!(is_laxer(&line), "{}", line.escape_ascii()),
            (None, None) => {}
        }
    }

    #[test]
    fn no_cut_changes_what_random_bytes_are(
        bytes in proptest::collection::vec(
            prop_oneof![
                4 => proptest::sample::select(b"0125aF;=\" \t\\:\r\n".to_vec()),
                1 => any::<u8>(),
            ],
            0..60,
        ),
        cut in 0..60usize,
    ) {
        let cut = cut.min(bytes.len());
        let all: Vec<_> = (0..bytes.len()).collect();
        let whole = decode(&bytes, &[]);
        prop_assert_eq!(&decode(&bytes, &[cut]), &whole);
        prop_assert_eq!(&decode(&bytes, &all), &whole);
    }

    #[test]
    fn what_is_encoded_is_decoded(
        chunks in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 1..40), "(;[a-z]{1,3}(=[0-9]{1,3}|=\"[^\"\\\\\\x00-\\x1f\\x7f]{0,4}\")?){0,2}", 0..4usize),
            0..8,
        ),
        trailer in "([A-Za-z]{1,5}: ?[ -~]{0,9}\r\n){0,3}",
        cut in 0..500usize,
    ) {
        let mut body = Vec::new();
        let mut data = Vec::new();
        for (chunk, extension, zeros) in &chunks {
            let size = format!("{}{:x}{extension}\r\n", "0".repeat(*zeros), chunk.len());
            body.extend_from_slice(size.as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
            data.extend_from_slice(chunk);
        }
        body.extend_from_slice(format!("0\r\n{trailer}\r\n").as_bytes());
        let length = body.len();
        body.extend_from_slice(b"0\r\n");
        let cut = cut.min(body.len());
        prop_assert_eq!(decode(&body, &[cut]), Ok(Some((data, length))));
    }
}
