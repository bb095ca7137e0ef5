//! Requests a second and CPU a request by the number of connections that are open.
//!
//! Never more than 64 requests are in flight, so that what differs is only how many connections
//! there are: first 64 of them ask while all others rest, as most do that a browser holds; then all
//! of them ask in turn, the one that has rested longest next, which is the worst for caches.

use crate::cells::{self, Cell, Row};
use crate::crowd::{Crowd, IN_FLIGHT};
use crate::fleet::Fleet;
use crate::stage::Stage;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

const COUNTS: [usize; 5] = [10, 100, 1000, 10_000, 60_000];

/// Connections to some processes.
struct Setting {
    fleet: Rc<Fleet>,
    crowd: Rc<RefCell<Crowd>>,
    everyone: bool,
}

pub fn measure(stage: &Stage) -> io::Result<()> {
    println!("connections: 1 KiB, {IN_FLIGHT} requests in flight at most\n");
    let limit = stage.connections_max();
    let counts = COUNTS.map(|count| stage.options.scaled(count).max(IN_FLIGHT.min(count)));
    let mut rows = Vec::new();
    let mut crowds = 0;
    let mut add = |processes: usize, count: usize| -> io::Result<()> {
        let fleet = Rc::new(Fleet::on_one_port(stage, processes)?);
        let crowd = Crowd::gather(stage, fleet.address(), count, crowds)?;
        let crowd = Rc::new(RefCell::new(crowd));
        crowds += 1;
        for everyone in [false, true] {
            let line = name(processes, everyone);
            let setting = Setting { fleet: fleet.clone(), crowd: crowd.clone(), everyone };
            rows.push(Row::new(&line, count, setting));
        }
        Ok(())
    };
    let (few, many) = counts.split_at(counts.partition_point(|count| *count <= limit));
    few.iter().try_for_each(|count| add(1, *count))?;
    for &count in many {
        // The fleet's own lines need a second point: the last that one process can do.
        let processes = count.div_ceil(limit);
        println!(
            "{count} connections are more than the descriptors of one process: {processes} share \
             the port by --reuse-port\n"
        );
        few.last().into_iter().try_for_each(|last| add(processes, *last))?;
        add(processes, count)?;
    }
    cells::take_turns(&mut rows, stage.options.rounds, |setting| setting.ask(stage))?;
    cells::print("connections", &rows, &[], |_| Vec::new());
    let title = "Connections: 1 KiB, 64 requests in flight";
    let axis = cells::axis("open connections", &rows);
    stage.plot("connections", title, &axis, &cells::panels(&rows))
}

fn name(processes: usize, everyone: bool) -> String {
    let who = if everyone { "all in turn" } else { "64, others rest" };
    match processes {
        1 => who.to_owned(),
        _ => format!("{processes} processes: {who}"),
    }
}

impl Setting {
    fn ask(&mut self, stage: &Stage) -> io::Result<Cell> {
        let before = self.fleet.cpu();
        let answered = self.crowd.borrow_mut().ask(self.everyone, stage.options.seconds)?;
        let spent = self.fleet.cpu() - before;
        Ok(Cell { rate: answered.rate, cpu: spent.as_secs_f64() * 1e6 / answered.requests as f64 })
    }
}
