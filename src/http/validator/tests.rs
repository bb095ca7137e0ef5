//! Validators of files and of bytes, and how entity-tags compare.

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_772_323_200);

const FACTS: FileFacts = FileFacts {
    device: 2049,
    inode: 131_073,
    length: 400_096,
    modified: Timestamp { seconds: 784_111_777, nanoseconds: 123_456_789 },
    changed: Timestamp { seconds: 784_111_800, nanoseconds: 5 },
};

fn modified_at(seconds: i64, nanoseconds: u32) -> FileFacts {
    FileFacts { modified: Timestamp { seconds, nanoseconds }, ..FACTS }
}

fn tag_of(facts: &FileFacts) -> EntityTag {
    EntityTag::of_long_file(facts).expect("a tag")
}

fn last_modified(facts: &FileFacts) -> Option<Timestamp> {
    Validators::of_file(None, facts, NOW).last_modified
}

#[test]
fn the_first_two_seconds_of_1970_say_nothing() {
    for facts in
        [modified_at(0, 0), modified_at(0, 1), modified_at(1, 0), modified_at(1, 999_999_999)]
    {
        assert_eq!(EntityTag::of_long_file(&facts), None, "{facts:?}");
        assert_eq!(last_modified(&facts), None, "{facts:?}");
        let of_bytes = Some(EntityTag::of_bytes(b"a"));
        let validators = Validators::of_file(of_bytes, &facts, NOW);
        assert_eq!(validators.entity_tag, of_bytes, "{facts:?}");
    }
    assert_eq!(last_modified(&modified_at(2, 0)), Some(Timestamp::from_seconds(2)));
    tag_of(&modified_at(2, 0));
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
        let facts = modified_at(seconds, nanoseconds);
        let expected = expected.map(Timestamp::from_seconds);
        assert_eq!(last_modified(&facts), expected, "{seconds}");
        tag_of(&facts);
    }
}

#[test]
fn last_modified_is_told_when_its_second_is_over() {
    let modified = Timestamp { seconds: NOW.seconds, nanoseconds: 500_000_000 };
    let facts = FileFacts { modified, ..FACTS };
    let told_at = |seconds, nanoseconds| {
        let now = Timestamp { seconds, nanoseconds };
        Validators::of_file(None, &facts, now).told_last_modified(&facts, now)
    };
    assert_eq!(told_at(NOW.seconds, 500_000_000), None);
    assert_eq!(told_at(NOW.seconds, 999_999_999), None);
    // The clock that files are dated by may be ahead of this one.
    assert_eq!(told_at(NOW.seconds, 0), None);
    assert_eq!(told_at(NOW.seconds + 1, 0), Some(NOW));
    let earlier = Timestamp::from_seconds(NOW.seconds - 1);
    assert_eq!(told_at(earlier.seconds, 0), Some(earlier), "a file from the future");
}

#[test]
fn a_clock_before_1970_leaves_last_modified_out() {
    let validators = Validators::of_file(None, &FACTS, Timestamp::from_seconds(-1));
    assert_eq!(validators.last_modified, None);
}

// RFC 9110 §8.8.3: opaque-tag = DQUOTE *etagc DQUOTE.
#[test]
fn an_entity_tag_is_quoted_and_short_for_any_file() {
    let extreme = FileFacts {
        length: u64::MAX,
        modified: Timestamp { seconds: -1, nanoseconds: 0 },
        ..FACTS
    };
    let empty = FileFacts { length: 0, ..modified_at(i64::MIN, 0) };
    let of_bytes = [b"".as_slice(), b"a", &[0; 1000]].map(EntityTag::of_bytes);
    for tag in [FACTS, extreme, empty].iter().map(tag_of).chain(of_bytes) {
        let codings = ContentCoding::ALL.map(|coding| tag.in_coding(coding));
        for tag in [&[tag], &codings[..]].concat() {
            let text = tag.as_str();
            let opaque = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let opaque = opaque.expect("quotes at both ends");
            let is_plain = |byte: u8| byte == b'-' || byte.is_ascii_alphanumeric();
            assert!(opaque.bytes().all(is_plain), "{opaque}");
        }
    }
}

