//! Paths relative to the document root: segments joined by slashes, empty for the root itself.

/// The parent of `path`, empty for the root, and its last segment.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// The path of `name` in the directory `parent`.
pub(super) fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    match parent {
        b"" => name.to_vec(),
        parent => [parent, b"/", name].concat(),
    }
}

/// `path` as a system call takes it: `.` for the root.
pub(super) fn or_dot(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"." } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_split_at_its_last_slash_and_joined_again() {
        let rows = [("file", "", "file"), ("a/file", "a", "file"), ("a/b/file", "a/b", "file")];
        for (path, parent, name) in rows {
            let parts = (parent.as_bytes(), name.as_bytes());
            assert_eq!(split(path.as_bytes()), parts, "{path}");
            assert_eq!(join(parts.0, parts.1), path.as_bytes());
        }
    }
}
