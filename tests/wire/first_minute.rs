//! What a user is told, and shown, in the first minute: the directory, the URLs for other devices,
//! what the network may do, and the browser of `--open`.

use crate::denied::{open_root, set_mode};
use crate::support::{Client, Program, get, wait_until};
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use rustix::fs::{FileType, Mode};
use rustix::process::{Pid, Signal, geteuid, getpgid, kill_process_group, test_kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A user without rights, as whom the program runs where this is root.
const NOBODY: u32 = 65534;

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinyhttpd"));
    command.args(["--port", "0"]).args(arguments).arg(root).stdin(Stdio::null());
    command.env_remove("RUST_LOG").env_remove("BROWSER");
    command
}

/// All that the program says on stderr, from its start to its end.
fn said(arguments: &[&str]) -> String {
    let root = open_root();
    Program::spawn(&mut command(root.path(), arguments)).stop()
}

/// What stands behind `label` in the lines that have it.
fn told<'a>(said: &'a str, label: &str) -> Vec<&'a str> {
    said.lines().filter_map(|line| Some(line.split_once(label)?.1)).collect()
}

/// The addresses of URLs for other devices.
fn addresses(said: &str) -> Vec<SocketAddr> {
    let address = |line: &&str| {
        let (url, _) = line.split_once("/ (")?;
        Some(url.strip_prefix("http://")?.parse().expect("an address"))
    };
    told(said, "for other devices: ").iter().filter_map(address).collect()
}

#[test]
fn the_first_line_names_the_directory_in_full() {
    let root = open_root();
    let directory = root.path().canonicalize().expect("a path");
    let mut command = command(Path::new("."), &[]);
    let said = Program::spawn(command.current_dir(&directory)).stop();
    let first = said.lines().next().expect("a line");
    assert!(first.ends_with(&format!(": serving {}", directory.display())), "{said}");
}

#[test]
fn a_loopback_address_is_no_cause_for_a_warning() {
    for bind in ["127.0.0.1", "127.0.0.2", "::1"] {
        let said = said(&["--bind", bind, "--list", "--writable"]);
        assert!(!said.contains("WARN") && !said.contains("for other devices"), "{said}");
    }
}

#[test]
fn what_the_network_may_do_is_one_line() {
    let rows: [(&[&str], &str); 4] = [
        (&[], "read files"),
        (&["--list"], "read files, list directories (--list)"),
        (&["--hidden"], "read files, read hidden files (--hidden)"),
        (&["--writable"], "read files, create and replace files (--writable)"),
    ];
    for (options, expected) in rows {
        for bind in ["0.0.0.0", "::"] {
            let said = said(&[&["--bind", bind], options].concat());
            let warned = told(&said, "WARN  tinyhttpd: ");
            let expected = format!("everybody on the network can now: {expected}");
            assert_eq!(warned, [expected], "{said}");
        }
    }
}

/// Whether this machine has an address of the family that other devices may use.
fn has_network(is_ipv6: bool) -> bool {
    let all = getifaddrs().expect("interfaces");
    let up = all.filter(|found| {
        found.flags.contains(InterfaceFlags::IFF_UP)
            && !found.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    });
    let mut addresses = up.filter_map(|found| found.address);
    addresses.any(|address| match is_ipv6 {
        false => address.as_sockaddr_in().is_some_and(|ipv4| !ipv4.ip().is_link_local()),
        true => address.as_sockaddr_in6().is_some_and(|ipv6| !ipv6.ip().is_unicast_link_local()),
    })
}

#[test]
fn a_wildcard_s_urls_are_served_and_have_its_families() {
    let root = open_root();
    let networks = [has_network(false), has_network(true)];
    for (bind, families) in [("0.0.0.0", [true, false]), ("::", [true, true])] {
        let mut program = Program::spawn(&mut command(root.path(), &["--bind", bind]));
        let mut said = String::new();
        let mut stderr = program.child.stderr.take().expect("a pipe");
        // The URLs are told before the line that Program has waited for; they may come in pieces.
        while told(&said, "for other devices: ").is_empty() || !said.ends_with('\n') {
            let mut some = [0; 4096];
            let count = stderr.read(&mut some).expect("bytes");
            assert_ne!(count, 0, "it has ended: {said}");
            said.push_str(std::str::from_utf8(&some[..count]).expect("UTF-8"));
        }
        let addresses = addresses(&said);
        for (is_ipv6, takes) in [(false, families[0]), (true, families[1])] {
            let is_told = addresses.iter().any(|address| address.is_ipv6() == is_ipv6);
            assert_eq!(is_told, takes && networks[usize::from(is_ipv6)], "{bind}: {said}");
        }
        for address in addresses {
            assert_eq!(address.port(), program.address.port(), "{said}");
            let mut client = Client::new(address);
            client.send(get("/file"));
            client.reply().expect_status(200);
        }
    }
}

