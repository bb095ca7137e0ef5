//! The workloads: what is asked, over how many connections.

use crate::cold;
use crate::sets::{self, COLD, MANY, MIDDLE, PAGE, Set, TREE, UPLOADS};
use crate::support::site::{HUGE, SMALL, Site};
use std::io;

/// One workload of the table.
pub struct Workload {
    pub name: &'static str,
    pub title: &'static str,
    pub path: &'static str,
    pub load: Load,
    /// How the servers are set up for it.
    pub setting: Setting,
}

/// How servers are set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As their documentation recommends for static files.
    Plain,
    /// tinyhttpd keeps no file in memory.
    KeepsNothing,
    /// Those that can list directories.
    Lists,
    /// Those that can take files by PUT.
    Writes,
    /// With and without access log.
    Logs,
}

/// What puts the load on a server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// wrk on so many connections.
    Requests(usize, Answer),
    /// So many connections that ask beside `idle` that rest.
    BesideIdle { busy: usize, idle: usize },
    /// So many readers at once.
    Downloads(usize),
    /// So many browsers, each answered with 304 if it has all and asks for what is new.
    Pages { browsers: usize, have_all: bool },
    /// Each file of a set once over so many connections, after the server was started anew and the
    /// kernel has let go of the files.
    Once(usize, Set),
}

/// What the answers are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 200 with the file.
    Whole,
    /// 200 with the file, and then the connection is closed.
    WholeThenClose,
    /// 200 with one of a set's files.
    OneOf(Set),
    /// 304.
    NotModified,
    /// 404.
    Missing,
    /// 200 with a list of so many entries.
    Listing(usize),
    /// 201 or 204, once so many bytes have been stored.
    Stored(usize),
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

pub const ALL: [Workload; 23] = [
    requests("ka-1k-2", "1 KiB, 2 persistent connections", SMALL, 2, Answer::Whole),
    requests("ka-1k-16", "1 KiB, 16 persistent connections", SMALL, 16, Answer::Whole),
    requests("ka-1k-64", "1 KiB, 64 persistent connections", SMALL, 64, Answer::Whole),
    requests("ka-1k-256", "1 KiB, 256 persistent connections", SMALL, 256, Answer::Whole),
    requests("304-64", "304, 64 persistent connections", SMALL, 64, Answer::NotModified),
    requests("404-64", "404, 64 persistent connections", "/nothing.html", 64, Answer::Missing),
    requests("many-64", "10,000 files of 4 KiB at random, 64", MANY.path, 64, Answer::OneOf(MANY)),
    requests("100k-16", "100 KiB, 16 persistent connections", MIDDLE, 16, Answer::Whole),
    requests("close-1k-64", "1 KiB, a connection each, 64", SMALL, 64, Answer::WholeThenClose),
    requests("log-1k-64", "1 KiB, 64, with and without access log", SMALL, 64, Answer::Whole)
        .with(Setting::Logs),
    downloads("big-1g-1", "1 GiB, 1 reader", 1),
    downloads("big-1g-4", "1 GiB, 4 readers", 4),
    workload(
        "idle-10k",
        "1 KiB, 16 busy beside 10,000 idle",
        SMALL,
        Load::BesideIdle { busy: 16, idle: 10_000 },
    ),
    workload(
        "page",
        "a page and 30 assets, 6 new connections",
        PAGE,
        Load::Pages { browsers: 4, have_all: false },
    ),
    workload(
        "page-304",
        "a page and 30 assets, all 304",
        PAGE,
        Load::Pages { browsers: 4, have_all: true },
    ),
    requests("cold-64", "256 MiB of 32 KiB at random, 64", COLD.path, 64, Answer::OneOf(COLD)),
    workload("cold-disk", "256 MiB once, in no cache, 16", COLD.path, Load::Once(16, COLD)),
    requests("uncached-64", "10,000 files, --cache-size 0, 64", MANY.path, 64, Answer::OneOf(MANY))
        .with(Setting::KeepsNothing),
    requests("list-100", "a listing of 100, 16", "/list-100/", 16, Answer::Listing(100))
        .with(Setting::Lists),
    requests("list-10k", "a listing of 10,000, 2", "/list-10000/", 2, Answer::Listing(10_000))
        .with(Setting::Lists),
    requests("put-1k", "PUT of 1 KiB, 16", UPLOADS, 16, Answer::Stored(1024)).with(Setting::Writes),
    requests("put-1m", "PUT of 1 MiB, 16", UPLOADS, 16, Answer::Stored(1 << 20))
        .with(Setting::Writes),
    requests("million-64", "1,000,000 files at random, 64", TREE.path, 64, Answer::OneOf(TREE)),
];

const fn workload(
    name: &'static str,
    title: &'static str,
    path: &'static str,
    load: Load,
) -> Workload {
    Workload { name, title, path, load, setting: Setting::Plain }
}

const fn requests(
    name: &'static str,
    title: &'static str,
    path: &'static str,
    connections: usize,
    answer: Answer,
) -> Workload {
    workload(name, title, path, Load::Requests(connections, answer))
}

const fn downloads(name: &'static str, title: &'static str, readers: usize) -> Workload {
    workload(name, title, HUGE, Load::Downloads(readers))
}

impl Workload {
    const fn with(mut self, setting: Setting) -> Workload {
        self.setting = setting;
        self
    }

    /// Makes the files that it asks for.
    pub fn make_files(&self, site: &Site) -> io::Result<()> {
        match self.load {
            Load::Requests(_, Answer::OneOf(set)) => set.make(site),
            Load::Once(_, set) => cold::make(&set, site),
            Load::Requests(_, Answer::Listing(entries)) => sets::make_listed(site, entries),
            Load::Requests(_, Answer::Stored(_)) => sets::make_writable(site),
            Load::Pages { .. } => sets::make_page(site),
            _ => sets::make_single(site, self.path),
        }
    }
}
