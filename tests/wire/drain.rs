//! `--drain`: after SIGTERM the server serves on for a while, so that a balancer goes elsewhere.

use crate::support::{Client, Program, get, root_with, wait_until, wait_until_closed};
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use tempfile::TempDir;

/// No time ends the draining, so what is seen meanwhile is no matter of luck.
const FOR_EVER: [&str; 4] = ["--drain", "1000000", "--health", "/health"];

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// The status of the health path, asked for on a new connection.
fn health(program: &Program) -> u16 {
    let mut client = Client::new(program.address);
    client.send(get("/health"));
    client.reply().status
}

/// Sends SIGTERM, and returns once the health path tells of it.
fn drain(program: &Program) {
    assert_eq!(health(program), 200);
    program.signal(Signal::TERM);
    wait_until("the health path says so", || health(program) == 503);
}

#[test]
fn draining_server_serves_everybody_and_says_that_each_answer_is_the_last() {
    let root = root();
    let program = Program::start(root.path(), &FOR_EVER);
    let mut resting = Client::new(program.address);
    resting.send(get("/a"));
    let reply = resting.reply().expect_status(200);
    assert_eq!(reply.field("Connection"), Some("keep-alive"));
    drain(&program);
    let new = Client::new(program.address);
    for mut client in [resting, new] {
        client.send(get("/a"));
        let reply = client.reply().expect_status(200);
        assert_eq!(reply.field("Connection"), Some("close"));
        assert_eq!(reply.body, b"content");
        client.expect_closed();
    }
    let mut old = Client::new(program.address);
    old.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(old.reply().field("Connection"), Some("close"));
    old.expect_closed();
}

#[test]
fn health_path_is_503_by_every_method_of_a_check() {
    let root = root();
    let program = Program::start(root.path(), &FOR_EVER);
    drain(&program);
    for (request, body) in [
        (get("/health"), &b"draining"[..]),
        ("OPTIONS /health HTTP/1.0\r\n\r\n".to_owned(), b"draining"),
    ] {
        let mut client = Client::new(program.address);
        client.send(&request);
        let reply = client.reply().expect_status(503);
        assert_eq!(reply.body, body, "{request}");
        assert_eq!(reply.field("Cache-Control"), Some("no-store"));
        assert_eq!(reply.field("Connection"), Some("close"));
    }
    let mut client = Client::new(program.address);
    client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    client.reply().expect_status(204);
}

#[test]
fn health_path_is_503_while_the_server_stops() {
    let root = root();
    let options = ["--grace", "3600", "--health", "/health"];
    let program = Program::start(root.path(), &options);
    let mut client = Client::new(program.address);
    // The beginning comes with a whole request, whose answer tells that it is there.
    client.send(get("/a") + "GET /health HTTP/1.1\r\nHost: a\r\n");
    client.reply().expect_status(200);
    program.signal(Signal::TERM);
    wait_until_closed(program.address);
    client.send("\r\n");
    client.reply().expect_status(503);
    client.expect_closed();
}

#[test]
fn server_stops_when_it_has_drained() {
    let root = root();
    let mut program = Program::start(root.path(), &["--drain", "1"]);
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
    let said = program.said();
    assert!(said.contains("draining for 1 s") && said.contains("stopped"), "{said}");
}

#[test]
fn interrupt_does_not_drain() {
    let root = root();
    let mut program = Program::start(root.path(), &FOR_EVER);
    program.signal(Signal::INT);
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn second_signal_ends_a_draining_server_at_once() {
    for second in [Signal::TERM, Signal::INT] {
        let root = root();
        let mut program = Program::start(root.path(), &FOR_EVER);
        drain(&program);
        program.signal(second);
        let status = program.wait();
        assert_eq!(status.signal(), Some(second.as_raw()), "{status:?}");
    }
}

#[test]
fn hangup_opens_the_root_of_a_draining_server_anew() {
    let root = root();
    let mut program = Program::start(root.path(), &FOR_EVER);
    drain(&program);
    program.signal(Signal::HUP);
    program.lines().wait_for("opened anew");
    assert_eq!(health(&program), 503);
}
