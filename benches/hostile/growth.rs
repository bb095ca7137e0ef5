//! A hundred thousand connections of all kinds, after which nothing may be left of them.

use crate::Stage;
use crate::kinds::KINDS;
use crate::support::recipe::{OURS, Recipe};
use crate::support::server::Server;
use crate::support::table;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const CONNECTIONS: usize = 100_000;
/// Before the first count, so that what a server keeps on purpose is there: threads, an open file,
/// free memory.
const WARM_UP: usize = 5000;
const CLIENTS: usize = 8;
/// Bytes of memory that may be left of one connection: less than anything a server could remember
/// of it.
const BYTES_LEFT_MAX: u64 = 64;
/// How long to wait between two counts.
const MOMENT: Duration = Duration::from_millis(50);
/// How often the descriptors are counted until the last connections have ended.
const COUNTS_MAX: usize = 600;

/// What a server holds.
struct Holding {
    descriptors: usize,
    threads: usize,
    memory: u64,
}

/// How one server fared.
struct Outcome {
    before: Holding,
    /// The most of each that was seen.
    during: Holding,
    after: Holding,
    /// What each connection that did not go as it should says of it.
    complaints: Vec<String>,
}

/// Counts what each server holds before and after. Returns what failed: tinyhttpd's growth, and
/// answers that any server owes.
pub fn show(stage: &Stage) -> io::Result<Vec<String>> {
    let count = stage.options.scaled(CONNECTIONS);
    println!("{count} connections of {} kinds:\n", KINDS.len());
    let mut failures = Vec::new();
    let mut rows = Vec::new();
    for recipe in stage.recipes(1024) {
        let named = |what| format!("growth, {}: {what}", recipe.name);
        match count_growth(stage, &recipe, count) {
            Ok(outcome) => {
                rows.push(outcome.row(&recipe.name));
                failures.extend(outcome.failure(&recipe.name, count).map(named));
            }
            Err(error) => failures.push(named(error.to_string())),
        }
    }
    let headings =
        ["server, before / during / after", "descriptors", "threads", "MiB", "unanswered"];
    table::print(&headings, &rows);
    Ok(failures)
}

fn count_growth(stage: &Stage, recipe: &Recipe, count: usize) -> io::Result<Outcome> {
    let server = Server::start(recipe, stage.site.scratch())?;
    connect_all(server.address, WARM_UP.min(count), &stage.small);
    let before = settled(&server, 0);
    let (during, complaints) = thread::scope(|scope| {
        let clients = scope.spawn(|| connect_all(server.address, count, &stage.small));
        let mut most = Holding::of(&server);
        while !clients.is_finished() {
            most = most.or_more(Holding::of(&server));
            thread::sleep(MOMENT);
        }
        let panicked = |_| vec!["the clients panicked".to_owned()];
        (most, clients.join().unwrap_or_else(panicked))
    });
    Ok(Outcome { after: settled(&server, before.descriptors), before, during, complaints })
}

/// Makes `count` connections of all kinds in turn. Returns what each that did not go as it should
/// says of it.
fn connect_all(address: SocketAddr, count: usize, body: &[u8]) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    let connect = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            let (name, kind) = KINDS[number % KINDS.len()];
            if let Err(error) = kind(address, body)
                && let Ok(mut complaints) = complaints.lock()
            {
                complaints.push(format!("{name}: {error}"));
            }
        }
    };
    thread::scope(|scope| (0..CLIENTS).for_each(|_| drop(scope.spawn(connect))));
    complaints.into_inner().unwrap_or_default()
}

/// What is held once there are no more than `expected` descriptors, or, where that is 0, once many
/// counts in a row found the same. At the last count, whatever there is.
fn settled(server: &Server, expected: usize) -> Holding {
    let mut last = entries(server, "fd");
    let mut same = 0;
    for _ in 0..COUNTS_MAX {
        if last <= expected || (expected == 0 && same == 20) {
            break;
        }
        thread::sleep(MOMENT);
        let now = entries(server, "fd");
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    Holding::of(server)
}

/// The threads of all processes of `server`.
pub fn threads(server: &Server) -> usize {
    entries(server, "task")
}

fn entries(server: &Server, directory: &str) -> usize {
    let processes = server.processes().into_iter();
    processes
        .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/{directory}")).ok())
        .map(Iterator::count)
        .sum()
}

impl Holding {
    fn of(server: &Server) -> Holding {
        Holding {
            descriptors: entries(server, "fd"),
            threads: threads(server),
            memory: server.memory(),
        }
    }

    fn or_more(self, other: Holding) -> Holding {
        Holding {
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
            memory: self.memory.max(other.memory),
        }
    }
}

impl Outcome {
    /// What went wrong with `count` connections. Only tinyhttpd is held to grow by nothing: a peer
    /// may keep what it likes.
    fn failure(&self, name: &str, count: usize) -> Option<String> {
        if let Some(first) = self.complaints.first() {
            let number = self.complaints.len();
            return Some(format!("{number} connections not as they should be; {first}"));
        }
        let (before, during, after) = (&self.before, &self.during, &self.after);
        let leaks = after.memory > before.memory + BYTES_LEFT_MAX * count as u64;
        let spawns = during.threads.max(after.threads) > before.threads;
        let grown = after.descriptors > before.descriptors || leaks || spawns;
        (name == OURS && grown).then(|| "it has grown".to_owned())
    }

    fn row(&self, name: &str) -> Vec<String> {
        let held = [&self.before, &self.during, &self.after];
        let three = |value: fn(&Holding) -> String| held.map(value).join(" / ");
        vec![
            name.to_owned(),
            three(|holding| holding.descriptors.to_string()),
            three(|holding| holding.threads.to_string()),
            three(|holding| table::figure(holding.memory as f64 / f64::from(1 << 20))),
            self.complaints.len().to_string(),
        ]
    }
}
