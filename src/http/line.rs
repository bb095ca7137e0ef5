//! Lines of a head, ended by CRLF or by LF alone (RFC 9112 §2.2): where one ends, and that it has no
//! control byte.

use super::reject::Reject;

/// Why there is no whole head, or no whole line of one.
#[derive(Debug)]
pub enum Stop {
    Partial,
    Refused(Reject),
}

impl From<Reject> for Stop {
    fn from(reject: Reject) -> Stop {
        Stop::Refused(reject)
    }
}

/// A line of a head: its bytes without the line end, none of them a control byte but HT.
pub struct Line<'a> {
    pub content: &'a [u8],
    /// The position in the head where the next line starts.
    pub next: usize,
}

/// The line of `head` that starts at `start`, ended by CRLF or by LF alone.
pub fn take_line(head: &[u8], start: usize) -> Result<Line<'_>, Stop> {
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

/// The position of the first control byte in `bytes`. HT is passed over: it is a blank inside a
/// field value, and whoever judges another kind of line refuses it there.
pub fn find_control(bytes: &[u8]) -> Option<usize> {
    let is_control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
    // A block is looked at without leaving early, which the compiler turns into a few vector
    // instructions.
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
