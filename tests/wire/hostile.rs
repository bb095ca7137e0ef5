//! Hostile clients: garbage, mutated requests, resets in every state. The server goes on, and
//! nothing of them is left over.

use crate::support::{Client, Fixture, PATIENCE, Program, Random, get, sparse_file, wait_until};
use rustix::net::sockopt;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

fn put_files(root: &Path) {
    fs::write(root.join("file"), "content").expect("a file");
    sparse_file(&root.join("large"), 8 << 20);
}

fn expect_answer(address: SocketAddr) {
    let mut client = Client::new(address);
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// What mutations start from.
const GOOD: [&str; 5] = [
    "GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2,3-\r\nIf-Range: \"a\"\r\n\r\n",
    "HEAD //directory/../file?a=%20 HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: br;q=0.5, *\r\n\r\n",
    "PUT /new HTTP/1.1\r\nHost: localhost:80\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n12345GET / HTTP/1.0\r\n\r\n",
    "GET http://a/%66ile HTTP/1.1\r\nHost: [::1]:80\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
];

/// Bytes that mean something in a head.
const SPECIAL: &[u8] = b"\0\t\n\r \"%*,-./:;=?[\\]\x7f\x80\xff";

/// Pure garbage, or a good request with a few bytes changed, cut, doubled or put in.
fn garbage(random: &mut Random) -> Vec<u8> {
    if random.below(4) == 0 {
        let length = random.one_of(&[1, 10, 1000, 10_000, 40_000]);
        return random.bytes(length);
    }
    let mut bytes = random.one_of(&GOOD).as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        mutate(&mut bytes, random);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let position = random.below(bytes.len());
    match random.below(5) {
        0 => bytes[position] = random.one_of(SPECIAL),
        1 => bytes.insert(position, random.one_of(SPECIAL)),
        2 => bytes.truncate(position + 1),
        3 => bytes.extend_from_within(position..),
        _ => bytes[position] = random.below(256) as u8,
    }
}

/// Sends `bytes` and reads to the end, which has to come. A reset is an end as well.
fn exchange(address: SocketAddr, bytes: &[u8]) {
    let mut client = Client::new(address);
    let stream = client.stream.get_mut();
    if stream.write_all(bytes).is_ok() {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    if let Err(error) = client.stream.read_to_end(&mut answer) {
        assert!(has_ended(&error), "{error}: {}", bytes.escape_ascii());
    }
    let is_http = answer.is_empty() || answer.starts_with(b"HTTP/1.");
    assert!(is_http, "{}", answer.escape_ascii());
}

fn has_ended(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

#[test]
fn garbage_is_answered_or_ended_and_stops_nobody() {
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let arguments = ["-q", "--list", "--writable", "--max-body", "1K"];
    let program = Program::start(root.path(), &arguments);
    let mut random = Random::new();
    for _ in 0..20 {
        for _ in 0..100 {
            exchange(program.address, &garbage(&mut random));
        }
        expect_answer(program.address);
    }
    assert_eq!(program.stop(), "");
}

/// How a client leaves.
#[derive(Clone, Copy, Debug)]
enum End {
    Close,
    Reset,
    HalfClose,
}

const ENDS: [End; 3] = [End::Close, End::Reset, End::HalfClose];

/// Where a client leaves.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Connected,
    MidHead,
    Sent,
    MidAnswer,
    Blocked,
    Idle,
    Pipelined,
    Refused,
    MidBody,
}

const STAGES: [Stage; 9] = [
    Stage::Connected,
    Stage::MidHead,
    Stage::Sent,
    Stage::MidAnswer,
    Stage::Blocked,
    Stage::Idle,
    Stage::Pipelined,
    Stage::Refused,
    Stage::MidBody,
];

impl Stage {
    /// What the client sends, and how much of the answers it reads.
    fn script(self) -> (String, usize) {
        match self {
            Stage::Connected => (String::new(), 0),
            Stage::MidHead => ("GET /file HTTP/1.1\r\nHos".to_owned(), 0),
            Stage::Sent => (get("/file"), 0),
            Stage::MidAnswer => (get("/large"), 100_000),
            Stage::Blocked => (get("/large").repeat(3), 1),
            Stage::Idle => (get("/file"), 100),
            Stage::Pipelined => (get("/file").repeat(200), 500),
            Stage::Refused => (format!("GET /\r\n\r\n{}", "x".repeat(100_000)), 1),
            Stage::MidBody => {
                let head = "PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n";
                (format!("{head}Expect: 100-continue\r\n\r\n"), 10)
            }
        }
    }
}

/// Brings a connection to a stage, and leaves it there.
fn leave(address: SocketAddr, stage: Stage, end: End) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let (sent, read) = stage.script();
    stream.write_all(sent.as_bytes()).expect("bytes are taken");
    let mut answer = vec![0; read];
    stream.read_exact(&mut answer).expect("an answer");
    match end {
        End::Close => {}
        End::Reset => {
            sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("an option");
        }
        End::HalfClose => {
            stream.shutdown(Shutdown::Write).expect("a half-close");
            read_to_end(&mut stream);
        }
    }
}

fn read_to_end(stream: &mut TcpStream) {
    if let Err(error) = std::io::copy(stream, &mut std::io::sink()) {
        assert!(has_ended(&error), "{error}");
    }
}

#[test]
fn clients_that_leave_in_any_state_leave_nothing_behind() {
    let fixture = Fixture::with(|site, _| site.writable = true);
    put_files(fixture.root.path());
    for stage in STAGES {
        for end in ENDS {
            for _ in 0..5 {
                leave(fixture.address(), stage, end);
            }
            let what = format!("{stage:?}, {end:?}");
            wait_until(&what, || fixture.server.connections() == 0);
        }
    }
    expect_answer(fixture.address());
    assert_eq!(fixture.names(), ["file", "large"]);
}

/// Clients of all kinds, eight at a time, 2,504 in all.
fn meet_all_kinds(address: SocketAddr, random: &mut Random) {
    let seeds = [(); 8].map(|()| random.below(1 << 40) as u64);
    thread::scope(|scope| {
        for seed in seeds {
            scope.spawn(move || {
                let mut random = Random::from_seed(seed);
                for _ in 0..313 {
                    match random.below(4) {
                        0 => expect_answer(address),
                        1 => exchange(address, &garbage(&mut random)),
                        _ => leave(address, random.one_of(&STAGES), random.one_of(&ENDS)),
                    }
                }
            });
        }
    });
}

#[test]
fn five_thousand_connections_of_all_kinds_leave_nothing_behind() {
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let program = Program::start(root.path(), &["-q", "--threads", "4", "--writable"]);
    let descriptors = program.descriptors().len();
    let threads = program.status("Threads");
    let mut random = Random::new();
    let mut memory = [0; 2];
    for memory in &mut memory {
        meet_all_kinds(program.address, &mut random);
        expect_answer(program.address);
        // Files may be kept open: the two that there are, and a third that garbage has put there.
        wait_until("all descriptors are closed", || program.descriptors().len() <= descriptors + 3);
        assert_eq!(program.status("Threads"), threads);
        *memory = program.status("VmRSS");
    }
    // What leaks for each connection would show: 1 KiB each are 2.5 MiB.
    assert!(memory[1] <= memory[0] + 2048, "{memory:?} KiB");
    assert_eq!(program.stop(), "");
}
