//! Persistent connections that rest after one answer.

use super::client::{Answer, Client};
use super::wrong;
use std::io;
use std::net::SocketAddr;

/// Connections held open until this is dropped.
pub struct Idle {
    clients: Vec<Client>,
}

impl Idle {
    /// Opens `count` connections and asks for `path` once on each; fails unless each is answered
    /// with `body`.
    pub fn hold(address: SocketAddr, count: usize, path: &str, body: &[u8]) -> io::Result<Idle> {
        let clients = (0..count).map(|_| Client::connect(address));
        let mut idle = Idle { clients: clients.collect::<io::Result<_>>()? };
        idle.ask_each(path, body)?;
        Ok(idle)
    }

    /// Asks on each connection; fails at the first that was closed meanwhile or is answered with
    /// anything but `body`.
    pub fn ask_each(&mut self, path: &str, body: &[u8]) -> io::Result<()> {
        for (number, client) in self.clients.iter_mut().enumerate() {
            let failed = |why: String| wrong(format!("idle connection {number}: {why}"));
            match client.get(path, "") {
                Ok(Answer { status: 200, body: got, .. }) if got == body => (),
                Ok(answer) => return Err(failed(format!("other bytes, status {}", answer.status))),
                Err(error) => return Err(failed(error.to_string())),
            }
        }
        Ok(())
    }
}
