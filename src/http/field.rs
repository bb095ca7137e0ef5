//! Field lines of a request head: their names and values, found by name (RFC 9110 §5, RFC 9112 §5).
//!
//! A value is the bytes that were received, those above 0x7f too; the reader of the field decides
//! what they mean. Folded lines (RFC 9112 §5.2) are refused.

use super::grammar::{list_members, token_length};
use super::line::{Line, Stop, take_line};
use super::reject::Reject;
use crate::limits::{FIELD_LINES_MAX, HEAD_BYTES_MAX};

/// The field lines of one request, borrowed from its head.
///
/// They are held as positions in the head, so that parsing allocates nothing.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    head: &'a [u8],
    lines: [LineSpan; FIELD_LINES_MAX],
    count: usize,
    /// The [`name_bit`] of each line. Most fields that the server looks for are not there, and a bit
    /// that is not set tells so at once.
    name_bits: u64,
}

/// Where in the head a field line has its name and its value: half-open intervals of bytes.
#[derive(Clone, Copy, Debug, Default)]
struct LineSpan {
    name: (u16, u16),
    value: (u16, u16),
}

// Every position in a head, and the one past its end, fits a u16.
const _: () = assert!(HEAD_BYTES_MAX <= u16::MAX as usize);

impl<'a> Fields<'a> {
    /// No field lines.
    pub fn empty() -> Fields<'static> {
        Fields::new(&[])
    }

    /// The field lines in `lines`, up to an empty line or to the end: each `Name: value`, ended by
    /// CRLF or LF. The last may lack its line end.
    ///
    /// # Errors
    ///
    /// What is wrong with the first line that is malformed; 431 beyond the limits of a head.
    pub fn parse(lines: &'a [u8]) -> Result<Fields<'a>, Reject> {
        if lines.len() > HEAD_BYTES_MAX {
            return Err(Reject::HeadTooLong);
        }
        let mut fields = Fields::new(lines);
        let mut start = 0;
        while start < lines.len() {
            let line = match take_line(lines, start) {
                Ok(line) => line,
                Err(Stop::Refused(reject)) => return Err(reject),
                Err(Stop::Partial) => Line { content: &lines[start..], next: lines.len() },
            };
            if line.content.is_empty() {
                break;
            }
            fields.push(start, line.content)?;
            start = line.next;
        }
        Ok(fields)
    }

    /// The field lines of `head` from `start` on, and the position behind the empty line that ends
    /// them. `head` has [`HEAD_BYTES_MAX`] bytes at most.
    pub(super) fn parse_section(
        head: &'a [u8],
        mut start: usize,
    ) -> Result<(Fields<'a>, usize), Stop> {
        let mut fields = Fields::new(head);
        loop {
            let line = take_line(head, start)?;
            if line.content.is_empty() {
                return Ok((fields, line.next));
            }
            fields.push(start, line.content)?;
            start = line.next;
        }
    }

    fn new(head: &'a [u8]) -> Fields<'a> {
        Fields { head, lines: [LineSpan::default(); FIELD_LINES_MAX], count: 0, name_bits: 0 }
    }

    /// Adds the field line `line`, which starts at `start` in the head.
    fn push(&mut self, start: usize, line: &[u8]) -> Result<(), Reject> {
        let span = self.lines.get_mut(self.count).ok_or(Reject::TooManyFieldLines)?;
        let name_end = field_name_end(line)?;
        // A line holds no CR, LF or FF, so `trim_ascii` removes just the optional whitespace of
        // RFC 9110 §5.6.3.
        let value = line[name_end + 1..].trim_ascii_start();
        let value_start = line.len() - value.len();
        let value_end = value_start + value.trim_ascii_end().len();
        let position = |in_line: usize| (start + in_line) as u16;
        *span = LineSpan {
            name: (position(0), position(name_end)),
            value: (position(value_start), position(value_end)),
        };
        self.count += 1;
        self.name_bits |= name_bit(&line[..name_end]);
        Ok(())
    }

    /// The value of the first line named `name`, in any case, without the blanks around it.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The value of each line named `name`, in any case, in order.
    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        let may_be_there = self.name_bits & name_bit(name.as_bytes()) != 0;
        self.first_lines(if may_be_there { self.count } else { 0 })
            .filter(|(have, _)| have.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The members of the list that all lines named `name` form together (RFC 9110 §5.3, §5.6.1):
    /// cut at commas outside quoted-strings, without the blanks around them, empty ones skipped. A
    /// quoted-string that has no end goes on to the end of its line.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(list_members)
    }

    /// Each line's name and value, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&'a [u8], &'a [u8])> {
        self.first_lines(self.count)
    }

    fn first_lines(&self, count: usize) -> impl DoubleEndedIterator<Item = (&'a [u8], &'a [u8])> {
        let head = self.head;
        let part = move |(from, to): (u16, u16)| &head[from.into()..to.into()];
        self.lines[..count].iter().map(move |span| (part(span.name), part(span.value)))
    }
}

/// One of 64 bits, the same for a name in any case.
fn name_bit(name: &[u8]) -> u64 {
    let last = name.last().map_or(0, u8::to_ascii_lowercase);
    1 << ((7 * name.len() + usize::from(last)) % 64)
}

