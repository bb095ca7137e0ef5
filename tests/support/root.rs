//! Temporary document roots.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use tempfile::TempDir;

/// A temporary directory with these files.
pub fn root_with(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for (name, content) in files {
        write(root.path(), name, content.as_bytes());
    }
    root
}

/// Writes a file, and the directories on the way to it.
pub fn write(root: &Path, name: &str, content: &[u8]) {
    let file = root.join(name);
    let parent = file.parent().expect("a file is in a directory");
    fs::create_dir_all(parent).expect("a directory to write in");
    fs::write(file, content).expect("a file to write");
}

/// A file of `length` bytes that takes no room on the disk.
pub fn sparse_file(path: &Path, length: u64) {
    File::create(path).and_then(|file| file.set_len(length)).expect("a sparse file");
}

/// Sets the time of a file's last change, in seconds since 1970.
pub fn set_modified(path: &Path, seconds: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    File::open(path).and_then(|file| file.set_modified(time)).expect("a file with a time");
}

/// `length` bytes in which each line is its own offset.
pub fn numbered(length: usize) -> Vec<u8> {
    (0..length.div_ceil(8))
        .flat_map(|line| format!("{:07}\n", line * 8 % 10_000_000).into_bytes())
        .take(length)
        .collect()
}

/// The names in a directory, sorted.
pub fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}
