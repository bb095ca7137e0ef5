//! How many system calls the work takes, as strace counts them: a bound that no machine's speed
//! moves.

use crate::support::{Client, Program, get, linux, set_modified, tampered, wait_until};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Instant;
use tempfile::TempDir;
use tinyhttpd::limits::{ACCEPT_PAUSE, ENTRIES_MAX};

/// A document root with `file` and `directory/file`, which are kept as soon as their change of date
/// is some seconds old.
fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join("directory")).expect("a directory");
    for name in ["file", "directory/file"] {
        let path = root.path().join(name);
        fs::write(&path, [b'x'; 1024]).expect("a file");
        // In 2001.
        set_modified(&path, 1_000_000_000);
    }
    root
}

/// The program with its calls recorded in the file `record`; `None` where there is no strace.
///
/// futex is left out: it is how the thread that looks for late connections sleeps.
fn traced(root: &Path, record: &Path, faults: &[&str], arguments: &[&str]) -> Option<Program> {
    let record = record.to_str().expect("UTF-8");
    let tampering = [&["-o", record, "-e", "trace=!futex"], faults].concat();
    // Few, since what they do at their start counts too.
    tampered(root, &tampering, &[&["--threads", "2"], arguments].concat())
}

/// The calls from the last receipt of `/begin` to that of `/end`.
fn calls(record: &Path) -> Vec<String> {
    let record = fs::read_to_string(record).expect("a record");
    let lines: Vec<_> = record.lines().collect();
    let is_begin = |line: &&str| line.contains("GET /begin ");
    let begin = lines.iter().rposition(is_begin).expect("a begin");
    let calls = lines[begin..]
        .iter()
        .take_while(|line| !line.contains("GET /end "))
        // What goes on in two threads at once is told in two lines, and a debug build asks before
        // it closes.
        .filter(|line| !line.contains(" resumed>") && !line.contains("F_GETFD"));
    calls.map(ToString::to_string).collect()
}

fn ask(client: &mut Client, request: impl AsRef<[u8]>, status: u16) {
    client.send(request);
    client.reply().expect_status(status);
}

const REQUESTS: usize = 100;

/// Between the marks, does what `work` does.
fn between_marks(client: &mut Client, work: impl FnOnce(&mut Client)) {
    ask(client, get("/begin"), 404);
    work(client);
    ask(client, get("/end"), 404);
}

/// The calls that each of many such requests takes on one connection, once the file is kept.
fn calls_a_request(request: &str, status: u16) -> Option<usize> {
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    let program = traced(root.path(), record.path(), &[], &["-q", "--health", "/health"])?;
    let mut client = Client::new(program.address);
    wait_until("the file is kept", || {
        between_marks(&mut client, |client| ask(client, request, status));
        let opens = |line: &String| line.contains("openat");
        !calls(record.path()).iter().any(opens)
    });
    between_marks(&mut client, |client| {
        (0..REQUESTS).for_each(|_| ask(client, request, status));
    });
    let calls = calls(record.path());
    // What `/begin` takes after its receipt, the wait for `/end` and threads that start are less
    // than a call a request.
    assert!(calls.len() >= REQUESTS, "{calls:#?}");
    Some(calls.len() / REQUESTS)
}

#[test]
fn request_about_a_kept_file_takes_four_calls() {
    // Wait, receive, prove that the file is unchanged, send.
    let today =
        "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: keep-alive\r\n\r\n";
    let rows = [
        (get("/file"), 200, 4),
        // A look more for the directory.
        (get("/directory/file"), 200, 5),
        (format!("GET /file HTTP/1.0\r\n{today}"), 304, 4),
    ];
    for (request, status, calls) in rows {
        let Some(seen) = calls_a_request(&request, status) else { return };
        assert_eq!(seen, calls, "{request}");
    }
}

