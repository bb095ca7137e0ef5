//! Tables of fields and verdicts, one for each section of RFC 9110 §13.

use super::Verdict::{Failed, NotModified, Proceed};
use super::*;
use crate::http::validator::FileFacts;
use Method::{Connect, Delete, Get, Head, Mkcol, NotAllowed, Options, Put};

const MODIFIED: Timestamp = Timestamp { seconds: 784_111_777, nanoseconds: 500_000_000 };
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const TODAY: &str = "Sun, 01 Mar 2026 00:00:00 GMT";
const TOMORROW: &str = "Mon, 02 Mar 2026 00:00:00 GMT";

const NOW: Timestamp = Timestamp { seconds: 1_772_323_200, nanoseconds: 7 };

fn modified_at(modified: Timestamp) -> Validators {
    let facts = FileFacts { device: 1, inode: 2, length: 3, modified, changed: MODIFIED };
    Validators::of_file(EntityTag::of_long_file(&facts), &facts, NOW)
}

/// Puts the words of a row into field lines: `TAG` is the entity-tag of `current`, `DATE` what
/// they are called above.
fn lines(row: &str, current: &Validators) -> String {
    let tag = current.entity_tag;
    let tag = tag.as_ref().map_or("\"none\"", |tag| tag.as_str());
    let row = row.replace("TAG", tag).replace(" | ", "\r\n");
    let row = row.replace("BEFORE", BEFORE).replace("SAME", SAME);
    let row = row.replace("AFTER", AFTER).replace("TODAY", TODAY);
    row.replace("TOMORROW", TOMORROW) + "\r\n"
}

fn evaluate(
    method: Method,
    fields: &Fields,
    current: Option<&Validators>,
    now: Timestamp,
) -> Verdict {
    let preconditions = Preconditions::of(fields);
    let verdict = preconditions.evaluate(method, current, now);
    let owned = preconditions.into_owned();
    assert_eq!(owned.evaluate(method, current, now), verdict, "owned ones say the same");
    verdict
}

fn expect(rows: &[(Method, &str, Verdict)], current: Option<&Validators>) {
    for &(method, row, expected) in rows {
        let head = lines(row, current.unwrap_or(&Validators::NONE));
        let fields = Fields::parse(head.as_bytes()).expect("good field lines");
        let verdict = evaluate(method, &fields, current, NOW);
        assert_eq!(verdict, expected, "{method:?} {row}");
    }
}

#[test]
fn without_preconditions_the_method_proceeds() {
    for method in [Get, Head, Put, Delete, Mkcol, Options, Connect, NotAllowed] {
        let validators = modified_at(MODIFIED);
        for current in [None, Some(&Validators::NONE), Some(&validators)] {
            let verdict = evaluate(method, &Fields::empty(), current, NOW);
            assert_eq!(verdict, Proceed, "{method:?}");
        }
    }
}

// RFC 9110 §13.2.1.
#[test]
fn preconditions_are_ignored_where_the_method_selects_nothing() {
    for method in [Options, Connect, NotAllowed] {
        expect(
            &[
                (method, "If-Match: \"x\"", Proceed),
                (method, "If-Unmodified-Since: BEFORE", Proceed),
                (method, "If-None-Match: *", Proceed),
                (method, "If-Modified-Since: AFTER", Proceed),
            ],
            Some(&modified_at(MODIFIED)),
        );
    }
}

// RFC 9110 §13.1.1.
#[test]
fn if_match_without_a_strong_match_is_412() {
    expect(
        &[
            (Get, "If-Match:", Failed),
            (Get, "If-Match: \"x\"", Failed),
            (Head, "If-Match: \"x\", \"y\"", Failed),
            (Get, "If-Match: W/TAG", Failed),
            (Get, "If-Match: TAGx", Failed),
            (Get, "If-Match: TAG TAG", Failed),
            (Get, "If-Match: \"*\"", Failed),
            (Get, "If-Match: *, \"x\"", Failed),
            (Put, "If-Match: \"x\"", Failed),
            (Get, "If-Match: TAG", Proceed),
            (Head, "If-Match: TAG", Proceed),
            (Put, "If-Match: TAG", Proceed),
            (Get, "If-Match: *", Proceed),
            (Get, "If-Match: W/TAG, TAG", Proceed),
            (Get, "If-Match: \"x\" | If-Match: TAG", Proceed),
        ],
        Some(&modified_at(MODIFIED)),
    );
}

