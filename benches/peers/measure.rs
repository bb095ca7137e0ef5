//! One cell of a table: one server under one load for some seconds.

use crate::check::Asked;
use crate::cold;
use crate::recipes::FLOOR;
use crate::sets::{Set, UPLOAD_NAMES, listed_name};
use crate::support::browser::{self, Page};
use crate::support::idle::Idle;
use crate::support::server::Server;
use crate::support::site::{HUGE_BYTES, Site};
use crate::support::{download, wrk, wrong};
use crate::workload::{Answer, Load, Workload};
use std::fs;
use std::io;
use std::time::Instant;

/// What one measurement found. What does not apply is not a number.
#[derive(Clone, Copy)]
pub struct Cell {
    /// Requests a second; for downloads, GB a second.
    pub rate: f64,
    /// Server CPU: microseconds a request; for downloads, milliseconds a GB.
    pub cpu: f64,
    /// Microseconds; of a whole page where browsers ask.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
    pub errors: u64,
    /// Bytes of the server's memory at the end.
    pub memory: u64,
}

/// What the measurements of one run have in common.
pub struct Measure<'a> {
    pub site: &'a Site,
    pub seconds: u64,
    /// How many connections rest where the workload has some at rest.
    pub idle: usize,
}

impl Measure<'_> {
    /// Measures `workload`, asking what `asked` says.
    pub fn cell(&self, server: &Server, workload: &Workload, asked: &Asked) -> io::Result<Cell> {
        match workload.load {
            Load::Downloads(readers) => self.downloads(server, workload, readers),
            Load::Requests(connections, answer) => {
                self.requests(server, workload, connections, answer, &asked.fields)
            }
            Load::Pages { browsers, .. } => {
                let page = asked.page.as_ref().ok_or_else(|| wrong("there is no page"))?;
                self.pages(server, page, browsers)
            }
            Load::Once(connections, set) => self.once(server, connections, &set),
            Load::BesideIdle { busy, .. } => self.beside_idle(server, workload, busy),
        }
    }

    /// The busy connections of a workload without those at rest.
    pub fn alone(&self, server: &Server, workload: &Workload, busy: usize) -> io::Result<Cell> {
        self.requests(server, workload, busy, Answer::Whole, &[])
    }

    fn beside_idle(&self, server: &Server, workload: &Workload, busy: usize) -> io::Result<Cell> {
        let body = match server.name.as_str() {
            FLOOR => vec![b'x'; 1024],
            _ => fs::read(self.site.file(workload.path))?,
        };
        let mut idle = Idle::hold(server.address, self.idle, workload.path, &body)?;
        let cell = self.requests(server, workload, busy, Answer::Whole, &[])?;
        idle.ask_each(workload.path, &body)?;
        Ok(cell)
    }

    fn requests(
        &self,
        server: &Server,
        workload: &Workload,
        connections: usize,
        answer: Answer,
        fields: &[String],
    ) -> io::Result<Cell> {
        let load = wrk::Load {
            connections,
            seconds: self.seconds,
            path: workload.path.to_owned(),
            files: match answer {
                Answer::OneOf(set) => set.count,
                Answer::Stored(_) => UPLOAD_NAMES,
                _ => 0,
            },
            upload: match answer {
                Answer::Stored(bytes) => Some(bytes),
                _ => None,
            },
            fields: fields.to_vec(),
            status: answer.status(),
            body_bytes: self.body_bytes(workload, answer)?,
        };
        let before = server.cpu();
        let figures = wrk::run(server.address, &load, self.site.scratch())?;
        let spent = server.cpu() - before;
        Ok(Cell {
            rate: figures.requests as f64 / figures.seconds,
            cpu: spent.as_secs_f64() * 1e6 / figures.requests as f64,
            p50: figures.p50,
            p99: figures.p99,
            errors: figures.errors,
            memory: server.memory(),
        })
    }

    fn body_bytes(&self, workload: &Workload, answer: Answer) -> io::Result<u64> {
        match answer {
            Answer::Whole | Answer::WholeThenClose => {
                Ok(fs::metadata(self.site.file(workload.path))?.len())
            }
            Answer::OneOf(set) => Ok(set.bytes),
            // At least the name of each entry.
            Answer::Listing(entries) => Ok((entries * listed_name(0).len()) as u64),
            Answer::NotModified | Answer::Missing | Answer::Stored(_) => Ok(0),
        }
    }

    fn pages(&self, server: &Server, page: &Page, browsers: usize) -> io::Result<Cell> {
        let before = server.cpu();
        let browsed = browser::browse(server.address, page, browsers, self.seconds)?;
        let spent = server.cpu() - before;
        let requests = (browsed.times.len() * page.requests.len()) as f64;
        Ok(Cell {
            rate: requests / browsed.seconds,
            cpu: spent.as_secs_f64() * 1e6 / requests,
            p50: browsed.percentile(0.5),
            p99: browsed.percentile(0.99),
            errors: 0,
            memory: server.memory(),
        })
    }

    fn once(&self, server: &Server, connections: usize, set: &Set) -> io::Result<Cell> {
        let before = server.cpu();
        let start = Instant::now();
        let requests = cold::ask_once(server, connections, set)? as f64;
        let seconds = start.elapsed().as_secs_f64();
        let spent = server.cpu() - before;
        Ok(Cell {
            rate: requests / seconds,
            cpu: spent.as_secs_f64() * 1e6 / requests,
            p50: f64::NAN,
            p99: f64::NAN,
            errors: 0,
            memory: server.memory(),
        })
    }

    fn downloads(&self, server: &Server, workload: &Workload, readers: usize) -> io::Result<Cell> {
        let before = server.cpu();
        let start = Instant::now();
        download::discard(server.address, workload.path, readers, HUGE_BYTES)?;
        let seconds = start.elapsed().as_secs_f64();
        let spent = server.cpu() - before;
        let gigabytes = (readers as u64 * HUGE_BYTES) as f64 / 1e9;
        Ok(Cell {
            rate: gigabytes / seconds,
            cpu: spent.as_secs_f64() * 1e3 / gigabytes,
            p50: f64::NAN,
            p99: f64::NAN,
            errors: 0,
            memory: server.memory(),
        })
    }
}
