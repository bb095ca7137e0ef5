//! Many connections, held by some processes because a process may have only so many descriptors.

use crate::crowd_client::ARGUMENT;
use crate::stage::Stage;
use crate::support::site::SMALL;
use crate::support::wrong;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// As many for every crowd, so that all are alike, unless more are needed.
const CLIENTS: usize = 4;
/// Requests in flight of all clients.
pub const IN_FLIGHT: usize = 64;

/// Connections held until this is dropped.
pub struct Crowd {
    clients: Vec<Client>,
}

struct Client {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    connections: usize,
    in_flight: usize,
}

/// What a crowd was answered.
pub struct Answered {
    pub requests: u64,
    /// Requests a second.
    pub rate: f64,
}

impl Crowd {
    /// Opens `count` connections and asks once on each; fails unless each is answered with the
    /// small file. Crowds that live at once need each another `number`, because of their ports.
    pub fn gather(
        stage: &Stage,
        address: SocketAddr,
        count: usize,
        number: usize,
    ) -> io::Result<Crowd> {
        let clients = CLIENTS.max(count.div_ceil(stage.connections_max()));
        let part = |client| (count + client) / clients;
        let start = |client| {
            let own = (std::process::id() as usize * 16 + number) * 16 + client;
            Client::start(stage, address, [part(client), IN_FLIGHT / clients], source(own))
        };
        let clients = (0..clients).filter(|client| part(*client) > 0).map(start);
        let mut crowd = Crowd { clients: clients.collect::<io::Result<_>>()? };
        crowd.clients.iter_mut().try_for_each(|client| match client.hear()?.as_str() {
            "held" => Ok(()),
            other => Err(wrong(format!("the crowd's client says {other:?}"))),
        })?;
        Ok(crowd)
    }

    /// Lets [`IN_FLIGHT`] connections ask while the others rest or, if `everyone` shall, all of
    /// them in turn, as many at a time.
    pub fn ask(&mut self, everyone: bool, seconds: u64) -> io::Result<Answered> {
        for client in &mut self.clients {
            let active = if everyone { client.connections } else { client.in_flight };
            writeln!(client.stdin, "{active} {}", seconds * 1000)?;
            client.stdin.flush()?;
        }
        let mut answered = Answered { requests: 0, rate: 0.0 };
        for client in &mut self.clients {
            let line = client.hear()?;
            let numbers = line.split_once(' ').and_then(|(requests, microseconds)| {
                Some((requests.parse::<u64>().ok()?, microseconds.parse::<f64>().ok()?))
            });
            let (requests, microseconds) =
                numbers.ok_or_else(|| wrong(format!("the crowd's client says {line:?}")))?;
            answered.requests += requests;
            answered.rate += requests as f64 / microseconds * 1e6;
        }
        Ok(answered)
    }
}

impl Client {
    fn start(
        stage: &Stage,
        address: SocketAddr,
        [connections, in_flight]: [usize; 2],
        source: Ipv4Addr,
    ) -> io::Result<Client> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([ARGUMENT, &address.to_string(), &connections.to_string(), &source.to_string()])
            .arg(in_flight.to_string())
            .arg(stage.site.file(SMALL))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        match (stdin, stdout.map(BufReader::new)) {
            (Some(stdin), Some(stdout)) => {
                Ok(Client { process, stdin, stdout, connections, in_flight })
            }
            _ => Err(wrong("the crowd's client has no pipes")),
        }
    }

    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended on its own; in every case it is waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A loopback address for one client's connections. Those that follow are also its own.
fn source(number: usize) -> Ipv4Addr {
    let [.., high, low] = (number as u32).to_be_bytes();
    Ipv4Addr::new(127, 1 + high % 254, low, 1)
}
