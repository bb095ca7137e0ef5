//! What the service manager is told (sd_notify(3)): a datagram for each change.

use crate::support::{PATIENCE, Program, linux, serving};
use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

fn start(root: &Path, notify_socket: impl AsRef<OsStr>) -> Program {
    Program::spawn(serving(root, &[]).env("NOTIFY_SOCKET", notify_socket))
}

/// The lines of the next datagram.
fn told(manager: &UnixDatagram) -> Vec<String> {
    manager.set_read_timeout(Some(PATIENCE)).expect("an option");
    let mut buffer = [0; 4096];
    let count = manager.recv(&mut buffer).expect("a datagram");
    let text = String::from_utf8(buffer[..count].to_vec()).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn monotonic_microseconds() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

#[track_caller]
fn expect_reload(program: &Program, manager: &UnixDatagram) -> String {
    let before = monotonic_microseconds();
    program.signal(Signal::HUP);
    let reloading = told(manager);
    assert_eq!(reloading[0], "RELOADING=1");
    let time = reloading[1].strip_prefix("MONOTONIC_USEC=").expect("a time");
    let time: i64 = time.parse().expect("a number");
    assert!((before..=monotonic_microseconds()).contains(&time));
    let ready = told(manager);
    assert_eq!(ready[0], "READY=1");
    ready[1].clone()
}

#[test]
fn manager_is_told_of_start_reload_and_stop() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root");
    fs::create_dir(&root).expect("a directory");
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let program = start(&root, &path);
    let status = format!("STATUS=listening on http://{}/", program.address);
    assert_eq!(told(&manager), ["READY=1", &status]);
    assert_eq!(expect_reload(&program, &manager), status);
    fs::rename(&root, directory.path().join("former")).expect("a rename");
    let failed = expect_reload(&program, &manager);
    assert!(failed.contains("cannot serve") && failed.starts_with("STATUS="), "{failed}");
    program.signal(Signal::TERM);
    assert_eq!(told(&manager), ["STOPPING=1"]);
}

#[test]
fn manager_without_a_file_is_told_too() {
    if !linux::has("a socket without a file") {
        return;
    }
    let root = tempfile::tempdir().expect("a directory");
    let name = format!("{}/notify", root.path().display());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let manager = UnixDatagram::bind_addr(&address).expect("a socket");
    let _program = start(root.path(), format!("@{name}"));
    assert_eq!(told(&manager)[0], "READY=1");
}

#[test]
fn manager_that_takes_nothing_holds_nothing_up() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("notify");
    let _manager = UnixDatagram::bind(&path).expect("a socket");
    let filler = UnixDatagram::unbound().expect("a socket");
    filler.set_nonblocking(true).expect("an option");
    let full = (0..1_000_000).find_map(|_| filler.send_to(b"X=1", &path).err());
    assert_eq!(full.expect("an end").kind(), ErrorKind::WouldBlock);
    let said = start(root.path(), &path).stop();
    assert!(said.contains("not told READY=1") && said.contains("not told STOPPING=1"), "{said}");
}

#[test]
fn name_that_can_be_no_manager_costs_a_line() {
    let root = tempfile::tempdir().expect("a directory");
    for name in ["vsock:2:1", "relative"] {
        let said = start(root.path(), name).stop();
        assert!(said.contains(&format!("NOTIFY_SOCKET={name}: ")), "{said}");
    }
}
