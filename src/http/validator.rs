//! Validators of a representation: its entity-tag and Last-Modified, and how entity-tags are
//! compared (RFC 9110 §8.8).
//!
//! Every entity-tag made here is strong, and follows from the file alone: machines that hold the
//! same bytes, and for a long file the same time, give the same tag. Left out: weak entity-tags of
//! our own, since no representation needs one.

use super::date::Timestamp;
use super::negotiation::ContentCoding;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What the file system says of one regular file. Validators are made from length and time of
/// modification; the rest tells whether it is still the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// `st_dev` of stat(3type).
    pub device: u64,
    /// `st_ino`.
    pub inode: u64,
    /// `st_size`, in bytes.
    pub length: u64,
    /// `st_mtim`: when the bytes were last changed, or what somebody has set it to.
    pub modified: Timestamp,
    /// `st_ctim`: when anything about the file was last changed.
    pub changed: Timestamp,
}

impl FileFacts {
    /// Whether the file is dated in the first two seconds of 1970. Reproducible builds and
    /// container images date every file so, and then two versions of one file have the same time.
    fn time_says_nothing(&self) -> bool {
        matches!(self.modified.seconds, 0 | 1)
    }
}

/// A strong entity-tag (RFC 9110 §8.8.3), of 48 bytes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag {
    bytes: [u8; 48],
    length: u8,
}

impl EntityTag {
    /// The entity-tag of a representation that consists of `bytes`: their XXH3 hash of 128 bits, in
    /// 26 digits.
    pub fn of_bytes(bytes: &[u8]) -> EntityTag {
        #[cfg(test)]
        HASHED.set(HASHED.get() + 1);
        EntityTag::of_hash(xxh3_128(bytes))
    }

    /// The entity-tag of a file that is too long to be hashed: its length and its time of
    /// modification in nanoseconds. `None` in the first two seconds of 1970, where such times say
    /// nothing.
    pub fn of_long_file(facts: &FileFacts) -> Option<EntityTag> {
        let modified = facts.modified.seconds.wrapping_mul(1_000_000_000);
        let modified = modified.wrapping_add(i64::from(facts.modified.nanoseconds));
        let mut tag = EntityTag::begin();
        tag.push_number(facts.length.into());
        tag.push(b'-');
        tag.push_number(modified.cast_unsigned().into());
        (!facts.time_says_nothing()).then(|| tag.end())
    }

    /// The entity-tag of a variant in this `coding`, if this is the tag of the variant's bytes. It
    /// differs from that of every file, so also from the original's (RFC 9110 §8.8.3.3).
    pub fn in_coding(self, coding: ContentCoding) -> EntityTag {
        let mut tag = EntityTag { length: self.length - 1, ..self };
        tag.push(b'-');
        coding.name().bytes().for_each(|byte| tag.push(byte));
        tag.end()
    }

    /// The entity-tag with its quotes, as the value of ETag.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("digits, dashes and quotes are ASCII")
    }

    /// Whether `received` is this entity-tag by strong comparison (RFC 9110 §8.8.3.2). A weak or
    /// malformed one never is.
    pub fn equals_strongly(&self, received: &[u8]) -> bool {
        received == self.as_bytes()
    }

    /// Whether `received` is this entity-tag by weak comparison (RFC 9110 §8.8.3.2): with or
    /// without `W/`.
    pub fn equals_weakly(&self, received: &[u8]) -> bool {
        self.equals_strongly(received.strip_prefix(b"W/").unwrap_or(received))
    }

    fn of_hash(hash: u128) -> EntityTag {
        let mut tag = EntityTag::begin();
        tag.push_digits(hash, u128::BITS.div_ceil(5));
        tag.end()
    }

    fn begin() -> EntityTag {
        let mut tag = EntityTag { bytes: [0; 48], length: 0 };
        tag.push(b'"');
        tag
    }

    fn end(mut self) -> EntityTag {
        self.push(b'"');
        self
    }

    /// Appends `number` without leading zeros.
    fn push_number(&mut self, number: u128) {
        let digits = (u128::BITS - number.leading_zeros()).div_ceil(5);
        self.push_digits(number, digits.max(1));
    }

    /// Appends the last `digits` digits of `number` in base 32 (those of RFC 4648 §7 in lower
    /// case).
    fn push_digits(&mut self, number: u128, digits: u32) {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
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

/// Makes the entity-tag of bytes that arrive in pieces.
pub(crate) struct EntityTagBuilder(Xxh3);

impl EntityTagBuilder {
    pub(crate) fn new() -> EntityTagBuilder {
        EntityTagBuilder(Xxh3::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The tag of all bytes so far: that of [`EntityTag::of_bytes`].
    pub(crate) fn entity_tag(&self) -> EntityTag {
        EntityTag::of_hash(self.0.digest128())
    }
}

impl Default for EntityTagBuilder {
    fn default() -> EntityTagBuilder {
        EntityTagBuilder::new()
    }
}

#[cfg(test)]
thread_local! {
    /// How often a test's thread has hashed the bytes of a representation.
    pub(crate) static HASHED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The validators of one representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validators {
    /// For ETag, `If-Match`, `If-None-Match` and `If-Range`.
    pub entity_tag: Option<EntityTag>,
    /// In whole seconds, not later than Date in the answer. It is no validator before its own
    /// second is over: another change could follow within it.
    pub last_modified: Option<Timestamp>,
}

impl Validators {
    /// Neither of the two.
    pub const NONE: Validators = Validators { entity_tag: None, last_modified: None };

    /// The validators of a file with this entity-tag, at the time `now`.
    ///
    /// Last-Modified is `now` for a file dated in the future (RFC 9110 §8.8.2.1). It is left out
    /// for one dated in the first two seconds of 1970, and where no HTTP-date can say the time:
    /// before 1970 and after 9999.
    pub fn of_file(entity_tag: Option<EntityTag>, facts: &FileFacts, now: Timestamp) -> Validators {
        let last_modified = facts.modified.min(now).whole_second();
        let can_be_told = !facts.time_says_nothing()
            && facts.modified.has_http_date()
            && last_modified.has_http_date();
        Validators { entity_tag, last_modified: can_be_told.then_some(last_modified) }
    }

    /// Last-Modified as it is sent. It is left out until its second is over, so that no client
    /// keeps a time which a second change could share. A file dated in the future has it always: it
    /// is another one each second.
    pub(crate) fn told_last_modified(
        &self,
        facts: &FileFacts,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let is_from_the_future = facts.modified.seconds > now.seconds;
        self.last_modified.filter(|time| time.seconds < now.seconds || is_from_the_future)
    }

    /// The validators of bytes that are no file's, such as a listing: their entity-tag alone.
    pub fn of_content(content: &[u8]) -> Validators {
        Validators { entity_tag: Some(EntityTag::of_bytes(content)), last_modified: None }
    }
}

#[cfg(test)]
mod tests;
