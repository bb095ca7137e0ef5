//! Validators: entity-tag and Last-Modified, from what is known about a file (RFC 9110 §8.8), and
//! the comparison of entity-tags.
//!
//! Every entity-tag made here is strong. Left out: weak entity-tags of our own, as no
//! representation needs one.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::date::Timestamp;

/// What the file system says of one regular file, as far as HTTP asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileFacts {
    pub device: u64,
    pub inode: u64,
    /// Bytes.
    pub length: u64,
    /// `st_mtim`.
    pub modified: Timestamp,
    /// `st_ctim`.
    pub changed: Timestamp,
}

impl FileFacts {
    /// Reproducible builds and container images set the time of every file to the first or second
    /// second of 1970: two versions of a file cannot be told apart by such a time.
    fn time_says_nothing(&self) -> bool {
        matches!(self.modified.seconds, 0 | 1)
    }
}

/// An entity-tag of this server (RFC 9110 §8.8.3), short enough to be a value; always a strong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag {
    bytes: [u8; 48],
    length: u8,
}

impl EntityTag {
    /// With its quotes: what the ETag field carries.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("digits, dashes and quotes are ASCII")
    }

    /// Whether `received` is this entity-tag by strong comparison (RFC 9110 §8.8.3.2): a weak one
    /// never is, nor anything malformed.
    pub fn equals_strongly(&self, received: &[u8]) -> bool {
        received == self.as_bytes()
    }

    /// Whether `received` is this entity-tag by weak comparison (RFC 9110 §8.8.3.2): with or
    /// without `W/`.
    pub fn equals_weakly(&self, received: &[u8]) -> bool {
        self.equals_strongly(received.strip_prefix(b"W/").unwrap_or(received))
    }

    /// The entity-tag of a file: `"length-modified-digest"`.
    ///
    /// Length and modification time (in nanoseconds) are there in full; the digest is over all
    /// facts, so that a file put in the place of another one with the same length and time, as `cp
    /// -p` and `rsync -t` do, has another tag by its inode and change time.
    fn of_file(facts: &FileFacts) -> EntityTag {
        let mut hasher = DefaultHasher::new();
        facts.hash(&mut hasher);
        let modified = facts.modified;
        let modified_nanoseconds = modified
            .seconds
            .wrapping_mul(1_000_000_000)
            .wrapping_add(i64::from(modified.nanoseconds));
        EntityTag::quote([facts.length, modified_nanoseconds.cast_unsigned(), hasher.finish()])
    }

    /// Quotes `parts` in base 32, joined by `-`. Three parts take 43 bytes at most: 13 digits each,
    /// two dashes and the quotes.
    fn quote<const PARTS: usize>(parts: [u64; PARTS]) -> EntityTag {
        const { assert!(PARTS * 14 < 48, "a part takes 13 digits and a dash or quote") };
        let mut tag = EntityTag { bytes: [0; 48], length: 0 };
        for (position, part) in parts.into_iter().enumerate() {
            tag.push(if position == 0 { b'"' } else { b'-' });
            tag.push_number(part);
        }
        tag.push(b'"');
        tag
    }

    /// Appends `number` in base 32 (the digits of RFC 4648 §7 in lower case), without leading
    /// zeros.
    fn push_number(&mut self, number: u64) {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
        let digits = (u64::BITS - number.leading_zeros()).div_ceil(5).max(1);
        for position in (0..digits).rev() {
            self.push(DIGITS[(number >> (5 * position)) as usize & 31]);
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[usize::from(self.length)] = byte;
        self.length += 1;
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// The validators of the selected representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validators {
    pub entity_tag: Option<EntityTag>,
    /// In whole seconds, never later than the answer's Date.
    pub last_modified: Option<Timestamp>,
}

impl Validators {
    /// None for a representation that has none (a listing that is not cached, say).
    pub const NONE: Validators = Validators { entity_tag: None, last_modified: None };

    /// The validators of a file at time `now`; none at all where its time says nothing (the first
    /// two seconds of 1970).
    ///
    /// A modification time in the future counts as `now` in Last-Modified (RFC 9110 §8.8.2.1); one
    /// that no HTTP-date can tell, before 1970 or after 9999, leaves it out.
    pub fn of(facts: &FileFacts, now: Timestamp) -> Validators {
        if facts.time_says_nothing() {
            return Validators::NONE;
        }
        let last_modified = facts.modified.min(now).whole_second();
        let can_be_told = facts.modified.has_http_date() && last_modified.has_http_date();
        Validators {
            entity_tag: Some(EntityTag::of_file(facts)),
            last_modified: can_be_told.then_some(last_modified),
        }
    }

    /// A strong entity-tag over `content`'s length and 64-bit hash, for generated representations
    /// such as a listing.
    ///
    /// The hash is the standard library's: the same for every run of one build, perhaps another
    /// after an upgrade, which costs each client one transfer.
    pub fn of_content(content: &[u8]) -> Validators {
        let mut hasher = DefaultHasher::new();
        hasher.write(content);
        Validators {
            entity_tag: Some(EntityTag::quote([content.len() as u64, hasher.finish()])),
            last_modified: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_772_323_200);

    const FACTS: FileFacts = FileFacts {
        device: 2049,
        inode: 131_073,
        length: 4096,
        modified: Timestamp { seconds: 784_111_777, nanoseconds: 123_456_789 },
        changed: Timestamp { seconds: 784_111_800, nanoseconds: 5 },
    };

    fn modified_at(seconds: i64, nanoseconds: u32) -> FileFacts {
        FileFacts { modified: Timestamp { seconds, nanoseconds }, ..FACTS }
    }

    fn tag_of(facts: &FileFacts) -> EntityTag {
        Validators::of(facts, NOW).entity_tag.expect("a tag")
    }

    #[test]
    fn the_first_two_seconds_of_1970_give_no_validators() {
        for facts in
            [modified_at(0, 0), modified_at(0, 1), modified_at(1, 0), modified_at(1, 999_999_999)]
        {
            assert_eq!(Validators::of(&facts, NOW), Validators::NONE, "{facts:?}");
        }
        assert_ne!(Validators::of(&modified_at(2, 0), NOW), Validators::NONE);
    }

    // RFC 9110 §8.8.2.1.
    #[test]
    fn last_modified_is_a_whole_second_that_is_not_later_than_now() {
        for (seconds, nanoseconds, expected) in [
            (i64::MIN, 0, None),
            (-1, 999_999_999, None),
            (253_402_300_800, 0, None),
            (i64::MAX, 0, None),
            (2, 0, Some(2)),
            (784_111_777, 999_999_999, Some(784_111_777)),
            (NOW.seconds, 0, Some(NOW.seconds)),
            (NOW.seconds, 1, Some(NOW.seconds)),
            (NOW.seconds + 1, 0, Some(NOW.seconds)),
            (253_402_300_799, 999_999_999, Some(NOW.seconds)),
        ] {
            let validators = Validators::of(&modified_at(seconds, nanoseconds), NOW);
            let expected = expected.map(Timestamp::from_seconds);
            assert_eq!(validators.last_modified, expected, "{seconds}");
            assert!(validators.entity_tag.is_some(), "{seconds}");
        }
    }

    #[test]
    fn a_clock_before_1970_leaves_last_modified_out() {
        let validators = Validators::of(&FACTS, Timestamp::from_seconds(-1));
        assert_eq!(validators.last_modified, None);
    }

    // RFC 9110 §8.8.3: opaque-tag = DQUOTE *etagc DQUOTE.
    #[test]
    fn an_entity_tag_is_quoted_and_short_for_any_facts() {
        let extreme = FileFacts {
            device: u64::MAX,
            inode: u64::MAX,
            length: u64::MAX,
            modified: Timestamp { seconds: -1, nanoseconds: 0 },
            changed: Timestamp { seconds: i64::MIN, nanoseconds: u32::MAX },
        };
        let empty = FileFacts { length: 0, ..modified_at(i64::MIN, 0) };
        for facts in [FACTS, extreme, empty] {
            let tag = tag_of(&facts);
            let opaque = tag.as_str().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let opaque = opaque.expect("quotes at both ends");
            assert_eq!(opaque.split('-').count(), 3, "{opaque}");
            assert!(
                opaque.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()),
                "{opaque}"
            );
        }
    }

    // RFC 9110 §8.8.1: a strong validator changes with every change of the content.
    #[test]
    fn each_fact_changes_the_entity_tag() {
        let later = |time: Timestamp| Timestamp { nanoseconds: time.nanoseconds + 1, ..time };
        let variants = [
            FACTS,
            FileFacts { device: 2050, ..FACTS },
            FileFacts { inode: 131_074, ..FACTS },
            FileFacts { length: 4097, ..FACTS },
            FileFacts { modified: later(FACTS.modified), ..FACTS },
            FileFacts { changed: later(FACTS.changed), ..FACTS },
        ];
        for (i, one) in variants.iter().enumerate() {
            for (j, other) in variants.iter().enumerate() {
                assert_eq!(tag_of(one) == tag_of(other), i == j, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn content_has_a_tag_of_its_own_and_no_last_modified() {
        let contents: [&[u8]; 5] = [b"", b"\0", b"a", b"b", b"aa"];
        for one in contents {
            let validators = Validators::of_content(one);
            assert_eq!(validators.last_modified, None);
            for other in contents {
                let same = validators == Validators::of_content(other);
                assert_eq!(same, one == other, "{one:?} {other:?}");
            }
        }
        let tag = Validators::of_content(&[b'x'; 1000]).entity_tag;
        let tag = tag.expect("a tag");
        assert!(tag.as_str().starts_with("\"v8-"), "{}", tag.as_str());
        assert!(tag.as_str().ends_with('"'));
    }

    // RFC 9110 §8.8.3.2.
    #[test]
    fn strong_and_weak_comparison_differ_by_the_weak_prefix() {
        let tag = EntityTag::quote([1, 33]);
        assert_eq!(tag.as_str(), "\"1-11\"");
        for (received, strongly, weakly) in [
            ("", false, false),
            ("*", false, false),
            ("1-11", false, false),
            ("\"1-11", false, false),
            ("\"1-12\"", false, false),
            ("\"1-11\"\"", false, false),
            ("w/\"1-11\"", false, false),
            ("W/W/\"1-11\"", false, false),
            ("W/\"1-12\"", false, false),
            ("W/\"1-11\"", false, true),
            ("\"1-11\"", true, true),
        ] {
            assert_eq!(tag.equals_strongly(received.as_bytes()), strongly, "{received}");
            assert_eq!(tag.equals_weakly(received.as_bytes()), weakly, "{received}");
        }
    }
}
