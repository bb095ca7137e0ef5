use super::super::document_root::DocumentRoot;
use super::super::open_file::Found;
use super::shard::DISPLACING_ONE_IN;
use super::*;
use std::fs::{create_dir_all, write};
use std::path::Path;

pub(super) const LATER: Timestamp = Timestamp::from_seconds(4_000_000_000);

pub(super) fn open(root: &Path, bytes_max: u64, descriptors_max: usize) -> DocumentRoot {
    let limits = KeptLimits { bytes_max, descriptors_max };
    DocumentRoot::open(root, limits).unwrap()
}

pub(super) fn find(root: &DocumentRoot, path: &str, now: Timestamp) -> Arc<OpenFile> {
    match root.find(path.as_bytes(), now) {
        Ok(Found::File(file)) => file,
        other => panic!("{path}: {other:?}"),
    }
}

/// Whether a second use is given what the first was given.
fn is_kept(root: &DocumentRoot, path: &str, now: Timestamp) -> bool {
    Arc::ptr_eq(&find(root, path, now), &find(root, path, now))
}

fn shard_bytes(root: &DocumentRoot) -> Vec<u64> {
    let shards = root.kept.shards.iter();
    shards.map(|shard| lock(shard).bytes).collect()
}

/// What the shards' files really cost, counted anew.
fn counted_bytes(root: &DocumentRoot) -> Vec<u64> {
    let count = |shard: &Mutex<Shard>| {
        let shard = lock(shard);
        let files = shard.files.iter();
        files.map(|(relative, kept)| kept.cost(relative)).sum()
    };
    root.kept.shards.iter().map(count).collect()
}

#[test]
fn nothing_is_kept_without_bytes() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path().join("file"), "content").unwrap();
    let root = open(directory.path(), 0, 100);
    assert!(!is_kept(&root, "file", LATER));
    assert_eq!(shard_bytes(&root), [0; SHARDS]);
    assert!(is_kept(&open(directory.path(), 1 << 20, 100), "file", LATER));
}

#[test]
fn file_is_kept_only_when_its_times_have_settled() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    write(&path, "content").unwrap();
    let root = open(directory.path(), 1 << 20, 100);
    let changed = find(&root, "file", Timestamp::from_seconds(0)).facts.changed.seconds;
    let rows = [(-9, false), (0, false), (1, false), (2, false), (3, true)];
    for (age, kept) in rows {
        let now = Timestamp::from_seconds(changed + age);
        assert_eq!(is_kept(&root, "file", now), kept, "{age} s");
    }
}

#[test]
fn file_dated_in_the_future_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    write(&path, "content").unwrap();
    let future = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_001);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(future).unwrap();
    let root = open(directory.path(), 1 << 20, 100);
    assert!(!is_kept(&root, "file", LATER));
}

#[test]
fn bytes_stay_within_their_limit_and_are_counted_right() {
    let directory = tempfile::tempdir().unwrap();
    let bytes_max = 64 * 1024;
    let root = open(directory.path(), bytes_max, 100);
    for number in 0..200 {
        let name = format!("file{number}");
        write(directory.path().join(&name), vec![b'x'; 17 * number]).unwrap();
        find(&root, &name, LATER);
        assert!(shard_bytes(&root).iter().sum::<u64>() <= bytes_max);
    }
    assert_eq!(shard_bytes(&root), counted_bytes(&root));
    assert!(shard_bytes(&root).iter().sum::<u64>() > bytes_max / 2);
    for number in 0..200 {
        write(directory.path().join(format!("file{number}")), "short").unwrap();
        find(&root, &format!("file{number}"), LATER);
    }
    assert_eq!(shard_bytes(&root), counted_bytes(&root));
}

#[test]
fn file_larger_than_a_share_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path().join("small"), vec![b'x'; 3000]).unwrap();
    write(directory.path().join("large"), vec![b'x'; 4000]).unwrap();
    let root = open(directory.path(), 4096 * SHARDS as u64, 100);
    assert!(is_kept(&root, "small", LATER));
    assert!(!is_kept(&root, "large", LATER));
}

#[test]
fn least_recently_used_goes_first() {
    let directory = tempfile::tempdir().unwrap();
    // Two files of 2000 bytes fit into a shard's share, three do not.
    let root = open(directory.path(), 6000 * SHARDS as u64, 100);
    let names: Vec<String> = (0..1000)
        .map(|number| format!("file{number}"))
        .filter(|name| shard_index(name.as_bytes()) == 0)
        .take(3)
        .collect();
    for name in &names {
        write(directory.path().join(name), vec![b'x'; 2000]).unwrap();
    }
    let first = find(&root, &names[0], LATER);
    let second = find(&root, &names[1], LATER);
    assert!(Arc::ptr_eq(&first, &find(&root, &names[0], later(1))));
    displace_with(&root, &names[2]);
    assert!(Arc::ptr_eq(&first, &find(&root, &names[0], later(1))));
    assert!(!Arc::ptr_eq(&second, &find(&root, &names[1], later(1))));
}

