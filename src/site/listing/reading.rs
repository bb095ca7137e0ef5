//! The entries of a directory, in the order of a listing.
//!
//! There may be a hundred thousand names, so the kernel is asked about each as little as can be:
//!
//! - Reading the directory usually tells which names are directories, files and symlinks. In the
//!   order of names, only the names to be shown need a `stat`, one each.
//! - A file's mode tells whether it may be opened, where that is exact (see [`OwnFiles`]). The
//!   kernel is asked about all others.
//!
//! Nothing is kept from one listing to the next. A directory's own time proves its names, but no
//! file's length or time: those must be asked for anew, or a listing would be stale.

use super::listed::Listed;
use super::order::{Names, Order, SortKey};
use crate::os::files;
use crate::site::openat::{self, FileStatus, Kind};
use crate::site::permissions::{self, OwnFiles};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::FileType;
use rustix::io::{Errno, Result};
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// The most names of a directory that are read; the others are left out.
const NAMES_MAX: usize = 100_000;

/// When the first names were too few, because some cannot be served, at least this number more are
/// looked at together.
const STEP_NAMES_MIN: usize = 1000;

/// What a listing is to hold.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub order: Order,
    /// The most entries that are returned: the first ones.
    pub entries_max: usize,
    /// Whether a name may be listed at all.
    pub admits: &'a dyn Fn(&[u8]) -> bool,
}

/// The files and directories in the directory `path` beneath `root`, as `wanted`. What could not be
/// served is left out.
pub(crate) fn entries(root: BorrowedFd<'_>, path: &[u8], wanted: Wanted) -> Result<Vec<Listed>> {
    let descriptor = openat::open_directory(root, path)?;
    let own_files = OwnFiles::in_directory(descriptor.as_fd());
    let mut reading = Reading {
        root,
        path,
        descriptor,
        own_files,
        names: Names::default(),
        candidates: Vec::new(),
    };
    reading.read_names(wanted.admits)?;
    let places = reading.places(wanted.order)?;
    reading.first_of(places, wanted)
}

struct Reading<'a> {
    root: BorrowedFd<'a>,
    path: &'a [u8],
    descriptor: OwnedFd,
    own_files: OwnFiles,
    names: Names,
    /// One for each name, in their order.
    candidates: Vec<Candidate>,
}

/// What is known so far of a name.
enum Candidate {
    /// The directory says its kind; nothing else is known.
    Told(Kind),
    Seen(Seen),
    /// Nothing that is served.
    Out,
}

/// What a name stands for, symlinks followed.
#[derive(Clone, Copy)]
struct Seen {
    status: FileStatus,
    /// Whether its mode proves that it may be opened. If not, the kernel must be asked.
    may_be_opened: bool,
}

/// A candidate's place in the order. The rank tells most: whether it is a directory, and the first
/// bytes of what the order goes by. Where ranks are the same, names decide.
struct Place {
    rank: u128,
    candidate: usize,
}

/// The rank of every file is behind that of every directory.
const RANK_OF_FILES: u128 = 1 << 127;

