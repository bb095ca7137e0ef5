//! Deadlines: from when they count, and what they end.

use super::{HALF_HEAD, begin_download, expect_answer, fixture, put_files};
use crate::support::{Client, Fixture, Program, get, root_with, sparse_file, tampered, wait_until};
use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::time::Duration;
use tempfile::TempDir;
use tinyhttpd::server::BindAddress;

#[test]
fn no_byte_restarts_the_time_of_a_head() {
    let fixture = fixture(|server| server.head_time = Duration::from_millis(500));
    let mut client = fixture.client();
    for is_first in [true, false] {
        let mut slow = fixture.client();
        if !is_first {
            expect_answer(&mut slow);
        }
        slow.send(format!("{HALF_HEAD}X: "));
        let stream = slow.stream.get_ref().try_clone().expect("a socket");
        stream.set_nonblocking(true).expect("an option");
        wait_until("it is answered", || {
            // Ten answers to others are the clock.
            (0..10).for_each(|_| expect_answer(&mut client));
            let _ = (&stream).write(b"x");
            stream.peek(&mut [0]).is_ok()
        });
        stream.set_nonblocking(false).expect("an option");
        slow.reply().expect_status(408);
    }
}

#[test]
fn silent_connection_is_late_without_an_answer() {
    let fixture = fixture(|server| server.head_time = Duration::from_millis(100));
    fixture.client().expect_closed();
}

#[test]
fn refused_client_that_never_ends_is_cut() {
    let fixture = fixture(|server| server.linger_time = Duration::from_millis(100));
    let mut client = fixture.client();
    client.send("GET /file HTTP/1.1\r\n\r\n");
    client.reply().expect_status(400);
    wait_until("it is cut", || fixture.server.connections() == 0);
}

/// Reads to the end, which may be a reset.
fn expect_cut(stream: &mut impl Read) {
    if let Err(error) = io::copy(stream, &mut io::sink()) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

/// Reads 256 KiB of an answer each time that another client's idle connection has ended, until
/// `is_enough`.
fn read_slowly(fixture: &Fixture, stream: &mut impl Read, is_enough: impl Fn() -> bool) -> usize {
    let mut some = vec![0; 256 << 10];
    let mut count = 0;
    while !is_enough() {
        let mut clock = fixture.client();
        expect_answer(&mut clock);
        clock.expect_closed();
        stream.read_exact(&mut some).expect("more of it");
        count += some.len();
    }
    count
}

#[test]
fn who_takes_nothing_is_cut_and_who_is_slow_is_not() {
    let fixture = fixture(|server| {
        server.write_time = Duration::from_secs(3);
        server.idle_time = Duration::from_millis(100);
    });
    let size = 64 << 20;
    sparse_file(&fixture.path("large"), size);
    let mut deaf = fixture.client();
    let mut slow = fixture.client();
    begin_download(&mut deaf, "/endless");
    begin_download(&mut slow, "/large");
    let is_cut = || fixture.server.connections() == 1;
    let count = read_slowly(&fixture, &mut slow.stream, is_cut);
    let mut rest = vec![0; usize::try_from(size).expect("a size") - count];
    slow.stream.read_exact(&mut rest).expect("the rest of it");
    slow.expect_closed();
    expect_cut(&mut deaf.stream);
}

#[test]
fn who_takes_nothing_is_cut_on_a_unix_socket_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let address = BindAddress::Unix { path: path.clone(), mode: None };
    let fixture = Fixture::on(&address, |_, server| {
        server.threads = 2;
        server.write_time = Duration::from_millis(300);
    });
    put_files(fixture.root.path());
    let mut clients = [(); 4].map(|()| Client::unix(&path));
    for client in &mut clients {
        begin_download(client, "/endless");
    }
    wait_until("all are cut", || fixture.server.connections() == 0);
    for client in &mut clients {
        expect_cut(&mut client.stream);
    }
    assert_eq!(fixture.server.stop(), 0);
}

/// Bytes of `/long`, which is sent with sendfile and fits into the sockets.
const LONG: u64 = 300 * 1024;

fn root() -> TempDir {
    let root = root_with(&[("a", "content")]);
    sparse_file(&root.path().join("long"), LONG);
    sparse_file(&root.path().join("big"), 1 << 30);
    root
}

fn ask(client: &mut Client) {
    client.send(get("/a"));
    client.reply().expect_status(200);
}

/// Whether the whole of the long answer is there.
fn has_come(client: &Client) -> bool {
    let mut bytes = vec![0; 2 * LONG as usize];
    let stream = client.stream.get_ref();
    stream.set_nonblocking(true).expect("an option");
    let count = stream.peek(&mut bytes).unwrap_or(0);
    stream.set_nonblocking(false).expect("an option");
    count as u64 > LONG
}

/// Whether a connection whose long answer has ended just now is closed before one whose last answer
/// was a little earlier.
fn long_answer_is_closed_first(program: &Program) -> bool {
    let mut long = Client::new(program.address);
    long.widen();
    ask(&mut long);
    long.send(get("/long"));
    let [mut earlier, mut latest] = [0, 1].map(|_| Client::new(program.address));
    loop {
        ask(&mut latest);
        if has_come(&long) {
            break;
        }
        mem::swap(&mut earlier, &mut latest);
    }
    assert_eq!(long.reply().expect_status(200).body.len() as u64, LONG);
    long.expect_closed();
    // It has rested for longer, so it is closed too: by the same sweep, or one before.
    let mut other = Client::new(program.address);
    (0..100).for_each(|_| ask(&mut other));
    !earlier.is_answered()
}

/// The disk takes longer for an answer than a connection may rest.
#[test]
fn idle_time_counts_from_the_end_of_the_answer() {
    let root = root();
    let tampering = ["-e", "trace=sendfile", "-e", "inject=sendfile:delay_enter=1500ms"];
    let arguments = ["-q", "--keep-alive", "1", "--threads", "4"];
    let Some(program) = tampered(root.path(), &tampering, &arguments) else { return };
    // One sweep closes both, but may be held up in between; not each time.
    let is_closed_first = (0..3).all(|_| long_answer_is_closed_first(&program));
    assert!(!is_closed_first);
}

#[test]
fn who_takes_nothing_for_the_write_time_is_cut() {
    let root = root();
    let arguments = ["-q", "--write-timeout", "1", "--threads", "4"];
    let program = Program::start(root.path(), &arguments);
    let mut other = Client::new(program.address);
    ask(&mut other);
    let before = program.descriptors().len();
    let mut deaf: Vec<_> = (0..5).map(|_| Client::with_small_buffer(program.address)).collect();
    for client in &mut deaf {
        client.send(get("/big"));
    }
    wait_until("they have begun", || deaf.iter().all(Client::is_answered));
    assert!(program.descriptors().len() >= before + deaf.len());
    // A file that is asked for often may be kept open.
    wait_until("they are cut", || program.descriptors().len() <= before + 1);
}