#[test]
fn an_inherited_wildcard_is_told_as_one() {
    let root = open_root();
    let held = TcpListener::bind("[::]:0").expect("a port");
    let mut command = Command::new("sh");
    let script = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_tinyhttpd")]).arg(root.path());
    command.env_remove("RUST_LOG").stdin(OwnedFd::from(held));
    let said = Program::spawn(&mut command).stop();
    assert_eq!(told(&said, "everybody on the network can now: "), ["read files"], "{said}");
    assert!(!told(&said, "for other devices: ").is_empty(), "{said}");
}

/// What the program shows on a terminal, where its environment has `variable` too.
fn shown(arguments: &[&str], variable: (&str, &str)) -> String {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let master = openpt(flags).expect("a terminal");
    grantpt(&master).expect("a terminal");
    unlockpt(&master).expect("a terminal");
    let terminal = ioctl_tiocgptpeer(&master, flags).expect("a terminal");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinyhttpd"));
    command.args(arguments).env("TERM", "xterm").env_remove("NO_COLOR");
    command.env(variable.0, variable.1).stderr(terminal.try_clone().expect("a terminal"));
    let mut child = command.stdout(terminal).spawn().expect("the program");
    // It holds the other end open.
    drop(command);
    let mut shown = Vec::new();
    // A terminal that nobody has open any more ends with EIO.
    let _ = File::from(master).read_to_end(&mut shown);
    child.wait().expect("an exit");
    String::from_utf8(shown).expect("UTF-8")
}

#[test]
fn help_and_errors_have_colours_on_a_terminal_that_wants_them() {
    for arguments in [&["--help"], &["--nonsense"]] {
        let coloured = shown(arguments, ("LANG", "C"));
        assert!(coloured.contains("\x1b["), "{coloured}");
        for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let plain = shown(arguments, plain);
            assert!(!plain.is_empty() && !plain.contains('\x1b'), "{plain}");
        }
    }
}

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
        let mut command = command(root.path(), &[&["--open"], arguments].concat());
        command.env("PATH", self.directory.path());
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

/// A server that is killed when dropped, whatever it listens on.
struct Started(Child);

impl Started {
    fn new(command: &mut Command) -> Started {
        Started(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program"))
    }

    /// The first line on stderr that is about `--open`.
    fn said(&mut self) -> String {
        let stderr = self.0.stderr.take().expect("a pipe");
        let mut lines = BufReader::new(stderr).lines().map(|line| line.expect("UTF-8"));
        lines.find(|line| line.contains("--open")).expect("a line about --open")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It fails only where the program has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
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
        let _started = Started::new(&mut desktop.command(&root, options));
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
    let _started = Started::new(&mut desktop.command(&root, &[]));
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
    let mut started = Started::new(desktop.command(&root, &[]).process_group(0));
    let browser = browser(&desktop);
    assert_eq!(getpgid(Some(browser)).expect("a process"), browser);
    kill_process_group(Pid::from_child(&started.0), Signal::INT).expect("a group");
    assert!(started.0.wait().expect("an exit").success());
    fs::write(desktop.path("fifo"), "\n").expect("a reader");
    assert_eq!(desktop.left("end"), "over\n");
}

#[test]
fn the_browser_s_end_is_seen() {
    let root = open_root();
    let desktop = with_fifo();
    let _started = Started::new(&mut desktop.command(&root, &[]));
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
    let set = |name| u64::from_str_radix(told(&seen, name)[0], 16).expect("signals") & 0x7FFF_FFFF;
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
        let stderr = program.child.stderr.take().expect("a pipe");
        let mut lines = BufReader::new(stderr).lines().map(|line| line.expect("UTF-8"));
        let line = lines.find(|line| line.contains("--open")).expect("a line");
        assert!(line.contains("WARN") && line.contains(reason), "{line}");
        assert!(line.contains(&format!("open http://{}/ yourself", program.address)), "{line}");
        let mut client = Client::new(program.address);
        client.send(get("/file"));
        client.reply().expect_status(200);
        program.signal(Signal::TERM);
        assert_eq!(lines.filter(|line| line.contains("--open")).count(), 0);
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
    let _started = Started::new(&mut command);
    let left = desktop.left("url");
    assert!(left.starts_with("--new http://127.0.0.1:"), "{left}");
}

#[test]
fn what_no_browser_opens_is_one_line() {
    let root = open_root();
    set_mode(root.path(), 0o777);
    let desktop = Desktop::new().with("xdg-open", "echo >url");
    let bind = format!("unix:{}", root.path().join("socket").display());
    let mut started = Started::new(&mut desktop.command(&root, &["--bind", &bind]));
    let said = started.said();
    assert!(said.contains("WARN") && said.contains("Unix socket"), "{said}");
    assert!(!desktop.path("url").exists());
}

#[test]
fn root_starts_no_browser() {
    if !geteuid().is_root() {
        // Nothing to see: whoever runs the tests cannot become root.
        return;
    }
    let root = open_root();
    let desktop = Desktop::new().with("xdg-open", "echo >url");
    let mut command = command(root.path(), &["--open"]);
    let mut started = Started::new(command.env("PATH", desktop.directory.path()));
    let said = started.said();
    assert!(said.contains("as root: open http://127.0.0.1:"), "{said}");
    assert!(!desktop.path("url").exists());
}
