//! Byte ranges: the Range field against a complete length, and Content-Range (RFC 9110 §14).
//!
//! One range a request. Left out: several ranges (`multipart/byteranges`) and other range units,
//! both of which RFC 9110 §14.2 lets a server ignore. `If-Range` is a precondition and lives in
//! [`super::precondition`].

use super::grammar::{DecimalError, list_members, parse_decimal};
use std::ops::Range;

/// What a Range field asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranged {
    /// The whole representation, with 200.
    Whole,
    /// This half-open interval, not empty, with 206.
    Part(Range<u64>),
    /// Nothing of the representation: 416.
    Unsatisfiable,
}

/// One range-spec as it is written, with inclusive positions (RFC 9110 §14.1.1).
enum RangeSpec {
    /// An int-range: from a first position to a last one, or to the end.
    Int { first: u64, last: Option<u64> },
    /// A suffix-range: so many bytes at the end.
    Suffix { length: u64 },
}

/// Resolves a `Range` field value against a representation of `complete_length` bytes (RFC 9110
/// §14.2).
///
/// The interval returned is half-open and not empty. Another range unit, bad syntax, several ranges
/// and an empty representation yield [`Ranged::Whole`], because the RFC lets us ignore the field;
/// an interval wholly past the end yields [`Ranged::Unsatisfiable`].
pub fn resolve(value: &[u8], complete_length: u64) -> Ranged {
    if complete_length == 0 {
        return Ranged::Whole;
    }
    match only_range_spec(value).and_then(parse) {
        None => Ranged::Whole,
        Some(range_spec) => select(range_spec, complete_length),
    }
}

/// The range-spec of a `bytes` range set that has exactly one, blanks and empty list members around
/// it removed (RFC 9110 §5.6.1, §14.1).
fn only_range_spec(value: &[u8]) -> Option<&[u8]> {
    let equals = value.iter().position(|&byte| byte == b'=')?;
    let (range_unit, range_set) = (&value[..equals], &value[equals + 1..]);
    if !range_unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut members = list_members(range_set);
    members.next().filter(|_| members.next().is_none())
}

/// Parses one range-spec; `None` where it is none, or where its last position is before its first
/// (RFC 9110 §14.1.1).
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

/// The bytes that `range_spec` selects of `complete_length`, which is not 0: where inclusive
/// positions become a half-open interval.
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
