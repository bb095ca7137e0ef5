//! What the system denies to a program that is not root: a file, the document root itself, a port.

use crate::support::{
    Client, PROGRAM, Program, exchange, expect_failure, find, masked, not_tested,
};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The program as somebody for whom permissions count: they do not for root.
pub fn command(root: &Path, port: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("--root").arg(root).args(["-q", "--port", port]);
    command.env_remove("RUST_LOG");
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    command
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}

/// A directory that everybody may read; a temporary one is its owner's alone.
pub fn open_root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    set_mode(root.path(), 0o755);
    fs::write(root.path().join("file"), "content").expect("a file");
    root
}

#[test]
fn file_that_may_not_be_read_is_403() {
    let root = open_root();
    let closed = root.path().join("closed");
    fs::create_dir(&closed).expect("a directory");
    for name in ["closed/file", "denied", "404.html"] {
        fs::write(root.path().join(name), "secret").expect("a file");
    }
    set_mode(&root.path().join("denied"), 0o000);
    set_mode(&closed, 0o000);
    let program = Program::spawn(&mut command(root.path(), "0"));
    for target in ["/denied", "/closed/file", "/closed/missing", "/closed/"] {
        let request = |method| format!("{method} {target} HTTP/1.0\r\n\r\n");
        let mut client = Client::new(program.address);
        client.send(request("GET"));
        let reply = client.reply().expect_status(403);
        client.expect_closed();
        let expected = format!(
            "HTTP/1.0 403 Forbidden\r\nDate: *\r\nServer: tinyhttpd/*\r\nConnection: close\r\n\
             Content-Length: {}\r\nContent-Type: text/html; charset=utf-8\r\n\
             X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n\r\n",
            reply.body.len()
        );
        assert_eq!(masked(&reply.head), expected, "{target}");
        let page = String::from_utf8(reply.body).expect("UTF-8");
        assert!(page.contains("403 Forbidden"), "{page}");
        assert!(!page.contains("secret"), "{page}");
        let of_head = exchange(program.address, [request("HEAD").as_bytes()]);
        assert_eq!(masked(of_head), expected, "{target}");
    }
    let mut client = Client::new(program.address);
    client.send("GET /file HTTP/1.0\r\n\r\n");
    assert_eq!(client.reply().expect_status(200).body, b"content");
    assert_eq!(program.stop(), "");
    // Else the directory cannot be removed where the test is not root's.
    set_mode(&closed, 0o700);
}

#[test]
fn root_that_may_not_be_read_is_one_line_and_exit_1() {
    let root = open_root();
    set_mode(root.path(), 0o000);
    let path = root.path().to_str().expect("UTF-8");
    expect_failure(&mut command(root.path(), "0"), &["cannot serve", path]);
    set_mode(root.path(), 0o700);
}

#[test]
fn host_that_may_not_be_read_is_left_out_with_a_warning() {
    let root = open_root();
    for (host, mode) in [("a", 0o755), ("closed", 0o000), ("unreadable", 0o711), ("b", 0o644)] {
        let directory = root.path().join(host);
        fs::create_dir(&directory).expect("a directory");
        fs::write(directory.join("file"), "content").expect("a file");
        set_mode(&directory, mode);
    }
    let program = Program::spawn(command(root.path(), "0").arg("--vhosts").env("RUST_LOG", "warn"));
    for (host, status) in [("a", 200), ("closed", 404), ("unreadable", 404), ("b", 404)] {
        let mut client = Client::new(program.address);
        client.send(format!("GET /file HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(client.reply().status, status, "{host}");
    }
    let said = program.stop();
    for host in ["closed", "unreadable", "b"] {
        assert!(said.contains(&format!("the host {host} is left out: ")), "{said}");
    }
    assert!(!said.contains("the host a "), "{said}");
    for host in ["closed", "unreadable", "b"] {
        set_mode(&root.path().join(host), 0o700);
    }
}

#[test]
fn privileged_port_is_one_line_that_says_what_to_try() {
    let setting = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    let first: u16 =
        fs::read_to_string(setting).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(1024);
    if first <= 1 {
        return not_tested(&format!("this machine has no privileged ports ({setting})"));
    }
    let root = open_root();
    let words = ["127.0.0.1:1:", "--port 8080"];
    expect_failure(&mut command(root.path(), "1"), &words);
}

#[test]
fn unix_socket_where_this_user_may_make_none_is_one_line_that_says_so() {
    let root = open_root();
    let socket = root.path().join("socket");
    let other = root.path().join("others");
    let _listener = UnixListener::bind(&other).expect("a socket");
    set_mode(&other, 0o700);
    set_mode(root.path(), 0o555);
    for path in [&socket, &other] {
        let bind = format!("unix:{}", path.display());
        let mut command = command(root.path(), "0");
        command.args(["--bind", &bind]);
        let denied = "this user may not make a socket there";
        if rustix::process::geteuid().is_root() || path == &socket {
            expect_failure(&mut command, &[&bind, denied]);
        }
    }
    set_mode(root.path(), 0o700);
}

#[test]
fn more_threads_than_the_system_gives_are_one_line_and_exit_1() {
    let Some(prlimit) = find("prlimit") else { return };
    let root = open_root();
    for threads in ["1000", "100000", "4294967295", "18446744073709551615"] {
        let mut command = Command::new(&prlimit);
        command.args(["--nproc=200", PROGRAM]);
        command.args(["--port", "0", "--threads", threads, "--root"]).arg(root.path());
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command.env_remove("RUST_LOG");
        expect_failure(&mut command, &["--threads"]);
    }
}
