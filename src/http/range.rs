//! Byte ranges: the Range field against a complete length, and Content-Range (RFC 9110 §14).
//!
//! Left out: several ranges in one request (`multipart/byteranges`) and other range units; RFC 9110
//! §14.2 lets a server ignore both. `If-Range` is in [`precondition`](super::precondition).

use super::grammar::{DecimalError, list_members, parse_decimal};
use std::ops::Range;

/// How to answer a Range field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranged {
    /// With the whole representation: 200.
    Whole,
    /// With this half-open interval of bytes, which is not empty: 206.
    Part(Range<u64>),
    /// With 416: the range is past the end.
    Unsatisfiable,
}

/// One range-spec as sent, with inclusive positions (RFC 9110 §14.1.1).
enum RangeSpec {
    /// An int-range: from a first position to a last one, or to the end.
    Int { first: u64, last: Option<u64> },
    /// A suffix-range: the last `length` bytes.
    Suffix { length: u64 },
}

/// What the value of a Range field selects of a representation of `complete_length` bytes (RFC 9110
/// §14.2).
///
/// [`Ranged::Whole`] for another range unit, bad syntax, several ranges and an empty
/// representation, because the RFC lets us ignore the field. [`Ranged::Unsatisfiable`] for a range
/// that begins past the end, and for the last 0 bytes.
pub fn resolve(value: &[u8], complete_length: u64) -> Ranged {
    if complete_length == 0 {
        return Ranged::Whole;
    }
    match only_range_spec(value).and_then(parse) {
        None => Ranged::Whole,
        Some(range_spec) => select(range_spec, complete_length),
    }
}

/// The only range-spec of a value with the unit `bytes`; `None` for another unit or more
/// range-specs (RFC 9110 §14.1).
fn only_range_spec(value: &[u8]) -> Option<&[u8]> {
    let equals = value.iter().position(|&byte| byte == b'=')?;
    let (range_unit, range_set) = (&value[..equals], &value[equals + 1..]);
    if !range_unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut members = list_members(range_set);
    members.next().filter(|_| members.next().is_none())
}

/// One range-spec; `None` for bad syntax, which a last position before the first is too (RFC 9110
/// §14.1.1).
fn parse(range_spec: &[u8]) -> Option<RangeSpec> {
    let dash = range_spec.iter().position(|&byte| byte == b'-')?;
    match (&range_spec[..dash], &range_spec[dash + 1..]) {
        (b"", suffix) => Some(RangeSpec::Suffix { length: parse_position(suffix)? }),
        (first, b"") => Some(RangeSpec::Int { first: parse_position(first)?, last: None }),
        (first, last) => {
            let (first, last) = (parse_position(first)?, parse_position(last)?);
            (first <= last).then_some(RangeSpec::Int { first, last: Some(last) })
        }
    }
}

/// A position or a length. One that is too large for 64 bits counts as the largest, since no file
/// reaches either.
fn parse_position(digits: &[u8]) -> Option<u64> {
    match parse_decimal(digits) {
        Ok(position) => Some(position),
        Err(DecimalError::TooLarge) => Some(u64::MAX),
        Err(DecimalError::NotDigits) => None,
    }
}

/// What `range_spec` selects of `complete_length` bytes, at least one. Here inclusive positions
/// become a half-open interval.
fn select(range_spec: RangeSpec, complete_length: u64) -> Ranged {
    let interval = match range_spec {
        RangeSpec::Suffix { length } => complete_length.saturating_sub(length)..complete_length,
        RangeSpec::Int { first, last: None } => first..complete_length,
        RangeSpec::Int { first, last: Some(last) } => {
            first..last.saturating_add(1).min(complete_length)
        }
    };
    if interval.is_empty() {
        return Ranged::Unsatisfiable;
    }
    Ranged::Part(interval)
}

/// The Content-Range of a 206 (RFC 9110 §14.4): `bytes 0-499/1234`. The `interval` is half-open and
/// not empty, as [`resolve`] gives it.
pub fn content_range(interval: &Range<u64>, complete_length: u64) -> String {
    let (first, last) = (interval.start, interval.end - 1);
    format!("bytes {first}-{last}/{complete_length}")
}

/// The Content-Range of a 416 (RFC 9110 §14.4): `bytes */1234`.
pub fn unsatisfied_range(complete_length: u64) -> String {
    format!("bytes */{complete_length}")
}

#[cfg(test)]
mod tests;
