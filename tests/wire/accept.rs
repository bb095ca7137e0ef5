//! Errors of accept: those that are the client's cost nobody else anything.

use crate::support::{Client, get, root_with, tampered, wait_until};
use std::fs;
use tempfile::NamedTempFile;

/// Connections that rest while accept fails.
const RESTING: usize = 5;

/// Has each thread's calls of accept4, from the second to the fourth, fail with `error`; then
/// checks that nobody who rests has been closed.
#[track_caller]
fn expect_resting_ones_stay(error: &str) {
    let root = root_with(&[("a", "content")]);
    let record = NamedTempFile::new().expect("a file");
    let inject = format!("inject=accept4:error={error}:when=2..4");
    let path = record.path().to_str().expect("UTF-8");
    let tampering = ["-o", path, "-e", "trace=accept4", "-e", &inject];
    let arguments = ["-q", "--threads", "4"];
    let Some(program) = tampered(root.path(), &tampering, &arguments) else { return };
    let ask = |client: &mut Client| {
        client.send(get("/a"));
        assert_eq!(client.reply().expect_status(200).body, b"content");
    };
    let mut resting = Vec::new();
    let failed = || {
        let record = fs::read_to_string(record.path()).expect("a record");
        record.matches("(INJECTED)").count()
    };
    wait_until("accept has failed three times", || {
        let mut client = Client::new(program.address);
        ask(&mut client);
        resting.push(client);
        resting.len() >= RESTING && failed() >= 3
    });
    resting.iter_mut().for_each(ask);
}

#[test]
fn errors_that_are_the_clients_close_no_connection_that_rests() {
    for error in ["ECONNABORTED", "EPERM", "EPROTO", "ENETDOWN", "EHOSTUNREACH"] {
        expect_resting_ones_stay(error);
    }
}
