//! What the wire tests share: a server in this process, the program as a user runs it, and a client
//! with verbs.

use nix::sys::socket::sockopt::TcpMaxSeg;
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tinyhttpd::server::{BindAddress, Server, Settings, bind_all};
use tinyhttpd::site::{self, Site};

/// Ends a test that would hang; no verdict depends on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server in this process with a root of its own.
pub struct Fixture {
    pub server: Server,
    pub root: TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::with(|_, _| {})
    }

    pub fn with(change: impl FnOnce(&mut site::Settings, &mut Settings)) -> Fixture {
        let root = tempfile::tempdir().expect("a directory");
        let mut of_site =
            site::Settings { root: root.path().to_owned(), ..site::Settings::default() };
        let mut of_server = Settings {
            threads: 4,
            // All tests of this process count their descriptors together.
            descriptors_max: 1 << 16,
            ..Settings::default()
        };
        change(&mut of_site, &mut of_server);
        if of_site.by_host {
            fs::create_dir(root.path().join("default")).expect("a directory");
        }
        let site = Site::open(of_site).expect("a site");
        let address = [BindAddress::Host("127.0.0.1".to_owned())];
        let listeners = bind_all(&address, 0, 64, &of_server).expect("a port");
        let server = Server::start(listeners, site, of_server).expect("a server");
        Fixture { server, root }
    }

    pub fn address(&self) -> SocketAddr {
        let listener = self.server.listeners().next().expect("a listener");
        listener.local_address().expect("an address")
    }

    pub fn client(&self) -> Client {
        Client::new(self.address())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn file(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("a file");
    }

    pub fn directory(&self, name: &str) {
        fs::create_dir_all(self.path(name)).expect("a directory");
    }

    pub fn content(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file in UTF-8")
    }

    pub fn names(&self) -> Vec<String> {
        names(self.root.path())
    }
}

pub fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// One connection.
pub struct Client {
    pub stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// With its empty line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client::on(TcpStream::connect(address).expect("a connection"))
    }

    fn on(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        Client { stream: BufReader::new(stream) }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_ref()).expect("bytes are taken");
    }

    pub fn reply(&mut self) -> Reply {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let count = self.stream.read_line(&mut head).expect("a line of a head");
            assert_ne!(count, 0, "the connection was closed after {head:?}");
        }
        let mut reply =
            Reply { status: head[9..12].parse().expect("a status code"), head, body: Vec::new() };
        let length = reply.field("Content-Length").map(str::parse);
        let length: usize = length.map_or(0, |length| length.expect("a number"));
        reply.body.resize(length, 0);
        self.stream.read_exact(&mut reply.body).expect("a body");
        reply
    }

    pub fn expect_closed(mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an end");
        assert!(rest.is_empty(), "{}", rest.escape_ascii());
    }
}

impl Reply {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.head);
        self
    }

    pub fn tag(&self) -> String {
        self.field("ETag").expect("an entity-tag").to_owned()
    }
}

/// The program as a user runs it; it is killed at the latest when dropped.
pub struct Program {
    pub child: Child,
    pub address: SocketAddr,
    /// Held open, for further URLs.
    stdout: Option<BufReader<ChildStdout>>,
}

impl Program {
    /// Returns once it listens.
    pub fn start(root: &Path, arguments: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tinyhttpd"));
        command.arg("--root").arg(root).args(["--port", "0"]);
        command.args(arguments).env_remove("RUST_LOG");
        Program::spawn(&mut command)
    }

    /// Starts it by a command of another kind; returns once the program listens.
    pub fn spawn(command: &mut Command) -> Program {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        // Whole at once, so that it is ended whatever comes.
        let mut program = Program { child, address, stdout: None };
        let stdout = program.child.stdout.take().expect("a pipe");
        let mut line = String::new();
        let stdout = program.stdout.insert(BufReader::new(stdout));
        stdout.read_line(&mut line).expect("a line");
        let port = line.trim_end().trim_end_matches('/').rsplit(':').next();
        program.address.set_port(port.expect("a port").parse().expect("a number"));
        program
    }

    /// Ends it with SIGTERM, and returns all it has said on stderr.
    pub fn stop(self) -> String {
        self.signal(Signal::TERM);
        self.said()
    }

    /// All it says on stderr until it ends.
    pub fn said(mut self) -> String {
        let mut stderr = self.child.stderr.take().expect("a pipe");
        let mut said = String::new();
        stderr.read_to_string(&mut said).expect("UTF-8");
        said
    }

    /// Ends it as `kill -9` does.
    pub fn kill(self) {}
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end_tracer();
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("an exit");
    }
}

/// Whether this machine has the program. Where it does not, stderr says so; with CI in the
/// environment, that fails the test.
pub fn is_installed(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        let test = thread::current().name().unwrap_or_default().to_owned();
        // Past the test harness, which shows nothing of a test that passes.
        writeln!(io::stderr(), "NOT TESTED: {test}: {program} is missing").expect("stderr");
        assert!(std::env::var_os("CI").is_none(), "{program} is missing");
    }
    is_there
}

