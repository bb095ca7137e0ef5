//! Programs: this project's own as a user runs it, and others where they are installed.

use super::{Lines, PATIENCE, names, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Instant;

/// The path of the program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tinyhttpd");

/// Where a program is. `None` where it is not installed, and stderr says so; with CI in the
/// environment, that fails the test.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<_> = std::env::split_paths(&path).collect();
    directories.push("/usr/sbin".into());
    let found =
        directories.iter().map(|directory| directory.join(program)).find(|file| file.is_file());
    if found.is_none() {
        missing(&format!("{program} is missing"));
    }
    found
}

/// Says past the test harness, which shows nothing of a test that passes, why this one looks at
/// nothing.
pub fn not_tested(why: &str) {
    let test = thread::current().name().unwrap_or_default().to_owned();
    writeln!(io::stderr(), "NOT TESTED: {test}: {why}").expect("stderr");
}

/// The same for what every machine can have: with CI in the environment, that fails the test.
#[track_caller]
pub fn missing(why: &str) {
    not_tested(why);
    assert!(std::env::var_os("CI").is_none(), "{why}");
}

/// Runs a program to its end, and returns what it wrote to stdout and then to stderr. It must
/// succeed.
#[track_caller]
pub fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new("timeout")
        .arg(PATIENCE.as_secs().to_string())
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

/// Runs a command that ends soon, and says no more than fits into a pipe.
pub fn finish(command: &mut Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a program");
    let began = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().expect("a process");
        }
        thread::yield_now();
    }
    child.wait_with_output().expect("an end")
}

/// Adds what `command` runs, with its environment and directory, as the arguments of another one.
fn append(to: &mut Command, command: &Command) {
    to.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
    command.get_current_dir().map(|directory| to.current_dir(directory));
}

/// The program, which is to serve `root` on a free port.
pub fn serving(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--port", "0", "--root"]).arg(root).args(arguments).env_remove("RUST_LOG");
    command.stdin(Stdio::null());
    command
}

/// The same command after some lines of shell, such as `ulimit -n 64`.
pub fn under(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{script} && exec \"$0\" \"$@\"")]);
    append(&mut shell, command);
    shell
}

/// The command ends by itself with exit code 1, and one line on stderr that has all `words`;
/// nothing is on stdout. Returns the line.
#[track_caller]
pub fn expect_failure(command: &mut Command, words: &[&str]) -> String {
    let output = finish(command);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
    assert_eq!(output.stdout, b"", "{command:?}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word} in {said}");
    }
    said
}

/// The program as a user runs it; it is killed at the latest when dropped.
pub struct Program {
    pub child: Child,
    /// By which clients of this machine reach the first TCP socket.
    pub address: SocketAddr,
    /// What it says that it listens on.
    pub urls: Vec<String>,
    /// Held open, for further lines.
    stdout: Option<BufReader<ChildStdout>>,
}

impl Program {
    /// Returns once it listens.
    pub fn start(root: &Path, arguments: &[&str]) -> Program {
        Program::spawn(&mut serving(root, arguments))
    }

    /// Starts it by a command of another kind; returns once the program listens.
    pub fn spawn(command: &mut Command) -> Program {
        command.stderr(Stdio::piped());
        Program::listening(command, 1)
    }

    /// Returns once it has told `count` URLs. Its stderr goes where the command says.
    pub fn listening(command: &mut Command, count: usize) -> Program {
        Program::try_listening(command, count).expect("a URL")
    }

    /// The same; `None` where the program ends before it has told them.
    pub fn try_listening(command: &mut Command, count: usize) -> Option<Program> {
        let child = command.stdout(Stdio::piped()).spawn().expect("the program");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        // Whole at once, so that it is ended whatever comes.
        let mut program = Program { child, address, urls: Vec::new(), stdout: None };
        let stdout = program.child.stdout.take().expect("a pipe");
        program.stdout = Some(BufReader::new(stdout));
        program.urls = (0..count).map_while(|_| program.next_url()).collect();
        if let Some(port) = program.urls.iter().find_map(|url| port_of(url)) {
            program.address.set_port(port);
        }
        (program.urls.len() == count).then_some(program)
    }

    fn next_url(&mut self) -> Option<String> {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().expect("a pipe");
        stdout.read_line(&mut line).expect("a line");
        let url = line.strip_prefix("listening on ").and_then(|url| url.strip_suffix('\n'));
        assert!(url.is_some() || line.is_empty(), "no URL: {line:?}");
        url.map(str::to_owned)
    }

    /// What else it says on stdout until it ends.
    pub fn told(&mut self) -> String {
        io::read_to_string(self.stdout.take().expect("a pipe")).expect("UTF-8")
    }

    /// The lines on stderr, as they come from now on.
    pub fn lines(&mut self) -> Lines {
        Lines::of(self.child.stderr.take().expect("a pipe"))
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

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process");
    }

    /// Waits until it has ended by itself. A call that strace delays is not waited for.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        wait_until("the program has ended", || {
            let stat = fs::read_to_string(self.proc("stat")).expect("a process");
            stat.rsplit(") ").next().expect("a state").starts_with('Z')
        });
        self.end_tracer();
        self.child.wait().expect("an exit")
    }

    /// What /proc has of it.
    pub fn proc(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.child.id()).into()
    }

    /// The descriptors that it has open.
    pub fn descriptors(&self) -> Vec<usize> {
        let numbers = names(&self.proc("fd"));
        let numbers = numbers.iter().map(|name| name.parse());
        numbers.collect::<Result<_, _>>().expect("numbers")
    }

    /// What of its descriptors leads to the directory, or beneath it.
    pub fn open_beneath(&self, directory: &Path) -> Vec<PathBuf> {
        let paths = self.proc("fd");
        let path = |number: usize| fs::read_link(paths.join(number.to_string()));
        // One that was closed in the meantime is none.
        let open = self.descriptors().into_iter().filter_map(|number| path(number).ok());
        open.filter(|path| path.starts_with(directory)).collect()
    }

    /// A number of /proc/PID/status, such as `VmRSS` in KiB or `Threads`.
    pub fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.proc("status")).expect("a running process");
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = value.and_then(|value| value.split_whitespace().next());
        number.expect("a value").parse().expect("a number")
    }

    /// Ends the strace that it runs under, if it does: while that delays a call, not even SIGKILL
    /// ends the program.
    fn end_tracer(&self) {
        let is_there = fs::exists(self.proc("status")).expect("a file system of processes");
        let tracer = is_there.then(|| self.status("TracerPid"));
        let tracer = tracer.and_then(|pid| Pid::from_raw(pid.try_into().expect("a number")));
        if let Some(tracer) = tracer {
            kill_process(tracer, Signal::KILL).expect("a process");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end_tracer();
        end(&mut self.child);
    }
}

fn port_of(url: &str) -> Option<u16> {
    url.strip_prefix("http://")?.strip_suffix('/')?.rsplit(':').next()?.parse().ok()
}

/// Kills a child that may have ended already.
pub fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        child.kill().expect("a child of ours can be killed");
        child.wait().expect("a killed child ends");
    }
}
