//! The chunked transfer coding (RFC 9112 §7.1): from the bytes of a body to its data.
//!
//! The decoder is strict: where two servers see the end of a body at different places, a request
//! can hide between them. Lines end in CRLF, a size has 16 digits at most, and whatever the grammar
//! does not allow is a fault. Chunk extensions and trailer fields are checked, kept within the
//! limits of a head, and thrown away (RFC 9112 §7.1.1, §7.1.2).
//!
//! A [`Decoder`] keeps no bytes and allocates nothing. It takes data as a whole, everything else
//! byte by byte.

use super::grammar::{Quoting, is_tchar, is_text};
use super::reject::Reject;
use crate::limits::{FIELD_LINES_MAX, HEAD_BYTES_MAX};

/// The most hexadecimal digits of a chunk's size: 16 make 64 bits.
const SIZE_DIGITS_MAX: u8 = 16;

/// Decodes one chunked body, piece by piece as it arrives.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// The size of the present chunk as far as it has been read; then its bytes still to come.
    size: u64,
    /// Bytes of extensions and trailer fields so far.
    overhead: usize,
    field_lines: usize,
}

/// What [`Decoder::next`] found at the start of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Bytes of the input that are done with.
    pub consumed: usize,
    /// The last of the consumed bytes: data of the body. May be empty.
    pub data: &'a [u8],
}

/// What the next byte is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Another digit of the size, of which `digits` have come, or its end.
    Size {
        digits: u8,
    },
    /// Within the extensions of a chunk.
    Extension(Extension),
    /// The LF after the size and its extensions.
    SizeLf,
    Data,
    /// The CR after the data.
    DataCr,
    DataLf,
    /// A field line of the trailer section, or its end.
    FieldStart,
    FieldName,
    FieldValue,
    FieldLf,
    /// The LF of the empty line.
    EndLf,
    /// All of the body has been read.
    End,
    Faulty(Reject),
}

/// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    /// After blanks that a semicolon must follow.
    Semicolon,
    NameStart,
    Name,
    /// After a name and blanks: a semicolon or an equals sign.
    Equals,
    ValueStart,
    Token,
    /// In a quoted-string.
    Quoted(Quoting),
    QuoteEnd,
}

impl Decoder {
    /// A body that begins with the next byte.
    pub fn new() -> Decoder {
        Decoder { state: State::Size { digits: 0 }, size: 0, overhead: 0, field_lines: 0 }
    }

    /// Whether the last chunk and the trailer section have been read.
    pub fn is_whole(&self) -> bool {
        self.state == State::End
    }

    /// The next data in `input`, and how far it reads to get there: up to the end of the data, of
    /// the body or of the input.
    ///
    /// It consumes one byte at least, unless the input is empty or the body is whole.
    ///
    /// # Errors
    ///
    /// The fault in the body; every later call returns it again.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> Result<Piece<'a>, Reject> {
        let mut consumed = 0;
        while consumed < input.len() && self.state != State::End {
            if self.state == State::Data {
                let data = self.take_data(&input[consumed..]);
                return Ok(Piece { consumed: consumed + data.len(), data });
            }
            self.take_byte(input[consumed])?;
            consumed += 1;
        }
        Ok(Piece { consumed, data: &[] })
    }

    /// The data of the present chunk that `input`, which is not empty, begins with.
    fn take_data<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let count = usize::try_from(self.size).map_or(input.len(), |size| size.min(input.len()));
        self.size -= count as u64;
        if self.size == 0 {
            self.state = State::DataCr;
        }
        &input[..count]
    }

    /// Takes one byte that is not data.
    fn take_byte(&mut self, byte: u8) -> Result<(), Reject> {
        let next = self.after(byte).and_then(|next| self.count(next));
        self.state = next.unwrap_or_else(State::Faulty);
        next.map(|_| ())
    }

    /// The state after `byte`.
    fn after(&mut self, byte: u8) -> Result<State, Reject> {
        Ok(match (self.state, byte) {
            (State::Size { digits }, byte) => return self.after_size(digits, byte),
            (State::Extension(extension), byte) => return after_extension(extension, byte),
            (State::SizeLf, b'\n') if self.size == 0 => State::FieldStart,
            (State::SizeLf, b'\n') => State::Data,
            (State::SizeLf, _) => return Err(Reject::ChunkSize),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size { digits: 0 },
            (State::DataCr | State::DataLf, _) => return Err(Reject::ChunkEnd),
            (State::FieldStart, b'\r') => State::EndLf,
            (State::FieldStart | State::FieldName, byte) if is_tchar(byte) => State::FieldName,
            (State::FieldName, b':') => State::FieldValue,
            (State::FieldValue, b'\r') => State::FieldLf,
            (State::FieldValue, byte) if is_text(byte) => State::FieldValue,
            (State::FieldLf, b'\n') => State::FieldStart,
            (State::EndLf, b'\n') => State::End,
            (State::Faulty(reject), _) => return Err(reject),
            _ => return Err(Reject::Trailer),
        })
    }

    fn after_size(&mut self, digits: u8, byte: u8) -> Result<State, Reject> {
        match (byte, char::from(byte).to_digit(16)) {
            (_, Some(digit)) if digits < SIZE_DIGITS_MAX => {
                self.size = self.size << 4 | u64::from(digit);
                Ok(State::Size { digits: digits + 1 })
            }
            (b'\r', _) if digits > 0 => Ok(State::SizeLf),
            (b';', _) if digits > 0 => Ok(State::Extension(Extension::NameStart)),
            (b' ' | b'\t', _) if digits > 0 => Ok(State::Extension(Extension::Semicolon)),
            _ => Err(Reject::ChunkSize),
        }
    }

    /// Counts what is thrown away; a fault beyond the limits of a head.
    fn count(&mut self, next: State) -> Result<State, Reject> {
        match next {
            State::Extension(_) | State::FieldName | State::FieldValue => self.overhead += 1,
            State::FieldLf => self.field_lines += 1,
            _ => {}
        }
        match self.overhead > HEAD_BYTES_MAX || self.field_lines > FIELD_LINES_MAX {
            true => Err(Reject::ChunkOverhead),
            false => Ok(next),
        }
    }
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}

fn after_extension(extension: Extension, byte: u8) -> Result<State, Reject> {
    use Extension::*;
    let next = match (extension, byte) {
        (Name | Token | QuoteEnd, b'\r') => return Ok(State::SizeLf),
        (Semicolon | Name | Equals | Token | QuoteEnd, b';') => NameStart,
        (Semicolon | Token | QuoteEnd, b' ' | b'\t') => Semicolon,
        (NameStart, b' ' | b'\t') => NameStart,
        (NameStart | Name, byte) if is_tchar(byte) => Name,
        (Name | Equals, b' ' | b'\t') => Equals,
        (Name | Equals, b'=') => ValueStart,
        (ValueStart, b' ' | b'\t') => ValueStart,
        (ValueStart | Token, byte) if is_tchar(byte) => Token,
        (ValueStart, b'"') => Quoted(Quoting::Inside),
        (Quoted(quoting), byte) if is_text(byte) => match quoting.after(byte) {
            Quoting::Outside => QuoteEnd,
            quoting => Quoted(quoting),
        },
        _ => return Err(Reject::ChunkExtension),
    };
    Ok(State::Extension(next))
}

#[cfg(test)]
mod tests;
