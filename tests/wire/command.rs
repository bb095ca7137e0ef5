//! The program as a user starts it: what it says, where it listens, and how it fails.

use crate::support::{Client, PATIENCE, get};
use clap::CommandFactory;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Instant;
use tempfile::TempDir;
use tinyhttpd::command::Config;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinyhttpd"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the program to its end. What it says fits into a pipe.
fn run(arguments: &[&str]) -> Output {
    let mut child = command()
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let began = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().expect("a process");
        }
        thread::yield_now();
    }
    child.wait_with_output().expect("an end")
}

/// The program while it serves; it is killed at the latest when dropped.
struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    /// What it says that it listens on.
    urls: Vec<String>,
}

impl Running {
    /// Returns once it has told `count` URLs.
    fn start(arguments: &[&str], count: usize) -> Running {
        let mut child = command()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let urls = (0..count).map(|_| url(&mut stdout)).collect();
        Running { child, stdout, urls }
    }

    /// Ends it with SIGTERM; returns what else it wrote to stdout, and how it ended.
    fn stop(mut self) -> (String, ExitStatus) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a process");
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("UTF-8");
        (rest, self.child.wait().expect("an exit"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It fails only where the program has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn url(stdout: &mut impl BufRead) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    let url = line.strip_prefix("listening on ").and_then(|url| url.strip_suffix('\n'));
    url.unwrap_or_else(|| panic!("no URL: {line:?}")).to_owned()
}

fn address(url: &str) -> SocketAddr {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
    authority.expect("an HTTP URL").parse().expect("an address")
}

fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a"), "content").expect("a file");
    root
}

fn path(root: &TempDir) -> &str {
    root.path().to_str().expect("UTF-8")
}

#[track_caller]
fn expect_served(address: impl Into<SocketAddr>) {
    let mut client = Client::new(address.into());
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Fails with `code` and one line on stderr that has all `words`; nothing on stdout.
#[track_caller]
fn expect_failure(arguments: &[&str], words: &[&str]) {
    let output = run(arguments);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word} in {said}");
    }
}

#[test]
fn a_root_that_cannot_be_served_is_one_line_and_exit_1() {
    let root = root();
    let file = root.path().join("a");
    let missing = root.path().join("missing");
    for path in [&file, &missing] {
        let path = path.to_str().expect("UTF-8");
        let arguments = ["--root", path, "--port", "0"];
        expect_failure(&arguments, &["cannot serve", path]);
        let said = String::from_utf8(run(&arguments).stderr).expect("UTF-8");
        assert_eq!(said.matches(path).count(), 1, "{said}");
    }
}

#[test]
fn a_spa_file_that_is_not_there_is_one_line_and_exit_1() {
    let root = root();
    fs::create_dir(root.path().join("directory")).expect("a directory");
    for name in ["missing.html", "directory", "directory/missing.html"] {
        let arguments = ["--root", path(&root), "--port", "0", "--spa", name];
        expect_failure(&arguments, &["cannot serve", path(&root), "--spa", name]);
    }
    let arguments = ["--root", path(&root), "--vhosts", "--port", "0", "--spa", "a"];
    expect_failure(&arguments, &["--spa", "a"]);
    fs::write(root.path().join("directory/a"), "").expect("a file");
    drop(Running::start(&arguments, 1));
}

#[test]
fn an_address_with_a_port_in_it_is_one_line_that_says_where_the_port_goes() {
    let root = root();
    for (address, advice) in [
        ("127.0.0.1:9999", "--bind 127.0.0.1 --port 9999"),
        ("[::1]:80", "--bind [::1] --port 80"),
        ("localhost:80", "--bind localhost --port 80"),
    ] {
        let arguments = ["--root", path(&root), "-b", address];
        expect_failure(&arguments, &[address, advice]);
    }
}

#[test]
fn a_port_in_use_is_one_line_that_says_what_to_try() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let root = root();
    let arguments = ["--root", path(&root), "--port", &port];
    expect_failure(&arguments, &["127.0.0.1", &port, "--port"]);
}

#[test]
fn an_address_that_is_not_this_machines_is_one_line_that_says_what_to_try() {
    let root = root();
    // An address for documentation (RFC 5737), which no machine has.
    let arguments = ["--root", path(&root), "--port", "0", "--bind", "203.0.113.1"];
    expect_failure(&arguments, &["203.0.113.1", "--bind 127.0.0.1"]);
}

