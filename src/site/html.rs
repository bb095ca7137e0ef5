//! Names, sizes and times as text for a page or a JSON document: escaped, and with nothing in it
//! that cannot be seen.

use crate::http::date::Timestamp;
use std::borrow::Cow;

/// Appends `text` to `page`, escaped so that it stays text within an element and within a quoted
/// attribute value.
pub fn push_escaped(page: &mut String, text: &str) {
    push_with(page, text, markup);
}

/// Appends `text` to `page` for people to read: escaped (see [`push_escaped`]), and each character
/// that [`is_unseen`] by its code point instead, such as `‹U+202E›` for a right-to-left override.
pub fn push_visible(page: &mut String, text: &str) {
    push_with(page, text, |character| match is_unseen(character) {
        true => Some(format!("‹U+{:04X}›", u32::from(character)).into()),
        false => markup(character),
    });
}

/// Appends `text` to `document` as a JSON string with its quotes (RFC 8259 §7). It says exactly
/// what `text` says; a character that [`is_unseen`] is escaped, so that a terminal which shows the
/// document is not led astray.
pub fn push_json_string(document: &mut String, text: &str) {
    document.push('"');
    push_with(document, text, |character| match character {
        '"' => Some("\\\"".into()),
        '\\' => Some("\\\\".into()),
        // All of these lie in the Basic Multilingual Plane, so four digits name them.
        _ if is_unseen(character) => Some(format!("\\u{:04x}", u32::from(character)).into()),
        _ => None,
    });
    document.push('"');
}

/// Appends `text` in runs as long as can be, since nearly all of it stays as it is: `instead` tells
/// what is appended for a character, if it is not the character.
///
/// Asked are only characters that are not letters, digits or the like in ASCII.
fn push_with(out: &mut String, text: &str, instead: impl Fn(char) -> Option<Cow<'static, str>>) {
    let mut run = 0;
    for (position, character) in text.char_indices() {
        if !is_plain(character)
            && let Some(instead) = instead(character)
        {
            out.push_str(&text[run..position]);
            out.push_str(&instead);
            run = position + character.len_utf8();
        }
    }
    out.push_str(&text[run..]);
}

/// Whether a character is never anything but itself.
fn is_plain(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '.' | '-' | '_')
}

fn markup(character: char) -> Option<Cow<'static, str>> {
    let name = match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => return None,
    };
    Some(name.into())
}

/// Whether a character shows nothing itself and yet changes what is shown: control characters, line
/// and paragraph separators, marks that turn the direction of text, and spaces without width.
///
/// The joiners U+200C and U+200D are none of them: Persian and many emoji are not written rightly
/// without.
pub fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{AD}'
                | '\u{61C}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
        )
}

