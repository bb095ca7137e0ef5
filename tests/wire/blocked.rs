//! Answers that wait for their client: what they cost in calls, on TCP and on Unix sockets.

use crate::support::{Client, Program, get, linux, root_with, sparse_file, tampered, wait_until};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use tempfile::{NamedTempFile, TempDir};

/// Bytes of the file `big`: far more than sockets hold.
const BIG: u64 = 8 << 20;

fn root() -> TempDir {
    let root = root_with(&[("a", "content")]);
    sparse_file(&root.path().join("big"), BIG);
    root
}

/// The program with its calls in the file `record`, on TCP and on the Unix socket `socket`.
fn traced(root: &Path, record: &Path, calls: &str) -> Option<Program> {
    let trace = format!("trace={calls}");
    let record = record.to_str().expect("UTF-8");
    let bind = format!("unix:{}", root.join("socket").display());
    let arguments = ["-q", "--threads", "4", "--bind", "127.0.0.1", "--bind", &bind];
    tampered(root, &["-o", record, "-e", &trace], &arguments)
}

/// A call of the record, without the thread's number.
fn calls_of<'a>(record: &'a str, thread: &'a str) -> impl Iterator<Item = &'a str> {
    let calls = record.lines().filter_map(|line| line.split_once(' '));
    calls.filter(move |(of, _)| *of == thread).map(|(_, call)| call.trim_start())
}

/// The kernel says once that a client must read first, and is not asked again at once.
#[test]
fn blocked_answer_is_tried_once() {
    if !linux::has("sendfile") {
        return;
    }
    let (root, record) = (root(), NamedTempFile::new().expect("a file"));
    let calls = "sendfile,sendto,sendmsg,ioctl,epoll_wait,epoll_pwait,epoll_pwait2,epoll_ctl";
    let Some(program) = traced(root.path(), record.path(), calls) else { return };
    let mut client = Client::with_small_buffer(program.address);
    client.send(get("/big"));
    let read = || fs::read_to_string(record.path()).expect("a record");
    let is_blocked = |line: &&str| line.contains("EAGAIN") && line.contains("send");
    wait_until("the answer is blocked, and the thread goes on", || {
        let record = read();
        let blocked = record.lines().find(is_blocked);
        let Some((thread, _)) = blocked.and_then(|line| line.split_once(' ')) else {
            return false;
        };
        let mut calls = calls_of(&record, thread).skip_while(|call| !call.contains("EAGAIN"));
        calls.any(|call| call.starts_with("epoll_"))
    });
    drop(client);
    program.stop();
    let record = read();
    // And one more that has waited for the client in vain, as a worker does that has a spare.
    let blocked = record.lines().filter(is_blocked).count();
    assert!(blocked <= 2, "{record}");
    let calls: Vec<_> = record.lines().collect();
    assert!(!calls.windows(2).any(|two| two.iter().all(is_blocked)), "{record}");
}

/// A client of the Unix socket.
fn unix_client(root: &TempDir) -> Client<UnixStream> {
    Client::unix(&root.path().join("socket"))
}

fn ask(client: &mut Client<UnixStream>, path: &str) {
    client.send(get(path));
    client.reply().expect_status(200);
}

/// The times that the kernel told the program that the client can take more, during many small
/// answers between two marks in the record.
fn told_of_room(client: &mut Client<UnixStream>, record: &Path, mark: &str) -> usize {
    let begin = format!("/a?begin-{mark}");
    let end = format!("/a?end-{mark}");
    ask(client, &begin);
    (0..50).for_each(|_| ask(client, "/a"));
    ask(client, &end);
    let record = fs::read_to_string(record).expect("a record");
    let calls = record.lines().skip_while(|line| !line.contains(&begin));
    let calls = calls.take_while(|line| !line.contains(&end));
    calls.filter(|line| line.contains("epoll_") && line.contains("EPOLLOUT")).count()
}

/// On a Unix socket there is more room each time that the client reads. Whoever still waits for it
/// is woken for nothing by each answer.
#[test]
fn nobody_waits_for_room_after_a_blocked_answer() {
    let (root, record) = (root(), NamedTempFile::new().expect("a file"));
    let calls = "recvfrom,recvmsg,read,epoll_ctl,epoll_wait,epoll_pwait,epoll_pwait2";
    let Some(_program) = traced(root.path(), record.path(), calls) else { return };
    let mut client = unix_client(&root);
    assert_eq!(told_of_room(&mut client, record.path(), "1"), 0);
    let waits = |line: &str| line.contains("epoll_ctl(") && line.contains("EPOLLOUT");
    client.send(get("/big"));
    let armed = || {
        let record = fs::read_to_string(record.path()).expect("a record");
        record.lines().rfind(|line| line.contains("epoll_ctl(")).map(str::to_owned)
    };
    wait_until("the answer waits for its client", || armed().is_some_and(|line| waits(&line)));
    assert_eq!(client.reply().expect_status(200).body.len() as u64, BIG);
    // Until then, the kernel may still tell of room once.
    wait_until("the next request is waited for", || armed().is_some_and(|line| !waits(&line)));
    assert_eq!(told_of_room(&mut client, record.path(), "2"), 0);
}
