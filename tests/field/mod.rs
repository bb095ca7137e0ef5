//! The server as other people's programs meet it: the spawned binary, its log, and those programs,
//! where they are installed.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Ends a test whose event never comes; none that passes takes nearly as long.
const HANG_TIME: Duration = Duration::from_secs(120);

/// Where a program is. `None` where it is not installed, and stderr says so; with CI in the
/// environment, that fails the test.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<_> = std::env::split_paths(&path).collect();
    directories.push("/usr/sbin".into());
    let found =
        directories.iter().map(|directory| directory.join(program)).find(|file| file.is_file());
    if found.is_none() {
        let test = thread::current().name().unwrap_or_default().to_owned();
        // Past the test harness, which shows nothing of a test that passes.
        writeln!(io::stderr(), "NOT TESTED: {test}: {program} is missing").expect("stderr");
        assert!(std::env::var_os("CI").is_none(), "{program} is missing");
    }
    found
}

/// Runs a program to its end, and returns what it wrote to stdout and then to stderr. It must
/// succeed.
pub fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new("timeout")
        .arg(HANG_TIME.as_secs().to_string())
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("timeout, of coreutils");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let name = program.display();
    assert!(output.status.success(), "{name} {arguments:?}: {text}");
    text
}

/// `length` bytes in which each line is its own offset.
pub fn numbered(length: usize) -> Vec<u8> {
    (0..length.div_ceil(8))
        .flat_map(|line| format!("{:07}\n", line * 8 % 10_000_000).into_bytes())
        .take(length)
        .collect()
}

/// A running tinyhttpd, which logs every socket call and every request.
pub struct Served {
    pub child: Child,
    url: String,
    /// Its log as it comes.
    pub log: Lines,
}

impl Served {
    /// Serves `root` on a free port.
    pub fn start(root: &Path, options: &[&str]) -> Served {
        Served::spawn(Command::new(env!("CARGO_BIN_EXE_tinyhttpd")), root, options)
    }

    /// The same where `command` runs the program with what is added to it.
    pub fn spawn(mut command: Command, root: &Path, options: &[&str]) -> Served {
        let mut child = command
            .args(["--port", "0", "--root"])
            .arg(root)
            .args(options)
            .env("RUST_LOG", "tinyhttpd=trace,access=info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let log = Lines::of(child.stderr.take().expect("piped"));
        let mut stdout = Lines::of(child.stdout.take().expect("piped"));
        let first = stdout.wait_for("listening on http://");
        Served { child, url: first["listening on ".len()..].trim_end_matches('/').to_owned(), log }
    }

    /// The URL of a path that starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Has the server finish what it does, and returns all it has logged.
    pub fn stop(mut self) -> Log {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it is running");
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "{status}");
        Log(self.log.wait_for_end())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Kills a child that may have ended already.
pub fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        child.kill().expect("a child of ours can be killed");
        child.wait().expect("a killed child ends");
    }
}

/// The lines that a child writes.
pub struct Lines {
    coming: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    /// Reads them as they come, so that the child is never held up.
    pub fn of(output: impl io::Read + Send + 'static) -> Lines {
        let (sender, coming) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                // Where nobody listens any more, the child must be able to go on writing.
                sender.send(String::from_utf8_lossy(&line).into_owned()).ok();
            }
        });
        Lines { coming, seen: Vec::new() }
    }

    /// Waits for the next line that contains `text`.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line = self.coming.recv_timeout(HANG_TIME);
            let line = line.unwrap_or_else(|error| panic!("no {text}: {error}: {:#?}", self.seen));
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits until the child has ended, and returns all lines.
    pub fn wait_for_end(&mut self) -> Vec<String> {
        self.seen.extend(self.coming.iter());
        std::mem::take(&mut self.seen)
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

/// Writes a file of the site, and its directories.
pub fn write(root: &Path, name: &str, content: &[u8]) {
    let file = root.join(name);
    let parent = file.parent().expect("a file is in a directory");
    fs::create_dir_all(parent).expect("a directory to write in");
    fs::write(file, content).expect("a file to write");
}