impl Reading<'_> {
    fn read_names(&mut self, admits: &dyn Fn(&[u8]) -> bool) -> Result<()> {
        let Reading { descriptor, names, candidates, .. } = self;
        let mut count = 0;
        files::read_names(descriptor.as_fd(), |name, told| {
            if matches!(name.to_bytes(), b"." | b"..") {
                return ControlFlow::Continue(());
            }
            if count == NAMES_MAX {
                return ControlFlow::Break(());
            }
            count += 1;
            if admits(name.to_bytes())
                && let Some(candidate) = candidate(told)
            {
                names.push(name);
                candidates.push(candidate);
            }
            ControlFlow::Continue(())
        })
    }

    /// The place of each candidate. Sorting by size or time needs a look at every name. Sorting by
    /// name needs one only where the directory does not say whether it is a file or a directory.
    fn places(&mut self, order: Order) -> Result<Vec<Place>> {
        let skipped = self.names.common_bytes();
        let mut places = Vec::with_capacity(self.candidates.len());
        for number in 0..self.candidates.len() {
            let is_known =
                matches!(self.candidates[number], Candidate::Told(Kind::Regular | Kind::Directory));
            if !is_known || order.key != SortKey::Name {
                self.candidates[number] =
                    self.seen(number)?.map_or(Candidate::Out, Candidate::Seen);
            }
            let rank = match &self.candidates[number] {
                Candidate::Out => continue,
                Candidate::Seen(seen) if order.key != SortKey::Name => {
                    rank(seen.status.kind, value(&seen.status, order.key), order)
                }
                Candidate::Seen(Seen { status: FileStatus { kind, .. }, .. })
                | Candidate::Told(kind) => rank(*kind, self.names.prefix(number, skipped), order),
            };
            places.push(Place { rank, candidate: number });
        }
        Ok(places)
    }

    /// The first entries that can be served. No more places are sorted than that takes.
    fn first_of(&self, mut places: Vec<Place>, wanted: Wanted) -> Result<Vec<Listed>> {
        let compare = |a: &Place, b: &Place| self.compare(a, b, wanted.order);
        let mut entries = Vec::with_capacity(places.len().min(wanted.entries_max));
        let mut rest = &mut places[..];
        while entries.len() < wanted.entries_max && !rest.is_empty() {
            let missing = wanted.entries_max - entries.len();
            let count = missing.max(STEP_NAMES_MIN).min(rest.len());
            if count < rest.len() {
                rest.select_nth_unstable_by(count, compare);
            }
            let (first, later) = rest.split_at_mut(count);
            first.sort_unstable_by(compare);
            for place in first {
                entries.extend(self.entry(place.candidate)?);
            }
            rest = later;
        }
        entries.truncate(wanted.entries_max);
        Ok(entries)
    }

    fn compare(&self, a: &Place, b: &Place, order: Order) -> Ordering {
        a.rank.cmp(&b.rank).then_with(|| {
            let by_name = self.names.compare(a.candidate, b.candidate);
            match order == (Order { key: SortKey::Name, descending: true }) {
                true => by_name.reverse(),
                false => by_name,
            }
        })
    }

    /// `None` where the candidate cannot be served; an error only for want of descriptors.
    fn entry(&self, number: usize) -> Result<Option<Listed>> {
        let seen = match self.candidates[number] {
            Candidate::Seen(seen) => Some(seen),
            Candidate::Told(_) => self.seen(number)?,
            Candidate::Out => None,
        };
        let name = self.names.name(number);
        let may_be_opened = |seen: &Seen| {
            let (directory, kind) = (self.descriptor.as_fd(), seen.status.kind);
            seen.may_be_opened || openat::may_open(directory, name, kind)
        };
        Ok(seen.filter(may_be_opened).map(|Seen { status, .. }| Listed {
            name: name.to_bytes().to_vec(),
            is_directory: status.kind == Kind::Directory,
            length: status.facts.length,
            modified: status.facts.modified,
        }))
    }

    /// Looks at a name; where it is a symlink, at what it leads to beneath the root. `None` where
    /// that is neither a file nor a directory, or cannot be looked at.
    ///
    /// # Errors
    ///
    /// EMFILE and ENFILE: without descriptors, entries would be missing that are there.
    fn seen(&self, number: usize) -> Result<Option<Seen>> {
        let name = self.names.name(number);
        let seen = match permissions::look(self.descriptor.as_fd(), name) {
            Ok((status, _)) if status.kind == Kind::Symlink => {
                let path = [self.path, b"/", name.to_bytes()].concat();
                let status = openat::look_beneath(self.root, &path);
                status.map(|status| Seen { status, may_be_opened: false })
            }
            looked => looked.map(|(status, permissions)| Seen {
                status,
                may_be_opened: self.own_files.may_open(&status, permissions),
            }),
        };
        match seen {
            Ok(seen) => Ok(Some(seen).filter(|seen| is_served(seen.status.kind))),
            Err(errno @ (Errno::MFILE | Errno::NFILE)) => Err(errno),
            Err(_) => Ok(None),
        }
    }
}

/// `None` for what is never served. Some file systems do not say what a name is: `Kind::Other`
/// then has it looked at.
fn candidate(told: FileType) -> Option<Candidate> {
    match told {
        FileType::RegularFile => Some(Candidate::Told(Kind::Regular)),
        FileType::Directory => Some(Candidate::Told(Kind::Directory)),
        FileType::Symlink => Some(Candidate::Told(Kind::Symlink)),
        FileType::Unknown => Some(Candidate::Told(Kind::Other)),
        _ => None,
    }
}

fn is_served(kind: Kind) -> bool {
    matches!(kind, Kind::Regular | Kind::Directory)
}

/// The size or the time as a number to sort by. Directories have no size.
fn value(status: &FileStatus, key: SortKey) -> u128 {
    match (key, status.kind) {
        (SortKey::Size, Kind::Directory) => 0,
        (SortKey::Size, _) => u128::from(status.facts.length),
        _ => {
            let modified = status.facts.modified;
            // Counted from the earliest time there is, so never negative.
            let seconds = modified.seconds.wrapping_sub(i64::MIN) as u64;
            u128::from(seconds) << 32 | u128::from(modified.nanoseconds)
        }
    }
}

