//! Signals: stopping with grace, stopping at once, and the root opened anew; and that nothing is
//! left open by the way.

use crate::support::{Client, PATIENCE, Program, get};
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Bytes of the file `big`: far more than the sockets of both sides hold.
const BIG: u64 = 64 << 20;

fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a"), "content").expect("a file");
    let big = fs::File::create(root.path().join("big")).expect("a file");
    big.set_len(BIG).expect("a sparse file");
    root
}

fn signal(program: &Program, signal: Signal) {
    kill_process(Pid::from_child(&program.child), signal).expect("a process");
}

/// Waits until the program has ended by itself.
fn wait(program: &mut Program) -> ExitStatus {
    wait_until(|| program.child.try_wait().expect("a child"))
}

/// Asks again and again until there is an answer; a test whose event never comes fails.
fn wait_until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "it never came");
        thread::yield_now();
    }
}

/// A connection on which one request was answered.
fn resting(program: &Program) -> Client {
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    client.reply().expect_status(200);
    client
}

/// A connection on which the answer about `big` has begun.
fn downloading(program: &Program) -> Client {
    let mut client = Client::new(program.address);
    client.send(get("/big"));
    let begun = client.stream.fill_buf().expect("an answer");
    assert!(begun.starts_with(b"HTTP/1.1 200 OK\r\n"));
    client
}

/// What is left of an answer: the bytes until the connection ends, or until it is reset.
fn drain(client: &mut Client) -> u64 {
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    while let Ok(count @ 1..) = client.stream.read(&mut buffer) {
        bytes += count as u64;
    }
    bytes
}

#[test]
fn either_signal_stops_with_exit_0() {
    for stop in [Signal::INT, Signal::TERM] {
        let root = root();
        // Nothing but the signal closes a connection that rests.
        let options = ["--grace", "3600", "--keep-alive", "3600"];
        let mut program = Program::start(root.path(), &options);
        let mut clients: Vec<_> = (0..500).map(|_| resting(&program)).collect();
        let before = program.descriptors().len();
        clients.extend((0..20).map(|_| Client::new(program.address)));
        // The kernel waits a while for their first byte.
        wait_until(|| (program.descriptors().len() == before + 20).then_some(()));
        signal(&program, stop);
        clients.into_iter().for_each(Client::expect_closed);
        assert_eq!(wait(&mut program).code(), Some(0));
        assert!(TcpStream::connect(program.address).is_err());
    }
}

#[test]
fn a_transfer_in_flight_is_finished_and_no_new_client_let_in() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "60"]);
    let mut client = downloading(&program);
    signal(&program, Signal::TERM);
    wait_until(|| TcpStream::connect(program.address).is_err().then_some(()));
    // Means nothing any more.
    signal(&program, Signal::HUP);
    assert_eq!(program.child.try_wait().expect("a child"), None);
    let reply = client.reply().expect_status(200);
    assert_eq!(reply.body.len() as u64, BIG);
    client.expect_closed();
    assert_eq!(wait(&mut program).code(), Some(0));
}

#[test]
fn answer_given_while_stopping_says_that_it_is_the_last() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "3600"]);
    let mut client = resting(&program);
    // Its beginning comes with a whole request, whose answer tells that it is there.
    client.send(get("/a") + "GET /a HTTP/1.1\r\nHost: a\r\n");
    client.reply().expect_status(200);
    signal(&program, Signal::TERM);
    wait_until(|| TcpStream::connect(program.address).is_err().then_some(()));
    client.send("\r\n");
    let reply = client.reply().expect_status(200);
    assert_eq!(reply.field("Connection"), Some("close"));
    client.expect_closed();
    assert_eq!(wait(&mut program).code(), Some(0));
}

#[test]
fn answer_that_was_cut_off_has_its_line_in_the_log() {
    let root = root();
    // A worker that has no spare never blocks, so the answer waits in its slot.
    let program = Program::start(root.path(), &["--grace", "1", "--threads", "1"]);
    let client = downloading(&program);
    let said = program.stop();
    drop(client);
    assert!(said.contains("\"GET /big HTTP/1.1\" 200 "), "{said}");
}

#[test]
fn what_is_in_flight_when_the_grace_is_over_is_cut_off() {
    let root = root();
    let program = Program::start(root.path(), &["--grace", "0"]);
    let mut client = downloading(&program);
    let said = program.stop();
    assert!(said.contains("1 connections were cut off"), "{said}");
    assert!(drain(&mut client) < BIG);
}

