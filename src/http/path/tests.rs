//! Tables of paths: refused, resolved, hidden, and encoded.

use super::*;

#[test]
fn paths_that_name_nothing_are_refused() {
    use PathError::*;
    let rows: &[(&[u8], PathError)] = &[
        (b"/%", BrokenEscape),
        (b"/a%4", BrokenEscape),
        (b"/%zz", BrokenEscape),
        (b"/%4g/", BrokenEscape),
        (b"/%/41", BrokenEscape),
        (b"/%4/1", BrokenEscape),
        (b"/%%41", BrokenEscape),
        (b"/%+1", BrokenEscape),
        (b"/%u0041", BrokenEscape),
        (b"/a/../%", BrokenEscape),
        (b"/%00", Nul),
        (b"/a/b%00.txt", Nul),
        (b"/%00/..", Nul),
        (b"/a\0b", Nul),
        (b"/..", AboveRoot),
        (b"/../", AboveRoot),
        (b"/../a", AboveRoot),
        (b"/a/../../a", AboveRoot),
        (b"/./..", AboveRoot),
        (b"//..", AboveRoot),
        (b"/%2e%2E", AboveRoot),
        (b"/.%2e/a", AboveRoot),
        (b"/a/%2e./..", AboveRoot),
        (b"/%2f", EncodedSlash),
        (b"/a%2Fb", EncodedSlash),
        (b"/a/..%2f..%2fb", EncodedSlash),
        (b"/a%2fb/../c", EncodedSlash),
    ];
    for (path, error) in rows {
        assert_eq!(RequestPath::parse(path), Err(*error), "{}", path.escape_ascii());
    }
}

#[test]
fn a_mistake_wins_over_an_encoded_slash_wherever_it_stands() {
    let rows: &[(&[u8], PathError)] = &[
        (b"/a%2fb/%zz", PathError::BrokenEscape),
        (b"/a%2fb%", PathError::BrokenEscape),
        (b"/%zz/a%2fb", PathError::BrokenEscape),
        (b"/a%2fb/%00", PathError::Nul),
        (b"/a%2fb/../..", PathError::AboveRoot),
        (b"/../a%2fb", PathError::AboveRoot),
    ];
    for (path, error) in rows {
        assert_eq!(RequestPath::parse(path), Err(*error), "{}", path.escape_ascii());
    }
}

#[test]
fn paths_are_decoded_once_then_split_and_resolved() {
    let rows: &[(&[u8], &[u8], bool)] = &[
        (b"", b"", true),
        (b"/", b"", true),
        (b"//", b"", true),
        (b"/.", b"", true),
        (b"/a/..", b"", true),
        (b"/a", b"a", false),
        (b"/a/", b"a", true),
        (b"/a//", b"a", true),
        (b"//a///b", b"a/b", false),
        (b"//evil.example/..", b"", true),
        (b"/a/b.txt", b"a/b.txt", false),
        (b"/./a", b"a", false),
        (b"/a/.", b"a", true),
        (b"/a/%2e", b"a", true),
        (b"/a/./b", b"a/b", false),
        (b"/a/../b", b"b", false),
        (b"/a/b/..", b"a", true),
        (b"/a/%2E%2e/b/", b"b", true),
        (b"/a/b/../../c", b"c", false),
        (b"/a//../b", b"b", false),
        (b"/...", b"...", false),
        (b"/.a", b".a", false),
        (b"/a..", b"a..", false),
        (b"/%61%2etxt", b"a.txt", false),
        (b"/a%20b", b"a b", false),
        (b"/a+b", b"a+b", false),
        (b"/%2541", b"%41", false),
        (b"/%252e%252e/a", b"%2e%2e/a", false),
        (b"/%252f", b"%2f", false),
        (b"/a%5c..%5cb", b"a\\..\\b", false),
        (b"/%C3%a4", b"\xc3\xa4", false),
        (b"/\xc3\xa4", b"\xc3\xa4", false),
        (b"/%ff", b"\xff", false),
        (b"/%3fa%23", b"?a#", false),
        (b"/%01", b"\x01", false),
    ];
    for (path, relative, names_directory) in rows {
        let parsed = RequestPath::parse(path).unwrap();
        assert_eq!(parsed.relative(), *relative, "{}", path.escape_ascii());
        assert_eq!(parsed.names_directory(), *names_directory, "{}", path.escape_ascii());
        assert!(relative.ends_with(parsed.name()), "{}", path.escape_ascii());
        assert!(!parsed.name().contains(&b'/'), "{}", path.escape_ascii());
    }
}

