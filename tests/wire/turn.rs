//! A turn has an end: whoever asks for much at once keeps nobody waiting.

use crate::support::{Client, Program, get, root_with, tampered};
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;

/// Connections that ask for much: more than there are workers.
const GREEDY: usize = 20;

/// Bytes of requests that each of them has sent before it reads an answer.
const PIPELINED_BYTES: usize = 64 * 1024;

fn root(names: usize) -> TempDir {
    let root = root_with(&[("file", "content")]);
    let list = root.path().join("list");
    fs::create_dir(&list).expect("a directory");
    for number in 0..names {
        File::create(list.join(format!("{number:05}"))).expect("a file");
    }
    root
}

fn expect_answer(client: &mut Client) {
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Has `GREEDY` clients send requests without reading an answer, and asks for a small file
/// meanwhile, on a connection that rests and on new ones. All that is asked for takes minutes.
#[track_caller]
fn expect_others_answered(program: &Program, request: impl Fn(usize, usize) -> String) {
    let mut resting = Client::new(program.address);
    expect_answer(&mut resting);
    let mut greedy = Vec::new();
    for client in 0..GREEDY {
        let mut requests = String::new();
        for number in 0.. {
            requests += &request(client, number);
            if requests.len() >= PIPELINED_BYTES {
                break;
            }
        }
        let mut client = Client::new(program.address);
        client.send(requests + &get("/file"));
        greedy.push(client);
        expect_answer(&mut resting);
    }
    for _ in 0..10 {
        expect_answer(&mut resting);
        expect_answer(&mut Client::new(program.address));
    }
}

fn start(root: &Path, arguments: &[&str]) -> Program {
    Program::start(root, &[&["-q", "--threads", "8"], arguments].concat())
}

#[test]
fn pipelined_listings_keep_nobody_waiting() {
    let root = root(10_000);
    let program = start(root.path(), &["--list"]);
    let head = "HEAD /list/ HTTP/1.1\r\nHost: a\r\n\r\n";
    expect_others_answered(&program, |_, _| head.to_owned());
}

/// The disk takes 50 ms for each.
#[test]
fn pipelined_uploads_keep_nobody_waiting() {
    let root = root(0);
    let tampering = ["-e", "trace=fsync", "-e", "inject=fsync:delay_enter=50ms"];
    let arguments = ["-q", "--threads", "8", "--writable"];
    let Some(program) = tampered(root.path(), &tampering, &arguments) else { return };
    expect_others_answered(&program, |client, number| {
        format!("PUT /{client}-{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    });
}

/// Each of them is answered in the end, in order.
#[test]
fn pipelined_requests_are_all_answered_though_others_have_their_turns() {
    let root = root(100);
    let program = start(root.path(), &["--list"]);
    let count = 50;
    let mut clients: Vec<_> = (0..GREEDY).map(|_| Client::new(program.address)).collect();
    for client in &mut clients {
        client.send((get("/list/") + &get("/file")).repeat(count));
    }
    for client in &mut clients {
        for _ in 0..count {
            let page = client.reply().expect_status(200).body;
            assert!(page.len() > 100 * 5, "{}", page.len());
            assert_eq!(client.reply().expect_status(200).body, b"content");
        }
    }
}
