//! A server as a child process: started, asked until it answers, and ended with all its processes.

use super::client::Client;
use super::recipe::Recipe;
use super::{site, usage, wrong};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const START_TIME: Duration = Duration::from_secs(10);

/// A running server. It is ended when this is dropped, a panic included.
pub struct Server {
    pub name: String,
    pub address: SocketAddr,
    child: Child,
    /// Kept open, so that the server can go on writing.
    _stdout: Option<ChildStdout>,
}

impl Server {
    /// Starts a server and waits until it has answered a request for the index.
    pub fn start(recipe: &Recipe, scratch: &Path) -> io::Result<Server> {
        let port = if recipe.announces { 0 } else { free_port()? };
        let errors = scratch.join(format!("{}.stderr", recipe.name));
        let mut child = command(recipe, scratch, port)?
            .stdin(Stdio::null())
            .stdout(if recipe.announces { Stdio::piped() } else { Stdio::null() })
            .stderr(File::create(&errors)?)
            .spawn()?;
        let stdout = child.stdout.take();
        let mut server = Server {
            name: recipe.name.clone(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            child,
            _stdout: None,
        };
        let ready = server.read_address(stdout).and_then(|()| server.await_answer());
        let said = || fs::read_to_string(&errors).unwrap_or_default();
        ready.map_err(|error| wrong(format!("{}: {error}: {}", recipe.name, said().trim())))?;
        Ok(server)
    }

    /// All processes of this server that there are now.
    pub fn processes(&self) -> Vec<u32> {
        usage::tree(self.child.id())
    }

    /// User and system time of all its processes so far.
    pub fn cpu(&self) -> Duration {
        usage::cpu(&self.processes())
    }

    /// Bytes that its processes have had read from the disk so far.
    pub fn read_from_disk(&self) -> u64 {
        usage::read_from_disk(&self.processes())
    }

    /// Bytes of memory of all its processes.
    pub fn memory(&self) -> u64 {
        usage::memory(&self.processes())
    }

    fn read_address(&mut self, stdout: Option<ChildStdout>) -> io::Result<()> {
        let Some(stdout) = stdout else { return Ok(()) };
        let patience = Timespec::try_from(START_TIME).map_err(|_| wrong("no such time"))?;
        if poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&patience))? == 0 {
            return Err(wrong("it does not say where it listens"));
        }
        let mut line = String::new();
        let mut reader = BufReader::new(stdout);
        reader.read_line(&mut line)?;
        self._stdout = Some(reader.into_inner());
        let address = line.trim().strip_prefix("listening on http://");
        self.address = address
            .and_then(|address| address.trim_end_matches('/').parse().ok())
            .ok_or_else(|| wrong(format!("not a line that says where it listens: {line:?}")))?;
        Ok(())
    }

    fn await_answer(&mut self) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let answer = Client::connect(self.address).and_then(|mut c| c.get(site::INDEX, ""));
            let Err(error) = answer else { return Ok(()) };
            if let Some(status) = self.child.try_wait()? {
                return Err(wrong(format!("it ended at once ({status})")));
            }
            if start.elapsed() > START_TIME {
                return Err(wrong(format!("it does not answer: {error}")));
            }
            thread::sleep(Duration::from_micros(100));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill(&self.processes());
        }
        // Nothing can be done about an error here; the process has ended in every case.
        let _ = self.child.wait();
    }
}

/// Ends `processes`, parents first, so that none is started anew. At once and not by SIGTERM: what
/// they hold lies in a temporary directory, and lighttpd passes a SIGTERM on to its whole process
/// group, which is this program's.
fn kill(processes: &[u32]) {
    let pids = processes.iter().filter_map(|&process| i32::try_from(process).ok());
    for pid in pids.filter_map(Pid::from_raw) {
        // It may have ended on its own meanwhile.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// From now on, SIGINT and SIGTERM end all servers that this program has started, remove
/// `directory`, and end the program.
pub fn clean_up_on_signals(directory: &Path) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let directory = directory.to_owned();
    thread::spawn(move || {
        let signal = signals.forever().next().unwrap_or(SIGTERM);
        let own = std::process::id();
        let mut processes = usage::tree(own);
        processes.retain(|&process| process != own);
        kill(&processes);
        // Other threads may still make files there. That it is left at last would be said to nobody.
        let _ = (0..10).find(|_| fs::remove_dir_all(&directory).is_ok());
        std::process::exit(128 + signal);
    });
    Ok(())
}

/// The command of `recipe`, its configuration written and its placeholders filled.
fn command(recipe: &Recipe, scratch: &Path, port: u16) -> io::Result<Command> {
    let configuration: PathBuf = scratch.join(format!("{}.conf", recipe.name));
    let port = port.to_string();
    let workers = if recipe.core.is_some() { "1" } else { "2" };
    let text = recipe.configuration.replace("{port}", &port).replace("{workers}", workers);
    fs::write(&configuration, text)?;
    let configuration = configuration.display().to_string();
    let fill = |argument: &String| {
        argument.replace("{port}", &port).replace("{configuration}", &configuration)
    };
    let mut command = match recipe.core {
        Some(core) => on_core(core, &recipe.program),
        None => Command::new(&recipe.program),
    };
    command.args(recipe.arguments.iter().map(fill));
    Ok(command)
}

/// `program`, held on one core by taskset, which becomes it.
fn on_core(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

/// A port that is free now. Another program may take it before the server does; then the server
/// says so and the run fails.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