#[test]
fn plain_is_a_path_in_which_nothing_but_escapes_is_resolved() {
    let plain = ["", "/", "/a", "/a/", "/a/b", "/%61", "/%61/", "/a/%5c", "/.../a", "/a:b/"];
    for path in plain.map(str::as_bytes) {
        assert!(RequestPath::parse(path).unwrap().is_plain(), "{}", path.escape_ascii());
    }
    for path in [
        &b"//a"[..],
        b"/a//",
        b"/a//b",
        b"//%61",
        b"/%61//",
        b"/./a",
        b"/a/.",
        b"/a/./",
        b"/a/%2e",
        b"/a/%2e%2e/b",
        b"/a/../b",
        b"/a\\b",
        b"/\\a/",
        b"/%61\\",
    ] {
        assert!(!RequestPath::parse(path).unwrap().is_plain(), "{}", path.escape_ascii());
    }
}

#[test]
fn a_path_is_copied_only_where_something_changes() {
    let is_borrowed = |path: &'static [u8]| {
        matches!(RequestPath::parse(path).unwrap().relative, Cow::Borrowed(_))
    };
    for path in [&b"/"[..], b"/a", b"/a/", b"/a/b.txt", b"/.a/..b/c..", b"/\xc3\xa4"] {
        assert!(is_borrowed(path), "{}", path.escape_ascii());
    }
    for path in [&b"/%61"[..], b"/a//b", b"/./a", b"/a/..", b"/a/%2e"] {
        assert!(!is_borrowed(path), "{}", path.escape_ascii());
    }
}

#[test]
fn segments_are_those_of_the_resolved_path() {
    let segments = |path: &'static [u8]| -> Vec<Vec<u8>> {
        RequestPath::parse(path).unwrap().segments().map(<[u8]>::to_vec).collect()
    };
    assert!(segments(b"/").is_empty());
    assert_eq!(segments(b"/a/../b//c%20d/"), [b"b".to_vec(), b"c d".to_vec()]);
}

#[test]
fn hidden_is_a_segment_that_starts_with_a_dot_but_well_known() {
    let rows: &[(&[u8], bool)] = &[
        (b"/.git/config", true),
        (b"/a/.env", true),
        (b"/%2eenv", true),
        (b"/...", true),
        (b"/.well-known/.a", true),
        (b"/.well-known2", true),
        (b"/.Well-Known/a", true),
        (b"/", false),
        (b"/a.b", false),
        (b"/a./b", false),
        (b"/.git/../a", false),
        (b"/.well-known/acme-challenge/a", false),
        (b"/a/.well-known", false),
    ];
    for (path, hidden) in rows {
        let parsed = RequestPath::parse(path).unwrap();
        assert_eq!(parsed.is_hidden(), *hidden, "{}", path.escape_ascii());
    }
}

#[test]
fn a_location_names_no_other_site() {
    let rows: &[(&[u8], &str)] = &[
        (b"/evil.example", "evil.example"),
        (b"//evil.example", "evil.example"),
        (b"\\evil.example", "%5Cevil.example"),
        (b"/\\evil.example", "%5Cevil.example"),
        (b"http://evil.example", "http%3A//evil.example"),
        (b"javascript:alert(1)", "javascript%3Aalert(1)"),
        (b"a\r\nSet-Cookie: b", "a%0D%0ASet-Cookie%3A%20b"),
    ];
    for (relative, encoded) in rows {
        assert_eq!(encode_path(relative), *encoded);
    }
}

#[test]
fn encoded_paths_decode_to_what_they_were() {
    let bytes: Vec<u8> = (1..=255).filter(|byte| !b"/.".contains(byte)).collect();
    let path = ["/", &encode_path(&bytes)].concat();
    assert_eq!(RequestPath::parse(path.as_bytes()).unwrap().relative(), bytes);
    assert_eq!(encode_path(b"a/b c.txt"), "a/b%20c.txt");
    assert_eq!(encode_path(b"-._~!$()*+,;=@"), "-._~!$()*+,;=@");
    assert_eq!(encode_path(b"\"'<>&?#%:`"), "%22%27%3C%3E%26%3F%23%25%3A%60");
    assert_eq!(encode_path("\u{e4}".as_bytes()), "%C3%A4");
    assert_eq!(encode_path(b"a/"), "a/");
}
