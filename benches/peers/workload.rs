//! The workloads: what is asked, over how many connections.

use crate::support::site::{HUGE, SMALL, Site};
use std::io;

/// 100 KiB.
pub const MIDDLE: &str = "/100k.bin";
/// How many files of 4 KiB there are.
pub const MANY_FILES: usize = 10_000;
/// Where they lie, in one directory.
pub const MANY: &str = "/many/{file}.html";

/// One workload of the table.
pub struct Workload {
    pub name: &'static str,
    pub title: &'static str,
    pub path: &'static str,
    pub load: Load,
}

/// What puts the load on a server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// wrk on so many connections.
    Requests(usize, Answer),
    /// The same, and each server with its access log on as well.
    Logged(usize),
    /// So many connections that ask beside `idle` that rest.
    BesideIdle { busy: usize, idle: usize },
    /// So many readers at once.
    Downloads(usize),
}

/// What the answers are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 200 with the file.
    Whole,
    /// 200 with the file, and then the connection is closed.
    WholeThenClose,
    /// 200 with one of [`MANY_FILES`] files.
    OneOfMany,
    /// 304.
    NotModified,
    /// 404.
    Missing,
}

impl Answer {
    pub fn status(self) -> u16 {
        match self {
            Answer::NotModified => 304,
            Answer::Missing => 404,
            _ => 200,
        }
    }
}

pub const ALL: [Workload; 13] = [
    requests("ka-1k-2", "1 KiB, 2 persistent connections", SMALL, 2, Answer::Whole),
    requests("ka-1k-16", "1 KiB, 16 persistent connections", SMALL, 16, Answer::Whole),
    requests("ka-1k-64", "1 KiB, 64 persistent connections", SMALL, 64, Answer::Whole),
    requests("ka-1k-256", "1 KiB, 256 persistent connections", SMALL, 256, Answer::Whole),
    requests("304-64", "304, 64 persistent connections", SMALL, 64, Answer::NotModified),
    requests("404-64", "404, 64 persistent connections", "/nothing.html", 64, Answer::Missing),
    requests("many-64", "10,000 files of 4 KiB at random, 64", MANY, 64, Answer::OneOfMany),
    requests("100k-16", "100 KiB, 16 persistent connections", MIDDLE, 16, Answer::Whole),
    requests("close-1k-64", "1 KiB, a connection each, 64", SMALL, 64, Answer::WholeThenClose),
    Workload {
        name: "log-1k-64",
        title: "1 KiB, 64, with and without access log",
        path: SMALL,
        load: Load::Logged(64),
    },
    downloads("big-1g-1", "1 GiB, 1 reader", 1),
    downloads("big-1g-4", "1 GiB, 4 readers", 4),
    Workload {
        name: "idle-10k",
        title: "1 KiB, 16 busy beside 10,000 idle",
        path: SMALL,
        load: Load::BesideIdle { busy: 16, idle: 10_000 },
    },
];

const fn requests(
    name: &'static str,
    title: &'static str,
    path: &'static str,
    connections: usize,
    answer: Answer,
) -> Workload {
    Workload { name, title, path, load: Load::Requests(connections, answer) }
}

const fn downloads(name: &'static str, title: &'static str, readers: usize) -> Workload {
    Workload { name, title, path: HUGE, load: Load::Downloads(readers) }
}

/// Adds the files that only these workloads ask for.
pub fn add_files(site: &Site) -> io::Result<()> {
    site.add(MIDDLE, 100 * 1024)?;
    std::fs::create_dir(site.root().join("many"))?;
    (0..MANY_FILES).try_for_each(|number| site.add(&many_path(number), 4096))
}

/// The path of one of the many files.
pub fn many_path(number: usize) -> String {
    MANY.replace("{file}", &format!("{number:05}"))
}
