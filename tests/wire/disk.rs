//! A slow disk costs only who asks it. Calls that strace delays for an hour play the disk, so that
//! whatever is answered meanwhile has not waited for it.

use crate::support::{
    Client, get, held, linux, root_with, set_modified, sparse_file, tampered, wait_until,
};
use rustix::process::Signal;
use std::fs;
use std::io::Read;
use std::path::Path;
use tempfile::TempDir;

const WORKERS: usize = 8;
/// Requests that the disk holds up: one worker is left.
const SLOW: usize = WORKERS - 1;

/// Bytes of a file that is sent with sendfile.
const LONG: u64 = 1 << 20;

/// The names of what the disk takes its time with.
fn slow_names() -> Vec<String> {
    (0..SLOW).map(|number| format!("slow{number}")).collect()
}

/// A root with `/file`, which can be kept, and one slow file of `length` bytes for each worker less
/// one, which nobody has asked for.
fn root(length: u64) -> TempDir {
    let root = root_with(&[("file", "content")]);
    set_modified(&root.path().join("file"), 1_000_000_000);
    for name in slow_names() {
        sparse_file(&root.path().join(name), length);
    }
    root
}

/// strace's options to delay `calls` for an hour.
fn delay(calls: &str) -> Vec<String> {
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:delay_enter=3600s"));
    vec!["-e".to_owned(), trace, "-e".to_owned(), inject]
}

/// The same, for calls on the slow files alone.
fn delay_slow_files(root: &Path, calls: &str) -> Vec<String> {
    let mut options = delay(calls);
    for name in slow_names() {
        // By descriptor, and as openat2 is given it.
        for path in [root.join(&name).to_str().expect("UTF-8"), &name] {
            options.extend(["-P".to_owned(), path.to_owned()]);
        }
    }
    options
}

fn expect_answer(client: &mut Client) {
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Others are answered, on a connection that rests and on new ones, beside requests that the disk
/// holds up, of which `held_min` get so far at the same time.
#[track_caller]
fn expect_others_answered(
    root: &TempDir,
    tampering: &[String],
    held_min: usize,
    arguments: &[&str],
    request: impl Fn(&str) -> String,
) {
    let tampering: Vec<_> = tampering.iter().map(String::as_str).collect();
    let threads = WORKERS.to_string();
    let arguments = [&["-q", "--threads", &threads], arguments].concat();
    let Some(program) = tampered(root.path(), &tampering, &arguments) else { return };
    let mut resting = Client::new(program.address);
    expect_answer(&mut resting);
    let mut slow = Vec::new();
    for name in slow_names() {
        let mut client = Client::new(program.address);
        client.send(request(&name));
        slow.push(client);
        expect_answer(&mut resting);
        expect_answer(&mut Client::new(program.address));
    }
    wait_until("the disk holds them up", || held(&program) >= held_min);
    for _ in 0..20 {
        expect_answer(&mut resting);
        expect_answer(&mut Client::new(program.address));
    }
    assert!(held(&program) >= held_min, "it holds them up no longer");
}

/// The same for requests of the slow files, of `length` bytes, which are held up in `calls`.
#[track_caller]
fn expect_others_answered_beside(length: u64, calls: &str) {
    let root = root(length);
    let tampering = delay_slow_files(root.path(), calls);
    expect_others_answered(&root, &tampering, SLOW, &[], |name| get(&format!("/{name}")));
}

#[test]
fn opens_that_take_their_time_hold_up_nobody_else() {
    expect_others_answered_beside(1000, "openat2,openat");
}

/// A network file system may take its time with these.
#[test]
fn looks_that_take_their_time_hold_up_nobody_else() {
    expect_others_answered_beside(1000, "newfstatat,statx");
}

#[test]
fn cold_reads_hold_up_nobody_else() {
    expect_others_answered_beside(1000, "read,pread64,preadv,preadv2");
}

#[test]
fn cold_sendfile_holds_up_nobody_else() {
    if !linux::has("sendfile") {
        return;
    }
    expect_others_answered_beside(LONG, "sendfile");
}

/// How many get so far at the same time is the server's choice.
#[test]
fn uploads_that_reach_the_disk_slowly_hold_up_nobody_else() {
    let put = |name: &str| {
        format!("PUT /new-{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
    };
    expect_others_answered(&root(0), &delay("fsync,fdatasync"), 1, &["--writable"], put);
}

#[test]
fn new_directories_that_reach_the_disk_slowly_hold_up_nobody_else() {
    let make = |name: &str| format!("MKCOL /new-{name} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_others_answered(&root(0), &delay("fsync,fdatasync"), 1, &["--writable"], make);
}

/// The same.
#[test]
fn directories_that_are_read_slowly_hold_up_nobody_else() {
    let root = root(0);
    for name in slow_names() {
        fs::create_dir(root.path().join(format!("list-{name}"))).expect("a directory");
    }
    let list = |name: &str| get(&format!("/list-{name}/"));
    expect_others_answered(&root, &delay("getdents64"), 1, &["--list"], list);
}

/// The signals end the program within the grace, though the disk holds up an open for ever.
fn expect_end_after(signals: &[Signal], grace: &str) {
    if !linux::has("openat2") {
        return;
    }
    let root = root(1000);
    let tampering = delay_slow_files(root.path(), "openat2");
    let tampering: Vec<_> = tampering.iter().map(String::as_str).collect();
    let arguments = ["--threads", "8", "--grace", grace];
    let Some(mut program) = tampered(root.path(), &tampering, &arguments) else { return };
    let mut slow = Client::new(program.address);
    slow.send(get("/slow0"));
    wait_until("the disk holds it up", || held(&program) == 1);
    let mut resting = Client::new(program.address);
    expect_answer(&mut resting);
    for &signal in signals {
        program.signal(signal);
    }
    assert_eq!(program.wait().code(), Some(0), "{signals:?}");
    resting.expect_closed();
    let said = program.said();
    assert!(said.contains("1 connections were cut off"), "{said}");
}

#[test]
fn grace_holds_whatever_the_disk_does() {
    expect_end_after(&[Signal::TERM], "0");
    expect_end_after(&[Signal::TERM], "1");
}

/// It opens the document root, and then a slow file of it.
#[test]
fn stop_after_a_hangup_holds_too() {
    expect_end_after(&[Signal::HUP, Signal::TERM], "0");
}

/// The first of two requests is in the log, though the disk holds up the second, which the same
/// worker has begun.
#[track_caller]
fn expect_line_in_log(root: &TempDir, tampering: &[String], arguments: &[&str], second: &str) {
    let tampering: Vec<_> = tampering.iter().map(String::as_str).collect();
    let Some(mut program) = tampered(root.path(), &tampering, arguments) else { return };
    let mut stderr = program.child.stderr.take().expect("a pipe");
    rustix::io::ioctl_fionbio(&stderr, true).expect("an option");
    let mut client = Client::new(program.address);
    client.send(get("/file?first") + second);
    client.reply().expect_status(200);
    let mut said = Vec::new();
    wait_until("the line is in the log", || {
        // There is nothing, or all that there is.
        let _ = stderr.read_to_end(&mut said);
        String::from_utf8_lossy(&said).contains("\"GET /file?first HTTP/1.1\" 200 ")
    });
    assert!(!client.is_answered());
}

#[test]
fn lines_of_the_log_do_not_wait_for_the_disk() {
    let root = root(1000);
    let tampering = delay_slow_files(root.path(), "openat2,openat");
    expect_line_in_log(&root, &tampering, &[], &get("/slow0"));
    let put = "PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    expect_line_in_log(&root, &delay("fsync,fdatasync"), &["--writable"], put);
}
