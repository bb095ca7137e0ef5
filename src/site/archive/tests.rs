//! Headers as bytes, and archives as the parts in which they are sent.

use super::contents::{Contents, Entry, Identity, Way};
use super::header::{END, Header, Kind, padding, push_header};
use crate::http::date::Timestamp;
use crate::http::validator::FileFacts;

const BLOCK: usize = 512;

fn header(path: impl AsRef<[u8]>, kind: Kind, modified: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_header(&mut bytes, Header { path: path.as_ref(), kind, modified });
    bytes
}

/// A field of a block, up to the first NUL.
fn field(block: &[u8], at: usize, length: usize) -> &[u8] {
    let field = &block[at..at + length];
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Prefix and name of a block.
fn path(block: &[u8]) -> (&[u8], &[u8]) {
    (field(block, 345, 155), field(block, 0, 100))
}

/// The records of an extended header, and the block that follows it. `None` where there is none.
fn extended(bytes: &[u8]) -> Option<(Vec<String>, &[u8])> {
    if bytes[156] != b'x' {
        assert_eq!(bytes.len(), BLOCK);
        return None;
    }
    let length = usize::from_str_radix(str::from_utf8(field(bytes, 124, 12)).unwrap(), 8).unwrap();
    let mut rest = &bytes[BLOCK..BLOCK + length];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let blank = rest.iter().position(|&byte| byte == b' ').unwrap();
        let length: usize = str::from_utf8(&rest[..blank]).unwrap().parse().unwrap();
        assert_eq!(rest[length - 1], b'\n');
        records.push(rest[blank + 1..length - 1].escape_ascii().to_string());
        rest = &rest[length..];
    }
    Some((records, &bytes[BLOCK + length + padding(length as u64)..]))
}

fn is_right_sum(block: &[u8]) -> bool {
    let said = u64::from_str_radix(str::from_utf8(field(block, 148, 8)).unwrap(), 8).unwrap();
    let sum = |bytes: &[u8]| bytes.iter().copied().map(u64::from).sum::<u64>();
    said == sum(block) - sum(&block[148..156]) + 8 * u64::from(b' ')
}

