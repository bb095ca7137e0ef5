//! The program as the programs of others meet it, with all that it logs.

use super::{Lines, PROGRAM, Program};
use rustix::process::Signal;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Command;

/// A running tinyhttpd, which logs every socket call and every request.
pub struct Served {
    program: Program,
    /// Its log as it comes.
    pub log: Lines,
}

impl Served {
    /// Serves `root` on a free port.
    pub fn start(root: &Path, options: &[&str]) -> Served {
        Served::spawn(Command::new(PROGRAM), root, options)
    }

    /// The same where `command` runs the program with what is added to it.
    pub fn spawn(mut command: Command, root: &Path, options: &[&str]) -> Served {
        command.args(["--port", "0", "--root"]).arg(root).args(options);
        command.env("RUST_LOG", "tinyhttpd=trace,access=info");
        let mut program = Program::spawn(&mut command);
        let log = program.lines();
        Served { program, log }
    }

    /// The URL of a path that starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Host and port.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Has the server finish what it does, and returns all it has logged.
    pub fn stop(mut self) -> Log {
        self.signal(Signal::TERM);
        let status = self.program.wait();
        assert!(status.success(), "{status}");
        Log(self.log.wait_for_end())
    }
}

impl Deref for Served {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Served {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

/// What the server has logged, line by line.
#[derive(Debug)]
pub struct Log(pub Vec<String>);

impl Log {
    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        let accepts = self.0.iter().filter(|line| line.contains(" accept: "));
        accepts.count()
    }

    /// All requests in the order in which their answers ended.
    pub fn requests(&self) -> Vec<Request> {
        let lines = self.0.iter();
        lines.filter_map(|line| Request::parse(line)).collect()
    }

    /// The requests for `target`.
    pub fn requests_for(&self, target: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.target == target);
        requests
    }

    /// The statuses of all requests for `target`.
    pub fn statuses(&self, target: &str) -> Vec<u16> {
        let requests = self.requests_for(target);
        requests.iter().map(|request| request.status).collect()
    }
}

/// One line of the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub target: String,
    pub status: u16,
    pub body_bytes: u64,
}

impl Request {
    fn parse(line: &str) -> Option<Request> {
        let mut parts = line.split('"');
        let (peer, request_line) = (parts.next()?, parts.next()?);
        let mut numbers = parts.next()?.split_whitespace();
        peer.starts_with("127.0.0.1 - - [").then_some(())?;
        Some(Request {
            target: request_line.split(' ').nth(1)?.to_owned(),
            status: numbers.next()?.parse().ok()?,
            body_bytes: numbers.next()?.parse().ok()?,
        })
    }
}
