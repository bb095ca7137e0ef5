//! The server where `openat2` is refused: paths are walked, and nothing else is different.

use crate::support::refused::{REFUSALS, expect_tests_to_pass, without_openat2};
use crate::support::{Client, Program, get, linux, root_with, tampered};
use rustix::io::Errno;
use rustix::process::Signal;
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("file", "content"), ("a/file", "content")])
}

#[test]
fn paths_lead_nowhere_else_where_openat2_is_refused() {
    if !linux::has("openat2") {
        return;
    }
    for refusal in REFUSALS {
        expect_tests_to_pass(refusal, &["document_root::"], &["openat2"]);
    }
}

#[test]
fn files_are_written_denied_and_kept_as_ever_where_openat2_is_refused() {
    if !linux::has("openat2") {
        return;
    }
    let rooms = [
        "put::",
        "removal::",
        "collection::",
        "leftovers::",
        "roots::",
        "permissions::",
        "denied::",
        "calls::",
    ];
    // The first of these three is one of this file. The others count on what is not so here: that
    // nothing is said but one line, and that the first `openat` is for a new file.
    let skipped = ["openat2", "more_threads", "file_system_knows_no_file_without"];
    expect_tests_to_pass(Errno::NOSYS, &rooms, &skipped);
}

#[test]
fn refusal_of_openat2_is_said_once() {
    if !linux::has("openat2") {
        return;
    }
    let root = root();
    for (refusal, name) in REFUSALS.into_iter().zip(["ENOSYS", "EPERM"]) {
        let start = || Program::start(root.path(), &["--writable"]);
        let mut program = without_openat2(refusal, start);
        for target in ["/file", "/a/file"] {
            let mut client = Client::new(program.address);
            client.send(get(target));
            assert_eq!(client.reply().expect_status(200).body, b"content");
        }
        program.signal(Signal::HUP);
        let mut lines = program.lines();
        lines.wait_for("the document root was opened anew");
        program.signal(Signal::TERM);
        let said = lines.wait_for_end().join("\n");
        let line = format!("openat2 is refused here ({name}): paths are walked");
        assert_eq!(said.matches(&line).count(), 1, "{said}");
        assert_eq!(said.matches("openat2").count(), 1, "{said}");
    }
}

#[test]
fn later_refusal_of_openat2_is_an_error_and_no_walk() {
    if !linux::has("openat2") {
        return;
    }
    let root = root();
    for refusal in ["ENOSYS", "EPERM"] {
        // Every call that names `file`.
        let fault = format!("inject=openat2:error={refusal}");
        let tampering = ["-P", "file", "-e", "trace=openat2", "-e", &fault];
        let Some(program) = tampered(root.path(), &tampering, &["-q"]) else { return };
        let mut client = Client::new(program.address);
        client.send(get("/file"));
        // Once openat2 has answered, EPERM is about the file.
        let expected = if refusal == "EPERM" { 403 } else { 500 };
        client.reply().expect_status(expected);
        client.send(get("/a/file"));
        client.reply().expect_status(200);
    }
}