// RFC 9110 §13.1.4.
#[test]
fn if_unmodified_since_an_earlier_date_is_412() {
    expect(
        &[
            (Get, "If-Unmodified-Since: BEFORE", Failed),
            (Head, "If-Unmodified-Since: BEFORE", Failed),
            (Put, "If-Unmodified-Since: BEFORE", Failed),
            (Get, "If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT", Failed),
            (Get, "If-Unmodified-Since: Sun Nov  6 08:49:36 1994", Failed),
            (Get, "If-Unmodified-Since: SAME", Proceed),
            (Put, "If-Unmodified-Since: AFTER", Proceed),
            (Get, "If-Unmodified-Since: TOMORROW", Proceed),
            (Get, "If-Unmodified-Since:", Proceed),
            (Get, "If-Unmodified-Since: yesterday", Proceed),
            (Get, "If-Unmodified-Since: BEFORE, BEFORE", Proceed),
            (Get, "If-Unmodified-Since: BEFORE | If-Unmodified-Since: BEFORE", Proceed),
            (Get, "If-Unmodified-Since: BEFORE | If-Match: TAG", Proceed),
            (Get, "If-Unmodified-Since: AFTER | If-Match: \"x\"", Failed),
        ],
        Some(&modified_at(MODIFIED)),
    );
}

// RFC 9110 §13.1.2.
#[test]
fn if_none_match_with_the_current_tag_is_304_or_412() {
    expect(
        &[
            (Put, "If-None-Match: TAG", Failed),
            (Put, "If-None-Match: W/TAG", Failed),
            (Put, "If-None-Match: *", Failed),
            (Get, "If-None-Match: TAG", NotModified),
            (Head, "If-None-Match: TAG", NotModified),
            (Get, "If-None-Match: W/TAG", NotModified),
            (Get, "If-None-Match: *", NotModified),
            (Head, "If-None-Match: *", NotModified),
            (Get, "If-None-Match: \"x\", TAG", NotModified),
            (Get, "If-None-Match: \"x\",TAG,\"y\"", NotModified),
            (Get, "If-None-Match: , ,\"x\"\t,\tW/TAG , ", NotModified),
            (Get, "If-None-Match: \"a,b\", TAG", NotModified),
            (Get, "If-None-Match: \"a\\\", TAG", NotModified),
            (Get, "If-None-Match: junk, TAG", NotModified),
            (Get, "If-None-Match: \"x\" | If-None-Match: TAG", NotModified),
            (Get, "if-none-match: TAG", NotModified),
        ],
        Some(&modified_at(MODIFIED)),
    );
}

// RFC 9110 §13.1.2, §8.8.3.
#[test]
fn if_none_match_with_other_or_malformed_tags_proceeds() {
    expect(
        &[
            (Get, "If-None-Match:", Proceed),
            (Get, "If-None-Match: ,,", Proceed),
            (Get, "If-None-Match: \"x\"", Proceed),
            (Get, "If-None-Match: W/\"x\"", Proceed),
            (Get, "If-None-Match: w/TAG", Proceed),
            (Get, "If-None-Match: W/ TAG", Proceed),
            (Get, "If-None-Match: xTAG", Proceed),
            (Get, "If-None-Match: TAGx", Proceed),
            (Get, "If-None-Match: \"TAG", Proceed),
            (Get, "If-None-Match: \"x,TAG", Proceed),
            (Get, "If-None-Match: \"*\"", Proceed),
            (Get, "If-None-Match: **", Proceed),
            (Get, "If-None-Match: *, \"x\"", Proceed),
            (Put, "If-None-Match: \"x\"", Proceed),
            (Get, "If-None-Match: \"x\" | If-Modified-Since: SAME", Proceed),
            (Get, "If-None-Match: | If-Modified-Since: SAME", Proceed),
            (Get, "If-None-Match: TAG | If-Modified-Since: BEFORE", NotModified),
        ],
        Some(&modified_at(MODIFIED)),
    );
}

