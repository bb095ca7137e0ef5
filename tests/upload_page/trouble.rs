//! What goes wrong, in words, and that it can be tried again.

use crate::desk::{Desk, WRITABLE};
use crate::support::{PROGRAM, Program, names, sparse_file, tampered};
use rustix::process::Signal;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn server_that_stops_in_the_middle_is_said_and_can_be_tried_again() {
    let Some(mut desk) = Desk::open() else { return };
    let program = desk.program.take().expect("it runs");
    // It takes nothing any more, so the file cannot get through before it is killed.
    program.signal(Signal::STOP);
    let length = (1 << 20) as u64;
    sparse_file(&desk.files.path().join("a"), length);
    desk.choose("a");
    desk.expect_told("Uploading a");
    let port = program.address.port().to_string();
    program.kill();
    desk.expect_row("The connection was lost. Is the server still there?");
    desk.expect_told("0 uploaded, 1 not uploaded");
    let mut command = Command::new(PROGRAM);
    command.args(["-q", "--port", &port, "--root"]).arg(desk.root.path()).args(WRITABLE);
    let _program = Program::spawn(&mut command);
    desk.press("Retry a");
    desk.expect_told("1 uploaded");
    assert_eq!(fs::metadata(desk.root.path().join("a")).expect("a file").len(), length);
}

#[test]
fn upload_is_cancelled_while_it_runs_and_while_it_waits() {
    let Some(mut desk) = Desk::open() else { return };
    let program = desk.program.take().expect("it runs");
    program.signal(Signal::STOP);
    let names = ["large", "b", "c", "d"];
    // The server is asked about it before it is sent.
    sparse_file(&desk.files.path().join("large"), 2 << 20);
    let paths: Vec<_> = names.iter().map(|name| desk.files.path().join(name)).collect();
    for name in &names[1..] {
        desk.file(name, name);
    }
    desk.page.choose("#files", &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    desk.expect_told("Uploading large, 3 more to come");
    desk.press("Cancel c");
    desk.press("Cancel large");
    desk.expect_told("Uploading b, 1 more to come");
    desk.press("Cancel all");
    program.signal(Signal::CONT);
    desk.expect_told("0 uploaded, 4 not uploaded");
    assert_eq!(desk.rows(), names.map(|name| format!("{name}: Cancelled")));
    desk.press("Retry d");
    desk.expect_told("1 uploaded");
    assert_eq!(desk.content("d"), "d");
    assert!(!desk.in_root().contains(&"c".to_owned()));
}

#[test]
fn full_disk_is_said() {
    let root = tempfile::tempdir().expect("a directory");
    let fault = ["-e", "inject=fsync,fdatasync:error=ENOSPC"];
    let Some(program) = tampered(root.path(), &fault, &WRITABLE) else { return };
    let Some(mut desk) = Desk::served(root, program) else { return };
    desk.upload(&[("a", "1")]);
    desk.expect_row("The server has no room left on its disk.");
    assert_eq!(desk.in_root(), [""; 0]);
}

#[test]
fn file_that_is_too_large_is_not_even_sent() {
    let root = tempfile::tempdir().expect("a directory");
    let arguments = [&WRITABLE[..], &["--max-body", "1M"]].concat();
    let Some(mut desk) = Desk::at(root, &arguments) else { return };
    sparse_file(&desk.files.path().join("large"), (1 << 20) + 1);
    desk.choose("large");
    desk.expect_row("Too large: the server takes 1.0 MiB at most.");
    sparse_file(&desk.files.path().join("fits"), 1 << 20);
    desk.choose("fits");
    desk.expect_told("1 uploaded");
    assert_eq!(desk.in_root(), ["fits"]);
}

#[test]
fn missing_permission_is_said() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("theirs"), "").expect("a file");
    fs::set_permissions(root.path(), Permissions::from_mode(0o555)).expect("a mode");
    let mut command = Command::new(PROGRAM);
    command.args(["-q", "--port", "0", "--root"]).arg(root.path()).args(WRITABLE);
    if rustix::process::geteuid().is_root() {
        // Whom nothing is denied.
        command.uid(65534).gid(65534);
    }
    let Some(mut desk) = Desk::served(root, Program::spawn(&mut command)) else { return };
    let denied = "The server may not write this, or does not let you.";
    desk.upload(&[("a", "1")]);
    desk.expect_row(denied);
    desk.press("Delete theirs");
    desk.press("Delete");
    desk.expect_told(&format!("theirs: {denied}"));
    assert_eq!(desk.in_root(), ["theirs"]);
    fs::set_permissions(desk.root.path(), Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn what_is_in_the_way_is_said() {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join("a")).expect("a folder");
    symlink("a", root.path().join("link")).expect("a link");
    let Some(mut desk) = Desk::at(root, &WRITABLE) else { return };
    let in_the_way = "Its folder is not there any more, or something else has this name.";
    desk.upload(&[("a", "1")]);
    desk.expect_row(in_the_way);
    desk.upload(&[("link", "1")]);
    desk.expect_told("0 uploaded, 1 not uploaded");
    assert_eq!(desk.rows(), [format!("a: {in_the_way}"), format!("link: {in_the_way}")]);
    assert_eq!(names(&desk.root.path().join("a")), [""; 0]);
}

#[test]
fn file_that_is_gone_is_said() {
    let Some(mut desk) = Desk::open() else { return };
    let program = desk.program.take().expect("it runs");
    program.signal(Signal::STOP);
    desk.upload(&[("a", "1"), ("b", "2")]);
    desk.expect_told("Uploading a, 1 more to come");
    fs::remove_file(desk.files.path().join("b")).expect("a file");
    program.signal(Signal::CONT);
    desk.expect_row("This file cannot be read any more: it has changed, or is gone.");
    desk.expect_told("1 uploaded, 1 not uploaded");
    assert_eq!(desk.in_root(), ["a"]);
}