/// `value` is below [`RANK_OF_FILES`].
fn rank(kind: Kind, value: u128, order: Order) -> u128 {
    let in_direction = match order.descending {
        true => !value & !RANK_OF_FILES,
        false => value,
    };
    match kind {
        Kind::Directory => in_direction,
        _ => RANK_OF_FILES | in_direction,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mknodat};
    use std::fs::{File, create_dir, write};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::time::{Duration, UNIX_EPOCH};

    fn date(path: &Path, seconds: u64) {
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        File::open(path).unwrap().set_modified(time).unwrap();
    }

    /// The names of the first `entries_max` entries, in the order that `query` asks for.
    fn read(root: &Path, query: &str, entries_max: usize) -> Vec<String> {
        let root = openat::open_root(root).unwrap();
        let order = Order::from_query(Some(query.as_bytes()));
        let wanted = Wanted { order, entries_max, admits: &|name| name != b"not admitted" };
        let entries = entries(root.as_fd(), b".", wanted).unwrap();
        entries.into_iter().map(|entry| String::from_utf8(entry.name).unwrap()).collect()
    }

    #[test]
    fn directories_come_first_in_every_order() {
        let root = tempfile::tempdir().unwrap();
        for (name, length, seconds) in [("b", 9, 1), ("c", 1, 1), ("a", 9, 7)] {
            write(root.path().join(name), vec![b'x'; length]).unwrap();
            date(&root.path().join(name), seconds);
        }
        write(root.path().join("not admitted"), "").unwrap();
        for (name, seconds) in [("d2", 1), ("d1", 2)] {
            create_dir(root.path().join(name)).unwrap();
            date(&root.path().join(name), seconds);
        }
        let rows = [
            ("", "d1 d2 a b c"),
            ("order=desc", "d2 d1 c b a"),
            ("sort=size", "d1 d2 c a b"),
            ("sort=size&order=desc", "d1 d2 a b c"),
            ("sort=time", "d2 d1 b c a"),
            ("sort=time&order=desc", "d1 d2 a b c"),
        ];
        for (query, expected) in rows {
            for count in 0..=6 {
                let expected: Vec<_> = expected.split(' ').take(count).collect();
                assert_eq!(read(root.path(), query, count), expected, "{query} {count}");
            }
        }
    }

    #[test]
    fn times_before_1970_are_before_it() {
        let root = tempfile::tempdir_in("/dev/shm").unwrap();
        for (name, seconds) in [("a", 5i64), ("b", -5), ("c", i64::from(i32::MIN)), ("d", 0)] {
            let path = root.path().join(name);
            write(&path, "").unwrap();
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let time = if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
            File::open(&path).unwrap().set_modified(time).unwrap();
        }
        assert_eq!(read(root.path(), "sort=time", 9), ["c", "b", "d", "a"]);
        assert_eq!(read(root.path(), "sort=time&order=desc", 9), ["a", "d", "b", "c"]);
    }

    #[test]
    fn what_is_left_out_makes_room_for_others() {
        let root = tempfile::tempdir().unwrap();
        let name = |number| format!("measurement {number}");
        for number in 0..3000 {
            let path = root.path().join(name(number));
            match number % 3 {
                0 => write(path, "").unwrap(),
                1 => symlink("missing", path).unwrap(),
                _ => mknodat(CWD, path, FileType::Fifo, Mode::RUSR, 0).unwrap(),
            }
        }
        for (query, expected) in [
            ("", (0..3000).step_by(3).map(name).collect::<Vec<_>>()),
            ("order=desc", (0..3000).step_by(3).rev().map(name).collect()),
            ("sort=size", (0..3000).step_by(3).map(name).collect()),
        ] {
            for count in [1, 999, 1000, 3000] {
                let expected = &expected[..count.min(1000)];
                assert_eq!(read(root.path(), query, count), expected, "{query} {count}");
            }
        }
    }

    #[test]
    fn a_link_is_what_it_leads_to() {
        let root = tempfile::tempdir().unwrap();
        create_dir(root.path().join("directory")).unwrap();
        write(root.path().join("file"), "content").unwrap();
        symlink("directory", root.path().join("z")).unwrap();
        symlink("file", root.path().join("a")).unwrap();
        for query in ["", "sort=size", "sort=time"] {
            let read = read(root.path(), query, 9);
            assert_eq!(&read[..2].len(), &2);
            let (mut first, mut last) = (read[..2].to_vec(), read[2..].to_vec());
            first.sort();
            last.sort();
            assert_eq!(
                (first, last),
                (vec!["directory".into(), "z".into()], vec!["a".into(), "file".into()])
            );
        }
    }

    /// What the mode proves must be what the kernel says.
    #[test]
    fn mode_proves_nothing_that_the_kernel_denies() {
        let root = tempfile::tempdir().unwrap();
        let directory = openat::open_root(root.path()).unwrap();
        let own_files = OwnFiles::in_directory(directory.as_fd());
        for mode in (0..0o1000).step_by(9) {
            write(root.path().join("file"), "").unwrap();
            create_dir(root.path().join("directory")).unwrap();
            for name in [c"file", c"directory"] {
                let path = root.path().join(name.to_str().unwrap());
                std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
                let (status, permissions) = permissions::look(directory.as_fd(), name).unwrap();
                let is_proved = own_files.may_open(&status, permissions);
                let is_said = openat::may_open(directory.as_fd(), name, status.kind);
                assert!(is_said || !is_proved, "{name:?} {mode:o}");
            }
            std::fs::remove_file(root.path().join("file")).unwrap();
            std::fs::remove_dir(root.path().join("directory")).unwrap();
        }
    }
}
