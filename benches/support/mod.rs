//! What the benchmarks share: a document root, servers as child processes, clients, tables, plots.
//!
//! Nothing here judges a time. A benchmark fails only where a server does not answer, answers other
//! bytes, or grows.

pub mod browser;
pub mod client;
pub mod download;
pub mod idle;
pub mod options;
pub mod plot;
pub mod recipe;
pub mod ring;
pub mod server;
pub mod site;
pub mod table;
pub mod tree;
pub mod usage;
pub mod wrk;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;
use std::path::{Path, PathBuf};

/// The descriptors this process may open, after its soft limit was raised to the hard one. Children
/// inherit it.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit { current: maximum, maximum };
    setrlimit(Resource::Nofile, raised)?;
    Ok(maximum.unwrap_or(u64::MAX))
}

/// `wanted` connections, or as many as `descriptors` allow with some to spare. Says so where they
/// are fewer.
pub fn affordable(wanted: usize, descriptors: u64) -> usize {
    let spare = 512;
    let most = descriptors.saturating_sub(spare).min(usize::MAX as u64) as usize;
    if most < wanted {
        println!("the descriptor limit is {descriptors}: {most} connections in place of {wanted}");
    }
    wanted.min(most)
}

/// The program named `name` in PATH or in the system's own directories, where Debian puts servers.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin", "/usr/local/sbin"])
        .map(|directory| Path::new(directory).join(name))
        .find(|candidate| candidate.is_file())
}

/// Leaves this program, and what it starts from now on, only the second of the cores that it has.
/// Returns the first.
pub fn leave_first_core() -> io::Result<usize> {
    let have = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| have.is_set(core));
    let (Some(first), Some(second)) = (cores.next(), cores.next()) else {
        return Err(wrong("there is only one core"));
    };
    let mut own = CpuSet::new();
    own.set(second);
    sched_setaffinity(None, &own)?;
    Ok(first)
}

/// The machine in one line: cores and kernel.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores, Linux {}", kernel.trim())
}

/// An error that says `what` is wrong.
pub fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}
