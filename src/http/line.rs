//! Lines of a head: where one ends, and that it holds no control byte (RFC 9112 §2.2).

use super::reject::Reject;

/// Why there is no line, or no head.
#[derive(Debug)]
pub(super) enum Stop {
    /// More bytes are needed.
    Partial,
    /// No further byte can mend it.
    Refused(Reject),
}

impl From<Reject> for Stop {
    fn from(reject: Reject) -> Stop {
        Stop::Refused(reject)
    }
}

/// One line of a head.
pub(super) struct Line<'a> {
    /// Its bytes without the line end. HT is the only control byte that they may hold.
    pub content: &'a [u8],
    /// Where in the head the next line starts.
    pub next: usize,
}

/// The line of `head` that starts at `start`, ended by CRLF or by LF alone.
pub(super) fn take_line(head: &[u8], start: usize) -> Result<Line<'_>, Stop> {
    let rest = &head[start..];
    let end = find_control(rest).ok_or(Stop::Partial)?;
    let line_end_bytes = match rest[end..] {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        [b'\r'] => return Err(Stop::Partial),
        [b'\r', ..] => return Err(Reject::BareCr.into()),
        _ => return Err(Reject::ControlByte.into()),
    };
    Ok(Line { content: &rest[..end], next: start + end + line_end_bytes })
}

/// The position of the first control byte in `bytes`, HT not counted: a field value may hold it,
/// and the parsers of all other lines refuse it.
pub(super) fn find_control(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (position, word) in words.iter().enumerate() {
        let found = control_bytes(*word);
        if found != 0 {
            return Some(8 * position + found.trailing_zeros() as usize / 8);
        }
    }
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    let found = control_bytes(last);
    (found != 0).then(|| 8 * words.len() + found.trailing_zeros() as usize / 8)
}

/// Eight bytes at once: the highest bit of each byte says whether there is a control byte in its
/// place, HT not counted. The first byte is the lowest.
fn control_bytes(word: [u8; 8]) -> u64 {
    const HIGHEST: u64 = each_byte(0x80);
    const LOWER: u64 = each_byte(0x7f);
    let word = u64::from_le_bytes(word);
    // In each byte, a sum of seven bits and no more than 0x7f carries into the highest bit only.
    let lower = word & LOWER;
    let is_space_or_more = lower + each_byte(0x80 - b' ');
    let is_delete = lower + each_byte(1);
    let from_ht = word ^ each_byte(b'\t');
    let is_not_ht = ((from_ht & LOWER) + LOWER) | from_ht;
    (!is_space_or_more | is_delete) & is_not_ht & !word & HIGHEST
}

const fn each_byte(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_are_found_at_every_position() {
        for length in 0..70 {
            let mut bytes = vec![b'\t'; length];
            assert_eq!(find_control(&bytes), None);
            for at in (0..length).rev() {
                bytes[at] = b'\n';
                assert_eq!(find_control(&bytes), Some(at), "{length} {at}");
            }
        }
        assert_eq!(find_control(b" ~\x80\xff\t"), None);
    }

    #[test]
    fn control_bytes_are_told_from_all_others_whatever_stands_beside_them() {
        for byte in 0..=255u8 {
            let expected = (byte.is_ascii_control() && byte != b'\t').then_some(3);
            for beside in [b'a', b'\t', 0x7e, 0x80, 0xff] {
                let mut bytes = [beside; 8];
                bytes[3] = byte;
                assert_eq!(find_control(&bytes), expected, "{byte} beside {beside}");
            }
        }
    }
}
