//! Time as text: HTTP-date in its three forms (RFC 9110 §5.6.7), RFC 3339, and the form of the
//! access log.
//!
//! The calendar is that of `httpdate`, which only this file uses. It panics before 1970 and after
//! 9999, accepts blanks around a date, and puts two-digit years from 70 on into the twentieth
//! century; this file prevents all three. [`parse`] takes no date before 1970 and no leap second.

use std::io::Write;
use std::time::{Duration, UNIX_EPOCH};

/// The last second of the year 9999: later years have no place in an IMF-fixdate.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The seconds of 400 years, after which the Gregorian calendar repeats itself.
const CYCLE_SECONDS: i64 = 146_097 * 24 * 60 * 60;

/// Seconds of the longest fifty years, those with thirteen leap days.
const FIFTY_YEARS: i64 = (50 * 365 + 13) * 24 * 60 * 60;

/// A point in time, as stat(2) gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z, negative before.
    pub seconds: i64,
    /// After those seconds, below 1,000,000,000.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// The start of a second, counted from 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0 }
    }

    /// The start of the second that this point is in.
    pub(super) const fn whole_second(self) -> Timestamp {
        Timestamp::from_seconds(self.seconds)
    }

    /// Whether [`Timestamp::http_date`] has an answer: from 1970 to 9999.
    pub(super) const fn has_http_date(self) -> bool {
        0 <= self.seconds && self.seconds <= SECONDS_MAX
    }

    /// The point to the second as in RFC 3339 §5.6: `2026-11-22T23:02:07Z`. `None` outside the
    /// years 0 to 9999.
    pub fn rfc3339(self) -> Option<Rfc3339> {
        // A date before 1970 differs from the one 2000 years later in nothing but the year.
        let cycles = if self.seconds < 0 { 5 } else { 0 };
        let later = Timestamp::from_seconds(self.seconds + cycles * CYCLE_SECONDS);
        let date = later.http_date()?;
        let year = u16::try_from(date.year() - 400 * cycles).ok()?;
        let mut text = *b"YYYY-MM-DDThh:mm:ssZ";
        text[0..4].copy_from_slice(&four_digits(year));
        text[5..7].copy_from_slice(&date.month_digits());
        text[8..10].copy_from_slice(&date.0[5..7]);
        text[11..19].copy_from_slice(&date.0[17..25]);
        Some(Rfc3339(text))
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

/// A time to the second as in RFC 3339 §5.6, such as `2026-11-22T23:02:07Z`: always 20 bytes of
/// ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rfc3339([u8; 20]);

impl Rfc3339 {
    /// The time as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("digits and marks are ASCII")
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

    /// The date as in the Common Log Format, without brackets: `06/Nov/1994:08:49:37 +0000`.
    pub(crate) fn common_log(&self) -> [u8; 26] {
        let mut line = *b"DD/Mon/YYYY:hh:mm:ss +0000";
        line[0..2].copy_from_slice(&self.0[5..7]);
        line[3..6].copy_from_slice(&self.0[8..11]);
        line[7..11].copy_from_slice(&self.0[12..16]);
        line[12..20].copy_from_slice(&self.0[17..25]);
        line
    }

    /// From 1970 to 9999.
    fn year(&self) -> i64 {
        self.0[12..16].iter().fold(0, |year, digit| 10 * year + i64::from(digit - b'0'))
    }

    /// From `01` to `12`.
    fn month_digits(&self) -> [u8; 2] {
        const NAMES: [&[u8]; 12] = [
            b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
            b"Dec",
        ];
        let before = NAMES.iter().take_while(|&&name| name != &self.0[8..11]).count();
        let [.., tens, ones] = four_digits(before as u16 + 1);
        [tens, ones]
    }
}

/// `number`, which is below 10,000, with zeros before it.
fn four_digits(number: u16) -> [u8; 4] {
    [1000, 100, 10, 1].map(|unit| b'0' + (number / unit % 10) as u8)
}

/// The point in time that an HTTP-date in any of its three forms names; `None` for anything else.
///
/// A date has no blanks around it, its letters are in the case of the RFC, and its day-name is
/// right. The form of RFC 850 needs `now` for its two-digit year.
pub fn parse(value: &[u8], now: Timestamp) -> Option<Timestamp> {
    let text = str::from_utf8(value).ok()?;
    match text.len() {
        24 | 29 => parse_four_digit_year(text),
        30..=33 => parse_rfc850(text, now),
        _ => None,
    }
}

/// An IMF-fixdate or asctime-date. Blanks at either end are refused first, since `httpdate` would
/// remove them.
fn parse_four_digit_year(text: &str) -> Option<Timestamp> {
    if text.trim().len() != text.len() {
        return None;
    }
    let since_1970 = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_seconds(i64::try_from(since_1970.as_secs()).ok()?))
}

/// An rfc850-date: `Sunday, 06-Nov-94 08:49:37 GMT`.
///
/// The year is the latest one with these digits that lies at most fifty years ahead (RFC 9110
/// §5.6.7) and gives the date this day-name: one century later it has another.
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

/// The latest year, at most fifty after `now`, that ends in the two `digits`; and the year a
/// century before it.
fn years_ending_in(digits: &str, now: Timestamp) -> Option<[i64; 2]> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i64 = digits.parse().ok()?;
    let latest = now.http_date()?.year() + 50;
    let year = latest - (latest - year).rem_euclid(100);
    Some([year, year - 100])
}

/// The first three letters of a day's full name, as an IMF-fixdate has them.
fn short_day_name(day_name: &str) -> Option<&str> {
    const DAY_NAMES: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    DAY_NAMES.contains(&day_name).then(|| &day_name[..3])
}

#[cfg(test)]
mod tests;
