//! Signals: stopping with grace, stopping at once, and a root that cannot be opened anew.

use crate::support::{Client, Program, get, root_with, sparse_file, wait_until, wait_until_closed};
use rustix::process::Signal;
use std::fs;
use std::io::BufRead;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use tempfile::TempDir;

/// Bytes of the file `big`: far more than the sockets of both sides hold.
const BIG: u64 = 64 << 20;

fn root() -> TempDir {
    let root = root_with(&[("a", "content")]);
    sparse_file(&root.path().join("big"), BIG);
    root
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
        wait_until("all are in", || program.descriptors().len() == before + 20);
        program.signal(stop);
        clients.into_iter().for_each(Client::expect_closed);
        assert_eq!(program.wait().code(), Some(0));
        assert!(TcpStream::connect(program.address).is_err());
    }
}

#[test]
fn a_transfer_in_flight_is_finished_and_no_new_client_let_in() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "60"]);
    let mut client = downloading(&program);
    program.signal(Signal::TERM);
    wait_until_closed(program.address);
    // Means nothing any more.
    program.signal(Signal::HUP);
    assert_eq!(program.child.try_wait().expect("a child"), None);
    let reply = client.reply().expect_status(200);
    assert_eq!(reply.body.len() as u64, BIG);
    client.expect_closed();
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn answer_given_while_stopping_says_that_it_is_the_last() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "3600"]);
    let mut client = resting(&program);
    // Its beginning comes with a whole request, whose answer tells that it is there.
    client.send(get("/a") + "GET /a HTTP/1.1\r\nHost: a\r\n");
    client.reply().expect_status(200);
    program.signal(Signal::TERM);
    wait_until_closed(program.address);
    client.send("\r\n");
    let reply = client.reply().expect_status(200);
    assert_eq!(reply.field("Connection"), Some("close"));
    client.expect_closed();
    assert_eq!(program.wait().code(), Some(0));
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
    let _client = downloading(&program);
    let said = program.stop();
    assert!(said.contains("1 connections were cut off"), "{said}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let root = root();
    let mut program = Program::start(root.path(), &["--grace", "3600"]);
    let _client = downloading(&program);
    program.signal(Signal::TERM);
    wait_until_closed(program.address);
    program.signal(Signal::INT);
    let status = program.wait();
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status:?}");
}

#[test]
fn a_root_that_cannot_be_opened_is_one_line_and_404_until_it_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root");
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("a"), "old").expect("a file");
    let mut program = Program::start(&root, &["-q"]);
    fs::rename(&root, directory.path().join("former")).expect("a rename");
    let mut said = program.lines();
    let spoil: [fn(&Path); 2] = [|_| {}, |root| fs::write(root, "no directory").expect("a file")];
    let mut client = Client::new(program.address);
    for spoil in spoil {
        spoil(&root);
        program.signal(Signal::HUP);
        let line = said.wait_for("cannot serve");
        assert!(line.contains("stays"), "{line}");
        wait_until("it is 404", || {
            client.send(get("/a"));
            client.reply().status == 404
        });
    }
    fs::remove_file(&root).expect("a file");
    fs::rename(directory.path().join("former"), &root).expect("a rename");
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"old");
    program.signal(Signal::TERM);
    assert_eq!(said.wait_for_end().len(), 2);
}
