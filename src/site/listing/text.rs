//! Names, sizes and times as text for a page or a JSON document: escaped, and with nothing in it
//! that cannot be seen.

use std::borrow::Cow;

/// Appends `text` to `page`, escaped so that it stays text within an element and within a quoted
/// attribute value.
pub(super) fn push_escaped(page: &mut String, text: &str) {
    push_with(page, text, markup);
}

/// Appends `text` to `page` for people to read: escaped (see [`push_escaped`]), and each character
/// that [`is_unseen`] by its code point instead, such as `‹U+202E›` for a right-to-left override.
pub(super) fn push_visible(page: &mut String, text: &str) {
    push_with(page, text, visible);
}

/// Appends lines of text to `page`, as [`push_visible`] does, but for the ends of lines and tabs,
/// which stay.
pub(super) fn push_prose(page: &mut String, text: &str) {
    push_with(page, text, |character| match character {
        '\n' | '\r' | '\t' => None,
        _ => visible(character),
    });
}

/// Appends `text` to `document` as a JSON string with its quotes (RFC 8259 §7). It says exactly
/// what `text` says; a character that [`is_unseen`] is escaped, so that a terminal which shows the
/// document is not led astray.
pub(super) fn push_json_string(document: &mut String, text: &str) {
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

/// Appends `text`, with some characters replaced: `instead` gives what replaces a character, or
/// `None` where the character stays. It is not asked about [`PLAIN`] ones.
///
/// Most names are plain as a whole, and are copied at once. Of the others, the runs between two
/// replaced characters are.
fn push_with(out: &mut String, text: &str, instead: impl Fn(char) -> Option<Cow<'static, str>>) {
    if text.bytes().all(is_plain) {
        return out.push_str(text);
    }
    let mut run = 0;
    for (position, character) in text.char_indices() {
        if !u8::try_from(character).is_ok_and(is_plain)
            && let Some(instead) = instead(character)
        {
            out.push_str(&text[run..position]);
            out.push_str(&instead);
            run = position + character.len_utf8();
        }
    }
    out.push_str(&text[run..]);
}

/// The bytes that are never replaced: all ASCII, so each is a character.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] =
            (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b' ' | b'.' | b'-' | b'_');
        byte += 1;
    }
    plain
};

fn is_plain(byte: u8) -> bool {
    PLAIN[usize::from(byte)]
}

fn visible(character: char) -> Option<Cow<'static, str>> {
    match is_unseen(character) {
        true => Some(format!("‹U+{:04X}›", u32::from(character)).into()),
        false => markup(character),
    }
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
pub(super) fn is_unseen(character: char) -> bool {
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
pub(super) fn push_human_size(out: &mut String, bytes: u64) {
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
pub(super) fn push_counted(out: &mut String, count: u64, noun: &str) {
    push_grouped(out, count);
    out.push(' ');
    out.push_str(noun);
    if count != 1 {
        out.push('s');
    }
}

/// Appends a number with a comma before every third digit from the end.
pub(super) fn push_grouped(out: &mut String, number: u64) {
    if number < 1000 {
        return push_number(out, number);
    }
    push_grouped(out, number / 1000);
    out.push(',');
    for divisor in [100, 10, 1] {
        out.push(digit(number / divisor));
    }
}

/// Appends a number in decimal.
pub(super) fn push_number(out: &mut String, number: u64) {
    let mut divisor = 10u64.pow(number.checked_ilog10().unwrap_or(0));
    while divisor > 0 {
        out.push(digit(number / divisor));
        divisor /= 10;
    }
}

/// The last digit of a number.
fn digit(number: u64) -> char {
    char::from(b'0' + (number % 10) as u8)
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
    fn prose_keeps_its_lines() {
        let made = made_by(push_prose, "a\tb\r\n<c>\n\u{1B}[1m\u{202E}");
        assert_eq!(made, "a\tb\r\n&lt;c&gt;\n‹U+001B›[1m‹U+202E›");
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
}
