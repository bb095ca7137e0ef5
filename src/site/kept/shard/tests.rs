//! What is kept where there is no room for all.

use super::super::super::document_root::DocumentRoot;
use super::super::super::openat;
use super::super::lock;
use super::super::tests::{LATER, find, open};
use super::super::{Plan, SHARDS};
use super::*;
use std::fs::write;
use std::path::Path;

#[test]
fn many_files_asked_for_once_leave_nearly_all_of_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let root = open(directory.path(), 16 * 6000 * SHARDS as u64, 100);
    let add = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let name = format!("file{number}");
            write(directory.path().join(&name), vec![b'x'; 5400]).unwrap();
            find(&root, &name, LATER);
        }
    };
    let keys = || -> Vec<Box<[u8]>> {
        let shards = root.kept.shards.iter();
        shards
            .flat_map(|shard| Vec::from_iter(lock(shard).files.iter().map(|(k, _)| k.clone())))
            .collect()
    };
    add(0..1000);
    let before = keys();
    assert_eq!(before.len(), 16 * SHARDS, "the shards are full");
    add(1000..1000 + 16 * SHARDS);
    let after = keys();
    let left = before.iter().filter(|name| after.contains(name)).count();
    assert!(left >= before.len() * 7 / 8, "{left} of {}", before.len());
    assert!(left < before.len(), "new files get in");
}

/// A root in whose cache there is room for no further file, but for one in many.
fn full_root(directory: &Path) -> DocumentRoot {
    let root = open(directory, 32 * 1024 * SHARDS as u64, 100);
    for number in 0..200 {
        let name = format!("full{number}");
        write(directory.join(&name), vec![b'x'; 12 * 1024]).unwrap();
        find(&root, &name, LATER);
    }
    root
}

#[test]
fn a_file_without_room_is_sent_from_the_disk_under_the_tag_of_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let root = full_root(directory.path());
    let bytes = vec![b'y'; 20 * 1024];
    let tag = Some(EntityTag::of_bytes(&bytes));
    // One of two names at least is not the one in so many that is kept at once.
    let is_from_disk = |name: &&str| {
        write(directory.path().join(name), &bytes).unwrap();
        find(&root, name, LATER).bytes().is_none()
    };
    let name = ["one", "two"].into_iter().find(is_from_disk).expect("a file without room");
    let facts = openat::look(root.descriptor(), name.as_bytes()).unwrap().facts;
    assert_eq!(lock(root.kept.shard(name.as_bytes())).tag(name.as_bytes(), &facts), tag);
    let mut from_disk = 1;
    let kept = loop {
        let file = find(&root, name, LATER);
        assert_eq!(file.entity_tag(), tag);
        if file.bytes().is_some() {
            break file;
        }
        from_disk += 1;
        assert!(from_disk < DISPLACING_ONE_IN, "at last it must be kept");
    };
    assert!(Arc::ptr_eq(&kept, &find(&root, name, LATER)));
    // Changed, it is read anew, kept or not.
    let changed = vec![b'z'; 20 * 1024];
    write(directory.path().join(name), &changed).unwrap();
    assert_eq!(find(&root, name, LATER).entity_tag(), Some(EntityTag::of_bytes(&changed)));
}

#[test]
fn tags_are_noted_of_files_that_have_settled_and_are_not_tiny() {
    let directory = tempfile::tempdir().unwrap();
    let root = full_root(directory.path());
    let plan = |name: &str, now: Timestamp| {
        let status = openat::look(root.descriptor(), name.as_bytes()).unwrap();
        root.kept.plan(name.as_bytes(), &status.facts, now)
    };
    let rows =
        [(20 * 1024, Plan::SendFromDisk(None)), (10 * 1024, Plan::Nothing), (1 << 20, Plan::Keep)];
    for (length, expected) in rows {
        let name = format!("file{length}");
        write(directory.path().join(&name), vec![b'y'; length]).unwrap();
        let plans: Vec<_> = (1..DISPLACING_ONE_IN).map(|_| plan(&name, LATER)).collect();
        let as_expected = plans.iter().filter(|plan| **plan == expected).count();
        // One of them may be the one in so many.
        assert!(as_expected + 1 >= plans.len(), "{length} {plans:?}");
        assert_eq!(plan(&name, Timestamp::from_seconds(0)), Plan::Nothing);
    }
}

#[test]
fn the_number_of_noted_tags_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let root = full_root(directory.path());
    for number in 0..SHARDS * 200 {
        let name = format!("file{number}");
        std::fs::hard_link(directory.path().join("full0"), directory.path().join(&name)).unwrap();
    }
    write(directory.path().join("full0"), vec![b'x'; 17 * 1024]).unwrap();
    for number in 0..SHARDS * 200 {
        find(&root, &format!("file{number}"), LATER);
    }
    let shards = root.kept.shards.iter();
    let tags: Vec<_> = shards.map(|shard| lock(shard).tags()).collect();
    // An eighth of a shard's 32 KiB, at 256 bytes each.
    assert_eq!(tags, [16; SHARDS]);
}