#[test]
fn a_plain_header_is_these_bytes() {
    let bytes = header("dir/file.txt", Kind::File(1234), 1_000_000_000);
    let mut expected = [0; BLOCK];
    for (at, text) in [
        (0, "dir/file.txt"),
        (100, "0000644"),
        (108, "0000000"),
        (116, "0000000"),
        (124, "00000002322"),
        (136, "07346545000"),
        (148, "011504"),
        (155, " "),
        (156, "0"),
        (257, "ustar\x0000"),
        (329, "0000000"),
        (337, "0000000"),
    ] {
        expected[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    assert_eq!(bytes.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert!(is_right_sum(&bytes));
}

#[test]
fn a_directory_ends_in_a_slash_and_has_no_bytes() {
    let bytes = header("dir", Kind::Directory, 0);
    assert_eq!(path(&bytes), (&b""[..], &b"dir/"[..]));
    assert_eq!((field(&bytes, 100, 8), bytes[156]), (&b"0000755"[..], b'5'));
    assert_eq!(field(&bytes, 124, 12), b"00000000000");
}

#[test]
fn a_long_path_is_split_at_a_slash_if_one_is_in_place() {
    let (name, prefix) = ("n".repeat(100), "p".repeat(155));
    let rows: [(String, Option<(&str, &str)>); 8] = [
        (name.clone(), Some(("", &name))),
        (format!("{name}n"), None),
        (format!("p/{name}"), Some(("p", &name))),
        (format!("{prefix}/{name}"), Some((&prefix, &name))),
        (format!("p{prefix}/{name}"), None),
        (format!("p/n{name}"), None),
        (format!("/{name}"), None),
        // At the first slash behind which the name fits.
        (format!("a/b/{}/c", "n".repeat(98)), Some(("a/b", &format!("{}/c", "n".repeat(98))))),
    ];
    for (whole, expected) in rows {
        let bytes = header(&whole, Kind::File(1), 0);
        match (extended(&bytes), expected) {
            (None, Some((prefix, name))) => {
                assert_eq!(path(&bytes), (prefix.as_bytes(), name.as_bytes()));
            }
            (Some((records, block)), None) => {
                assert_eq!(records, [format!("path={whole}")]);
                assert_eq!(path(block), (&b""[..], &whole.as_bytes()[..100]));
            }
            (_, expected) => panic!("{whole}: {expected:?}"),
        }
    }
    // The slash of a directory counts.
    assert!(extended(&header("n".repeat(99), Kind::Directory, 0)).is_none());
    assert!(extended(&header(&name, Kind::Directory, 0)).is_some());
}

#[test]
fn what_ustar_has_no_room_for_is_extended() {
    const MAX: u64 = (8 << 30) - 1;
    let long = [b'\xff'; 300];
    let rows: [(&[u8], u64, i64, &[&str]); 10] = [
        (b"a", MAX, MAX as i64, &[]),
        (b"a", MAX + 1, 0, &["size=8589934592"]),
        (b"a", u64::MAX, 0, &["size=18446744073709551615"]),
        (b"a", 0, MAX as i64 + 1, &["mtime=8589934592"]),
        (b"a", 0, -1, &["mtime=-1"]),
        ("\u{e9}".as_bytes(), 0, 0, &["path=\\xc3\\xa9"]),
        // No known character set: old programs take such bytes as they are.
        (b"\xff", 0, 0, &[]),
        (b"a\nb", 0, 0, &[]),
        (&long, 0, 0, &["hdrcharset=BINARY", &format!("path={}", long.escape_ascii())]),
        ("\u{e9}".as_bytes(), MAX + 1, -5, &["path=\\xc3\\xa9", "size=8589934592", "mtime=-5"]),
    ];
    for (path, length, modified, expected) in rows {
        let bytes = header(path, Kind::File(length), modified);
        assert_eq!(bytes.len() % BLOCK, 0);
        let records = extended(&bytes).map(|(records, _)| records).unwrap_or_default();
        assert_eq!(records, expected, "{}", path.escape_ascii());
        let last = &bytes[bytes.len() - BLOCK..];
        assert!(is_right_sum(&bytes[..BLOCK]) && is_right_sum(last));
    }
}

/// The length counts its own digits.
#[test]
fn a_record_says_its_whole_length() {
    for length in 80..1100 {
        let whole = "\u{e9}".repeat(length);
        let bytes = header(&whole, Kind::File(0), 0);
        let (records, block) = extended(&bytes).expect("an extended header");
        assert_eq!(records, [format!("path={}", whole.as_bytes().escape_ascii())]);
        assert_eq!(block.len(), BLOCK);
    }
}

#[test]
fn files_are_filled_up_to_whole_blocks() {
    let rows = [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511), (u64::MAX, 1)];
    for (length, zeros) in rows {
        assert_eq!(padding(length), zeros, "{length}");
    }
    assert_eq!(END, [0; 1024]);
}

#[test]
fn a_way_leads_to_the_same_place_in_the_archive_and_beneath_the_root() {
    let entry = |depth| Entry {
        depth,
        kind: Kind::Directory,
        modified: 0,
        identity: Identity::of(&FileFacts {
            device: 1,
            inode: 2,
            length: 0,
            modified: Timestamp::from_seconds(0),
            changed: Timestamp::from_seconds(0),
        }),
    };
    let mut contents = Contents::default();
    for (depth, name) in [(0, "top"), (1, "a"), (2, "b"), (3, "c"), (1, "d")] {
        contents.push(name.as_bytes(), entry(depth));
    }
    let paths = ["top", "top/a", "top/a/b", "top/a/b/c", "top/d"];
    let rows = [
        ("top", paths),
        ("x/y/top", ["x/y/top", "x/y/top/a", "x/y/top/a/b", "x/y/top/a/b/c", "x/y/top/d"]),
        ("", [".", "a", "a/b", "a/b/c", "d"]),
    ];
    for (relative, expected) in rows {
        let mut way = Way::new(relative.as_bytes());
        for (number, expected) in expected.into_iter().enumerate() {
            let (entry, name) = contents.get(number).expect("an entry");
            way.go_to(entry.depth, name);
            assert_eq!(way.header(&entry).path, paths[number].as_bytes());
            assert_eq!(way.beneath_root(), expected.as_bytes());
        }
    }
    assert!(contents.get(5).is_none());
}
