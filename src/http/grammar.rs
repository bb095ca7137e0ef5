//! The grammar that field values share: tokens, quoted strings, lists and decimals (RFC 9110 §5.6).
//!
//! Each is scanned here and nowhere else, so two readers of one value cannot disagree.

/// Whether `bytes` is a token, as methods and field names are (RFC 9110 §5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_length(bytes) == bytes.len()
}

/// The number of token characters at the start of `bytes`.
pub(crate) fn token_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| !is_tchar(byte)).unwrap_or(bytes.len())
}

/// Whether `byte` is a token character (RFC 9110 §5.6.2).
pub(super) fn is_tchar(byte: u8) -> bool {
    IS_TCHAR[usize::from(byte)]
}

const IS_TCHAR: [bool; 256] = alphanumeric_or(b"!#$%&'*+-.^_`|~");

/// Says of each byte whether it is a letter or a digit of ASCII, or one of `marks`.
pub(super) const fn alphanumeric_or(mut marks: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    while let [mark, rest @ ..] = marks {
        table[*mark as usize] = true;
        marks = rest;
    }
    table
}

/// Whether a field value or a quoted-string may hold `byte`: HT, and every byte but the control
/// bytes (RFC 9110 §5.5, §5.6.4).
pub(super) fn is_text(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Where a scan stands, between two bytes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Not between quotes.
    Outside,
    /// Between quotes.
    Inside,
    /// Between quotes, behind the backslash of a quoted-pair.
    Escaped,
}

impl Quoting {
    /// Where the scan stands after `byte`, in a value with quoted-strings (RFC 9110 §5.6.4).
    pub(super) fn after(self, byte: u8) -> Quoting {
        match (self, byte) {
            (Quoting::Outside, b'"') => Quoting::Inside,
            (Quoting::Outside, _) | (Quoting::Inside, b'"') => Quoting::Outside,
            (Quoting::Inside, b'\\') => Quoting::Escaped,
            (Quoting::Inside | Quoting::Escaped, _) => Quoting::Inside,
        }
    }

    /// As [`Quoting::after`], in a value with entity-tags, where a backslash is an ordinary byte
    /// (RFC 9110 §8.8.3).
    fn after_in_entity_tags(self, byte: u8) -> Quoting {
        match byte {
            b'\\' => self,
            byte => self.after(byte),
        }
    }
}

/// The members of a list (RFC 9110 §5.6.1): cut at commas outside quoted-strings, trimmed, empty
/// ones skipped.
///
/// A quoted-string without its end goes on to the end of `value`.
pub(super) fn list_members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b',', Quoting::after)
}

/// As [`list_members`], of a list of entity-tags.
pub(super) fn entity_tags(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b',', Quoting::after_in_entity_tags)
}

/// A value and the parameters behind it, cut at semicolons as [`list_members`] is at commas (RFC
/// 9110 §5.6.6).
pub(super) fn value_and_parameters(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split(value, b';', Quoting::after)
}

/// The parts of `value` between separators outside quotes, trimmed, empty ones skipped.
fn split(
    value: &[u8],
    separator: u8,
    after: impl Fn(Quoting, u8) -> Quoting,
) -> impl Iterator<Item = &[u8]> {
    let mut quoting = Quoting::Outside;
    let parts = value.split(move |&byte| {
        quoting = after(quoting, byte);
        byte == separator && quoting == Quoting::Outside
    });
    parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty())
}

/// The length in bytes of the quoted-string that `bytes` begins with, its quotes counted; `None`
/// where it begins with none, or with one that has no end (RFC 9110 §5.6.4).
pub(crate) fn quoted_string_length(bytes: &[u8]) -> Option<usize> {
    let mut quoting = Quoting::Outside;
    let end = bytes.iter().position(|&byte| {
        quoting = quoting.after(byte);
        quoting == Quoting::Outside
    })?;
    (end > 0).then_some(end + 1)
}

/// Why bytes are no number of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalError {
    /// Not one or more digits.
    NotDigits,
    /// Digits, of a number over 2^64 - 1.
    TooLarge,
}

/// The number that `digits` (`1*DIGIT`) write. Unlike `str::parse`, it takes no plus sign.
pub(super) fn parse_decimal(digits: &[u8]) -> Result<u64, DecimalError> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::NotDigits);
    }
    let append =
        |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits.iter().try_fold(0, append).ok_or(DecimalError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_characters_are_those_of_the_rfc() {
        let by_rfc = |byte: u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte);
        for byte in 0..=255 {
            assert_eq!(is_token(&[byte]), by_rfc(byte), "{byte}");
        }
        assert!(!is_token(b""));
        assert!(!is_token(b"a b"));
        assert_eq!(token_length(b"ab=c"), 2);
    }

    #[test]
    fn separators_within_quotes_do_not_separate() {
        type Bytes = &'static [u8];
        type Split = fn(Bytes) -> Vec<Bytes>;
        let list: Split = |value| list_members(value).collect();
        let tags: Split = |value| entity_tags(value).collect();
        let parameters: Split = |value| value_and_parameters(value).collect();
        let rows: &[(Split, Bytes, &[Bytes])] = &[
            (list, b"", &[]),
            (list, b" , ,\t,", &[]),
            (list, b"a, b;c ,d", &[b"a", b"b;c", b"d"]),
            (list, br#""a,b",c"#, &[br#""a,b""#, b"c"]),
            (list, br#""a\",b",c"#, &[br#""a\",b""#, b"c"]),
            (list, br#""a\\",b"#, &[br#""a\\""#, b"b"]),
            (list, br#"a\",b"#, &[br#"a\",b"#]),
            (list, br#"a,"b,c"#, &[b"a", br#""b,c"#]),
            (tags, br#""a,b", W/"c""#, &[br#""a,b""#, br#"W/"c""#]),
            (tags, br#""a\","b""#, &[br#""a\""#, br#""b""#]),
            (parameters, br#"a/b; c=";"; q=1"#, &[b"a/b", br#"c=";""#, b"q=1"]),
        ];
        for (split, value, parts) in rows {
            assert_eq!(split(value), *parts, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn a_quoted_string_ends_at_a_quote_that_is_not_escaped() {
        let rows: &[(&[u8], Option<usize>)] = &[
            (b"", None),
            (b"a\"b\"", None),
            (b"\"", None),
            (b"\"a", None),
            (br#""a\""#, None),
            (b"\"\"", Some(2)),
            (b"\"a\"b", Some(3)),
            (br#""\"";"#, Some(4)),
            (br#""\\"""#, Some(4)),
        ];
        for (bytes, length) in rows {
            assert_eq!(quoted_string_length(bytes), *length, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn decimals_are_digits_alone_and_have_64_bits() {
        for bytes in [&b""[..], b"+1", b"-1", b" 1", b"1 ", b"1x", b"99999999999999999999x"] {
            let number = parse_decimal(bytes);
            assert_eq!(number, Err(DecimalError::NotDigits), "{}", bytes.escape_ascii());
        }
        for bytes in [&b"18446744073709551616"[..], &[b'9'; 1000]] {
            assert_eq!(parse_decimal(bytes), Err(DecimalError::TooLarge));
        }
        for (bytes, number) in [(&b"0"[..], 0), (b"007", 7), (b"18446744073709551615", u64::MAX)] {
            assert_eq!(parse_decimal(bytes), Ok(number));
        }
    }
}
