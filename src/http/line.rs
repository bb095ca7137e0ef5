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
    let is_control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
    // No early return within a block, so that the compiler can use vector instructions.
    let (blocks, _) = bytes.as_chunks::<16>();
    let clean =
        |block: &&[u8; 16]| !block.iter().fold(false, |found, byte| found | is_control(byte));
    let clean_bytes = 16 * blocks.iter().take_while(clean).count();
    let at = bytes[clean_bytes..].iter().position(is_control)?;
    Some(clean_bytes + at)
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
}
