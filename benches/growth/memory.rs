//! What each further connection, kept file and listener costs in memory: the server's proportional
//! set size with many of them, less that with few, divided by how many came in between.

use crate::crowd::Crowd;
use crate::fleet::Fleet;
use crate::stage::Stage;
use crate::support::plot::lines::{Axis, Line, Panel, Point, Scale};
use crate::support::server::Server;
use crate::support::table::{self, figure, median};
use crate::support::tree;
use std::io;

const CONNECTIONS: [usize; 4] = [10, 100, 1000, 10_000];
const FILES: [usize; 4] = [100, 1000, 10_000, 100_000];
const LISTENERS: [usize; 4] = [1, 10, 100, 200];

/// One thing that is counted.
struct Subject {
    name: &'static str,
    /// Its name in the plot.
    many: &'static str,
    counts: [usize; 4],
    /// Bytes of a server that holds so many.
    weigh: fn(&Stage, usize) -> io::Result<u64>,
    /// Bytes by count, one list a round.
    rounds: Vec<[u64; 4]>,
}

pub fn measure(stage: &Stage) -> io::Result<()> {
    println!("memory: each number of each thing in a server of its own\n");
    let scaled = |counts: [usize; 4]| counts.map(|count| stage.options.scaled(count));
    let subject =
        |name, many, counts, weigh| Subject { name, many, counts, weigh, rounds: Vec::new() };
    let mut subjects = [
        subject("connection at rest", "connections at rest", scaled(CONNECTIONS), with_connections),
        subject("kept file of 100 bytes", "kept files of 100 bytes", scaled(FILES), with_files),
        subject("listener", "listeners", LISTENERS, with_listeners),
    ];
    stage.need_files(subjects[1].counts[3])?;
    for _ in 0..stage.options.rounds {
        for subject in &mut subjects {
            let mut bytes = [0; 4];
            for (bytes, count) in bytes.iter_mut().zip(subject.counts) {
                *bytes = (subject.weigh)(stage, count)?;
            }
            subject.rounds.push(bytes);
        }
    }
    table::print(
        &["a further", "from", "to", "bytes", "lowest round", "highest round"],
        &subjects.iter().map(Subject::row).collect::<Vec<_>>(),
    );
    draw(stage, &subjects)
}

fn with_connections(stage: &Stage, count: usize) -> io::Result<u64> {
    let fleet = Fleet::single(stage, &[])?;
    let _crowd = Crowd::gather(stage, fleet.address(), count, 15)?;
    Ok(fleet.servers.iter().map(Server::memory).sum())
}

fn with_files(stage: &Stage, count: usize) -> io::Result<u64> {
    let fleet = Fleet::single(stage, &["--cache-size", "2G"])?;
    tree::ask_for_all(fleet.address(), count)?;
    Ok(fleet.servers.iter().map(Server::memory).sum())
}

fn with_listeners(stage: &Stage, count: usize) -> io::Result<u64> {
    let addresses: Vec<String> = (2..=count).map(|number| format!("127.0.1.{number}")).collect();
    let more = addresses.iter().flat_map(|address| ["--bind", address]);
    let more: Vec<&str> = ["--bind", "127.0.0.1"].into_iter().chain(more).collect();
    let fleet = Fleet::single(stage, &more)?;
    Ok(fleet.servers.iter().map(Server::memory).sum())
}

impl Subject {
    fn row(&self) -> Vec<String> {
        let (few, many) = (self.counts[0], self.counts[3]);
        let each = |bytes: &[u64; 4]| (bytes[3] as f64 - bytes[0] as f64) / (many - few) as f64;
        let all = || self.rounds.iter().map(each);
        vec![
            self.name.to_owned(),
            few.to_string(),
            many.to_string(),
            figure(median(all())),
            figure(all().fold(f64::NAN, f64::min)),
            figure(all().fold(f64::NAN, f64::max)),
        ]
    }

    fn line(&self) -> Line {
        let point = |(place, count): (usize, usize)| {
            let values =
                || self.rounds.iter().map(|bytes| bytes[place] as f64 / f64::from(1 << 20));
            Point {
                x: count as f64,
                y: median(values()),
                low: values().fold(f64::NAN, f64::min),
                high: values().fold(f64::NAN, f64::max),
            }
        };
        let points = self.counts.into_iter().enumerate().map(point).collect();
        Line { name: self.many.to_owned(), points }
    }
}

fn draw(stage: &Stage, subjects: &[Subject]) -> io::Result<()> {
    let mut marks = Vec::new();
    let most = subjects.iter().flat_map(|subject| subject.counts).max().unwrap_or(1);
    let mut mark = 1;
    while mark <= most {
        marks.push(mark as f64);
        mark *= 10;
    }
    let lines = subjects.iter().map(Subject::line).collect();
    let panel = Panel { label: "server's memory, MiB", scale: Scale::Logarithmic, lines };
    let axis = Axis { label: "how many of them", marks };
    stage.plot("memory", "Memory", &axis, &[panel])
}
