//! Validators: entity-tag and Last-Modified, from a file's bytes or from what is known about it
//! (RFC 9110 §8.8), and the comparison of entity-tags.
//!
//! Every entity-tag made here is strong, and the same on every machine that holds the same file.
//! Left out: weak entity-tags of our own, as no representation needs one.

use super::date::Timestamp;
use super::negotiation::ContentCoding;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What the file system says of one regular file. HTTP asks for its length and the time of its
/// modification; the rest tells whether it is still the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The entity-tag of a representation that consists of these bytes: their hash by XXH3 with 128
    /// bits, in 26 digits. It changes when they do, and only then.
    pub fn of_bytes(bytes: &[u8]) -> EntityTag {
        #[cfg(test)]
        HASHED.set(HASHED.get() + 1);
        EntityTag::of_hash(xxh3_128(bytes))
    }

    /// The entity-tag of a file that is too long to be read for it: `"length-modified"`, the time
    /// in nanoseconds. `None` where its time says nothing.
    pub fn of_long_file(facts: &FileFacts) -> Option<EntityTag> {
        let modified = facts.modified.seconds.wrapping_mul(1_000_000_000);
        let modified = modified.wrapping_add(i64::from(facts.modified.nanoseconds));
        let mut tag = EntityTag::begin();
        tag.push_number(facts.length.into());
        tag.push(b'-');
        tag.push_number(modified.cast_unsigned().into());
        (!facts.time_says_nothing()).then(|| tag.end())
    }

    /// The entity-tag of a variant in this content coding whose bytes have this one. Never that of
    /// any bytes themselves, so the variant has another than its original, whatever is in it (RFC
    /// 9110 §8.8.3.3).
    pub fn in_coding(self, coding: ContentCoding) -> EntityTag {
        let mut tag = EntityTag { length: self.length - 1, ..self };
        tag.push(b'-');
        coding.name().bytes().for_each(|byte| tag.push(byte));
        tag.end()
    }

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

/// Makes the entity-tag of bytes that come one after the other.
pub struct EntityTagBuilder(Xxh3);

impl EntityTagBuilder {
    pub fn new() -> EntityTagBuilder {
        EntityTagBuilder(Xxh3::new())
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What [`EntityTag::of_bytes`] makes of all of them together.
    pub fn entity_tag(&self) -> EntityTag {
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
    pub static HASHED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The validators of the selected representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validators {
    pub entity_tag: Option<EntityTag>,
    /// In whole seconds, never later than the answer's Date. Within its own second it is no
    /// validator: a second change could share it.
    pub last_modified: Option<Timestamp>,
}

impl Validators {
    /// None for a representation that has none (a long file whose time says nothing, say).
    pub const NONE: Validators = Validators { entity_tag: None, last_modified: None };

    /// The validators of a file with this entity-tag at time `now`; no Last-Modified where its time
    /// says nothing (the first two seconds of 1970).
    ///
    /// A modification time in the future counts as `now` in Last-Modified (RFC 9110 §8.8.2.1); one
    /// that no HTTP-date can tell, before 1970 or after 9999, leaves it out.
    pub fn of_file(entity_tag: Option<EntityTag>, facts: &FileFacts, now: Timestamp) -> Validators {
        let last_modified = facts.modified.min(now).whole_second();
        let can_be_told = !facts.time_says_nothing()
            && facts.modified.has_http_date()
            && last_modified.has_http_date();
        Validators { entity_tag, last_modified: can_be_told.then_some(last_modified) }
    }

    /// The value of the Last-Modified field, for a file with these facts: left out until the second
    /// that it names is over, so that nobody keeps it who asks later. Only a file dated later than
    /// `now`, whose Last-Modified is a new one each second, has it all the same.
    pub fn told_last_modified(&self, facts: &FileFacts, now: Timestamp) -> Option<Timestamp> {
        let is_from_the_future = facts.modified.seconds > now.seconds;
        self.last_modified.filter(|time| time.seconds < now.seconds || is_from_the_future)
    }

    /// Those of a representation that is made anew for each answer, such as a listing: the
    /// entity-tag of its bytes.
    pub fn of_content(content: &[u8]) -> Validators {
        Validators { entity_tag: Some(EntityTag::of_bytes(content)), last_modified: None }
    }
}

#[cfg(test)]
mod tests;