// RFC 9110 §13.1.3, RFC 1945 §10.9.
#[test]
fn if_modified_since_the_last_modification_is_304() {
    expect(
        &[
            (Get, "If-Modified-Since: BEFORE", Proceed),
            (Put, "If-Modified-Since: SAME", Proceed),
            (Get, "If-Modified-Since: TOMORROW", Proceed),
            (Get, "If-Modified-Since: Sun, 01 Mar 2026 00:00:01 GMT", Proceed),
            (Get, "If-Modified-Since:", Proceed),
            (Get, "If-Modified-Since: never", Proceed),
            (Get, "If-Modified-Since: SAME; length=3", Proceed),
            (Get, "If-Modified-Since: SAME, SAME", Proceed),
            (Get, "If-Modified-Since: SAME | If-Modified-Since: SAME", Proceed),
            (Get, "If-Modified-Since: SAME", NotModified),
            (Head, "If-Modified-Since: SAME", NotModified),
            (Get, "If-Modified-Since: AFTER", NotModified),
            (Get, "If-Modified-Since: TODAY", NotModified),
            (Get, "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", NotModified),
            (Get, "If-Modified-Since: Sun Nov  6 08:49:37 1994", NotModified),
        ],
        Some(&modified_at(MODIFIED)),
    );
}

// RFC 9110 §13.2.2.
#[test]
fn the_lost_update_is_judged_before_the_cache() {
    expect(
        &[
            (Get, "If-None-Match: TAG | If-Match: \"x\"", Failed),
            (Get, "If-Modified-Since: SAME | If-Unmodified-Since: BEFORE", Failed),
            (Get, "If-None-Match: TAG | If-Unmodified-Since: BEFORE", Failed),
            (Get, "If-None-Match: TAG | If-Match: TAG", NotModified),
            (Get, "If-Modified-Since: SAME | If-Match: *", NotModified),
            (Get, "If-Modified-Since: SAME | If-Unmodified-Since: SAME", NotModified),
        ],
        Some(&modified_at(MODIFIED)),
    );
}

#[test]
fn without_a_current_representation_only_if_match_fails() {
    expect(
        &[
            (Put, "If-Match: *", Failed),
            (Put, "If-Match: \"x\"", Failed),
            (Put, "If-Match: *, \"x\"", Failed),
            (Put, "If-None-Match: *", Proceed),
            (Put, "If-None-Match: \"x\"", Proceed),
            (Put, "If-Unmodified-Since: BEFORE", Proceed),
            (Get, "If-Modified-Since: AFTER", Proceed),
        ],
        None,
    );
}

#[test]
fn a_representation_without_validators_is_never_304() {
    assert_eq!(
        modified_at(Timestamp::from_seconds(1)),
        Validators::NONE,
        "a file whose time says nothing"
    );
    expect(
        &[
            (Get, "If-None-Match: *", Proceed),
            (Head, "If-None-Match: *", Proceed),
            (Get, "If-None-Match: TAG", Proceed),
            (Get, "If-Modified-Since: TODAY", Proceed),
            (Get, "If-Modified-Since: Thu, 01 Jan 1970 00:00:01 GMT", Proceed),
            (Get, "If-Unmodified-Since: BEFORE", Proceed),
            (Put, "If-None-Match: *", Failed),
            (Get, "If-Match: \"x\"", Failed),
            (Get, "If-Match: *", Proceed),
        ],
        Some(&Validators::NONE),
    );
}

#[test]
fn without_last_modified_dates_are_ignored_and_tags_count() {
    expect(
        &[
            (Get, "If-Modified-Since: TODAY", Proceed),
            (Get, "If-Unmodified-Since: BEFORE", Proceed),
            (Get, "If-None-Match: TAG", NotModified),
            (Get, "If-None-Match: *", NotModified),
            (Put, "If-Match: TAG", Proceed),
        ],
        Some(&modified_at(Timestamp::from_seconds(-1))),
    );
}

// A modification time in the future is told as `now`, whose second is not over.
#[test]
fn a_file_from_the_future_is_modified_since_any_date() {
    expect(
        &[
            (Get, "If-Modified-Since: Sat, 28 Feb 2026 23:59:59 GMT", Proceed),
            (Get, "If-Modified-Since: TODAY", Proceed),
        ],
        Some(&modified_at(Timestamp::from_seconds(NOW.seconds + 3600))),
    );
}

