//! Dates read in each form, dates written in each, and both at the ends of the calendar.

use super::*;
use proptest::prelude::*;

/// 2026-03-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_772_323_200);

fn seconds(value: &str) -> Option<i64> {
    parse(value.as_bytes(), NOW).map(|date| date.seconds)
}

// RFC 9110 §5.6.7.
#[test]
fn what_is_no_http_date_is_none() {
    for value in [
        "",
        "0",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=3",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Wed, 30 Feb 1994 08:49:37 GMT",
        "Thu, 29 Feb 2001 08:49:37 GMT",
        "Sat, 00 Nov 1994 08:49:37 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sat, 01 Jan 0000 00:00:00 GMT",
        "Sun, 06 N\u{f6}v 1994 8:49:37 GMT",
        "Sun Nov  6 08:49:37 1994 ",
        "Sun Nov  6 08:49:37 1994     ",
        "     Sun Nov  6 08:49:37 1994",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Mon Nov  6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT ",
        " Sunday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 gmt",
        "Sunday,  6-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-+4 08:49:37 GMT",
        "Sunday, 06-Nov--4 08:49:37 GMT",
        "Sunday, 06-N\u{f6}v-94 8:49:37 GMT",
        "Sundaes, 06-Nov-94 08:49:37 GMT",
        "Monday, 06-Nov-94 08:49:37 GMT",
    ] {
        assert_eq!(seconds(value), None, "{value:?}");
    }
    assert_eq!(parse(b"Sun, 06 Nov 1994 08:49:37 GM\xff", NOW), None);
}

// RFC 9110 §5.6.7.
#[test]
fn all_three_forms_are_one_date() {
    for (value, expected) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777),
        ("Sun Nov 06 08:49:37 1994", 784_111_777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
        ("Wednesday, 15-Nov-95 06:25:24 GMT", 816_416_724),
        ("Fri, 31 Dec 9999 23:59:59 GMT", SECONDS_MAX),
    ] {
        assert_eq!(seconds(value), Some(expected), "{value}");
    }
}

// RFC 9110 §5.6.7: more than fifty years in the future counts as the past.
#[test]
fn two_digit_years_lie_at_most_fifty_years_ahead() {
    let in_2099 = Timestamp::from_seconds(4_070_908_800);
    let in_1994 = Timestamp::from_seconds(784_111_777);
    for (value, now, expected) in [
        ("Sunday, 01-Mar-26 00:00:00 GMT", NOW, "Sun, 01 Mar 2026 00:00:00 GMT"),
        ("Sunday, 01-Mar-76 00:00:00 GMT", NOW, "Sun, 01 Mar 2076 00:00:00 GMT"),
        // Fifty years and ten months ahead: the past, as the day-name says too.
        ("Friday, 31-Dec-76 00:00:00 GMT", NOW, "Fri, 31 Dec 1976 00:00:00 GMT"),
        // 1970-01-01 was a Thursday, 2070-01-01 will be a Wednesday.
        ("Wednesday, 01-Jan-70 00:00:00 GMT", NOW, "Wed, 01 Jan 2070 00:00:00 GMT"),
        ("Thursday, 01-Jan-70 00:00:00 GMT", NOW, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Saturday, 01-Jan-77 00:00:00 GMT", NOW, "Sat, 01 Jan 1977 00:00:00 GMT"),
        ("Thursday, 01-Jan-32 00:00:00 GMT", in_1994, "Thu, 01 Jan 2032 00:00:00 GMT"),
        ("Thursday, 01-Jan-05 00:00:00 GMT", in_2099, "Thu, 01 Jan 2105 00:00:00 GMT"),
    ] {
        let expected = parse(expected.as_bytes(), now);
        assert!(expected.is_some(), "{value}: a wrong row");
        assert_eq!(parse(value.as_bytes(), now), expected, "{value}");
    }
    let of_2076 = b"Thursday, 31-Dec-76 00:00:00 GMT";
    assert_eq!(parse(of_2076, NOW), None);
    let before_1970 = Timestamp::from_seconds(-1);
    assert_eq!(
        parse(b"Sunday, 06-Nov-94 08:49:37 GMT", before_1970),
        None,
        "a clock that is wrong is no reason to panic"
    );
}

#[test]
fn no_date_is_written_before_1970_or_after_9999() {
    for seconds in [i64::MIN, -1, SECONDS_MAX + 1, i64::MAX] {
        assert_eq!(Timestamp::from_seconds(seconds).http_date(), None);
    }
}

#[test]
fn dates_are_written_as_imf_fixdate_and_for_the_log() {
    for (seconds, date, log) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT", "01/Jan/1970:00:00:00 +0000"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT", "06/Nov/1994:08:49:37 +0000"),
        (SECONDS_MAX, "Fri, 31 Dec 9999 23:59:59 GMT", "31/Dec/9999:23:59:59 +0000"),
    ] {
        let timestamp = Timestamp { seconds, nanoseconds: 999_999_999 };
        let written = timestamp.http_date().expect(date);
        assert_eq!(written.as_str(), date);
        assert_eq!(str::from_utf8(&written.common_log()), Ok(log));
    }
}

fn rfc3339(seconds: i64) -> Option<String> {
    let text = Timestamp { seconds, nanoseconds: 999_999_999 }.rfc3339()?;
    Some(text.as_str().to_owned())
}

#[test]
fn years_of_other_than_four_digits_are_no_rfc_3339_time() {
    for seconds in [i64::MIN, -62_167_219_201, SECONDS_MAX + 1, i64::MAX] {
        assert_eq!(rfc3339(seconds), None, "{seconds}");
    }
}

// RFC 3339 §5.6.
#[test]
fn times_before_1970_are_those_of_the_gregorian_calendar_too() {
    for (seconds, expected) in [
        (-62_167_219_200, "0000-01-01T00:00:00Z"),
        (-2_203_891_200, "1900-03-01T00:00:00Z"),
        (-2_203_891_201, "1900-02-28T23:59:59Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (1_795_388_527, "2026-11-22T23:02:07Z"),
        (SECONDS_MAX, "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(rfc3339(seconds).as_deref(), Some(expected));
    }
}

#[test]
fn each_day_of_400_years_follows_the_one_before() {
    let date = |day: i64| {
        let text = rfc3339(day * 24 * 60 * 60).expect("a year of four digits");
        let number = |from, to| text[from..to].parse::<i64>().expect("digits");
        (number(0, 4), number(5, 7), number(8, 10))
    };
    let first = -146_097 / 2;
    let mut before = date(first - 1);
    for day in first..first + 146_097 {
        let (year, month, day) = date(day);
        let follows = match (month, day) {
            (1, 1) => before == (year - 1, 12, 31),
            (_, 1) => before.0 == year && before.1 == month - 1 && before.2 >= 28,
            _ => before == (year, month, day - 1),
        };
        assert!(follows, "{before:?}, {:?}", (year, month, day));
        before = (year, month, day);
    }
}

proptest! {
    #[test]
    fn a_date_written_is_read_as_the_same_second(seconds in 0..=SECONDS_MAX) {
        let timestamp = Timestamp::from_seconds(seconds);
        let date = timestamp.http_date().expect("from 1970 to 9999");
        prop_assert_eq!(parse(date.as_str().as_bytes(), NOW), Some(timestamp));
    }

    #[test]
    fn random_text_never_panics(value in "[A-Za-z0-9 ,:-]{20,35}|\\PC{0,40}", seconds: i64) {
        let _ = parse(value.as_bytes(), Timestamp::from_seconds(seconds));
    }
}
