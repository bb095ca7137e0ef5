//! Preconditions (RFC 9110 §13): a function for each, and one for their order.

use super::date::{self, Timestamp};
use super::field::Fields;
use super::grammar::entity_tags;
use super::method::Method;
use super::validator::{EntityTag, Validators};
use std::borrow::Cow;

/// What to do with a request, by its preconditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Do what the method asks for.
    Proceed,
    /// Answer a GET or HEAD with 304.
    NotModified,
    /// Answer with 412.
    Failed,
}

/// The outcome of one precondition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// There is no such field, or RFC 9110 says to ignore it.
    Absent,
    True,
    False,
}

impl Condition {
    /// This condition, or `next` where it is absent.
    fn or_else(self, next: impl FnOnce() -> Condition) -> Condition {
        if self == Condition::Absent {
            return next();
        }
        self
    }
}

impl From<bool> for Condition {
    fn from(holds: bool) -> Condition {
        if holds { Condition::True } else { Condition::False }
    }
}

/// The preconditions of one request, without `If-Range` (see [`range_applies`]).
///
/// They borrow from the request's head; [`Preconditions::into_owned`] makes them outlive it.
#[derive(Clone, Debug)]
pub struct Preconditions<'a> {
    if_match: Option<Lines<'a>>,
    if_unmodified_since: Option<Lines<'a>>,
    if_none_match: Option<Lines<'a>>,
    if_modified_since: Option<Lines<'a>>,
}

impl<'a> Preconditions<'a> {
    /// The preconditions among the request's `fields`.
    pub fn of(fields: &Fields<'a>) -> Preconditions<'a> {
        Preconditions {
            if_match: Lines::of(fields, "If-Match"),
            if_unmodified_since: Lines::of(fields, "If-Unmodified-Since"),
            if_none_match: Lines::of(fields, "If-None-Match"),
            if_modified_since: Lines::of(fields, "If-Modified-Since"),
        }
    }

    /// The same, with bytes of their own: for an upload, whose head is gone when its body has come.
    pub fn into_owned(self) -> Preconditions<'static> {
        let owned = |lines: Option<Lines>| lines.map(Lines::into_owned);
        Preconditions {
            if_match: owned(self.if_match),
            if_unmodified_since: owned(self.if_unmodified_since),
            if_none_match: owned(self.if_none_match),
            if_modified_since: owned(self.if_modified_since),
        }
    }

    /// Whether [`Preconditions::evaluate`] needs an entity-tag to compare with: `If-Match` or
    /// `If-None-Match` has another value than `*`.
    pub fn name_entity_tags(&self) -> bool {
        let mut lists = [&self.if_match, &self.if_none_match].into_iter().flatten();
        lists.any(|lines| lines.iter().any(|value| value != b"*"))
    }

    /// What the preconditions say, evaluated in the order of RFC 9110 §13.2.2.
    ///
    /// `current` has the validators of the selected representation; it is `None` where there is no
    /// representation yet, as before a PUT that creates one. A representation without validators is
    /// never [`Verdict::NotModified`].
    pub fn evaluate(
        &self,
        method: Method,
        current: Option<&Validators>,
        now: Timestamp,
    ) -> Verdict {
        if !selects_a_representation(method) {
            return Verdict::Proceed;
        }
        let same = self.if_match(current).or_else(|| self.if_unmodified_since(current, now));
        if same == Condition::False {
            return Verdict::Failed;
        }
        let other =
            self.if_none_match(current).or_else(|| self.if_modified_since(method, current, now));
        if other == Condition::False {
            return unmodified(method, current);
        }
        Verdict::Proceed
    }

    /// `If-Match`: true if there is a current representation that a member names by strong
    /// comparison, or that `*` does (RFC 9110 §13.1.1).
    fn if_match(&self, current: Option<&Validators>) -> Condition {
        match &self.if_match {
            Some(lines) => lines.name(current, EntityTag::equals_strongly).into(),
            None => Condition::Absent,
        }
    }

    /// `If-Unmodified-Since`: true if Last-Modified is not later, and its second is over; ignored
    /// without it, or if the value is no date (RFC 9110 §13.1.4).
    fn if_unmodified_since(&self, current: Option<&Validators>, now: Timestamp) -> Condition {
        let last_modified = current.and_then(|validators| validators.last_modified);
        match (last_modified, date_in(self.if_unmodified_since.as_ref(), now)) {
            (Some(last_modified), Some(date)) => {
                (last_modified <= date && is_over(last_modified, now)).into()
            }
            _ => Condition::Absent,
        }
    }