/// The position of the colon after the field name of `line`, which is not empty.
fn field_name_end(line: &[u8]) -> Result<usize, Reject> {
    let token_bytes = token_length(line);
    match line.get(token_bytes) {
        Some(b':') if token_bytes > 0 => Ok(token_bytes),
        Some(b' ' | b'\t') if token_bytes == 0 => Err(Reject::FoldedLine),
        _ if line.contains(&b':') => Err(Reject::FieldName),
        _ => Err(Reject::FieldWithoutColon),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members<'a>(fields: &Fields<'a>) -> Vec<&'a [u8]> {
        fields.list("X").collect()
    }

    #[test]
    fn malformed_lines_are_refused() {
        let rows: &[(&[u8], Reject)] = &[
            (b"a", Reject::FieldWithoutColon),
            (b"a\r\n\r\n", Reject::FieldWithoutColon),
            (b"a b\n", Reject::FieldWithoutColon),
            (b"a : b\r\n", Reject::FieldName),
            (b"a\t: b\r\n", Reject::FieldName),
            (b": b\r\n", Reject::FieldName),
            (b"a\"b: c\r\n", Reject::FieldName),
            (b"a\xe4: c\r\n", Reject::FieldName),
            (b"a: b\r\n c: d\r\n", Reject::FoldedLine),
            (b"a: b\r\n\t\r\n", Reject::FoldedLine),
            (b"a: b\rc: d\r\n", Reject::BareCr),
            (b"a: b\0\r\n", Reject::ControlByte),
        ];
        for (lines, reject) in rows {
            let refused = Fields::parse(lines).map(|_| ());
            assert_eq!(refused, Err(*reject), "{}", lines.escape_ascii());
        }
    }

    #[test]
    fn lines_over_a_limit_are_refused() {
        let most = b"a: b\n".repeat(FIELD_LINES_MAX);
        assert_eq!(Fields::parse(&most).map(|fields| fields.iter().count()), Ok(FIELD_LINES_MAX));
        let too_many = [&most[..], b"c: d\n"].concat();
        assert_eq!(Fields::parse(&too_many).map(|_| ()), Err(Reject::TooManyFieldLines));
        let too_long = [b"a: ", &[b'b'; HEAD_BYTES_MAX][..]].concat();
        assert_eq!(Fields::parse(&too_long).map(|_| ()), Err(Reject::HeadTooLong));
        let longest = &too_long[..HEAD_BYTES_MAX];
        let value = Fields::parse(longest).unwrap().get("a").map(<[u8]>::len);
        assert_eq!(value, Some(HEAD_BYTES_MAX - 3));
    }

    #[test]
    fn values_lose_the_blanks_around_them_and_no_other_byte() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"X:a\r\n", b"a"),
            (b"X: a\r\n", b"a"),
            (b"X:\t a \t\r\n", b"a"),
            (b"X: a \t b\r\n", b"a \t b"),
            (b"X:\r\n", b""),
            (b"X: \t \r\n", b""),
            (b"X: a:b: c\r\n", b"a:b: c"),
            (b"X: \xc3\xa4 \xff\r\n", b"\xc3\xa4 \xff"),
            (b"x: a\n", b"a"),
            (b"x: a", b"a"),
            (b"!#$%&'*+-.^_`|~09azAZ: b\nX: a\r\n\r\nX: c\r\n", b"a"),
        ];
        for (lines, value) in rows {
            let fields = Fields::parse(lines).unwrap();
            assert_eq!(fields.get("X"), Some(*value), "{}", lines.escape_ascii());
        }
    }

    #[test]
    fn fields_are_found_by_name_without_regard_to_case() {
        let fields = Fields::parse(b"Accept: a\r\nAccept-Encoding: b\r\nACCEPT: c\r\n").unwrap();
        assert_eq!(fields.get("accept"), Some(&b"a"[..]));
        assert_eq!(fields.get("ACCEPT-encoding"), Some(&b"b"[..]));
        assert_eq!(fields.get("Accep"), None);
        assert_eq!(fields.get("Accept-"), None);
        assert_eq!(fields.all("Accept").collect::<Vec<_>>(), [b"a", b"c"]);
        let names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
        assert_eq!(names, [&b"Accept"[..], b"Accept-Encoding", b"ACCEPT"]);
        assert_eq!(Fields::empty().iter().count(), 0);
        assert_eq!(Fields::empty().get("Accept"), None);
    }

    #[test]
    fn lists_are_split_at_commas_outside_quotes() {
        let rows: &[(&str, &[&str])] = &[
            ("X:", &[]),
            ("X: , ,,", &[]),
            ("X: a", &["a"]),
            ("X: a,b ,\tc", &["a", "b", "c"]),
            ("X: , a,, b,", &["a", "b"]),
            ("X: a\r\nY: n\r\nx: b, c", &["a", "b", "c"]),
            (r#"X: "a,b", W/"c""#, &[r#""a,b""#, r#"W/"c""#]),
            (r#"X: a="b\",c", d"#, &[r#"a="b\",c""#, "d"]),
            (r"X: a\,b", &[r"a\", "b"]),
            ("X: \"a, b\r\nX: c", &["\"a, b", "c"]),
            (r#"X: "a\"#, &[r#""a\"#]),
        ];
        for (lines, expected) in rows {
            let fields = Fields::parse(lines.as_bytes()).unwrap();
            let expected: Vec<_> = expected.iter().map(|member| member.as_bytes()).collect();
            assert_eq!(members(&fields), expected, "{lines}");
        }
    }
}