// RFC 9110 §8.8.1: a strong validator changes with every change of the content.
#[test]
fn of_a_long_file_length_and_time_make_the_tag_and_nothing_else() {
    let modified = Timestamp { nanoseconds: 123_456_790, ..FACTS.modified };
    let others = [
        FACTS,
        FileFacts { length: 400_097, ..FACTS },
        FileFacts { modified, ..FACTS },
        modified_at(784_111_778, 123_456_789),
    ];
    for (i, one) in others.iter().enumerate() {
        for (j, other) in others.iter().enumerate() {
            assert_eq!(tag_of(one) == tag_of(other), i == j, "{one:?} {other:?}");
        }
    }
    let elsewhere = FileFacts { device: 1, inode: 2, changed: NOW, ..FACTS };
    assert_eq!(tag_of(&elsewhere), tag_of(&FACTS));
    assert_eq!(tag_of(&FACTS).as_str(), "\"c6n0-lodpg71q9lol\"");
}

/// The values of the reference implementation (`xxhsum -H2`), so that no upgrade changes a tag.
#[test]
fn the_hash_is_the_published_one() {
    for (bytes, hash) in [
        (&b""[..], 0x99aa06d3_014798d8_6001c324_468d497f_u128),
        (b"a", 0xa96faf70_5af16834_e6c632b6_1e964e1f),
        (b"abc", 0x06b05ab6_733a6185_78af5f94_892f3950),
    ] {
        assert_eq!(EntityTag::of_bytes(bytes), EntityTag::of_hash(hash), "{bytes:?}");
    }
    assert_eq!(EntityTag::of_hash(0).as_str(), format!("\"{}\"", "0".repeat(26)));
    assert_eq!(EntityTag::of_hash(u128::MAX).as_str(), format!("\"7{}\"", "v".repeat(25)));
}

#[test]
fn each_content_has_a_tag_of_its_own_and_each_coding_of_it() {
    let contents: [&[u8]; 6] = [b"", b"\0", b"a", b"b", b"aa", &[b'x'; 100_000]];
    let mut seen = vec![tag_of(&FACTS), tag_of(&FACTS).in_coding(ContentCoding::Gzip)];
    for content in contents {
        let tag = EntityTag::of_bytes(content);
        assert_eq!(Validators::of_content(content).entity_tag, Some(tag));
        seen.push(tag);
        seen.extend(ContentCoding::ALL.map(|coding| tag.in_coding(coding)));
    }
    for (position, tag) in seen.iter().enumerate() {
        assert!(!seen[..position].contains(tag), "{}", tag.as_str());
    }
    let tag = EntityTag::of_bytes(b"a");
    assert!(tag.in_coding(ContentCoding::Brotli).as_str().ends_with("-br\""));
    assert_eq!(Validators::of_content(b"a").last_modified, None);
}

#[test]
fn bytes_that_come_one_after_the_other_have_the_tag_of_the_whole() {
    let content: Vec<u8> = (0..10_000u32).flat_map(u32::to_le_bytes).collect();
    for length in [0, 1, 239, 240, 241, 1000, content.len()] {
        for piece in [1, 7, 256, content.len()] {
            let mut builder = EntityTagBuilder::new();
            content[..length].chunks(piece).for_each(|bytes| builder.update(bytes));
            let whole = EntityTag::of_bytes(&content[..length]);
            assert_eq!(builder.entity_tag(), whole, "{length} by {piece}");
        }
    }
}

// RFC 9110 §8.8.3.2.
#[test]
fn strong_and_weak_comparison_differ_by_the_weak_prefix() {
    let mut tag = EntityTag::begin();
    tag.push_number(1);
    tag.push(b'-');
    tag.push_number(33);
    let tag = tag.end();
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