#[test]
fn bad_usage_is_exit_2() {
    let rows: [&[&str]; 19] = [
        &["--nonsense"],
        &["--port", "65536"],
        &["--port", "x"],
        &["--threads", "0"],
        &["--max-connections", "0"],
        &["--backlog", "0"],
        &["--cache-size", "1T"],
        &["--type", "nonsense"],
        &["--header", "no colon"],
        &["--header", "Content-Length: 5"],
        &["--cache-control", "nonsense"],
        &["--spa", "../outside"],
        &["--index", "a/b"],
        &["-v", "-q"],
        &["a", "--root", "b"],
        &["a", "b"],
        &["--access-log"],
        &["--check", "https://127.0.0.1/"],
        &["--check", "http://127.0.0.1/", "--list"],
    ];
    for arguments in rows {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_names_every_option() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    let command = Config::command();
    let options: Vec<_> = command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .chain(["help", "version"])
        .collect();
    assert!(options.contains(&"root") && options.contains(&"quiet"));
    for option in options {
        assert!(help.contains(&format!("--{option}")), "{option}");
    }
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    let expected = format!("tinyhttpd {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&version.stdout), expected);
}

#[test]
fn help_has_headings_and_six_examples_and_no_colours_in_a_pipe() {
    let help = String::from_utf8(run(&["-h"]).stdout).expect("UTF-8");
    assert_eq!(help.as_bytes(), run(&["--help"]).stdout);
    let headings = [
        "What is served",
        "Where",
        "What is answered",
        "Writing",
        "Limits",
        "Logs",
        "Instead of serving",
        "Examples",
    ];
    let mut lines = help.lines();
    for heading in headings {
        assert!(lines.any(|line| line == format!("{heading}:")), "{heading} in {help}");
    }
    let examples = lines.filter(|line| line.starts_with("  tinyhttpd"));
    assert_eq!(examples.count(), 6, "{help}");
    assert!(
        !help.contains('\x1b') && help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
}

#[test]
fn each_example_of_the_help_is_good_usage() {
    let command = Config::command();
    let help = String::from_utf8(run(&["-h"]).stdout).expect("UTF-8");
    for example in help.lines().filter(|line| line.starts_with("  tinyhttpd")) {
        let words = example.split_whitespace().map(|word| word.trim_matches('\''));
        let matches = command.clone().try_get_matches_from(words);
        assert!(matches.is_ok(), "{example}: {matches:?}");
    }
}

#[test]
fn a_mistyped_option_gets_a_suggestion() {
    let said = String::from_utf8(run(&["--acess-log", "a"]).stderr).expect("UTF-8");
    assert!(said.contains("'--access-log'"), "{said}");
}

#[test]
fn a_directory_without_an_option_is_the_root() {
    let root = root();
    let running = Running::start(&["--port", "0", path(&root)], 1);
    expect_served(address(&running.urls[0]));
}

#[test]
fn stdout_has_one_line_a_socket_and_nothing_else() {
    let root = root();
    let running = Running::start(
        &[
            "--root",
            path(&root),
            "--port",
            "0",
            "--bind",
            "127.0.0.1",
            "--bind",
            "::1",
            "--bind",
            "[::1]",
            "-v",
        ],
        3,
    );
    assert!(running.urls[0].starts_with("http://127.0.0.1:"), "{:?}", running.urls);
    for url in &running.urls[1..] {
        assert!(url.starts_with("http://[::1]:"), "{url}");
    }
    for url in &running.urls {
        expect_served(address(url));
    }
    let (rest, status) = running.stop();
    assert_eq!(rest, "");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn without_bind_only_this_machine_is_served() {
    let root = root();
    let running = Running::start(&["--root", path(&root), "--port", "0"], 1);
    assert!(address(&running.urls[0]).ip().is_loopback());
}

#[test]
fn a_host_name_is_every_address_it_resolves_to() {
    let root = root();
    let running = Running::start(&["--root", path(&root), "--port", "0", "--bind", "localhost"], 1);
    let address = address(&running.urls[0]);
    assert!(address.ip().is_loopback(), "{address}");
    expect_served(address);
}

#[test]
fn the_ipv6_wildcard_takes_ipv4_clients() {
    let root = root();
    let running = Running::start(&["--root", path(&root), "--port", "0", "--bind", "::"], 1);
    let port = address(&running.urls[0]).port();
    expect_served(([127, 0, 0, 1], port));
    expect_served(([0, 0, 0, 0, 0, 0, 0, 1], port));
}

#[test]
fn both_wildcards_share_a_port() {
    let root = root();
    // The port is free a moment before; who takes it in between makes another try necessary.
    let tries = (0..20).find_map(|_| {
        let free = TcpListener::bind("[::]:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let text = port.to_string();
        let arguments =
            ["--root", path(&root), "--port", &text, "--bind", "0.0.0.0", "--bind", "::"];
        let mut child = command()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let told = (lines.next(), lines.next());
        if let (Some(Ok(_)), Some(Ok(_))) = &told {
            expect_served(([127, 0, 0, 1], port));
            expect_served(([0, 0, 0, 0, 0, 0, 0, 1], port));
        }
        child.kill().expect("a process");
        child.wait().expect("an exit");
        told.1
    });
    assert!(tries.is_some());
}

fn unix_exchange(path: &Path) -> String {
    let mut stream = UnixStream::connect(path).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    stream.write_all(b"GET /a HTTP/1.0\r\n\r\n").expect("bytes are taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_unix_socket_is_served_and_removed_at_the_end() {
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    let running = Running::start(&["--root", path(&root), "--bind", &bind], 1);
    assert_eq!(running.urls, [bind]);
    assert!(unix_exchange(&socket).ends_with("\r\n\r\ncontent"));
    let (_, status) = running.stop();
    assert_eq!(status.code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_unix_socket_has_the_mode_that_was_asked_for() {
    let root = root();
    let socket = root.path().join("a,b");
    let bind = format!("unix:{},mode=606", socket.display());
    let running = Running::start(&["--root", path(&root), "--bind", &bind], 1);
    assert_eq!(running.urls, [format!("unix:{}", socket.display())]);
    let mode = fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o7777, 0o606);
}

#[test]
fn a_stale_unix_socket_is_replaced_and_a_live_one_is_not() {
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    drop(UnixListener::bind(&socket).expect("a socket"));
    let running = Running::start(&["--root", path(&root), "--bind", &bind], 1);
    for _ in 0..2 {
        expect_failure(&["--root", path(&root), "--bind", &bind], &["unix:", "listens"]);
        assert!(unix_exchange(&socket).starts_with("HTTP/1.0 200"));
    }
    drop(running);
}

#[test]
fn of_several_sockets_all_listen_or_none() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    let arguments = ["--root", path(&root), "--port", &port, "--bind", &bind];
    let both = [&arguments[..], &["--bind", "127.0.0.1"]].concat();
    expect_failure(&both, &["127.0.0.1", &port]);
    assert!(!socket.exists());
}

#[test]
fn a_unix_socket_whose_owner_does_not_accept_is_in_use() {
    let root = root();
    let socket = root.path().join("socket");
    let address = SocketAddrUnix::new(&socket).expect("an address");
    let unix_socket = || {
        let flags = SocketFlags::NONBLOCK;
        net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).expect("a socket")
    };
    let listener = unix_socket();
    net::bind(&listener, &address).expect("a socket");
    net::listen(&listener, 1).expect("a backlog");
    let connect = |_| {
        let client = unix_socket();
        net::connect(&client, &address).map(|()| client)
    };
    let waiting: Vec<_> = (0..10).map_while(|number| connect(number).ok()).collect();
    assert!(waiting.len() < 10, "the backlog is full");
    let bind = format!("unix:{}", socket.display());
    expect_failure(&["--root", path(&root), "--bind", &bind], &[&bind, "another program listens"]);
    assert!(socket.exists());
}

#[test]
fn a_path_that_can_be_no_unix_socket_is_one_line_that_says_why() {
    let root = root();
    let long = "x".repeat(120);
    let rows = [
        ("a", "no socket"),
        ("missing/socket", "directory must be there"),
        ("a/socket", "Not a directory"),
        (&long, "at most 107 bytes"),
    ];
    for (name, words) in rows {
        let bind = format!("unix:{}", root.path().join(name).display());
        expect_failure(&["--root", path(&root), "--bind", &bind], &[&bind, words]);
    }
    // Nobody, not even root, makes a file there.
    let bind = "unix:/proc/socket";
    expect_failure(&["--root", path(&root), "--bind", bind], &[bind, "directory must be there"]);
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"content");
}

#[test]
fn it_listens_once_it_says_so() {
    let root = root();
    let running = Running::start(&["--root", path(&root), "--port", "0", "--threads", "1"], 1);
    TcpStream::connect(address(&running.urls[0])).expect("a connection at once");
}