#[test]
fn request_about_a_missing_file_takes_five_calls_and_none_looks_for_it() {
    if !linux::has("a file system that is known to date its directories") {
        return;
    }
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    let Some(program) = traced(root.path(), record.path(), &[], &["-q"]) else { return };
    let mut client = Client::new(program.address);
    let looks =
        |line: &String| ["\"missing\"", "\"404.html\""].iter().any(|name| line.contains(name));
    wait_until("the root's times have settled", || {
        between_marks(&mut client, |client| ask(client, get("/missing"), 404));
        !calls(record.path()).iter().any(looks)
    });
    between_marks(&mut client, |client| {
        (0..REQUESTS).for_each(|_| ask(client, get("/missing"), 404));
    });
    // Wait, receive, is the root still the one that it was, are its times what they were, send.
    let seen = calls(record.path());
    assert_eq!(seen.len() / REQUESTS, 5, "{seen:#?}");
    fs::write(root.path().join("missing"), "it is there").expect("a file");
    client.send(get("/missing"));
    assert_eq!(client.reply().expect_status(200).body, b"it is there");
    fs::remove_file(root.path().join("missing")).expect("a file");
    fs::write(root.path().join("404.html"), "not here").expect("a file");
    client.send(get("/missing"));
    assert_eq!(client.reply().expect_status(404).body, b"not here");
}

#[test]
fn health_check_takes_three_calls_and_none_is_about_a_file() {
    // Wait, receive, send.
    let Some(seen) = calls_a_request(&get("/health"), 200) else { return };
    assert_eq!(seen, 3);
}

#[test]
fn request_about_a_file_that_is_not_kept_takes_eight_calls() {
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    let uncached = ["-q", "--cache-size", "0"];
    let Some(program) = traced(root.path(), record.path(), &[], &uncached) else { return };
    let mut client = Client::new(program.address);
    between_marks(&mut client, |client| {
        (0..REQUESTS).for_each(|_| ask(client, get("/file"), 200));
    });
    // Wait, receive, look, open, see what was opened, read, close, send.
    let calls = calls(record.path());
    assert_eq!(calls.len() / REQUESTS, 8, "{calls:#?}");
}

/// Whether lines of the access log are written: by stderr itself, or by a descriptor of the same
/// pipe.
fn writes_lines(call: &str) -> bool {
    call.contains(" write(") && call.contains(", \"127.0.0.1 - - [")
}

/// The calls named `name` on one of the files that a listing of `names` of them takes, sorted as
/// `query` says.
fn calls_a_listing(names: usize, query: &str, name: &str) -> Option<usize> {
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    for number in 0..names {
        File::create(root.path().join(format!("directory/{number}"))).expect("a file");
    }
    let program = traced(root.path(), record.path(), &[], &["-q", "--list"])?;
    let mut client = Client::new(program.address);
    between_marks(&mut client, |client| {
        ask(client, get(&format!("/directory/{query}")), 200);
    });
    let call = format!(" {name}(");
    // The files have numbers for names, which nothing else has that the program looks at.
    let is_about_a_file = |line: &&String| {
        let quoted = line.split('"').nth(1).unwrap_or_default();
        line.contains(&call) && quoted.parse::<usize>().is_ok()
    };
    Some(calls(record.path()).iter().filter(is_about_a_file).count())
}

#[test]
fn listing_looks_once_at_each_name_that_it_shows() {
    if !linux::has("a file system that is known to go by mode") {
        return;
    }
    // One more than there is room for tells that there are more.
    let shown = ENTRIES_MAX + 1;
    for (names, looks) in [(100, 100), (shown + 2000, shown)] {
        let Some(seen) = calls_a_listing(names, "", "newfstatat") else { return };
        assert_eq!(seen, looks, "{names}");
    }
    // By size, each has to be looked at; that a file may be read is asked for those shown at most.
    let asked = calls_a_listing(shown + 2000, "?sort=size", "faccessat2");
    assert!(asked.is_some_and(|asked| asked <= shown), "{asked:?}");
}

