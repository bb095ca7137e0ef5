//! What processes have used, as `/proc` tells it.

use std::fs;
use std::time::Duration;

/// The kernel shows times in these parts of a second on every architecture (USER_HZ).
const TICKS_PER_SECOND: u64 = 100;

/// The process `root` and all its descendants.
pub fn tree(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> =
        numbers_in("/proc").filter_map(|pid| Some((pid, stat_field(pid, 1)? as u32))).collect();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(c, _)| c));
        next += 1;
    }
    found
}

/// User and system time of all of `processes` so far.
pub fn cpu(processes: &[u32]) -> Duration {
    processes.iter().map(|&pid| cpu_of(pid)).sum()
}

/// The larger of two times that never say too much: the process's, in ticks but with its ended
/// threads, and the sum over its living threads, in nanoseconds.
fn cpu_of(pid: u32) -> Duration {
    let ticks = stat_field(pid, 11).unwrap_or(0) + stat_field(pid, 12).unwrap_or(0);
    let nanoseconds = numbers_in(&format!("/proc/{pid}/task"))
        .filter_map(|task| fs::read_to_string(format!("/proc/{pid}/task/{task}/schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND).max(Duration::from_nanos(nanoseconds))
}

/// Bytes that `processes` have had read from the disk so far (`/proc/PID/io` in proc(5)).
pub fn read_from_disk(processes: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let lines = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
        lines.lines().find_map(|line| line.strip_prefix("read_bytes: "))?.parse::<u64>().ok()
    };
    processes.iter().filter_map(of).sum()
}

/// Bytes of memory that `processes` use. A page that several processes share counts in parts (PSS),
/// so that a server of many processes is not charged for it many times.
pub fn memory(processes: &[u32]) -> u64 {
    processes.iter().filter_map(|&pid| memory_of(pid)).sum()
}

fn memory_of(pid: u32) -> Option<u64> {
    let lines = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = lines.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// A numeric field of `/proc/PID/stat`, counted from the one after the command's name: 1 is the
/// parent, 11 and 12 user and system time.
fn stat_field(pid: u32, index: usize) -> Option<u64> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = &line[line.rfind(')')? + 2..];
    after_name.split(' ').nth(index)?.parse().ok()
}

/// The entries of a directory that are numbers.
fn numbers_in(directory: &str) -> impl Iterator<Item = u32> + use<> {
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
