//! What becomes of a log that goes where nothing is taken: it costs lines, and nobody waits for it.

use crate::support::{Client, Program, root_with, serving, strace, under};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// A request whose line in the log has some 1000 bytes.
fn long_request() -> String {
    format!("GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: {}\r\n\r\n", "x".repeat(890))
}

/// Asks `count` times on each of ten connections, one after the other.
fn ask(program: &Program, count: usize) {
    let mut clients: Vec<_> = (0..10).map(|_| Client::new(program.address)).collect();
    for _ in 0..count {
        for client in &mut clients {
            client.send(long_request());
            client.reply().expect_status(200);
        }
    }
}

/// Ends it with SIGTERM, and returns how it ended.
fn stopped(program: &mut Program) -> ExitStatus {
    program.signal(Signal::TERM);
    program.wait()
}

#[test]
fn pipe_that_nobody_reads_holds_up_neither_answer_nor_signal() {
    let root = root();
    for filter in ["info", "trace"] {
        let mut command = serving(root.path(), &[]);
        let mut program = Program::spawn(command.env("RUST_LOG", filter));
        ask(&program, 100);
        program.signal(Signal::HUP);
        ask(&program, 1);
        assert_eq!(stopped(&mut program).code(), Some(0), "{filter}");
    }
}

#[test]
fn who_reads_the_pipe_late_learns_how_many_lines_were_lost() {
    let root = root();
    let mut program = Program::start(root.path(), &[]);
    ask(&program, 100);
    let mut stderr = program.child.stderr.take().expect("a pipe");
    let mut read = Vec::new();
    // It is told without another line to log.
    while !String::from_utf8_lossy(&read).contains(" log lines were lost\n") {
        let mut some = [0; 4096];
        let count = stderr.read(&mut some).expect("bytes");
        assert_ne!(count, 0, "it has ended");
        read.extend(&some[..count]);
    }
    program.signal(Signal::TERM);
    // A worker may have had the last line in hand until now.
    stderr.read_to_end(&mut read).expect("an end");
    assert_eq!(program.wait().code(), Some(0));
    let text = String::from_utf8(read).expect("UTF-8");
    let lost = |line: &str| {
        let before = line.strip_suffix(" log lines were lost")?;
        before.rsplit(' ').next().expect("a word").parse::<usize>().ok()
    };
    let answers = text.lines().filter(|line| line.starts_with("127.0.0.1 ")).count();
    assert_eq!(answers + text.lines().filter_map(lost).sum::<usize>(), 1000);
}

#[test]
fn stderr_on_a_full_disk_or_closed_costs_lines_alone() {
    let root = root();
    for redirection in ["2>/dev/full", "2>&-"] {
        let script = format!("exec {redirection}");
        let mut command = under(&script, &serving(root.path(), &["-vv"]));
        let mut program = Program::spawn(&mut command);
        ask(&program, 3);
        assert_eq!(stopped(&mut program).code(), Some(0), "{redirection}");
    }
}

#[test]
fn what_cannot_be_served_is_exit_1_wherever_stderr_goes() {
    let (unread, broken) = std::io::pipe().expect("a pipe");
    drop(unread);
    let full = File::options().write(true).open("/dev/full").expect("a device");
    for stderr in [Stdio::from(full), Stdio::from(broken), Stdio::null()] {
        let mut command = serving(Path::new("/nowhere"), &[]);
        let status = command.stderr(stderr).stdout(Stdio::null()).status().expect("the program");
        assert_eq!(status.code(), Some(1));
    }
}

/// A script that reads the URL would wait for ever.
#[test]
fn stdout_that_takes_nothing_is_one_line_and_exit_1() {
    let root = root();
    let socket = root.path().join("socket");
    let (unread, broken) = std::io::pipe().expect("a pipe");
    drop(unread);
    let full = File::options().write(true).open("/dev/full").expect("a device");
    for stdout in [Stdio::from(full), Stdio::from(broken)] {
        let mut command = serving(root.path(), &[]);
        command.arg("--bind").arg(format!("unix:{}", socket.display()));
        let output = command.stdout(stdout).stderr(Stdio::piped()).output().expect("the program");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        let lines: Vec<_> = said.lines().filter(|line| line.contains("stdout")).collect();
        assert_eq!((output.status.code(), lines.len()), (Some(1), 1), "{said}");
        assert!(!socket.exists());
    }
}

/// The disk under a log file hangs, for the first line of the access log and all that follow.
#[test]
fn disk_that_hangs_under_the_log_costs_no_more_than_one_worker() {
    let root = root();
    let log = root.path().join("log");
    let path = log.to_str().expect("UTF-8");
    let delay = ["-P", path, "-e", "trace=write", "-e", "inject=write:delay_enter=3600s"];
    let arguments = ["--threads", "4", "--grace", "0"];
    let Some(strace) = strace(root.path(), &delay, &arguments) else { return };
    let mut program = Program::spawn(&mut under(&format!("exec 2>{path}"), &strace));
    for _ in 0..3 {
        ask(&program, 1);
    }
    assert_eq!(stopped(&mut program).code(), Some(0));
}

#[test]
fn terminal_gets_colours() {
    let root = root();
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let master = openpt(flags).expect("a terminal");
    grantpt(&master).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    let terminal = ioctl_tiocgptpeer(&master, flags).expect("a terminal");
    let mut command = serving(root.path(), &[]);
    command.env("TERM", "xterm").env_remove("NO_COLOR").stderr(Stdio::from(terminal));
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program");
    // It holds the other end open.
    drop(command);
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a process");
    let mut said = Vec::new();
    // A terminal that nobody has open any more ends with EIO.
    let _ = File::from(master).read_to_end(&mut said);
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    let said = String::from_utf8(said).expect("UTF-8");
    let (time, rest) = said.split_once(' ').expect("a time");
    assert!(time.len() == "08:49:37Z".len() && time.ends_with('Z'), "{said:?}");
    assert!(rest.starts_with("\x1b[32mINFO \x1b[0m tinyhttpd: stopping"), "{said:?}");
    assert!(said.ends_with(" tinyhttpd: stopped\r\n"), "{said:?}");
}