/// All that the server answers to `pieces`, sent one after the other on a connection of their own,
/// until it closes.
pub fn exchange<'a>(address: SocketAddr, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut client = Client::new(address);
    client.stream.get_ref().set_nodelay(true).expect("an option");
    for piece in pieces {
        client.send(piece);
    }
    let mut answers = Vec::new();
    client.stream.read_to_end(&mut answers).expect("an end");
    answers
}

/// Heads (with bodies, where there are) without what differs from run to run: the values of Date
/// and ETag, and the version.
pub fn masked(answers: impl AsRef<[u8]>) -> String {
    let answers = String::from_utf8(answers.as_ref().to_vec()).expect("UTF-8");
    let known = ["Date: ", "ETag: ", "Server: tinyhttpd/"];
    let mask = |line: &str| match known.iter().find(|known| line.starts_with(**known)) {
        Some(known) => format!("{known}*\r\n"),
        None => line.to_owned(),
    };
    answers.split_inclusive('\n').map(mask).collect()
}

/// Returns once `is_so`; it is asked again and again, within [`PATIENCE`].
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "not yet: {what}");
        thread::yield_now();
    }
}

impl Program {
    /// The descriptors that it has open.
    pub fn descriptors(&self) -> Vec<usize> {
        let numbers = names(Path::new(&format!("/proc/{}/fd", self.child.id())));
        let numbers = numbers.iter().map(|name| name.parse());
        numbers.collect::<Result<_, _>>().expect("numbers")
    }

    /// Waits until it has ended by itself. A call that strace delays is not waited for.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        wait_until("the program has ended", || {
            let path = format!("/proc/{}/stat", self.child.id());
            let stat = fs::read_to_string(path).expect("a process");
            stat.rsplit(") ").next().expect("a state").starts_with('Z')
        });
        self.end_tracer();
        self.child.wait().expect("an exit")
    }

    /// Ends the strace that it runs under, if it does: while that delays a call, not even SIGKILL
    /// ends the program.
    fn end_tracer(&self) {
        let path = format!("/proc/{}/status", self.child.id());
        let is_there = fs::exists(path).expect("a file system of processes");
        let tracer = is_there.then(|| self.status("TracerPid"));
        let tracer = tracer.and_then(|pid| Pid::from_raw(pid.try_into().expect("a number")));
        if let Some(tracer) = tracer {
            kill_process(tracer, Signal::KILL).expect("a process");
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process");
    }

    /// A number of /proc/PID/status, such as `VmRSS` in KiB or `Threads`.
    pub fn status(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).expect("a running process");
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = value.and_then(|value| value.split_whitespace().next());
        number.expect("a value").parse().expect("a number")
    }
}

/// The program under strace, which is told by `tampering` what to do to its calls
/// (`inject=fsync:delay_enter=3600s`). `None` where there is no strace.
///
/// What is delayed for an hour stays so until the program is dropped. So an answer that comes
/// meanwhile has not waited for it, however fast or slow the machine is.
pub fn tampered(root: &Path, tampering: &[&str], arguments: &[&str]) -> Option<Program> {
    if !is_installed("strace") {
        return None;
    }
    let mut command = Command::new("strace");
    // -D: the program, not strace, is the child that the signals go to.
    command.args(["-D", "-f", "-q", "--seccomp-bpf", "-e", "signal=none"]);
    if !tampering.contains(&"-o") {
        command.args(["-o", "/dev/null"]);
    }
    command.args(tampering).arg(env!("CARGO_BIN_EXE_tinyhttpd"));
    command.args(["--port", "0", "--root"]).arg(root);
    command.args(arguments).env_remove("RUST_LOG");
    Some(Program::spawn(&mut command))
}

impl Client {
    /// A connection whose sockets hold few bytes that have not been read: this one some 2 KiB, and
    /// that of the server some 90, as it has them for clients on a network.
    pub fn with_small_buffer(address: SocketAddr) -> Client {
        // No other test's program is to inherit it.
        let flags = SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None);
        let socket = socket.expect("a socket");
        sockopt::set_socket_recv_buffer_size(&socket, 1).expect("an option");
        nix::sys::socket::setsockopt(&socket, TcpMaxSeg, &536).expect("an option");
        rustix::net::connect(&socket, &address).expect("a connection");
        Client::on(TcpStream::from(socket))
    }

    /// Lets the socket hold as much as others do.
    pub fn widen(&self) {
        sockopt::set_socket_recv_buffer_size(self.stream.get_ref(), 1 << 20).expect("an option");
    }

    /// Whether the first bytes of an answer, or an end, have come.
    pub fn is_answered(&self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).expect("an option");
        let peeked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).expect("an option");
        peeked.is_ok()
    }
}
