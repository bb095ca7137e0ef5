//! A stop under load: who is connected is answered, and who rests is not waited for.

use crate::support::{Client, Program, get, linux, root_with, wait_until};
use rustix::process::Signal;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// Stops under load.
const ROUNDS: usize = 15;

/// Clients that connect for each request.
const CLIENTS: usize = 16;

/// Requests that may be lost in all rounds together: of a client that was connected before the
/// kernel was told to connect nobody else, and that the machine did not let run for 20 ms.
const LOST_MAX: usize = 1;

/// What became of one request on a connection of its own.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Answered,
    /// Connected, and then reset or closed without an answer.
    Lost,
    /// Nobody listens any more.
    Refused,
}

fn ask(address: SocketAddr) -> Outcome {
    let mut stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => return Outcome::Refused,
        // Reset while the kernel was connecting: nothing has been sent, so nothing is lost.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => return Outcome::Refused,
        Err(error) => panic!("connect: {error}"),
    };
    let mut answer = Vec::new();
    let request = b"GET /a HTTP/1.0\r\n\r\n";
    let result = stream.write_all(request).and_then(|()| stream.read_to_end(&mut answer));
    match result {
        Ok(_) if answer.ends_with(b"\r\n\r\ncontent") => Outcome::Answered,
        _ => Outcome::Lost,
    }
}

/// How many requests were lost while the program was stopped.
fn lost_at_stop(program: &mut Program) -> usize {
    let address = program.address;
    let (answered, lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    match ask(address) {
                        Outcome::Answered => answered.fetch_add(1, Ordering::Relaxed),
                        Outcome::Lost => lost.fetch_add(1, Ordering::Relaxed),
                        Outcome::Refused => break,
                    };
                }
            });
        }
        wait_until("they are busy", || answered.load(Ordering::Relaxed) > 10 * CLIENTS);
        program.signal(Signal::TERM);
    });
    assert_eq!(program.wait().code(), Some(0));
    lost.into_inner()
}

#[test]
fn who_is_connected_at_a_stop_is_answered() {
    if !linux::has("SO_ATTACH_FILTER") {
        return;
    }
    let root = root();
    let round = |_| {
        let mut program = Program::start(root.path(), &["-q", "--threads", "4"]);
        lost_at_stop(&mut program)
    };
    let lost: Vec<_> = (0..ROUNDS).map(round).collect();
    assert!(lost.iter().sum::<usize>() <= LOST_MAX, "{lost:?}");
}

/// The longest time there is means an end in the far future, not that there is none to look for.
#[test]
fn resting_connections_are_closed_at_once_however_long_they_may_rest() {
    let root = root();
    for keep_alive in ["18446744073709551615", "9223372036854775807", "4294967296"] {
        let arguments = ["--keep-alive", keep_alive, "--grace", "3600"];
        let mut program = Program::start(root.path(), &arguments);
        let mut resting: Vec<_> = (0..10).map(|_| Client::new(program.address)).collect();
        for client in &mut resting {
            client.send(get("/a"));
            client.reply().expect_status(200);
        }
        program.signal(Signal::TERM);
        assert_eq!(program.wait().code(), Some(0), "{keep_alive}");
        resting.into_iter().for_each(Client::expect_closed);
    }
}

#[test]
fn longest_grace_there_is_ends_with_the_last_connection() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "18446744073709551615"]);
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    client.reply().expect_status(200);
    program.signal(Signal::TERM);
    client.expect_closed();
    assert_eq!(program.wait().code(), Some(0));
}
