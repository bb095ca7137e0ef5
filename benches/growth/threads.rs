//! Requests a second and CPU a request by the number of threads.

use crate::cells::{self, Row};
use crate::fleet::{self, Fleet};
use crate::stage::Stage;
use std::io;

const THREADS: [usize; 6] = [1, 2, 4, 8, 16, 64];
const CONNECTIONS: usize = 64;

pub fn measure(stage: &Stage) -> io::Result<()> {
    println!("threads: 1 KiB on {CONNECTIONS} connections\n");
    let mut rows = Vec::new();
    for (line, more) in [("kept file", &[] as &[&str]), ("--cache-size 0", &["--cache-size", "0"])]
    {
        for count in THREADS {
            let count_text = count.to_string();
            let more = [&["--threads", &count_text], more].concat();
            let fleet = Fleet::single(stage, &more)?;
            fleet::check(fleet.address(), stage)?;
            rows.push(Row::new(line, count, fleet));
        }
    }
    let load = stage.small_load(CONNECTIONS);
    cells::take_turns(&mut rows, stage.options.rounds, |fleet| {
        fleet.load(fleet.address(), &load, stage)
    })?;
    cells::print("threads", &rows, &[], |_| Vec::new());
    let title = "Threads: 1 KiB, 64 connections";
    stage.plot("threads", title, &cells::axis("--threads", &rows), &cells::panels(&rows))
}
