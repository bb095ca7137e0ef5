//! What answers hold in memory while their clients do not read has one budget.

use crate::support::{Client, Program, get, root_with, sparse_file, wait_until};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// What answers may take together, in KiB.
const BUDGET: u64 = 4 * 1024;

/// What else may come on top, in KiB: workers' buffers, and what the allocator does not give back.
const SLACK: u64 = 16 * 1024;

/// A root with `/list/`, whose page has more than 400 KiB, `/link`, which leads to a file of 255
/// KiB and is read anew for each request, `/file` and `/endless`.
fn root() -> TempDir {
    let root = root_with(&[("file", "content")]);
    let list = root.path().join("list");
    fs::create_dir(&list).expect("a directory");
    for number in 0..3000 {
        File::create(list.join(format!("{number:05}"))).expect("a file");
    }
    fs::write(root.path().join("short"), vec![b'x'; 255 * 1024]).expect("a file");
    symlink("short", root.path().join("link")).expect("a symlink");
    sparse_file(&root.path().join("endless"), 8 << 30);
    root
}

fn start(root: &Path) -> Program {
    let arguments = ["-q", "--list", "--threads", "4", "--cache-size", "0", "--body-memory", "4M"];
    Program::start(root, &arguments)
}

fn expect_answer(client: &mut Client) {
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Has `count` clients ask for `path` and read late; each gets its whole answer, and together they
/// cost no memory beyond the budget.
#[track_caller]
fn expect_within_budget(path: &str, count: usize, body_bytes: usize) {
    let root = root();
    let program = start(root.path());
    let mut other = Client::new(program.address);
    expect_answer(&mut other);
    let before = program.status("VmHWM");
    let mut deaf: Vec<_> = (0..count).map(|_| Client::with_small_buffer(program.address)).collect();
    for client in &mut deaf {
        client.send(format!("GET {path} HTTP/1.0\r\n\r\n"));
        expect_answer(&mut other);
    }
    ask_until_settled(&mut other, &deaf);
    while !deaf.is_empty() {
        let mut begun = None;
        wait_until("one of them is answered", || {
            begun = deaf.iter().position(Client::is_answered);
            begun.is_some()
        });
        let mut client = deaf.swap_remove(begun.expect("a client"));
        client.widen();
        let reply = client.reply().expect_status(200);
        assert!(reply.body.len() >= body_bytes, "{} of {path}", reply.body.len());
    }
    expect_answer(&mut other);
    let grown = program.status("VmHWM") - before;
    assert!(grown < BUDGET + SLACK, "{path}: {grown} KiB");
}

/// Returns once all of `deaf` are being answered, or no more of them while `other` is answered for
/// five thousand times.
fn ask_until_settled(other: &mut Client, deaf: &[Client]) {
    let mut most = 0;
    let mut rounds = 0;
    while most < deaf.len() && rounds < 100 {
        (0..50).for_each(|_| expect_answer(other));
        let begun = deaf.iter().filter(|client| client.is_answered()).count();
        rounds = if begun > most { 0 } else { rounds + 1 };
        most = most.max(begun);
    }
}

#[test]
fn unread_listings_have_one_budget() {
    expect_within_budget("/list/", 80, 400 * 1024);
}

#[test]
fn unread_files_that_are_not_kept_have_one_budget() {
    expect_within_budget("/link", 300, 255 * 1024);
}

/// Requests behind an unread answer are not read beyond what a head may have.
#[test]
fn requests_behind_an_unread_answer_cost_as_much_as_a_head() {
    const CLIENTS: usize = 300;
    let root = root();
    let program = start(root.path());
    expect_answer(&mut Client::new(program.address));
    let before = program.status("VmHWM");
    let requests = get("/endless") + &get("/file").repeat(64 * 1024 / get("/file").len());
    let mut deaf = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Client::with_small_buffer(program.address);
        client.send(&requests);
        deaf.push(client);
    }
    for client in &deaf {
        wait_until("its answer has begun", || client.is_answered());
    }
    expect_answer(&mut Client::new(program.address));
    let each = (program.status("VmHWM") - before) / CLIENTS as u64;
    assert!(each < 40, "{each} KiB");
}
