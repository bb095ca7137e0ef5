//! `--reuse-port`: several processes on one port.

use crate::support::{PROGRAM, Program, linux, root_with, wait_until};
use rustix::process::Signal;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tempfile::TempDir;

const CLIENTS: usize = 4;

/// Requests that may be lost at a stop, as at every stop that closes a listening socket: of a
/// client that the kernel is just connecting, and that the machine does not let run for 20 ms.
const LOST_MAX: usize = 1;

/// A server on this port, and the root with its file, which tells it from others.
fn start(port: u16, content: &str) -> (Program, TempDir) {
    let root = root_with(&[("a", content)]);
    let mut command = Command::new(PROGRAM);
    command.args(["-q", "--reuse-port", "--threads", "4", "--port", &port.to_string(), "--root"]);
    command.arg(root.path()).env_remove("RUST_LOG");
    (Program::spawn(&mut command), root)
}

/// Which of the servers has answered; empty where the answer was cut.
fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /a HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned())
}

#[test]
fn two_processes_share_a_port_and_one_may_stop() {
    if !linux::has("SO_ATTACH_FILTER") {
        return;
    }
    let (mut one, _one_root) = start(0, "one");
    let address = one.address;
    let (_other, _other_root) = start(address.port(), "other");
    let (is_over, outcomes) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let count = |of: &str| {
        let outcomes = outcomes.lock().expect("no panic");
        outcomes.iter().filter(|outcome| *outcome == of).count()
    };
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let outcome = ask(address).unwrap_or_else(|error| error.to_string());
                    outcomes.lock().expect("no panic").push(outcome);
                }
            });
        }
        wait_until("both answer", || count("one") > 20 && count("other") > 20);
        one.signal(Signal::TERM);
        assert_eq!(one.wait().code(), Some(0));
        let before = count("other");
        wait_until("the other answers", || count("other") > before + 20);
        is_over.store(true, Ordering::Relaxed);
    });
    let mut lost = outcomes.into_inner().expect("no panic");
    lost.retain(|outcome| outcome != "one" && outcome != "other");
    assert!(lost.len() <= LOST_MAX, "{lost:?}");
}