/// Appends a length for people, rounded down: `0 B`, `1023 B`, `1.0 KiB`, `99.9 MiB`, `100 MiB`.
pub fn push_human_size(out: &mut String, bytes: u64) {
    const UNITS: [&str; 7] = [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"];
    let step = bytes.max(1).ilog2() / 10;
    // Below 10,240.
    let tenths = ((u128::from(bytes) * 10) >> (10 * step)) as u64;
    push_number(out, tenths / 10);
    if step > 0 && tenths < 1000 {
        out.push('.');
        push_number(out, tenths % 10);
    }
    out.push_str(UNITS[step as usize]);
}

/// Appends a count and what is counted, in English: `1 byte`, `1,234 bytes`.
pub fn push_counted(out: &mut String, count: u64, noun: &str) {
    push_grouped(out, count);
    out.push(' ');
    out.push_str(noun);
    if count != 1 {
        out.push('s');
    }
}

/// Appends a number with a comma before every third digit from the end.
pub fn push_grouped(out: &mut String, number: u64) {
    if number < 1000 {
        return push_number(out, number);
    }
    push_grouped(out, number / 1000);
    out.push(',');
    push_padded(out, number % 1000, 3);
}

/// Appends a number in decimal.
pub fn push_number(out: &mut String, number: u64) {
    push_padded(out, number, 1);
}

/// Appends a number with zeros before it, so that it has so many digits at least.
fn push_padded(out: &mut String, number: u64, digits: usize) {
    let mut text = [b'0'; 20];
    let (mut start, mut rest) = (text.len(), number);
    while rest > 0 || text.len() - start < digits {
        start -= 1;
        text[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.push_str(str::from_utf8(&text[start..]).unwrap_or_default());
}

/// The bytes of an RFC 3339 time to the second.
pub const RFC3339_BYTES: usize = "2026-11-22T23:02:07Z".len();

/// Appends a time to the second as RFC 3339 has it, such as `2026-11-22T23:02:07Z`; nothing outside
/// the years 0 to 9999. Returns whether it did.
pub fn push_rfc3339(out: &mut String, time: Timestamp) -> bool {
    const DAY: i64 = 24 * 60 * 60;
    let (year, month, day) = civil_date(time.seconds.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return false;
    }
    let second = time.seconds.rem_euclid(DAY);
    let parts = [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (second / 3600, 2, ':'),
        (second / 60 % 60, 2, ':'),
        (second % 60, 2, 'Z'),
    ];
    for (number, digits, end) in parts {
        push_padded(out, number.unsigned_abs(), digits);
        out.push(end);
    }
    true
}

/// Year, month and day of the Gregorian calendar, from the days since 1970-01-01 (negative before).
///
/// Years are counted from March here, so that a leap day is the last day of its year, of its four
/// years, and of its 400 years.
fn civil_date(days: i64) -> (i64, i64, i64) {
    const MONTH_STARTS: [i64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];
    let days = days + 719_468; // since 0000-03-01
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let century = (day / 36_524).min(3);
    let day = day - 36_524 * century;
    let (leap_cycle, day) = (day / 1461, day % 1461);
    let year_of_cycle = (day / 365).min(3);
    let day = day - 365 * year_of_cycle;
    let year = 400 * era + 100 * century + 4 * leap_cycle + year_of_cycle;
    let month = MONTH_STARTS.partition_point(|&start| start <= day); // 1 is March
    let day = day - MONTH_STARTS[month - 1] + 1;
    match month <= 10 {
        true => (year, month as i64 + 2, day),
        false => (year + 1, month as i64 - 10, day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(push: impl FnOnce(&mut String)) -> String {
        let mut made = String::new();
        push(&mut made);
        made
    }

    fn made_by(push: fn(&mut String, &str), text: &str) -> String {
        made(|out| push(out, text))
    }

    fn rfc3339(seconds: i64) -> Option<String> {
        let mut made = String::new();
        push_rfc3339(&mut made, Timestamp::from_seconds(seconds)).then_some(made)
    }

    #[test]
    fn markup_is_escaped() {
        let rows = [
            ("<script>", "&lt;script&gt;"),
            ("\" onload='x'", "&quot; onload=&#39;x&#39;"),
            ("&lt;", "&amp;lt;"),
            ("Grüße 文", "Grüße 文"),
        ];
        for (text, expected) in rows {
            assert_eq!(made_by(push_escaped, text), expected);
            assert_eq!(made_by(push_visible, text), expected);
        }
    }

    #[test]
    fn unseen_characters_are_shown_by_name() {
        let rows = [
            ("a\nb", "a‹U+000A›b"),
            ("\0\t\x1B[31m", "‹U+0000›‹U+0009›‹U+001B›[31m"),
            ("\x7F", "‹U+007F›"),
            ("\u{85}", "‹U+0085›"),
            ("\u{9B}31m", "‹U+009B›31m"),
            ("gpj\u{202E}.exe", "gpj‹U+202E›.exe"),
            ("\u{200F}\u{2066}\u{2069}", "‹U+200F›‹U+2066›‹U+2069›"),
            ("\u{2028}\u{200B}\u{FEFF}", "‹U+2028›‹U+200B›‹U+FEFF›"),
            ("שלום 👩\u{200D}💻", "שלום 👩\u{200D}💻"),
        ];
        for (text, expected) in rows {
            assert_eq!(made_by(push_visible, text), expected, "{text:?}");
        }
    }

    #[test]
    fn json_strings_are_exact() {
        let rows = [
            ("", r#""""#),
            (r#"a"b\c/d"#, r#""a\"b\\c/d""#),
            ("\0\n\x1F\x7F\u{9B}", r#""\u0000\u000a\u001f\u007f\u009b""#),
            ("\u{202E}\u{2028}", r#""\u202e\u2028""#),
            ("Grüße <b> 👩", r#""Grüße <b> 👩""#),
        ];
        for (text, expected) in rows {
            assert_eq!(made_by(push_json_string, text), expected, "{text:?}");
        }
    }

    #[test]
    fn unseen_characters_fit_four_digits() {
        assert!(('\u{10000}'..=char::MAX).all(|character| !is_unseen(character)));
    }

    #[test]
    fn sizes_are_rounded_down_to_what_can_be_read() {
        let rows = [
            (0, "0 B"),
            (1, "1 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1126, "1.0 KiB"),
            (1127, "1.1 KiB"),
            (102_399, "99.9 KiB"),
            (102_400, "100 KiB"),
            (1_048_575, "1023 KiB"),
            (1_048_576, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
            (1 << 60, "1.0 EiB"),
            (u64::MAX, "15.9 EiB"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(made(|out| push_human_size(out, bytes)), expected, "{bytes}");
        }
    }

    #[test]
    fn counts_have_commas_and_a_plural() {
        let rows = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1,000 bytes"),
            (1_234_567, "1,234,567 bytes"),
            (u64::MAX, "18,446,744,073,709,551,615 bytes"),
        ];
        for (count, expected) in rows {
            assert_eq!(made(|out| push_counted(out, count, "byte")), expected);
        }
    }

    #[test]
    fn years_of_other_than_four_digits_are_no_times() {
        for seconds in [i64::MIN, -62_167_219_201, 253_402_300_800, i64::MAX] {
            assert_eq!(rfc3339(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn times_are_those_of_the_gregorian_calendar() {
        let rows = [
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
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ];
        for (seconds, expected) in rows {
            assert_eq!(rfc3339(seconds).as_deref(), Some(expected));
            assert_eq!(expected.len(), RFC3339_BYTES);
        }
    }

    #[test]
    fn each_day_of_400_years_follows_the_one_before() {
        let mut before = civil_date(-1);
        for days in 0..146_097 {
            let (year, month, day) = civil_date(days);
            let follows = match (month, day) {
                (1, 1) => before == (year - 1, 12, 31),
                (_, 1) => before.0 == year && before.1 == month - 1 && before.2 >= 28,
                _ => before == (year, month, day - 1),
            };
            assert!(follows, "{before:?}, {:?}", (year, month, day));
            before = (year, month, day);
        }
        assert_eq!(before, (2369, 12, 31));
    }
}
