use super::*;

/// What is left of `path` without `prefix`, with a slash where it names a directory.
fn cut(prefix: &str, path: &str) -> Option<String> {
    let prefix = Prefix::parse(prefix).expect(prefix);
    let path = RequestPath::parse(path.as_bytes()).expect(path);
    let left = prefix.cut(&path)?;
    let end = if left.names_directory() { "/" } else { "" };
    Some(format!("{}{end}", String::from_utf8_lossy(left.relative())))
}

#[test]
fn what_is_no_prefix_is_refused_with_a_line_that_names_it() {
    let rows = [
        ("", "is no path"),
        ("files", "is no path"),
        ("http://a/files", "is no path"),
        ("/files?a", "is no path"),
        ("/files#a", "is no path"),
        ("/files/..", "dot segments"),
        ("/./files", "dot segments"),
        ("/%2e/files", "dot segments"),
        ("//files", "repeated slashes"),
        ("/files//", "repeated slashes"),
        ("/a//b", "repeated slashes"),
        ("/a\\b", "backslash"),
        ("/../files", "cannot be"),
        ("/%zz", "cannot be"),
        ("/%00", "cannot be"),
        ("/a%2fb", "cannot be"),
    ];
    for (text, reason) in rows {
        let said = Prefix::parse(text).expect_err(text);
        assert!(said.contains(reason) && !said.contains('\n'), "{text}: {said}");
    }
}

#[test]
fn slash_at_its_end_and_escapes_make_no_other_prefix() {
    for (text, same) in [("/", ""), ("/a/", "a"), ("/a/b", "a/b"), ("/%61%20b", "a b")] {
        let prefix = Prefix { relative: same.as_bytes().to_vec() };
        assert_eq!(Prefix::parse(text), Ok(prefix), "{text}");
    }
    assert_eq!(Prefix::parse("/"), Ok(Prefix::default()));
}

#[test]
fn whole_segments_of_the_resolved_path_are_cut_off() {
    let rows = [
        ("/", "/", Some("/")),
        ("/", "/a", Some("a")),
        ("/", "/a//%62/", Some("a/b/")),
        ("/files", "/files", Some("")),
        ("/files", "/files/", Some("/")),
        ("/files", "/files/a", Some("a")),
        ("/files", "/files/a/", Some("a/")),
        ("/files", "/%66ile%73/%61", Some("a")),
        ("/files", "//files//a", Some("a")),
        ("/files", "/./files/./a/.", Some("a/")),
        ("/files", "/x/../files/a", Some("a")),
        ("/files", "/files/x/../a", Some("a")),
        ("/files", "/files/../files/a", Some("a")),
        ("/files", "/files/files", Some("files")),
        ("/files", "/files/..", None),
        ("/files", "/files/../a", None),
        ("/files", "/files/%2e%2e/a", None),
        ("/files", "/", None),
        ("/files", "/file", None),
        ("/files", "/filesystem", None),
        ("/files", "/filesystem/a", None),
        ("/files", "/Files/a", None),
        ("/files", "/a/files", None),
        ("/a/b", "/a/b", Some("")),
        ("/a/b", "/a/b/c", Some("c")),
        ("/a/b", "/a/bc", None),
        ("/a/b", "/a", None),
        ("/a/b", "/a/", None),
        ("/a%20b", "/a%20b/c", Some("c")),
    ];
    for (prefix, path, expected) in rows {
        assert_eq!(cut(prefix, path).as_deref(), expected, "{prefix} {path}");
    }
}

#[test]
fn what_is_left_is_as_plain_as_it_was_and_hidden_by_itself() {
    let prefix = Prefix::parse("/.a").expect("a prefix");
    for (path, is_plain, is_hidden) in
        [("/.a/b", true, false), ("/.a//b", false, false), ("/.a/.b", true, true)]
    {
        let whole = RequestPath::parse(path.as_bytes()).expect(path);
        let left = prefix.cut(&whole).expect(path);
        assert_eq!((left.is_plain(), left.is_hidden()), (is_plain, is_hidden), "{path}");
    }
}
