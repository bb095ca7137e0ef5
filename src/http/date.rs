//! Time as HTTP writes it: HTTP-date in its three forms (RFC 9110 §5.6.7), and the access log's
//! one.
//!
//! The only user of `httpdate`, which panics before 1970 and after the year 9999, accepts blanks
//! around a date, and takes every two-digit year from 70 for the twentieth century: all three are
//! mended here. The time is passed in; no clock is read. Left out: dates before 1970 and leap
//! seconds, which are no date to [`parse`].

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

/// The last second of the year 9999, after which an IMF-fixdate has no room for the year.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The most seconds that fifty years have: with thirteen leap days.
const FIFTY_YEARS: i64 = (50 * 365 + 13) * 24 * 60 * 60;

/// A point in time: seconds since 1970-01-01T00:00:00Z (negative before) and the nanoseconds after
/// them, as `stat` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    pub seconds: i64,
    pub nanoseconds: u32,
}

impl Timestamp {
    /// The point `seconds` after the start of 1970.
    pub const fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0 }
    }

    /// The same point without its nanoseconds.
    pub const fn whole_second(self) -> Timestamp {
        Timestamp::from_seconds(self.seconds)
    }

    /// Whether [`Timestamp::http_date`] has an answer: from 1970 to 9999.
    pub const fn has_http_date(self) -> bool {
        0 <= self.seconds && self.seconds <= SECONDS_MAX
    }

    /// The IMF-fixdate; `None` before 1970 and after the year 9999.
    pub fn http_date(self) -> Option<HttpDate> {
        if !self.has_http_date() {
            return None;
        }
        let since_1970 = Duration::from_secs(self.seconds.unsigned_abs());
        let mut bytes = [0; 29];
        write!(bytes.as_mut_slice(), "{}", httpdate::HttpDate::from(UNIX_EPOCH + since_1970))
            .ok()?;
        Some(HttpDate(bytes))
    }
}

/// An IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`: always 29 bytes of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpDate([u8; 29]);

impl HttpDate {
    /// The date as a field value.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("an IMF-fixdate is ASCII")
    }

    /// As the Common Log Format has it, without brackets: `06/Nov/1994:08:49:37 +0000`.
    pub fn common_log(&self) -> [u8; 26] {
        let mut line = *b"DD/Mon/YYYY:hh:mm:ss +0000";
        line[0..2].copy_from_slice(&self.0[5..7]);
        line[3..6].copy_from_slice(&self.0[8..11]);
        line[7..11].copy_from_slice(&self.0[12..16]);
        line[12..20].copy_from_slice(&self.0[17..25]);
        line
    }

    fn year(&self) -> Option<i64> {
        self.as_str()[12..16].parse().ok()
    }
}

/// Parses an HTTP-date in any of the three forms, as it is read at time `now`; `None` where it is
/// none.
///
/// A date has no blanks around it, the case of the RFC, and the day-name that belongs to it. Only
/// the obsolete form of RFC 850 needs `now`, for its two-digit year.
pub fn parse(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    let text = str::from_utf8(value).ok()?;
    match text.len() {
        24 | 29 => parse_four_digit_year(text),
        30..=33 => parse_rfc850(text, now),
        _ => None,
    }
}

/// Parses an IMF-fixdate or asctime-date. `httpdate` trims its input, hence the look at both ends
/// first.
fn parse_four_digit_year(text: &str) -> Option<Timestamp> {
    if text.trim().len() != text.len() {
        return None;
    }
    let since_1970 = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_seconds(i64::try_from(since_1970.as_secs()).ok()?))
}

/// Parses an rfc850-date: `Sunday, 06-Nov-94 08:49:37 GMT`.
///
/// The year is the latest with these two digits that is not more than fifty years in the future
/// (RFC 9110 §5.6.7) and in which the day-name is right; a century later each date falls on another
/// day of the week.
fn parse_rfc850(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (day_name, rest) = text.split_once(", ")?;
    let (day, rest) = rest.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let (digits, time) = rest.split_at_checked(2)?;
    let short_name = short_day_name(day_name)?;

    years_ending_in(digits, now)?
        .into_iter()
        .filter_map(|year| {
            parse_four_digit_year(&format!("{short_name}, {day} {month} {year:04}{time}"))
        })
        .find(|date| date.seconds <= now.seconds.saturating_add(FIFTY_YEARS))
}

/// The latest year up to fifty after `now` that ends in the two `digits`, and the one a century
/// before it.
fn years_ending_in(digits: &str, now: Timestamp) -> Option<[i64; 2]> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i64 = digits.parse().ok()?;
    let latest = now.http_date()?.year()? + 50;
    let year = latest - (latest - year).rem_euclid(100);
    Some([year, year - 100])
}

/// The three letters that an IMF-fixdate has for the full name of a day.
fn short_day_name(day_name: &str) -> Option<&str> {
    const DAY_NAMES: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    DAY_NAMES.contains(&day_name).then(|| &day_name[..3])
}

#[cfg(test)]
mod tests {
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
}
