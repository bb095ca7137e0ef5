//! Uploads whose files have names, beside somebody who clears up: a SIGHUP, a second server on the
//! same root, a file system without locks. strace brings about what a file system would.

use crate::support::{Client, Lines, Program, get, linux, names, tampered};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

/// Without /proc, every temporary file has its name from the start.
pub const NO_PROC: &str = "inject=?access,?faccessat:error=ENOENT";

/// The program, of which strace has some calls fail; and the lines of its stderr. `None` where there
/// is no strace.
pub fn start_with(faults: &[&str], root: &Path) -> Option<(Program, Lines)> {
    let faults: Vec<_> = faults.iter().flat_map(|fault| ["-e", fault]).collect();
    let mut program = tampered(root, &faults, &["--writable"])?;
    let lines = program.lines();
    Some((program, lines))
}

/// Has the program open its root anew, and clear up; returns once it has.
fn hang_up(program: &Program, stderr: &mut Lines) {
    program.signal(Signal::HUP);
    stderr.wait_for("was opened anew");
}

/// Begins a PUT of three bytes; returns once the server asks for them.
fn begin(program: &Program) -> Client {
    let mut client = Client::new(program.address);
    client.send(
        "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\
         Connection: close\r\n\r\n",
    );
    assert_eq!(client.reply().status, 100);
    client
}

/// An upload outlives SIGHUPs and the start of another server, whatever the locks of the file
/// system say.
fn expect_that_uploads_outlive(faults: &[&str]) {
    let root = tempfile::tempdir().expect("a directory");
    let Some((program, mut stderr)) = start_with(faults, root.path()) else { return };
    let mut client = begin(&program);
    let seen = names(root.path());
    assert_eq!(seen.len(), 1, "{seen:?}");
    hang_up(&program, &mut stderr);
    // One whose locks work, and one whose do not.
    Program::start(root.path(), &["--writable"]).kill();
    drop(start_with(faults, root.path()));
    assert_eq!(names(root.path()), seen, "{faults:?}");
    client.send("new");
    client.reply().expect_status(201);
    assert_eq!(names(root.path()), ["a"], "{faults:?}");
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"new");
}

#[test]
fn upload_with_a_name_outlives_who_clears_up() {
    expect_that_uploads_outlive(&[NO_PROC]);
}

// NFS says so of a descriptor that is open for reading.
#[test]
fn upload_outlives_who_clears_up_where_a_lock_is_a_bad_descriptor() {
    expect_that_uploads_outlive(&[NO_PROC, "inject=flock:error=EBADF"]);
}

#[test]
fn upload_outlives_who_clears_up_where_locks_have_run_out() {
    expect_that_uploads_outlive(&[NO_PROC, "inject=flock:error=ENOLCK:when=1"]);
}

#[test]
fn upload_outlives_who_clears_up_where_there_are_no_locks() {
    expect_that_uploads_outlive(&[NO_PROC, "inject=flock:error=ENOSYS"]);
}

/// The program, of which a call fails that is made in `root` itself.
fn start_failing_in(root: &Path, fault: &str) -> Option<Program> {
    let path = root.to_str().expect("UTF-8");
    tampered(root, &["-P", path, "-e", fault], &["--writable"])
}

#[test]
fn upload_has_a_name_where_the_file_system_knows_no_file_without() {
    if !linux::has("O_TMPFILE") {
        return;
    }
    // The first call is for a file without a name.
    for fault in ["inject=openat:error=EOPNOTSUPP:when=1", "inject=openat:error=EISDIR:when=1"] {
        let root = tempfile::tempdir().expect("a directory");
        let Some(program) = start_failing_in(root.path(), fault) else { return };
        let mut client = begin(&program);
        let seen = names(root.path());
        assert!(seen.len() == 1 && seen[0].starts_with(".tinyhttpd-upload-"), "{seen:?}");
        client.send("new");
        client.reply().expect_status(201);
        assert_eq!(names(root.path()), ["a"], "{fault}");
    }
}

#[test]
fn what_fails_while_a_file_takes_its_place_leaves_the_old_one() {
    if !linux::has("O_TMPFILE") {
        return;
    }
    for (fault, status) in [
        ("inject=linkat:error=EDQUOT", 507),
        ("inject=fchmod:error=EPERM", 403),
        ("inject=?renameat,renameat2:error=ENOSPC", 507),
        ("inject=?renameat,renameat2:error=EROFS", 403),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("a");
        fs::write(&path, "old").expect("a file");
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("a mode");
        let program = match fault.contains("fchmod") {
            // Of a file that has no name there.
            true => tampered(root.path(), &["-e", fault], &["--writable"]),
            false => start_failing_in(root.path(), fault),
        };
        let Some(program) = program else { return };
        let mut client = begin(&program);
        client.send("new");
        assert_eq!(client.reply().status, status, "{fault}");
        assert_eq!(names(root.path()), ["a"], "{fault}");
        assert_eq!(fs::read(&path).expect("a file"), b"old", "{fault}");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn no_upload_is_lost_in_a_storm_of_signals() {
    const UPLOADS: usize = 300;
    let root = tempfile::tempdir().expect("a directory");
    let Some((program, mut stderr)) = start_with(&[NO_PROC], root.path()) else { return };
    let refused = thread::scope(|scope| {
        let uploads = scope.spawn(|| {
            let mut client = Client::new(program.address);
            (0..UPLOADS).find_map(|number| {
                let path = number % 3;
                client.send(format!(
                    "PUT /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{number:03}"
                ));
                let status = client.reply().status;
                (!matches!(status, 201 | 204)).then(|| format!("{status} for upload {number}"))
            })
        });
        while !uploads.is_finished() {
            hang_up(&program, &mut stderr);
        }
        uploads.join().expect("an end without a panic")
    });
    if let Some(refused) = refused {
        hang_up(&program, &mut stderr);
        let told = stderr.seen().iter().filter(|line| !line.contains("was opened anew"));
        panic!("{refused}: {:#?}", told.collect::<Vec<_>>());
    }
    assert_eq!(names(root.path()), ["0", "1", "2"]);
    let mut client = Client::new(program.address);
    client.send(get("/2"));
    assert_eq!(client.reply().body, format!("{:03}", UPLOADS - 1).as_bytes());
}
