//! An instance as `docs/many-machines.md` starts it, on an address of its own; and one that takes
//! requests and answers none.

use crate::support::{Log, Served, end};
use crate::{plain, text};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

/// Where connections within this machine come from.
const PROXY: &str = "127.0.0.1";

/// A loopback address that no other test uses: a port of it that is let go of stays free.
pub fn fresh_address() -> IpAddr {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let own = std::process::id() << 8 | COUNT.fetch_add(1, Ordering::Relaxed);
    let [_, second, third, fourth] = own.to_be_bytes();
    Ipv4Addr::new(127, second.max(1), third, fourth).into()
}

/// A port of `address` that is free.
pub fn free_port(address: IpAddr) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The options of an instance, as the page on many machines has them, for an instance here.
fn options(address: IpAddr) -> Vec<String> {
    let page = text("docs/many-machines.md");
    let command = page.lines().find_map(|line| line.strip_prefix("    tinyhttpd --root /srv/www "));
    let options = command.expect("the page has the command");
    let options = options.replace("10.0.0.1", &address.to_string()).replace("10.0.0.9", PROXY);
    options.split(' ').map(str::to_owned).collect()
}

/// A running instance. Its access log is in a file.
pub struct Instance {
    served: Served,
    pub address: SocketAddr,
    root: TempDir,
    desk: TempDir,
}

impl Instance {
    /// Serves `root`, with further options.
    pub fn start(root: TempDir, further: &[&str]) -> Instance {
        let ip = fresh_address();
        let address = SocketAddr::new(ip, free_port(ip));
        let desk = TempDir::new().expect("a temporary directory");
        let served = serve(root.path(), address, desk.path(), further);
        Instance { served, address, root, desk }
    }

    /// The same, but that it drains until it is told a second time to stop.
    pub fn start_to_drain_for_ever(root: TempDir) -> Instance {
        Instance::start(root, &["--drain", "1000000"])
    }

    /// Starts the program again, at the same address.
    pub fn restart(self) -> Instance {
        let Instance { served, address, root, desk } = self;
        drop(served);
        let served = serve(root.path(), address, desk.path(), &[]);
        Instance { served, address, root, desk }
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.served.child), signal).expect("it is running");
    }

    /// Waits for the program's end.
    pub fn wait(&mut self) {
        self.served.child.wait().expect("a child");
    }

    pub fn kill(&mut self) {
        end(&mut self.served.child);
    }

    /// The requests that were answered so far, also by the programs at this address before.
    pub fn requests(&self) -> Vec<Request> {
        let text = fs::read_to_string(self.desk.path().join("access.log")).expect("a log");
        text.lines().filter_map(Request::parse).collect()
    }

    /// Stops it, and returns the log of its socket calls.
    pub fn stop(mut self) -> Log {
        // Which does not drain.
        self.signal(Signal::INT);
        self.wait();
        Log(self.served.log.wait_for_end())
    }
}

fn serve(root: &Path, address: SocketAddr, desk: &Path, further: &[&str]) -> Served {
    let (mut options, log) = (options(address.ip()), desk.join("access.log"));
    // An option that stands twice is bad usage.
    for option in further.iter().filter(|option| option.starts_with("--")) {
        if let Some(at) = options.iter().position(|own| own == option) {
            options.drain(at..at + 2);
        }
    }
    options.extend(further.iter().map(|&option| option.to_owned()));
    options.extend(["--access-log", plain(&log)].map(str::to_owned));
    // `Served` asks for any free port.
    let mut command = Command::new("sh");
    let script = format!("shift 2; exec \"$0\" --port {} \"$@\"", address.port());
    command.args(["-c", &script, env!("CARGO_BIN_EXE_tinyhttpd")]);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    Served::spawn(command, root, &options)
}

/// One line of the access log.
#[derive(Clone, Debug)]
pub struct Request {
    pub client: String,
    pub method: String,
    pub status: u16,
    pub body_bytes: u64,
}

impl Request {
    fn parse(line: &str) -> Option<Request> {
        let mut parts = line.split('"');
        let (client, request_line) = (parts.next()?.split(' ').next()?, parts.next()?);
        let mut numbers = parts.next()?.split_whitespace();
        Some(Request {
            client: client.to_owned(),
            method: request_line.split(' ').next()?.to_owned(),
            status: numbers.next()?.parse().ok()?,
            body_bytes: numbers.next().map_or(0, |count| count.parse().unwrap_or(0)),
        })
    }
}

/// What says on the health path that it is well, and closes each other request's connection without
/// an answer, as an instance does that is killed; but where the target has `busy` in it, the answer
/// is 503.
pub struct Dying {
    pub address: SocketAddr,
    methods: Arc<Mutex<Vec<String>>>,
}

impl Dying {
    /// It runs until the test's process ends.
    pub fn start() -> Dying {
        let listener = TcpListener::bind((fresh_address(), 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let methods = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&methods);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, seen) = (stream.expect("a connection"), Arc::clone(&seen));
                thread::spawn(move || attend(stream, &seen));
            }
        });
        Dying { address, methods }
    }

    /// How many requests with this method it has seen.
    pub fn count(&self, method: &str) -> usize {
        let methods = self.methods.lock().expect("no panic");
        methods.iter().filter(|&seen| seen == method).count()
    }
}

fn attend(stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(request_line) = lines.next() else { return };
    lines.find(String::is_empty);
    let answer = |status| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // The proxy may be gone.
        (&stream).write_all(head.as_bytes()).ok();
    };
    if request_line.contains(" /health ") {
        return answer("200 OK");
    }
    let method = request_line.split(' ').next().unwrap_or_default().to_owned();
    seen.lock().expect("no panic").push(method);
    if request_line.contains("busy") {
        answer("503 Service Unavailable");
    }
}
