//! Chunked bodies over any bytes: however they are cut, the same data and the same end; and what is
//! written as chunks is read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tinyhttpd::http::chunked::Decoder;
use tinyhttpd::http::reject::Reject;

/// What has been read of a body that came in pieces.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    data: Vec<u8>,
    /// Bytes up to the end of the body, if it has come.
    whole: Option<usize>,
    fault: Option<Reject>,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut decoder = Decoder::new();
    let mut read = Read::default();
    let mut position = 0;
    for mut piece in pieces {
        while !piece.is_empty() && !decoder.is_whole() {
            match decoder.next(piece) {
                Ok(found) => {
                    assert!(found.consumed > 0 && found.data.len() <= found.consumed);
                    read.data.extend_from_slice(found.data);
                    position += found.consumed;
                    piece = &piece[found.consumed..];
                }
                Err(fault) => {
                    assert!(decoder.next(b"0\r\n\r\n").is_err(), "a fault stays one");
                    return Read { fault: Some(fault), ..read };
                }
            }
        }
    }
    read.whole = decoder.is_whole().then_some(position);
    read
}

/// `data` in chunks of so many bytes.
fn write(data: &[u8], chunk_bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in data.chunks(chunk_bytes) {
        body.extend(format!("{:x};a=\"b\"\r\n", chunk.len()).into_bytes());
        body.extend_from_slice(chunk);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\nX: y\r\n\r\n");
    body
}

// The first byte says how long the pieces, and the chunks, are.
fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let count = usize::from(first) + 1;
    let whole = read([bytes]);
    assert_eq!(read(bytes.chunks(count)), whole);
    assert!(whole.data.len() <= bytes.len());

    // Few enough that the extensions stay within their limit.
    let body = write(bytes, count.max(bytes.len() / 256 + 1));
    let next = [&body[..], b"GET / HTTP/1.1\r\n"].concat();
    let again = read(next.chunks(count));
    assert_eq!(again, Read { data: bytes.to_vec(), whole: Some(body.len()), fault: None });
});
