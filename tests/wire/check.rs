//! `--check`: one answer of a running server, as an exit code.

use crate::support::{PROGRAM, Program, finish, root_with};
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use tempfile::TempDir;

fn root() -> TempDir {
    let root = root_with(&[("a", "content")]);
    fs::create_dir(root.path().join("b")).expect("a directory");
    root
}

/// Its exit code, and what it says on stderr; it never says anything on stdout.
fn check(url: &str) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    let output = finish(command.args(["--check", url]).env("TINYHTTPD_PORT", "nonsense"));
    assert_eq!(output.stdout, b"");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[track_caller]
fn expect_good(url: &str) {
    assert_eq!(check(url), (Some(0), String::new()), "{url}");
}

#[track_caller]
fn expect_bad(url: &str, words: &str) {
    let (code, said) = check(url);
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{url}: {said}");
    assert!(said.starts_with(&format!("tinyhttpd: {url}")) && said.contains(words), "{said}");
}

#[test]
fn success_and_redirection_are_0_and_errors_are_1() {
    let root = root();
    let program = Program::start(root.path(), &[]);
    let port = program.address.port();
    expect_good(&format!("http://127.0.0.1:{port}/a"));
    expect_good(&format!("http://localhost:{port}/a?query"));
    expect_good(&format!("http://127.0.0.1:{port}/b"));
    expect_bad(&format!("http://127.0.0.1:{port}/missing"), "answers 404 Not Found");
    expect_bad(&format!("http://127.0.0.1:{port}/"), "answers 404 Not Found");
}

#[test]
fn unix_socket_is_asked_too() {
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    let options = ["--bind", "127.0.0.1", "--bind", &bind];
    let program = Program::start(root.path(), &options);
    // Both sockets listen before the first line is told.
    expect_good(&format!("{bind}:/a"));
    expect_bad(&bind, "answers 404 Not Found");
    drop(program);
    expect_bad(&format!("{bind}:/a"), "refused");
    fs::remove_file(&socket).expect("a socket");
    expect_bad(&format!("{bind}:/a"), "No such file");
}

#[test]
fn server_that_is_not_there_is_1() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    expect_bad(&format!("http://{address}/"), "refused");
}

#[test]
fn server_that_does_not_answer_is_1() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    expect_bad(&format!("http://{address}/"), "no answer within 5 seconds");
}

#[test]
fn server_of_something_else_is_1() {
    for (answer, words) in
        [("SSH-2.0-a\r\n", "no HTTP"), ("", "no HTTP"), ("HTTP/1.1 2", "no HTTP")]
    {
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = other.local_addr().expect("an address");
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = other.accept().expect("a connection");
                stream.write_all(answer.as_bytes()).expect("bytes are taken");
                stream.shutdown(std::net::Shutdown::Write).expect("an end");
                std::io::copy(&mut stream, &mut std::io::sink()).expect("a request");
            });
            expect_bad(&format!("http://{address}/"), words);
        });
    }
}
