//! A document root that is removed and built again, or switched to another release: it is served
//! without a signal.

use crate::support::{Client, PROGRAM, Program, get, wait_until};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

#[test]
fn another_release_is_served_without_a_signal_and_the_former_let_go_of() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    for release in ["v1", "v2"] {
        fs::create_dir(path(release)).expect("a directory");
        fs::write(path(release).join("a"), release).expect("a file");
    }
    symlink("v1", path("current")).expect("a link");
    let program = Program::start(&path("current"), &["-q"]);
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"v1");
    symlink("v2", path("next")).expect("a link");
    fs::rename(path("next"), path("current")).expect("a rename");
    wait_until("the other release", || {
        client.send(get("/a"));
        client.reply().expect_status(200).body == b"v2"
    });
    let former = path("v1");
    wait_until("the former is let go of", || program.open_beneath(&former).is_empty());
    // No request of its own found nothing, and yet a build is seen at once by one that does.
    fs::remove_dir_all(path("v2")).expect("a directory");
    fs::create_dir(path("v2")).expect("a directory");
    fs::write(path("v2").join("new"), "built").expect("a file");
    client.send(get("/new"));
    assert_eq!(client.reply().expect_status(200).body, b"built");
    assert_eq!(program.stop(), "");
}

#[test]
fn directory_that_is_served_from_within_is_built_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root");
    fs::create_dir(&root).expect("a directory");
    let mut command = Command::new(PROGRAM);
    let program = Program::spawn(command.args(["--port", "0"]).current_dir(&root));
    fs::remove_dir_all(&root).expect("a directory");
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("a"), "built").expect("a file");
    let mut client = Client::new(program.address);
    client.send(get("/a"));
    assert_eq!(client.reply().expect_status(200).body, b"built");
}
