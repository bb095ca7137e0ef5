use super::*;
use std::fs::{File, create_dir, remove_file, rename, write};
use std::os::fd::AsFd;
use std::path::Path;
use tempfile::TempDir;

/// So late that all times have settled.
const LATER: Timestamp = Timestamp::from_seconds(4_000_000_000);

struct Fixture {
    directory: TempDir,
    open: File,
    names: AbsentNames,
}

impl Fixture {
    fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let open = File::open(directory.path()).unwrap();
        let known = Known { times: None, names: LruCache::unbounded() };
        // Whatever file system the test runs on.
        let names = AbsentNames { are_dated: true, known: Mutex::new(known) };
        Fixture { directory, open, names }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Looks for a name that is not there, as the root does.
    fn miss(&self, name: &str, now: Timestamp) {
        let before = self.names.times(name.as_bytes());
        assert!(!self.path().join(name).exists());
        self.names.note(self.open.as_fd(), name.as_bytes(), before, now);
    }

    /// Whether the name is proved to be missing.
    fn is_proved(&self, name: &str, now: Timestamp) -> bool {
        let since = self.names.since(name.as_bytes());
        since.is_some_and(|times| self.names.are_unchanged(self.open.as_fd(), times, now))
    }
}

#[test]
fn a_name_is_proved_missing_from_the_third_time_on() {
    let fixture = Fixture::new();
    for is_proved in [false, false, true, true] {
        assert_eq!(fixture.is_proved("a", LATER), is_proved);
        if !is_proved {
            fixture.miss("a", LATER);
        }
    }
    assert!(!fixture.is_proved("b", LATER));
    fixture.miss("b", LATER);
    assert!(fixture.is_proved("b", LATER) && fixture.is_proved("a", LATER));
}

#[test]
fn every_change_of_a_name_ends_all_proofs() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 5] = [
        ("a file comes", |path| write(path.join("a"), "").unwrap()),
        ("a directory comes", |path| create_dir(path.join("a")).unwrap()),
        ("a file goes", |path| remove_file(path.join("other")).unwrap()),
        ("a file is renamed", |path| rename(path.join("other"), path.join("a")).unwrap()),
        ("a symlink comes", |path| std::os::unix::fs::symlink("other", path.join("a")).unwrap()),
    ];
    for (what, change) in changes {
        let fixture = Fixture::new();
        write(fixture.path().join("other"), "").unwrap();
        fixture.miss("a", LATER);
        fixture.miss("a", LATER);
        fixture.miss("b", LATER);
        assert!(fixture.is_proved("a", LATER));
        wait_for_the_next_tick(fixture.path());
        change(fixture.path());
        assert!(!fixture.is_proved("a", LATER), "{what}");
        assert!(!fixture.is_proved("b", LATER), "{what}: nothing is known any more");
    }
}

/// Two changes within one tick of the clock can leave the same times: that is why times must have
/// settled. Here, they have not.
fn wait_for_the_next_tick(path: &Path) {
    let elsewhere = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    let date = |path: &Path| path.metadata().unwrap().modified().unwrap();
    while date(elsewhere.path()) <= date(path) {
        write(elsewhere.path().join("a"), "").unwrap();
        remove_file(elsewhere.path().join("a")).unwrap();
    }
}

#[test]
fn times_that_have_not_settled_prove_nothing() {
    let fixture = Fixture::new();
    let changed = openat::status_of(&fixture.open).unwrap().facts.changed.seconds;
    for (age, is_proved) in [(0, false), (2, false), (3, true)] {
        let now = Timestamp::from_seconds(changed + age);
        (0..3).for_each(|_| fixture.miss("a", now));
        assert_eq!(fixture.is_proved("a", now), is_proved, "{age}");
    }
    // The clock was set back.
    assert!(!fixture.is_proved("a", Timestamp::from_seconds(changed)));
}

#[test]
fn a_look_from_before_a_change_notes_nothing() {
    let fixture = Fixture::new();
    fixture.miss("a", LATER);
    let before = fixture.names.times(b"b");
    assert!(before.is_some());
    wait_for_the_next_tick(fixture.path());
    write(fixture.path().join("b"), "").unwrap();
    // Another worker has met the change meanwhile.
    assert!(!fixture.names.are_unchanged(fixture.open.as_fd(), before.unwrap(), LATER));
    fixture.names.note(fixture.open.as_fd(), b"b", before, LATER);
    assert!(!fixture.is_proved("b", LATER));
}

#[test]
fn names_in_other_directories_are_not_known_and_the_number_is_bounded() {
    let fixture = Fixture::new();
    fixture.miss("a", LATER);
    fixture.miss("directory/a", LATER);
    assert!(!fixture.is_proved("directory/a", LATER));
    let most = NAMES_MAX;
    (0..2 * most).for_each(|number| fixture.miss(&format!("name{number}"), LATER));
    assert_eq!(lock(&fixture.names.known).names.len(), most);
    assert!(fixture.is_proved(&format!("name{}", 2 * most - 1), LATER));
    assert!(!fixture.is_proved("name0", LATER));
}

#[test]
fn a_directory_that_may_not_be_dated_proves_nothing() {
    let fixture = Fixture::new();
    let names = AbsentNames { are_dated: false, ..fixture.names };
    for _ in 0..3 {
        names.note(fixture.open.as_fd(), b"a", names.times(b"a"), LATER);
        assert!(names.since(b"a").is_none());
    }
}
