//! Few descriptors: what is slow makes others wait, and never fail.

use crate::support::{Client, Program, get, serving, sparse_file, under, wait_until};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Downloads at the same time, and the descriptors that the program may have open: too few for two
/// each.
const DOWNLOADS: usize = 122;
const DESCRIPTORS_MAX: usize = 256;

/// Bytes of each file: more than the sockets hold, so that the program has the file open until the
/// client reads.
const FILE_BYTES: u64 = 1 << 20;

fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for number in 0..2 * DOWNLOADS {
        sparse_file(&root.path().join(number.to_string()), FILE_BYTES);
    }
    root
}

fn start_with(descriptors_max: usize, root: &Path, arguments: &[&str]) -> Program {
    let arguments = [&["-q", "--threads", "4"], arguments].concat();
    let limit = format!("ulimit -n {descriptors_max}");
    Program::spawn(&mut under(&limit, &serving(root, &arguments)))
}

/// Each of `clients` gets its whole answer, whoever is answered first.
#[track_caller]
fn expect_all_served(mut clients: Vec<Client>) {
    while !clients.is_empty() {
        let mut begun = None;
        wait_until("one of them is answered", || {
            begun = clients.iter().position(Client::is_answered);
            begun.is_some()
        });
        let mut client = clients.swap_remove(begun.expect("a client"));
        client.widen();
        let reply = client.reply().expect_status(200);
        assert_eq!(reply.body.len() as u64, FILE_BYTES);
    }
}

/// Has clients begin to download files of their own, and others come after them.
fn expect_nobody_refused(arguments: &[&str]) {
    let root = root();
    let program = start_with(DESCRIPTORS_MAX, root.path(), arguments);
    let mut clients = Vec::new();
    for number in 0..2 * DOWNLOADS {
        let mut client = Client::with_small_buffer(program.address);
        client.send(format!("GET /{number} HTTP/1.0\r\n\r\n"));
        clients.push(client);
        if number == DOWNLOADS {
            wait_until("many have begun", || {
                clients.iter().filter(|client| client.is_answered()).count() > DOWNLOADS / 4
            });
        }
    }
    expect_all_served(clients);
}

#[test]
fn slow_downloads_of_many_files_refuse_nobody() {
    expect_nobody_refused(&[]);
}

/// Not even where the user asks for more connections than there are descriptors for.
#[test]
fn nor_do_they_where_more_connections_are_asked_for() {
    expect_nobody_refused(&["--max-connections", "1000"]);
}

/// Those that have had their answer make room for those that have not.
fn expect_all_answered(arguments: &[&str]) {
    let root = root();
    fs::write(root.path().join("file"), "content").expect("a file");
    let program = start_with(64, root.path(), arguments);
    for round in 0..10 {
        let mut clients: Vec<_> = (0..200).map(|_| Client::new(program.address)).collect();
        for client in &mut clients {
            client.send(get("/file"));
        }
        for client in &mut clients {
            let reply = client.reply();
            assert_eq!((reply.status, reply.body), (200, b"content".to_vec()), "round {round}");
        }
    }
    let said = program.stop();
    // More than there is room for is said at the start, even where only errors are.
    assert!(said.lines().count() <= 5, "{said}");
}

#[test]
fn two_hundred_clients_at_64_descriptors_are_all_answered() {
    expect_all_answered(&[]);
}

#[test]
fn so_they_are_where_more_connections_are_asked_for() {
    expect_all_answered(&["--max-connections", "1000"]);
}
