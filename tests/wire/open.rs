//! `--open`: which browser is started, with what, and what becomes of it.

use crate::denied::{open_root, set_mode};
use crate::support::{Client, Program, get, not_tested, serving, wait_until};
use rustix::fs::{FileType, Mode};
use rustix::process::{Pid, Signal, geteuid, getpgid, kill_process_group, test_kill_process};
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A user without rights, as whom the program runs where this is root.
const NOBODY: u32 = 65534;

/// What a user has as a browser: a program, and a directory where it leaves what it sees.
struct Desktop {
    directory: TempDir,
}

impl Desktop {
    fn new() -> Desktop {
        let directory = open_root();
        if geteuid().is_root() {
            chown(directory.path(), Some(NOBODY), Some(NOBODY)).expect("an owner");
        }
        Desktop { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Has a program that runs `script` in the directory.
    fn with(self, program: &str, script: &str) -> Desktop {
        let path = self.path(program);
        let directory = self.directory.path().display();
        fs::write(&path, format!("#!/bin/sh\ncd {directory}\n{script}\n")).expect("a file");
        set_mode(&path, 0o755);
        self
    }

    /// The server with `--open`, started by a user who has these programs and no others.
    fn command(&self, root: &TempDir, arguments: &[&str]) -> Command {
        let mut command = serving(root.path(), &[&["--open"], arguments].concat());
        command.env("PATH", self.directory.path()).env_remove("BROWSER");
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// What a program has left in a file, as soon as its last line has an end.
    #[track_caller]
    fn left(&self, name: &str) -> String {
        let mut left = String::new();
        wait_until(name, || {
            left = fs::read_to_string(self.path(name)).unwrap_or_default();
            left.ends_with('\n')
        });
        left
    }
}

#[test]
fn open_shows_the_first_page_that_this_machine_reaches() {
    let root = open_root();
    let socket = format!("unix:{}", root.path().join("socket").display());
    set_mode(root.path(), 0o777);
    let rows: [(&[&str], &str, &str); 6] = [
        (&[], "http://127.0.0.1:", "/"),
        (&["--bind", "::1"], "http://[::1]:", "/"),
        (&["--bind", "0.0.0.0"], "http://127.0.0.1:", "/"),
        (&["--bind", "::"], "http://127.0.0.1:", "/"),
        (&["--bind", &socket, "--bind", "127.0.0.2", "--bind", "::1"], "http://127.0.0.2:", "/"),
        (&["--prefix", "/a b"], "http://127.0.0.1:", "/a%20b/"),
    ];
    for (options, start, end) in rows {
        let desktop = Desktop::new().with("xdg-open", "echo \"$#\" \"$1\" >url");
        let _program = Program::spawn(&mut desktop.command(&root, options));
        let left = desktop.left("url");
        let url = left.trim_end().strip_prefix("1 ").expect("one argument");
        let port = url.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        let port = port.and_then(|port| port.parse::<u16>().ok());
        assert!(port.is_some_and(|port| port != 0), "{options:?}: {url}");
    }
}

#[test]
fn the_page_is_served_when_the_browser_asks() {
    let root = open_root();
    let desktop = Desktop::new().with("xdg-open", "echo \"$1\" >url");
    let _program = Program::spawn(&mut desktop.command(&root, &[]));
    let left = desktop.left("url");
    let authority = left.trim_end().strip_prefix("http://").and_then(|url| url.strip_suffix('/'));
    let mut client = Client::new(authority.expect("a URL").parse().expect("an address"));
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Leaves its number, and stays until a line comes through a FIFO.
const BROWSER: &str = "echo $$ >pid; read line <fifo; echo over >end";

/// The browser, which runs now.
fn browser(desktop: &Desktop) -> Pid {
    let number = desktop.left("pid").trim_end().parse().expect("a number");
    Pid::from_raw(number).expect("a process")
}

fn with_fifo() -> Desktop {
    let desktop = Desktop::new().with("xdg-open", BROWSER);
    let path = desktop.path("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o644), 0)
        .expect("a FIFO");
    desktop
}

#[test]
fn ctrl_c_ends_the_server_and_not_the_browser() {
    let root = open_root();
    let desktop = with_fifo();
    // As a shell starts it: in a process group of its own, which the terminal signals as a whole.
    let mut program = Program::spawn(desktop.command(&root, &[]).process_group(0));
    let browser = browser(&desktop);
    assert_eq!(getpgid(Some(browser)).expect("a process"), browser);
    kill_process_group(Pid::from_child(&program.child), Signal::INT).expect("a group");
    assert!(program.wait().success());
    fs::write(desktop.path("fifo"), "\n").expect("a reader");
    assert_eq!(desktop.left("end"), "over\n");
}

#[test]
fn the_browser_s_end_is_seen() {
    let root = open_root();
    let desktop = with_fifo();
    let _program = Program::spawn(&mut desktop.command(&root, &[]));
    let browser = browser(&desktop);
    fs::write(desktop.path("fifo"), "\n").expect("a reader");
    wait_until("no zombie is left", || test_kill_process(browser).is_err());
}

#[test]
fn the_browser_gets_no_descriptor_and_no_signal_of_the_server_s() {
    let root = open_root();
    let script = "fds=$(for fd in /proc/$$/fd/*; do echo \"$fd $(/usr/bin/readlink $fd)\"; done)
                  (echo \"$fds\"; while read line; do echo \"$line\"; done) </proc/$$/status >a
                  /bin/mv a seen";
    let desktop = Desktop::new().with("xdg-open", script);
    let _program = Program::spawn(&mut desktop.command(&root, &["--bind", "127.0.0.1"]));
    let seen = desktop.left("seen");
    for number in 0..3 {
        assert!(seen.contains(&format!("/fd/{number} /dev/null\n")), "{seen}");
    }
    // No pipe of the server's either, but those of whoever runs the tests look the same.
    for what in ["socket:", "eventpoll", "eventfd"] {
        assert!(!seen.contains(what), "{seen}");
    }
    // The C library has those from 32 on for itself.
    let set = |name| {
        let line = seen.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        u64::from_str_radix(line, 16).expect("signals") & 0x7FFF_FFFF
    };
    assert_eq!((set("SigBlk:\t"), set("SigIgn:\t")), (0, 0), "{seen}");
}

#[test]
fn a_browser_that_fails_is_one_line_and_the_server_goes_on() {
    let root = open_root();
    for (desktop, reason) in [
        (Desktop::new().with("xdg-open", "exit 3"), "xdg-open: exit status: 3"),
        (Desktop::new(), "xdg-open: No such file"),
    ] {
        let mut program = Program::spawn(&mut desktop.command(&root, &[]));
        let mut lines = program.lines();
        let line = lines.wait_for("--open");
        assert!(line.contains("WARN") && line.contains(reason), "{line}");
        assert!(line.contains(&format!("open http://{}/ yourself", program.address)), "{line}");
        let mut client = Client::new(program.address);
        client.send(get("/file"));
        client.reply().expect_status(200);
        program.signal(Signal::TERM);
        let all = lines.wait_for_end();
        assert_eq!(all.iter().filter(|line| line.contains("--open")).count(), 1, "{all:#?}");
    }
}

#[test]
fn the_variable_browser_is_read_as_xdg_open_reads_it() {
    let root = open_root();
    let desktop = Desktop::new()
        .with("fails", "exit 1")
        .with("mine", "echo \"$@\" >url")
        .with("xdg-open", "echo xdg-open >url");
    let mut command = desktop.command(&root, &[]);
    command.env("BROWSER", "missing:fails:mine --new %s:xdg-open");
    let _program = Program::spawn(&mut command);
    let left = desktop.left("url");
    assert!(left.starts_with("--new http://127.0.0.1:"), "{left}");
}

#[test]
fn what_no_browser_opens_is_one_line() {
    let root = open_root();
    set_mode(root.path(), 0o777);
    let desktop = Desktop::new().with("xdg-open", "echo >url");
    let bind = format!("unix:{}", root.path().join("socket").display());
    let mut program = Program::spawn(&mut desktop.command(&root, &["--bind", &bind]));
    let said = program.lines().wait_for("--open");
    assert!(said.contains("WARN") && said.contains("Unix socket"), "{said}");
    assert!(!desktop.path("url").exists());
}

#[test]
fn root_starts_no_browser() {
    if !geteuid().is_root() {
        not_tested("it takes root");
        return;
    }
    let root = open_root();
    let desktop = Desktop::new().with("xdg-open", "echo >url");
    let mut command = serving(root.path(), &["--open"]);
    let mut program = Program::spawn(command.env("PATH", desktop.directory.path()));
    let said = program.lines().wait_for("--open");
    assert!(said.contains("as root: open http://127.0.0.1:"), "{said}");
    assert!(!desktop.path("url").exists());
}
