//! Preconditions (RFC 9110 §13): one function for each, and one that holds their order.

use super::{
    date::{self, Timestamp},
    field::Fields,
    grammar::entity_tags,
    method::Method,
    validator::{EntityTag, Validators},
};

/// What the preconditions of a request say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with the method.
    Proceed,
    /// Answer a GET or HEAD with 304.
    NotModified,
    /// Answer with 412.
    Failed,
}

/// What one precondition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// The field is not there, or RFC 9110 has us ignore it.
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

/// Evaluates the preconditions in the order of RFC 9110 §13.2.2 (If-Range apart, which belongs to
/// Range).
///
/// `current` is the selected representation's validators, `None` where there is no current
/// representation (a PUT that creates). A representation without any validator is never
/// [`Verdict::NotModified`].
pub fn evaluate(
    method: Method,
    fields: &Fields,
    current: Option<&Validators>,
    now: Timestamp,
) -> Verdict {
    if !selects_a_representation(method) {
        return Verdict::Proceed;
    }
    let same = if_match(fields, current).or_else(|| if_unmodified_since(fields, current, now));
    if same == Condition::False {
        return Verdict::Failed;
    }
    let other =
        if_none_match(fields, current).or_else(|| if_modified_since(method, fields, current, now));
    if other == Condition::False {
        return unmodified(method, current);
    }
    Verdict::Proceed
}

/// Whether the Range field may be used: `If-Range` is absent or its validator matches strongly (RFC
/// 9110 §13.1.5).
///
/// A date is strong when the second it names is over at `now`, so that the file cannot change a
/// second time in it (RFC 9110 §8.8.2.2).
pub fn range_applies(fields: &Fields, current: &Validators, now: Timestamp) -> bool {
    if fields.get("If-Range").is_none() {
        return true;
    }
    let Some(value) = only_line(fields, "If-Range") else {
        return false;
    };
    if current.entity_tag.is_some_and(|tag| tag.equals_strongly(value)) {
        return true;
    }
    current.last_modified.is_some_and(|last_modified| {
        is_over(last_modified, now) && date::parse(value, now) == Some(last_modified)
    })
}

/// Whether the second that Last-Modified names is over, so that no later change can share it. Until
/// then no date matches it.
fn is_over(last_modified: Timestamp, now: Timestamp) -> bool {
    last_modified.seconds < now.seconds
}

/// Whether the preconditions count for `method` at all (RFC 9110 §13.2.1).
fn selects_a_representation(method: Method) -> bool {
    matches!(method, Method::Get | Method::Head | Method::Put)
}

/// The verdict when the client has the current representation already (RFC 9110 §13.1.2).
fn unmodified(method: Method, current: Option<&Validators>) -> Verdict {
    match method {
        // Only `If-None-Match: *` comes here without validators: what the client holds cannot be
        // told to be the same.
        Method::Get | Method::Head if current == Some(&Validators::NONE) => Verdict::Proceed,
        Method::Get | Method::Head => Verdict::NotModified,
        _ => Verdict::Failed,
    }
}

/// `If-Match`: true if there is a current representation that a member names by strong comparison,
/// or that `*` does (RFC 9110 §13.1.1).
fn if_match(fields: &Fields, current: Option<&Validators>) -> Condition {
    matches_any(fields, "If-Match", current, EntityTag::equals_strongly)
}

/// `If-Unmodified-Since`: true if Last-Modified is not later, and its second is over; ignored
/// without it, or if the value is no date (RFC 9110 §13.1.4).
fn if_unmodified_since(fields: &Fields, current: Option<&Validators>, now: Timestamp) -> Condition {
    let last_modified = current.and_then(|validators| validators.last_modified);
    match (last_modified, date_of(fields, "If-Unmodified-Since", now)) {
        (Some(last_modified), Some(date)) => {
            (last_modified <= date && is_over(last_modified, now)).into()
        }
        _ => Condition::Absent,
    }
}

/// `If-None-Match`: false if there is a current representation that a member names by weak
/// comparison, or that `*` does (RFC 9110 §13.1.2).
fn if_none_match(fields: &Fields, current: Option<&Validators>) -> Condition {
    match matches_any(fields, "If-None-Match", current, EntityTag::equals_weakly) {
        Condition::Absent => Condition::Absent,
        Condition::True => Condition::False,
        Condition::False => Condition::True,
    }
}

/// `If-Modified-Since`: true if Last-Modified is later, or its second not over; ignored without it,
/// for methods other than GET and HEAD, if the value is no date (RFC 9110 §13.1.3), or one later
/// than `now` (RFC 1945 §10.9).
fn if_modified_since(
    method: Method,
    fields: &Fields,
    current: Option<&Validators>,
    now: Timestamp,
) -> Condition {
    if !matches!(method, Method::Get | Method::Head) {
        return Condition::Absent;
    }
    let last_modified = current.and_then(|validators| validators.last_modified);
    match (last_modified, date_of(fields, "If-Modified-Since", now)) {
        (Some(last_modified), Some(date)) if date <= now => {
            (last_modified > date || !is_over(last_modified, now)).into()
        }
        _ => Condition::Absent,
    }
}

/// Whether the lines named `name` name the current representation: by `*`, or by an entity-tag that
/// `equals` its own.
fn matches_any(
    fields: &Fields,
    name: &str,
    current: Option<&Validators>,
    equals: fn(&EntityTag, &[u8]) -> bool,
) -> Condition {
    if fields.get(name).is_none() {
        return Condition::Absent;
    }
    let Some(current) = current else {
        return Condition::False;
    };
    if only_line(fields, name) == Some(b"*") {
        return Condition::True;
    }
    current
        .entity_tag
        .is_some_and(|own| {
            fields.all(name).flat_map(entity_tags).any(|received| equals(&own, received))
        })
        .into()
}

/// The date in the line named `name`; `None` where there is none, more than one, or no valid one.
fn date_of(fields: &Fields, name: &str, now: Timestamp) -> Option<Timestamp> {
    date::parse(only_line(fields, name)?, now)
}

/// The value of the line named `name` if there is exactly one.
fn only_line<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a [u8]> {
    let mut values = fields.all(name);
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests;