// RFC 9110 §13.1.5, §8.8.2.2.
#[test]
fn a_range_applies_only_to_the_very_same_representation() {
    let current = modified_at(MODIFIED);
    for (row, expected) in [
        ("If-Range:", false),
        ("If-Range: \"x\"", false),
        ("If-Range: W/TAG", false),
        ("If-Range: *", false),
        ("If-Range: TAG, TAG", false),
        ("If-Range: TAG | If-Range: TAG", false),
        ("If-Range: BEFORE", false),
        ("If-Range: AFTER", false),
        ("If-Range: TODAY", false),
        ("If-Range: soon", false),
        ("If-Range: SAME | If-Range: SAME", false),
        ("Range: bytes=0-4", true),
        ("If-Range: TAG", true),
        ("If-Range: SAME", true),
        ("If-Range: Sunday, 06-Nov-94 08:49:37 GMT", true),
        ("If-Range: Sun Nov  6 08:49:37 1994", true),
    ] {
        let head = lines(row, &current);
        let fields = Fields::parse(head.as_bytes()).expect("good field lines");
        assert_eq!(range_applies(&fields, &current, NOW), expected, "{row}");
    }
}

// RFC 9110 §8.8.2.2.
#[test]
fn a_date_is_no_strong_validator_within_its_own_second() {
    let head = format!("If-Range: {SAME}\r\n");
    let fields = Fields::parse(head.as_bytes()).expect("good field lines");
    let current = modified_at(MODIFIED);
    for (seconds, nanoseconds, expected) in [
        (MODIFIED.seconds, 0, false),
        (MODIFIED.seconds, 999_999_999, false),
        (MODIFIED.seconds + 1, 0, true),
    ] {
        let now = Timestamp { seconds, nanoseconds };
        assert_eq!(range_applies(&fields, &current, now), expected, "{now:?}");
    }
}

#[test]
fn no_date_matches_a_file_within_the_second_of_its_change() {
    let current = modified_at(MODIFIED);
    let verdict = |method, line: &str, now| {
        let head = format!("{line}: {SAME}\r\n");
        let fields = Fields::parse(head.as_bytes()).expect("good field lines");
        evaluate(method, &fields, Some(&current), now)
    };
    let within = Timestamp { nanoseconds: 999_999_999, ..MODIFIED };
    let after = Timestamp::from_seconds(MODIFIED.seconds + 1);
    assert_eq!(verdict(Get, "If-Modified-Since", within), Proceed);
    assert_eq!(verdict(Get, "If-Modified-Since", after), NotModified);
    for method in [Get, Put] {
        assert_eq!(verdict(method, "If-Unmodified-Since", within), Failed);
        assert_eq!(verdict(method, "If-Unmodified-Since", after), Proceed);
    }
}

#[test]
fn no_range_applies_to_a_representation_without_validators() {
    for row in ["If-Range: TAG", "If-Range: SAME", "If-Range:"] {
        let head = lines(row, &Validators::NONE);
        let fields = Fields::parse(head.as_bytes()).expect("good field lines");
        assert!(!range_applies(&fields, &Validators::NONE, NOW), "{row}");
    }
    assert!(range_applies(&Fields::empty(), &Validators::NONE, NOW));
}

#[test]
fn thousands_of_members_are_walked_once() {
    let current = modified_at(MODIFIED);
    for member in ["\"x\",", ",", "x", "\"", "W/\"x\" , "] {
        let row = format!("If-None-Match: {}", member.repeat(3000));
        expect(&[(Get, &row, Proceed)], Some(&current));
    }
}

#[test]
fn entity_tags_are_asked_for_by_other_values_than_an_asterisk() {
    for (row, expected) in [
        ("Accept: \"x\"", false),
        ("If-Unmodified-Since: SAME | If-Modified-Since: SAME", false),
        ("If-Range: TAG", false),
        ("If-Match: *", false),
        ("If-None-Match: *", false),
        ("If-Match: TAG", true),
        ("If-None-Match: W/TAG", true),
        ("If-Match:", true),
        ("If-Match: *, TAG", true),
        ("If-None-Match: * | If-None-Match: TAG", true),
        ("If-None-Match: * | If-Match: TAG", true),
    ] {
        let head = lines(row, &modified_at(MODIFIED));
        let fields = Fields::parse(head.as_bytes()).expect("good field lines");
        assert_eq!(Preconditions::of(&fields).name_entity_tags(), expected, "{row}");
    }
}

#[test]
fn one_line_is_not_copied_before_it_is_owned() {
    let fields = Fields::parse(b"If-Match: \"a\", \"b\"\r\n").expect("good field lines");
    let lines = Lines::of(&fields, "If-Match").expect("a line");
    assert!(matches!(lines.0, Cow::Borrowed(_)));
}
