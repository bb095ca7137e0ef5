//! Some processes of tinyhttpd that serve the same files.

use crate::cells::Cell;
use crate::stage::Stage;
use crate::support::recipe::{Recipe, tinyhttpd};
use crate::support::server::Server;
use crate::support::{client::Client, site::SMALL, wrk, wrong};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub struct Fleet {
    pub servers: Vec<Server>,
}

impl Fleet {
    /// One process with `more` arguments.
    pub fn single(stage: &Stage, more: &[&str]) -> io::Result<Fleet> {
        let server = Server::start(&recipe(stage, 0, more), stage.site.scratch())?;
        Ok(Fleet { servers: vec![server] })
    }

    /// `count` processes that share a port.
    pub fn on_one_port(stage: &Stage, count: usize) -> io::Result<Fleet> {
        let mut fleet = Fleet::single(stage, &["--reuse-port"])?;
        let port = fleet.servers[0].address.port();
        for _ in 1..count {
            let recipe = recipe(stage, port, &["--reuse-port"]);
            fleet.servers.push(Server::start(&recipe, stage.site.scratch())?);
        }
        Ok(fleet)
    }

    /// `count` processes, each on a port of its own.
    pub fn on_own_ports(stage: &Stage, count: usize) -> io::Result<Fleet> {
        let start = |_| Server::start(&recipe(stage, 0, &[]), stage.site.scratch());
        Ok(Fleet { servers: (0..count).map(start).collect::<io::Result<_>>()? })
    }

    /// Where the first process listens.
    pub fn address(&self) -> SocketAddr {
        self.servers[0].address
    }

    pub fn cpu(&self) -> Duration {
        self.servers.iter().map(Server::cpu).sum()
    }

    /// One measurement with wrk, which asks at `address`.
    pub fn load(&self, address: SocketAddr, load: &wrk::Load, stage: &Stage) -> io::Result<Cell> {
        let before = self.cpu();
        let figures = wrk::run(address, load, stage.site.scratch())?;
        let spent = self.cpu() - before;
        match figures.errors {
            0 => Ok(Cell {
                rate: figures.requests as f64 / figures.seconds,
                cpu: spent.as_secs_f64() * 1e6 / figures.requests as f64,
            }),
            errors => Err(wrong(format!("{errors} requests failed"))),
        }
    }
}

fn recipe(stage: &Stage, port: u16, more: &[&str]) -> Recipe {
    let more = [&["-q"], more].concat();
    let mut recipe = tinyhttpd("tinyhttpd", &stage.options.server, &stage.site, &more);
    if let Some(place) = recipe.arguments.iter().position(|argument| argument == "--port") {
        recipe.arguments[place + 1] = port.to_string();
    }
    recipe
}

/// Fails unless the small file is answered with its bytes at `address`.
pub fn check(address: SocketAddr, stage: &Stage) -> io::Result<()> {
    let answer = Client::connect(address)?.get(SMALL, "")?;
    match answer.status {
        200 if answer.body == fs::read(stage.site.file(SMALL))? => Ok(()),
        status => Err(wrong(format!("other bytes, status {status}"))),
    }
}
