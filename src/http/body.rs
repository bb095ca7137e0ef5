//! The body of a request: where it ends, and which of the bytes received are its data (RFC 9112
//! §6). Its length may be known, or it comes in chunks.
//!
//! Give a [`BodyReader`] whatever was received. It keeps no bytes, allocates nothing, and leaves
//! the bytes behind the body as they are: they are the next request.

use super::chunked::Decoder;
use super::reject::Reject;

/// How the end of a request's body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Neither of the two fields: there is no body.
    None,
    /// Content-Length, in bytes.
    Length(u64),
    /// Transfer-Encoding: chunked.
    Chunked,
}

impl Framing {
    /// Whether bytes of a body follow the head.
    pub fn has_body(self) -> bool {
        !matches!(self, Framing::None | Framing::Length(0))
    }
}

/// Reads one body, piece by piece as it arrives.
#[derive(Clone, Debug)]
pub struct BodyReader {
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Rest {
    /// Bytes.
    Length(u64),
    Chunked(Decoder),
}

/// How [`BodyReader::read`] has left a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// So many bytes at the start of the buffer are data of the body.
    pub data: usize,
    /// So many bytes were read; those behind them are as they were, and begin the next request.
    pub consumed: usize,
}

impl BodyReader {
    /// A body that begins with the next byte.
    pub fn new(framing: Framing) -> BodyReader {
        let rest = match framing {
            Framing::None => Rest::Length(0),
            Framing::Length(length) => Rest::Length(length),
            Framing::Chunked => Rest::Chunked(Decoder::new()),
        };
        BodyReader { rest }
    }

    /// Whether all of the body has been read.
    pub fn is_whole(&self) -> bool {
        match &self.rest {
            Rest::Length(left) => *left == 0,
            Rest::Chunked(decoder) => decoder.is_whole(),
        }
    }

    /// How many bytes to receive next: `count`, or fewer where the body is known to end sooner.
    pub fn bounded(&self, count: usize) -> usize {
        match &self.rest {
            Rest::Length(left) => usize::try_from(*left).map_or(count, |left| left.min(count)),
            Rest::Chunked(_) => count,
        }
    }

    /// How much of `buffer`, the bytes received, is data. Moves the data of all chunks to the start
    /// of the buffer, where it can be written in one call.
    ///
    /// All of the buffer is read, unless the body ends in it.
    ///
    /// # Errors
    ///
    /// The fault in a chunked body. No byte behind it can be trusted: further calls fail too.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Read, Reject> {
        match &mut self.rest {
            Rest::Length(left) => {
                let count = usize::try_from(*left).map_or(buffer.len(), |l| l.min(buffer.len()));
                *left -= count as u64;
                Ok(Read { data: count, consumed: count })
            }
            Rest::Chunked(decoder) => read_chunks(decoder, buffer),
        }
    }
}

fn read_chunks(decoder: &mut Decoder, buffer: &mut [u8]) -> Result<Read, Reject> {
    let mut read = Read { data: 0, consumed: 0 };
    while !decoder.is_whole() && read.consumed < buffer.len() {
        let piece = decoder.next(&buffer[read.consumed..])?;
        let end = read.consumed + piece.consumed;
        // What a piece consumes ends with its data.
        let length = piece.data.len();
        buffer.copy_within(end - length..end, read.data);
        read.data += length;
        read.consumed = end;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a body that arrives in these pieces, and what is behind it.
    fn read_all(framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, Vec<u8>), Reject> {
        let mut body = BodyReader::new(framing);
        let (mut data, mut behind) = (Vec::new(), Vec::new());
        for piece in pieces {
            let mut buffer = piece.to_vec();
            let read = body.read(&mut buffer)?;
            assert!(read.data <= read.consumed);
            assert_eq!(buffer[read.consumed..], piece[read.consumed..]);
            assert!(body.is_whole() || read.consumed == buffer.len());
            data.extend_from_slice(&buffer[..read.data]);
            behind.extend_from_slice(&buffer[read.consumed..]);
        }
        Ok((data, behind))
    }

    #[test]
    fn only_what_says_so_has_a_body() {
        assert!(!Framing::None.has_body());
        assert!(!Framing::Length(0).has_body());
        assert!(Framing::Length(1).has_body());
        assert!(Framing::Chunked.has_body());
        assert!(BodyReader::new(Framing::None).is_whole());
        assert!(BodyReader::new(Framing::Length(0)).is_whole());
        assert!(!BodyReader::new(Framing::Chunked).is_whole());
    }

    #[test]
    fn either_framing_yields_the_same_data_wherever_it_is_cut() {
        let bodies: [(Framing, &[u8]); 2] = [
            (Framing::Length(11), b"hello worldGET /"),
            (Framing::Chunked, b"5\r\nhello\r\n1;a\r\n \r\n05\r\nworld\r\n0\r\nA: b\r\n\r\nGET /"),
        ];
        for (framing, bytes) in bodies {
            for cut in 0..=bytes.len() {
                let (before, after) = bytes.split_at(cut);
                let (data, behind) = read_all(framing, &[before, after]).expect("a body");
                assert_eq!(data, b"hello world", "{framing:?} cut at {cut}");
                assert_eq!(behind, b"GET /", "{framing:?} cut at {cut}");
            }
            let single: Vec<_> = bytes.chunks(1).collect();
            let (data, behind) = read_all(framing, &single).expect("a body");
            assert_eq!((&data[..], &behind[..]), (&b"hello world"[..], &b"GET /"[..]));
        }
    }

    #[test]
    fn no_more_than_a_body_of_known_length_is_received() {
        let body = BodyReader::new(Framing::Length(5));
        assert_eq!(body.bounded(10), 5);
        assert_eq!(body.bounded(3), 3);
        assert_eq!(BodyReader::new(Framing::Length(u64::MAX)).bounded(3), 3);
        assert_eq!(BodyReader::new(Framing::Chunked).bounded(3), 3);
    }

    #[test]
    fn a_fault_ends_the_body() {
        for faulty in [&b"x"[..], b"5\r\nhello\r\nx"] {
            let mut body = BodyReader::new(Framing::Chunked);
            assert!(body.read(&mut faulty.to_vec()).is_err());
            assert!(body.read(&mut b"0\r\n\r\n".to_vec()).is_err());
            assert!(!body.is_whole());
        }
    }
}