#[test]
fn a_second_signal_ends_at_once() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "3600"]);
    let _client = downloading(&program);
    signal(&program, Signal::TERM);
    wait_until(|| TcpStream::connect(program.address).is_err().then_some(()));
    signal(&program, Signal::INT);
    let status = wait(&mut program);
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status:?}");
}

#[test]
fn hangup_opens_the_root_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root");
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("a"), "old").expect("a file");
    let program = Program::start(&root, &[]);
    fs::rename(&root, directory.path().join("former")).expect("a rename");
    let mut client = resting(&program);
    signal(&program, Signal::HUP);
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("a"), "new").expect("a file");
    signal(&program, Signal::HUP);
    wait_until(|| {
        client.send(get("/a"));
        let body = client.reply().expect_status(200).body;
        (body == b"new").then_some(())
    });
    let said = program.stop();
    assert!(said.contains("was opened anew"), "{said}");
}

/// The lines of a pipe as they come, until its end.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        // Fails only where the test is over.
        let _ = lines.map(|line| sender.send(line)).find(Result::is_err);
    });
    receiver
}

#[test]
fn a_root_that_cannot_be_opened_is_one_line_and_404_until_it_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root");
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("a"), "old").expect("a file");
    let mut program = Program::start(&root, &["-q"]);
    fs::rename(&root, directory.path().join("former")).expect("a rename");
    let said = lines(program.child.stderr.take().expect("a pipe"));
    let spoil: [fn(&Path); 2] = [|_| {}, |root| fs::write(root, "no directory").expect("a file")];
    let mut client = Client::new(program.address);
    for spoil in spoil {
        spoil(&root);
        signal(&program, Signal::HUP);
        let line = said.recv_timeout(PATIENCE).expect("a line");
        assert!(line.contains("cannot serve") && line.contains("stays"), "{line}");
        wait_until(|| {
            client.send(get("/a"));
            (client.reply().status == 404).then_some(())
        });
    }
    fs::remove_file(&root).expect("a file");
    fs::rename(directory.path().join("former"), &root).expect("a rename");
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"old");
    signal(&program, Signal::TERM);
    let ended = Err(RecvTimeoutError::Disconnected);
    assert_eq!(said.recv_timeout(PATIENCE), ended);
}

/// How many threads the program has.
fn threads(program: &Program) -> usize {
    let path = format!("/proc/{}/task", program.child.id());
    fs::read_dir(path).expect("a directory of /proc").count()
}

/// What the program's descriptors are open on, sorted.
fn open_on(program: &Program) -> Vec<PathBuf> {
    let path = format!("/proc/{}/fd", program.child.id());
    let entries = fs::read_dir(path).expect("a directory of /proc");
    // One that was closed in the meantime is none.
    let mut targets: Vec<_> =
        entries.filter_map(|entry| fs::read_link(entry.expect("an entry").path()).ok()).collect();
    targets.sort();
    targets
}

#[test]
fn nothing_is_left_of_a_thousand_connections_of_all_kinds() {
    let root = root();
    let program = Program::start(root.path(), &["-q", "--threads", "4", "--writable"]);
    let at_start = open_on(&program);
    let threads_at_start = threads(&program);
    let mut downloads = Vec::new();
    for number in 0..1000 {
        let mut stream = TcpStream::connect(program.address).expect("a connection");
        let request: &[u8] = match number % 9 {
            0 => b"",
            1 => b"GET /a HTTP/1.1\r\nHo",
            2 => b"nonsense\r\n\r\n",
            3 => b"GET /big HTTP/1.0\r\n\r\n",
            4 => b"HEAD /missing HTTP/1.1\r\nHost: a\r\n\r\n",
            5 => b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
            6 => b"PUT /half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
            7 => b"GET / HTTP/1.0\r\n\r\n",
            _ => b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        };
        stream.write_all(request).expect("bytes are taken");
        if number % 2 == 0 {
            set_socket_linger(&stream, Some(Duration::ZERO)).expect("an option");
        }
        if number % 100 == 3 {
            downloads.push(downloading(&program));
        }
        assert_eq!(threads(&program), threads_at_start);
    }
    assert_eq!(downloads.len(), 10);
    drop(downloads);
    // A file that is asked for often may be kept open; no more than once.
    let kept = ["a", "big"].map(|name| root.path().join(name));
    wait_until(|| {
        let mut open = open_on(&program);
        let left = open.len();
        open.dedup();
        let mut allowed = at_start.clone();
        allowed.dedup();
        let has_no_other =
            open.iter().all(|target| allowed.contains(target) || kept.contains(target));
        let kept = open.iter().filter(|target| kept.contains(target)).count();
        (has_no_other && left == at_start.len() + kept).then_some(())
    });
    assert_eq!(threads(&program), threads_at_start);
}
