//! Requests a second and CPU a request of several processes, that share a port or stand behind
//! HAProxy.

use crate::cells::{self, Row};
use crate::fleet::{self, Fleet};
use crate::stage::Stage;
use crate::support::find_program;
use crate::support::recipe::Recipe;
use crate::support::server::Server;
use crate::support::table::{figure, median};
use std::io;
use std::path::Path;

const COUNTS: [usize; 3] = [1, 2, 4];
const CONNECTIONS: usize = 64;

/// What takes part: processes, and at times a proxy before them.
struct Setting {
    fleet: Fleet,
    proxy: Option<Server>,
    /// Microseconds of the proxy's CPU a request, one a round.
    proxy_cpu: Vec<f64>,
}

pub fn measure(stage: &Stage) -> io::Result<()> {
    println!("processes: 1 KiB on {CONNECTIONS} connections; wrk's threads want the same cores\n");
    let mut rows = Vec::new();
    rows.push(row("alone", 1, Fleet::single(stage, &[])?, None));
    for count in COUNTS {
        let fleet = Fleet::on_one_port(stage, count)?;
        rows.push(row("--reuse-port", count, fleet, None));
    }
    match find_program("haproxy") {
        Some(program) => {
            for count in COUNTS {
                let fleet = Fleet::on_own_ports(stage, count)?;
                let proxy = Server::start(&haproxy(&program, &fleet), stage.site.scratch())?;
                rows.push(row("behind HAProxy", count, fleet, Some(proxy)));
            }
        }
        None => println!("NOT MEASURED: HAProxy is not installed, so no row has it\n"),
    }
    for row in &rows {
        fleet::check(row.what.address(), stage)?;
    }
    let load = stage.small_load(CONNECTIONS);
    cells::take_turns(&mut rows, stage.options.rounds, |setting| {
        let before = setting.proxy.as_ref().map(Server::cpu);
        let cell = setting.fleet.load(setting.address(), &load, stage)?;
        if let (Some(proxy), Some(before)) = (&setting.proxy, before) {
            let requests = cell.rate * load.seconds as f64;
            setting.proxy_cpu.push((proxy.cpu() - before).as_secs_f64() * 1e6 / requests);
        }
        Ok(cell)
    })?;
    cells::print("processes", &rows, &["HAProxy's CPU µs"], |setting| {
        vec![figure(median(setting.proxy_cpu.iter().copied()))]
    });
    let title = "Several processes: 1 KiB, 64 connections";
    stage.plot("processes", title, &cells::axis("processes", &rows), &cells::panels(&rows))
}

fn row(line: &str, count: usize, fleet: Fleet, proxy: Option<Server>) -> Row<Setting> {
    Row::new(line, count, Setting { fleet, proxy, proxy_cpu: Vec::new() })
}

impl Setting {
    fn address(&self) -> std::net::SocketAddr {
        self.proxy.as_ref().map_or(self.fleet.address(), |proxy| proxy.address)
    }
}

/// HAProxy before all processes of `fleet`, its connections to them kept and used for everyone.
fn haproxy(program: &Path, fleet: &Fleet) -> Recipe {
    let servers = fleet.servers.iter().enumerate();
    let servers: String =
        servers.map(|(i, server)| format!("    server s{i} {}\n", server.address)).collect();
    let configuration = format!(
        "global
    maxconn 4096
    nbthread {{workers}}
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1m
    http-reuse always
frontend in
    bind 127.0.0.1:{{port}}
    default_backend out
backend out
    balance roundrobin
{servers}"
    );
    Recipe {
        name: format!("haproxy-{}", fleet.servers.len()),
        program: program.to_owned(),
        arguments: ["-db", "-f", "{configuration}"].map(str::to_owned).to_vec(),
        configuration,
        announces: false,
        core: None,
    }
}
