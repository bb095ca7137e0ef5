//! Where the program listens, and what it tells of it.

use crate::support::{Client, PROGRAM, Program, expect_failure, get, root_with, serving};
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::Signal;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// The program on a free port, or where `arguments` say.
fn start(root: &TempDir, arguments: &[&str], urls: usize) -> Program {
    Program::listening(serving(root.path(), arguments).stderr(Stdio::null()), urls)
}

/// The program on this port.
fn on_port(root: &TempDir, port: u16, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("--root").arg(root.path()).args(["--port", &port.to_string()]).args(arguments);
    command.stderr(Stdio::null());
    command
}

/// A port that is taken for as long as the listener lives.
fn taken_port() -> (TcpListener, u16) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    (taken, port)
}

/// The program, which is to fail.
#[track_caller]
fn expect_failed(root: &TempDir, arguments: &[&str], words: &[&str]) {
    expect_failure(&mut serving(root.path(), arguments), words);
}

fn address(url: &str) -> SocketAddr {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
    authority.expect("an HTTP URL").parse().expect("an address")
}

#[track_caller]
fn expect_served(address: impl Into<SocketAddr>) {
    let mut client = Client::new(address.into());
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

#[test]
fn an_address_with_a_port_in_it_is_one_line_that_says_where_the_port_goes() {
    let root = root();
    for (address, advice) in [
        ("127.0.0.1:9999", "--bind 127.0.0.1 --port 9999"),
        ("[::1]:80", "--bind [::1] --port 80"),
        ("localhost:80", "--bind localhost --port 80"),
    ] {
        expect_failed(&root, &["-b", address], &[address, advice]);
    }
}

#[test]
fn a_port_in_use_is_one_line_that_says_what_to_try() {
    let (_taken, port) = taken_port();
    let words = ["127.0.0.1", &port.to_string(), "--port"];
    expect_failure(&mut on_port(&root(), port, &[]), &words);
}

#[test]
fn an_address_that_is_not_this_machines_is_one_line_that_says_what_to_try() {
    // An address for documentation (RFC 5737), which no machine has.
    let words = ["203.0.113.1", "--bind 127.0.0.1"];
    expect_failed(&root(), &["--bind", "203.0.113.1"], &words);
}

#[test]
fn stdout_has_one_line_a_socket_and_nothing_else() {
    let root = root();
    let arguments = ["--bind", "127.0.0.1", "--bind", "::1", "--bind", "[::1]", "-v"];
    let mut program = start(&root, &arguments, 3);
    assert!(program.urls[0].starts_with("http://127.0.0.1:"), "{:?}", program.urls);
    for url in &program.urls[1..] {
        assert!(url.starts_with("http://[::1]:"), "{url}");
    }
    for url in &program.urls {
        expect_served(address(url));
    }
    program.signal(Signal::TERM);
    assert_eq!(program.told(), "");
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn without_bind_only_this_machine_is_served() {
    let root = root();
    let program = start(&root, &[], 1);
    assert!(address(&program.urls[0]).ip().is_loopback());
}

#[test]
fn a_host_name_is_every_address_it_resolves_to() {
    let root = root();
    let program = start(&root, &["--bind", "localhost"], 1);
    let address = address(&program.urls[0]);
    assert!(address.ip().is_loopback(), "{address}");
    expect_served(address);
}

#[test]
fn the_ipv6_wildcard_takes_ipv4_clients() {
    let root = root();
    let program = start(&root, &["--bind", "::"], 1);
    let port = address(&program.urls[0]).port();
    expect_served(([127, 0, 0, 1], port));
    expect_served(([0, 0, 0, 0, 0, 0, 0, 1], port));
}

#[test]
fn both_wildcards_share_a_port() {
    let root = root();
    // Who takes the port between the two makes another one necessary.
    let shared = (0..20).find_map(|_| {
        let free = TcpListener::bind("[::]:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut command = on_port(&root, port, &["--bind", "0.0.0.0", "--bind", "::"]);
        Program::try_listening(&mut command, 2)
    });
    let program = shared.expect("a port that nobody takes");
    let port = address(&program.urls[0]).port();
    expect_served(([127, 0, 0, 1], port));
    expect_served(([0, 0, 0, 0, 0, 0, 0, 1], port));
}

fn unix_exchange(path: &Path) -> String {
    let mut client = Client::unix(path);
    client.send("GET /a HTTP/1.0\r\n\r\n");
    String::from_utf8(client.rest()).expect("UTF-8")
}

#[test]
fn a_unix_socket_is_served_and_removed_at_the_end() {
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    let mut program = start(&root, &["--bind", &bind], 1);
    assert_eq!(program.urls, [bind]);
    assert!(unix_exchange(&socket).ends_with("\r\n\r\ncontent"));
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_unix_socket_has_the_mode_that_was_asked_for() {
    let root = root();
    let socket = root.path().join("a,b");
    let bind = format!("unix:{},mode=606", socket.display());
    let program = start(&root, &["--bind", &bind], 1);
    assert_eq!(program.urls, [format!("unix:{}", socket.display())]);
    let mode = fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o7777, 0o606);
}

#[test]
fn a_stale_unix_socket_is_replaced_and_a_live_one_is_not() {
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    drop(UnixListener::bind(&socket).expect("a socket"));
    let program = start(&root, &["--bind", &bind], 1);
    for _ in 0..2 {
        expect_failed(&root, &["--bind", &bind], &["unix:", "listens"]);
        assert!(unix_exchange(&socket).starts_with("HTTP/1.0 200"));
    }
    drop(program);
}

#[test]
fn of_several_sockets_all_listen_or_none() {
    let (_taken, port) = taken_port();
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    let mut command = on_port(&root, port, &["--bind", &bind, "--bind", "127.0.0.1"]);
    expect_failure(&mut command, &["127.0.0.1", &port.to_string()]);
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
    expect_failed(&root, &["--bind", &bind], &[&bind, "another program listens"]);
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
        expect_failed(&root, &["--bind", &bind], &[&bind, words]);
    }
    // Nobody, not even root, makes a file there.
    let bind = "unix:/proc/socket";
    expect_failed(&root, &["--bind", bind], &[bind, "directory must be there"]);
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"content");
}
