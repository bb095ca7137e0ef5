//! Requests a second and CPU a request by the number of files.

use crate::cells::{self, Cell, Row};
use crate::fleet::Fleet;
use crate::stage::Stage;
use crate::support::server::Server;
use crate::support::table::figure;
use crate::support::{tree, wrk};
use std::io;

const COUNTS: [usize; 5] = [100, 1000, 10_000, 100_000, 1_000_000];
const CONNECTIONS: usize = 64;

pub fn measure(stage: &Stage) -> io::Result<()> {
    let counts = COUNTS.map(|count| scaled(stage, count));
    stage.need_files(counts[COUNTS.len() - 1])?;
    println!(
        "files: {} bytes each, in directories of 1,000, asked for at random on {CONNECTIONS} \
         connections; each was asked for once before\n",
        tree::BYTES
    );
    let mut rows = Vec::new();
    for (line, more) in
        [("--cache-size 64M (default)", &[] as &[&str]), ("--cache-size 2G", LARGE_CACHE)]
    {
        for count in counts {
            let fleet = Fleet::single(stage, more)?;
            tree::ask_for_all(fleet.address(), count)?;
            rows.push(Row::new(line, count, (fleet, count)));
        }
    }
    cells::take_turns(&mut rows, stage.options.rounds, |(fleet, count)| ask(stage, fleet, *count))?;
    cells::print("files", &rows, &["MiB"], |(fleet, _)| {
        let bytes: u64 = fleet.servers.iter().map(Server::memory).sum();
        vec![figure(bytes as f64 / f64::from(1 << 20))]
    });
    let title = "Files of 100 bytes, asked for at random";
    stage.plot("files", title, &cells::axis("files", &rows), &cells::panels(&rows))
}

const LARGE_CACHE: &[&str] = &["--cache-size", "2G"];

/// `count` files, and no fewer than a hundred, scaled as the user asked.
fn scaled(stage: &Stage, count: usize) -> usize {
    stage.options.scaled(count).max(count.min(COUNTS[0]))
}

fn ask(stage: &Stage, fleet: &Fleet, count: usize) -> io::Result<Cell> {
    let load = wrk::Load {
        path: tree::PATH.to_owned(),
        files: count,
        body_bytes: tree::BYTES as u64,
        ..stage.small_load(CONNECTIONS)
    };
    fleet.load(fleet.address(), &load, stage)
}