#[test]
fn many_lines_of_the_access_log_go_out_in_one_write() {
    if !linux::has("a pipe that is opened anew") {
        return;
    }
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    // With few calls recorded, the others are as fast as ever.
    let faults = ["-e", "trace=write"];
    let Some(program) = traced(root.path(), record.path(), &faults, &[]) else { return };
    let mut client = Client::new(program.address);
    client.send(get("/file").repeat(REQUESTS));
    (0..REQUESTS).for_each(|_| drop(client.reply().expect_status(200)));
    let said = program.stop();
    let lines = said.lines().filter(|line| line.contains("\"GET /file "));
    assert_eq!(lines.clone().count(), REQUESTS);
    let line_bytes = lines.map(str::len).min().expect("a line");
    let record = fs::read_to_string(record.path()).expect("a record");
    let bytes = |call: &str| {
        let (_, rest) = call.split_once("\"..., ")?;
        rest.split([')', ' ']).next()?.parse::<usize>().ok()
    };
    let written = record.lines().filter(|call| writes_lines(call)).filter_map(bytes);
    // On a busy machine a turn may end early, and each turn gives its lines away.
    assert!(written.max() >= Some(10 * line_bytes), "{record}");
}

#[test]
fn line_is_in_the_log_before_its_client_can_see_the_end() {
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    let Some(program) = traced(root.path(), record.path(), &[], &[]) else { return };
    let requests = ["GET /missing HTTP/1.0", "is no request"];
    for request in requests {
        let mut client = Client::new(program.address);
        client.send(format!("{request}\r\n\r\n"));
        client.reply();
        client.expect_closed();
    }
    program.stop();
    let record = fs::read_to_string(record.path()).expect("a record");
    for (request, end) in requests.into_iter().zip([" close(", " shutdown("]) {
        let received = |line: &&str| !(line.contains("recvfrom") && line.contains(request));
        let mut calls = record.lines().skip_while(received);
        let is_of_interest = |line: &&str| writes_lines(line) || line.contains(end);
        let first = calls.find(is_of_interest).expect("a line, or an end");
        assert!(writes_lines(first), "{record}");
    }
}

#[test]
fn accept_that_finds_no_descriptor_is_not_tried_again_at_once() {
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    let began = Instant::now();
    // From the second call on, there are none left.
    let faults = ["-e", "inject=accept4:error=EMFILE:when=2+"];
    let Some(program) = traced(root.path(), record.path(), &faults, &["-q"]) else { return };
    let clients: Vec<_> = (0..20).map(|_| Client::new(program.address)).collect();
    clients.iter().for_each(|client| {
        let mut sending = client.stream.get_ref();
        sending.write_all(get("/file").as_bytes()).expect("bytes are taken");
    });
    let failures = || {
        let record = fs::read_to_string(record.path()).expect("a record");
        record.lines().filter(|line| line.contains("accept4") && line.contains("EMFILE")).count()
    };
    wait_until("several accepts have failed", || failures() >= 10);
    // Each accept loop may try once a pause, and once when a connection ends. strace counts the
    // calls of each thread, so the first ones of all are answered.
    let loops = thread::available_parallelism().map_or(1, usize::from);
    let failures = failures();
    let pauses = began.elapsed().as_millis() / ACCEPT_PAUSE.as_millis() + 1;
    let tries = loops * (pauses as usize + clients.len());
    assert!(failures <= tries, "{failures}, more than {tries}");
}

#[test]
fn file_that_finds_no_descriptor_is_503() {
    let (root, record) = (root(), tempfile::NamedTempFile::new().expect("a file"));
    // Every call that names `file`.
    let fault = "inject=openat2,openat:error=EMFILE";
    let faults = ["-P", "file", "-e", "trace=openat2,openat", "-e", fault];
    let Some(program) = traced(root.path(), record.path(), &faults, &["-q"]) else { return };
    let mut client = Client::new(program.address);
    client.send(get("/file"));
    let reply = client.reply().expect_status(503);
    assert!(reply.field("Retry-After").is_some(), "{}", reply.head);
    ask(&mut client, get("/directory"), 301);
    let said = program.stop();
    assert_eq!(said, "");
}
