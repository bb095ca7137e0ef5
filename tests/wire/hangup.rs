//! SIGHUP: the former document root is let go of at once, by whoever had it.

use crate::support::{Client, Program, get, not_tested, serving, wait_until};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Has all workers answer: many clients at once, new ones and those that have asked before.
fn keep_busy(program: &Program) {
    let mut clients: Vec<_> = (0..64).map(|_| Client::new(program.address)).collect();
    for _ in 0..10 {
        clients.iter_mut().for_each(|client| client.send(get("/a")));
        for client in &mut clients {
            client.reply().expect_status(200);
        }
    }
}

/// Waits until requests are answered from the root whose `/a` has this content.
fn expect_content(program: &Program, content: &str) {
    wait_until("the root is the new one", || {
        let mut client = Client::new(program.address);
        client.send(get("/a"));
        client.reply().expect_status(200).body == content.as_bytes()
    });
}

fn release(directory: &TempDir, name: &str) -> PathBuf {
    let root = directory.path().join(name);
    fs::create_dir(&root).expect("a directory");
    fs::write(root.join("a"), name).expect("a file");
    root
}

#[test]
fn former_root_is_let_go_of_by_those_that_rest_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let (former, new) = (release(&directory, "former"), release(&directory, "new"));
    let current = directory.path().join("current");
    symlink(&former, &current).expect("a symlink");
    let program = Program::start(&current, &["-q", "--threads", "8"]);
    keep_busy(&program);
    let mut resting = Client::new(program.address);
    resting.send(get("/a"));
    assert_eq!(resting.reply().expect_status(200).body, b"former");
    assert!(!program.open_beneath(&former).is_empty());
    fs::remove_file(&current).expect("a symlink");
    symlink(&new, &current).expect("a symlink");
    program.signal(Signal::HUP);
    expect_content(&program, "new");
    wait_until("nobody has the former one", || program.open_beneath(&former).is_empty());
    resting.send(get("/a"));
    assert_eq!(resting.reply().expect_status(200).body, b"new");
}

/// A command in the mount namespace of the program.
fn in_namespace_of(program: &Program, command: &[&str]) -> bool {
    let target = program.child.id().to_string();
    let mut nsenter = Command::new("nsenter");
    nsenter.args(["--target", &target, "--mount"]).args(command);
    nsenter.output().is_ok_and(|output| output.status.success())
}

#[test]
fn former_root_can_be_unmounted() {
    if !Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|end| end.success()) {
        return not_tested("this user may mount nothing");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (former, new) = (release(&directory, "former"), release(&directory, "new"));
    let current = directory.path().join("current");
    symlink(&former, &current).expect("a symlink");
    let served = serving(&current, &["-q", "--threads", "8"]);
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs none \"$0\" && echo former >\"$0/a\" && exec \"$@\"";
    command.args(["--mount", "sh", "-c", script]).arg(&former);
    command.arg(served.get_program()).args(served.get_args()).env_remove("RUST_LOG");
    let program = Program::spawn(&mut command);
    expect_content(&program, "former\n");
    keep_busy(&program);
    let unmount = ["umount", former.to_str().expect("UTF-8")];
    assert!(!in_namespace_of(&program, &unmount), "it is busy");
    fs::remove_file(&current).expect("a symlink");
    symlink(&new, &current).expect("a symlink");
    program.signal(Signal::HUP);
    expect_content(&program, "new");
    wait_until("it is unmounted", || in_namespace_of(&program, &unmount));
}
