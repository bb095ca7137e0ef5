use super::super::temporary_file::TemporaryFile;
use super::super::temporary_file::tests::{names, open};
use super::*;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn leftovers_are_removed_and_nothing_else() {
    let outside = tempfile::tempdir().unwrap();
    let root = tempfile::tempdir().unwrap();
    let leftover = format!("{PREFIX}0123456789abcdef");
    std::fs::create_dir_all(root.path().join(".hidden/b")).unwrap();
    std::fs::create_dir(root.path().join(format!("{PREFIX}directory"))).unwrap();
    for file in ["a", ".hidden/b/c", ".tinyhttpd", &leftover] {
        std::fs::write(root.path().join(file), "x").unwrap();
    }
    std::fs::write(root.path().join(".hidden/b").join(&leftover), "x").unwrap();
    std::fs::write(outside.path().join(&leftover), "x").unwrap();
    symlink(outside.path(), root.path().join("out")).unwrap();
    symlink(".", root.path().join("again")).unwrap();
    symlink(outside.path().join("a"), root.path().join(format!("{PREFIX}link"))).unwrap();
    let descriptor = open(root.path());
    assert_eq!(find_leftovers(descriptor.as_fd()), Ok(2));
    let directory = format!("{PREFIX}directory");
    let link = format!("{PREFIX}link");
    let left = [".hidden", ".tinyhttpd", &directory, &link, "a", "again", "out"];
    assert_eq!(names(root.path()), left);
    assert_eq!(names(&root.path().join(".hidden/b")), ["c"]);
    assert_eq!(names(outside.path()), [leftover]);
}

#[test]
fn file_that_is_being_written_is_no_leftover() {
    let root = tempfile::tempdir().unwrap();
    let mut file = TemporaryFile::create_named(open(root.path())).unwrap();
    assert_eq!(find_leftovers(open(root.path()).as_fd()), Ok(0));
    file.move_to(b"a", None).unwrap();
    assert_eq!(names(root.path()), ["a"]);
}

#[test]
fn storm_of_tidying_takes_no_file_that_is_being_written() {
    const FILES: usize = 2_000;
    let root = tempfile::tempdir().unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    find_leftovers(open(root.path()).as_fd()).expect("a walk");
                }
            });
        }
        for number in 0..FILES {
            let mut file = TemporaryFile::create_named(open(root.path())).unwrap();
            file.write(number.to_string().as_bytes()).unwrap();
            let name = number.to_string();
            assert_eq!(file.move_to(name.as_bytes(), None), Ok(()), "{number}");
            std::fs::remove_file(root.path().join(name)).unwrap();
        }
        is_over.store(true, Ordering::Release);
    });
    assert_eq!(names(root.path()), [""; 0]);
}