    /// `If-None-Match`: false if there is a current representation that a member names by weak
    /// comparison, or that `*` does (RFC 9110 §13.1.2).
    fn if_none_match(&self, current: Option<&Validators>) -> Condition {
        match &self.if_none_match {
            Some(lines) => (!lines.name(current, EntityTag::equals_weakly)).into(),
            None => Condition::Absent,
        }
    }

    /// `If-Modified-Since`: true if Last-Modified is later, or its second not over; ignored without
    /// it, for methods other than GET and HEAD, if the value is no date (RFC 9110 §13.1.3), or one
    /// later than `now` (RFC 1945 §10.9).
    fn if_modified_since(
        &self,
        method: Method,
        current: Option<&Validators>,
        now: Timestamp,
    ) -> Condition {
        if !matches!(method, Method::Get | Method::Head) {
            return Condition::Absent;
        }
        let last_modified = current.and_then(|validators| validators.last_modified);
        match (last_modified, date_in(self.if_modified_since.as_ref(), now)) {
            (Some(last_modified), Some(date)) if date <= now => {
                (last_modified > date || !is_over(last_modified, now)).into()
            }
            _ => Condition::Absent,
        }
    }
}

/// Whether the Range field counts: there is no `If-Range`, or it names the `current` representation
/// by strong comparison (RFC 9110 §13.1.5).
///
/// A date is a strong validator once its second is over at `now`: then the file cannot change again
/// within it (RFC 9110 §8.8.2.2).
pub fn range_applies(fields: &Fields, current: &Validators, now: Timestamp) -> bool {
    let Some(lines) = Lines::of(fields, "If-Range") else {
        return true;
    };
    let Some(value) = lines.only() else {
        return false;
    };
    if current.entity_tag.is_some_and(|tag| tag.equals_strongly(value)) {
        return true;
    }
    current.last_modified.is_some_and(|last_modified| {
        is_over(last_modified, now) && date::parse(value, now) == Some(last_modified)
    })
}

/// Whether the second of Last-Modified is over, so that no later change can fall into it. Until
/// then no date matches.
fn is_over(last_modified: Timestamp, now: Timestamp) -> bool {
    last_modified.seconds < now.seconds
}

/// Whether the preconditions count for `method` at all (RFC 9110 §13.2.1).
fn selects_a_representation(method: Method) -> bool {
    use Method::{Delete, Get, Head, Mkcol, Put};
    matches!(method, Get | Head | Put | Delete | Mkcol)
}

/// The verdict where the client has the current representation already (RFC 9110 §13.1.2).
fn unmodified(method: Method, current: Option<&Validators>) -> Verdict {
    match method {
        // `If-None-Match: *` matched. Without validators nobody knows whether the client holds
        // the same bytes.
        Method::Get | Method::Head if current == Some(&Validators::NONE) => Verdict::Proceed,
        Method::Get | Method::Head => Verdict::NotModified,
        _ => Verdict::Failed,
    }
}

/// The date in a single line; `None` for no line, for several, and for what is no date.
fn date_in(lines: Option<&Lines>, now: Timestamp) -> Option<Timestamp> {
    date::parse(lines?.only()?, now)
}

/// The values of all lines of one field: joined by LF, which no value holds.
///
/// Nearly always there is one line, which stays where it is in the head.
#[derive(Clone, Debug)]
struct Lines<'a>(Cow<'a, [u8]>);

impl<'a> Lines<'a> {
    /// The lines named `name`; `None` where there is none.
    fn of(fields: &Fields<'a>, name: &str) -> Option<Lines<'a>> {
        let mut values = fields.all(name);
        let mut joined = Cow::Borrowed(values.next()?);
        for value in values {
            let joined = joined.to_mut();
            joined.push(b'\n');
            joined.extend_from_slice(value);
        }
        Some(Lines(joined))
    }

    fn into_owned(self) -> Lines<'static> {
        Lines(Cow::Owned(self.0.into_owned()))
    }

    /// The value of each line, in order.
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'\n')
    }

    /// The value, if there is one line.
    fn only(&self) -> Option<&[u8]> {
        let mut values = self.iter();
        values.next().filter(|_| values.next().is_none())
    }

    /// Whether these lines of entity-tags name the `current` representation: by `*` alone, or by a
    /// member that `equals` its entity-tag. A malformed member equals none.
    fn name(&self, current: Option<&Validators>, equals: fn(&EntityTag, &[u8]) -> bool) -> bool {
        let Some(current) = current else {
            return false;
        };
        self.only() == Some(b"*")
            || current.entity_tag.is_some_and(|own| {
                self.iter().flat_map(entity_tags).any(|received| equals(&own, received))
            })
    }
}

#[cfg(test)]
mod tests;