/// Asks for a file that would displace others, until it is kept; the uses before that leave the
/// others in their place.
fn displace_with(root: &DocumentRoot, path: &str) {
    let is_there = |path: &str| {
        let shard = lock(root.kept.shard(path.as_bytes()));
        shard.files.contains(path.as_bytes())
    };
    let before = shard_bytes(root);
    for _ in 1..DISPLACING_ONE_IN {
        find(root, path, later(1));
        assert!(!is_there(path));
        assert_eq!(shard_bytes(root), before);
    }
    find(root, path, later(1));
    assert!(is_there(path));
}

#[test]
fn descriptors_stay_within_their_limit() {
    let directory = tempfile::tempdir().unwrap();
    let root = open(directory.path(), 16 << 20, 10);
    for number in 0..60 {
        let name = format!("directory{number}");
        create_dir_all(directory.path().join(&name)).unwrap();
        for file in ["small", "large"] {
            let path = directory.path().join(&name).join(file);
            let length = if file == "large" { 256 * 1024 } else { 9 };
            write(&path, vec![b'x'; length]).unwrap();
            find(&root, &format!("{name}/{file}"), LATER);
            assert!(root.kept.descriptors.open() <= 10);
        }
    }
    assert!(root.kept.descriptors.open() > 5);
    assert_eq!(shard_bytes(&root), counted_bytes(&root));
}

#[test]
fn without_descriptors_only_small_files_in_the_root_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    create_dir_all(directory.path().join("a")).unwrap();
    write(directory.path().join("a/small"), "content").unwrap();
    write(directory.path().join("small"), "content").unwrap();
    write(directory.path().join("large"), vec![b'x'; 256 * 1024]).unwrap();
    let root = open(directory.path(), 16 << 20, 0);
    assert!(is_kept(&root, "small", LATER));
    assert!(!is_kept(&root, "large", LATER));
    assert!(!is_kept(&root, "a/small", LATER));
}

#[test]
fn long_way_down_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let root = open(directory.path(), 1 << 20, 100);
    for (segments, kept) in [(SEGMENTS_MAX, true), (SEGMENTS_MAX + 1, false)] {
        let parent = vec!["a"; segments - 1].join("/");
        create_dir_all(directory.path().join(&parent)).unwrap();
        let path = format!("{parent}/file");
        write(directory.path().join(&path), "content").unwrap();
        assert_eq!(is_kept(&root, &path, LATER), kept, "{segments}");
    }
}

/// The same time, so many seconds later.
fn later(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(LATER.seconds + seconds)
}

#[test]
fn what_is_not_used_for_a_minute_is_let_go_of() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        create_dir_all(directory.path().join(name)).unwrap();
        write(directory.path().join(name).join("large"), vec![b'x'; 256 * 1024]).unwrap();
        write(directory.path().join(name).join("small"), "content").unwrap();
    }
    let root = open(directory.path(), 16 << 20, 100);
    for path in ["a/large", "a/small", "b/large", "b/small"] {
        find(&root, path, LATER);
    }
    let descriptors = |expected: usize| assert_eq!(root.kept.descriptors.open(), expected);
    descriptors(4);
    assert!(!root.kept.let_go(later(59)));
    descriptors(4);
    find(&root, "a/small", later(59));
    assert!(!root.kept.let_go(later(60)));
    // The directory of the one that was used.
    descriptors(1);
    assert_eq!(shard_bytes(&root), counted_bytes(&root));
    assert!(!root.kept.let_go(later(118)));
    descriptors(1);
    root.kept.let_go(later(119));
    descriptors(0);
    assert_eq!(shard_bytes(&root), [0; SHARDS]);
    // Asked for again, it is kept again.
    assert!(is_kept(&root, "a/large", later(200)));
}

#[test]
fn clock_that_is_set_back_keeps_nothing_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path().join("file"), "content").unwrap();
    let root = open(directory.path(), 1 << 20, 100);
    find(&root, "file", later(3600));
    // Workers' clocks are not quite the same.
    root.kept.let_go(later(3599));
    assert_ne!(shard_bytes(&root), [0; SHARDS]);
    root.kept.let_go(LATER);
    assert_eq!(shard_bytes(&root), [0; SHARDS]);
}

#[test]
fn one_call_lets_go_of_a_bounded_number() {
    const FILES: usize = SHARDS * LET_GO_MAX + 1000;
    let directory = tempfile::tempdir().unwrap();
    write(directory.path().join("file"), "content").unwrap();
    let root = open(directory.path(), 64 << 20, 100);
    for number in 0..FILES {
        let name = format!("file{number}");
        std::fs::hard_link(directory.path().join("file"), directory.path().join(&name)).unwrap();
        find(&root, &name, LATER);
    }
    let left = || -> usize {
        let shards = root.kept.shards.iter();
        shards.map(|shard| lock(shard).files.len()).sum()
    };
    let mut calls = 1;
    let mut before = left();
    while root.kept.let_go(later(60)) {
        assert!(before - left() <= SHARDS * LET_GO_MAX);
        before = left();
        calls += 1;
    }
    assert_eq!(left(), 0);
    assert!(calls > 1, "{calls}");
}
