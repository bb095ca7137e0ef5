//! Answers that wait for their client: what they cost in calls, on TCP and on Unix sockets.

use crate::support::{Client, PATIENCE, Program, get, tampered, wait_until};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// Bytes of the file `big`: far more than sockets hold.
const BIG: u64 = 8 << 20;

fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a"), "content").expect("a file");
    let big = File::create(root.path().join("big")).expect("a file");
    big.set_len(BIG).expect("a sparse file");
    root
}

/// The program with its calls in the file `record`, on TCP and on the Unix socket `socket`.
fn traced(root: &Path, record: &Path, calls: &str) -> Option<Program> {
    let trace = format!("trace={calls}");
    let record = record.to_str().expect("UTF-8");
    let bind = format!("unix:{}", root.join("socket").display());
    let arguments = ["-q", "--threads", "4", "--bind", "127.0.0.1", "--bind", &bind];
    tampered(root, &["-o", record, "-e", &trace], &arguments)
}

/// A call of the record, without the thread's number.
fn calls_of<'a>(record: &'a str, thread: &'a str) -> impl Iterator<Item = &'a str> {
    let calls = record.lines().filter_map(|line| line.split_once(' '));
    calls.filter(move |(of, _)| *of == thread).map(|(_, call)| call.trim_start())
}

/// The kernel says once that a client must read first, and is not asked again at once.
#[test]
fn blocked_answer_is_tried_once() {
    let (root, record) = (root(), NamedTempFile::new().expect("a file"));
    let calls = "sendfile,sendto,sendmsg,ioctl,epoll_wait,epoll_pwait,epoll_pwait2,epoll_ctl";
    let Some(program) = traced(root.path(), record.path(), calls) else { return };
    let mut client = Client::with_small_buffer(program.address);
    client.send(get("/big"));
    let read = || fs::read_to_string(record.path()).expect("a record");
    let is_blocked = |line: &&str| line.contains("EAGAIN") && line.contains("send");
    wait_until("the answer is blocked, and the thread goes on", || {
        let record = read();
        let blocked = record.lines().find(is_blocked);
        let Some((thread, _)) = blocked.and_then(|line| line.split_once(' ')) else {
            return false;
        };
        let mut calls = calls_of(&record, thread).skip_while(|call| !call.contains("EAGAIN"));
        calls.any(|call| call.starts_with("epoll_"))
    });
    drop(client);
    program.stop();
    let record = read();
    // And one more that has waited for the client in vain, as a worker does that has a spare.
    let blocked = record.lines().filter(is_blocked).count();
    assert!(blocked <= 2, "{record}");
    let calls: Vec<_> = record.lines().collect();
    assert!(!calls.windows(2).any(|two| two.iter().all(is_blocked)), "{record}");
}

/// A client of the Unix socket.
struct UnixClient(BufReader<UnixStream>);

impl UnixClient {
    fn new(root: &Path) -> UnixClient {
        let stream = UnixStream::connect(root.join("socket")).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        UnixClient(BufReader::new(stream))
    }

    fn send(&mut self, request: &str) {
        self.0.get_mut().write_all(request.as_bytes()).expect("bytes are taken");
    }

    /// Reads a whole answer with 200.
    fn read(&mut self, body_bytes: u64) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).expect("a line of a head"), 0, "{head}");
        }
        assert_eq!(&head[9..12], "200");
        let mut body = vec![0; body_bytes.try_into().expect("a length")];
        self.0.read_exact(&mut body).expect("a body");
    }

    fn ask(&mut self, path: &str, body_bytes: u64) {
        self.send(&get(path));
        self.read(body_bytes);
    }
}

/// The times that the kernel told the program that the client can take more, during many small
/// answers between two marks in the record.
fn told_of_room(client: &mut UnixClient, record: &Path, mark: &str) -> usize {
    let begin = format!("/a?begin-{mark}");
    let end = format!("/a?end-{mark}");
    client.ask(&begin, 7);
    (0..50).for_each(|_| client.ask("/a", 7));
    client.ask(&end, 7);
    let record = fs::read_to_string(record).expect("a record");
    let calls = record.lines().skip_while(|line| !line.contains(&begin));
    let calls = calls.take_while(|line| !line.contains(&end));
    calls.filter(|line| line.contains("epoll_") && line.contains("EPOLLOUT")).count()
}

/// On a Unix socket there is more room each time that the client reads. Whoever still waits for it
/// is woken for nothing by each answer.
#[test]
fn nobody_waits_for_room_after_a_blocked_answer() {
    let (root, record) = (root(), NamedTempFile::new().expect("a file"));
    let calls = "recvfrom,recvmsg,read,epoll_ctl,epoll_wait,epoll_pwait,epoll_pwait2";
    let Some(_program) = traced(root.path(), record.path(), calls) else { return };
    let mut client = UnixClient::new(root.path());
    assert_eq!(told_of_room(&mut client, record.path(), "1"), 0);
    let waits = |line: &str| line.contains("epoll_ctl(") && line.contains("EPOLLOUT");
    client.send(&get("/big"));
    let armed = || {
        let record = fs::read_to_string(record.path()).expect("a record");
        record.lines().rfind(|line| line.contains("epoll_ctl(")).map(str::to_owned)
    };
    wait_until("the answer waits for its client", || armed().is_some_and(|line| waits(&line)));
    client.read(BIG);
    // Until then, the kernel may still tell of room once.
    wait_until("the next request is waited for", || armed().is_some_and(|line| !waits(&line)));
    assert_eq!(told_of_room(&mut client, record.path(), "2"), 0);
}

/// Names in a directory whose page has more than a megabyte.
const NAMES: usize = 10_000;

/// The longest that one call may block on a client, in seconds: `STAY_TIME`, and half as much again
/// for a busy machine.
const BLOCKED_SECONDS_MAX: f64 = 1.5;

/// On a Unix socket the time that a send may block begins anew with each piece that the kernel
/// takes.
#[test]
fn slow_reader_of_a_page_in_memory_holds_no_worker_for_long() {
    let (root, record) = (root(), NamedTempFile::new().expect("a file"));
    let list = root.path().join("list");
    fs::create_dir(&list).expect("a directory");
    for number in 0..NAMES {
        File::create(list.join(format!("{number:05}"))).expect("a file");
    }
    let path = record.path().to_str().expect("UTF-8");
    let bind = format!("unix:{}", root.path().join("socket").display());
    let tampering = ["-o", path, "-T", "-e", "trace=sendto,sendmsg,write,writev"];
    let arguments = ["-q", "--list", "--threads", "4", "--bind", "127.0.0.1", "--bind", &bind];
    let Some(_program) = tampered(root.path(), &tampering, &arguments) else { return };
    let mut client = UnixClient::new(root.path());
    client.send("GET /list/ HTTP/1.0\r\n\r\n");
    let mut some = vec![0; 32 * 1024];
    let mut count = 0;
    while let read @ 1.. = client.0.get_mut().read(&mut some).expect("bytes") {
        count += read;
        // The pace of the client: quick enough that no piece takes its whole time.
        thread::sleep(Duration::from_millis(60));
    }
    assert!(count > 1 << 20, "{count}");
    let record = fs::read_to_string(record.path()).expect("a record");
    let seconds = record.lines().filter_map(|line| {
        let (_, seconds) = line.strip_suffix('>')?.rsplit_once('<')?;
        seconds.parse::<f64>().ok()
    });
    let longest = seconds.fold(0.0, f64::max);
    assert!(longest < BLOCKED_SECONDS_MAX, "{longest} s");
}
