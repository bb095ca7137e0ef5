//! The limits on the wire: what waits holds no worker, what is late ends, what is full makes room,
//! what waits is cheap.

use crate::support::{Client, Fixture, PATIENCE, Program, get, wait_until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::{self, File};
use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tinyhttpd::server::{BindAddress, Server, Settings, bind_all};
use tinyhttpd::site::{self, Site};

/// All of a head but its end.
const HALF_HEAD: &str = "GET /file HTTP/1.1\r\nHost: a\r\n";

/// A server with `/file`, which is small, and `/endless`, which takes no room on the disk.
fn fixture(change: impl FnOnce(&mut Settings)) -> Fixture {
    let fixture = Fixture::with(|_, server| change(server));
    put_files(fixture.root.path());
    fixture
}

fn put_files(root: &Path) {
    fs::write(root.join("file"), "content").expect("a file");
    let endless = File::create(root.join("endless")).expect("a file");
    endless.set_len(8 << 30).expect("a sparse file");
}

fn expect_answer(client: &mut Client) {
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Asks for `path`, and returns once the head of the answer is there.
fn begin_download(client: &mut Client, path: &str) {
    client.send(get(path));
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        client.stream.read_line(&mut line).expect("a line of a head");
    }
}

/// Waits until the clock of the server, which counts milliseconds, has gone on.
fn let_a_millisecond_pass() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2) {
        thread::yield_now();
    }
}

/// Reads to the end, which may be a reset, and returns how many bytes came before it.
fn drain(stream: &mut impl Read) -> u64 {
    let mut buffer = vec![0; 1 << 16];
    let mut count = 0;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return count,
            Ok(read) => count += read as u64,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                return count;
            }
        }
    }
}

#[test]
fn idle_ones_stay_while_nobody_needs_their_place() {
    let fixture = fixture(|server| server.connections_max = 2);
    let mut first = fixture.client();
    expect_answer(&mut first);
    let_a_millisecond_pass();
    let mut second = fixture.client();
    for _ in 0..100 {
        expect_answer(&mut second);
    }
    expect_answer(&mut first);
    assert_eq!(fixture.server.connections(), 2);
}

#[test]
fn longest_idle_makes_room() {
    let fixture = fixture(|server| server.connections_max = 3);
    let mut idle: Vec<_> = (0..3).map(|_| fixture.client()).collect();
    for client in &mut idle {
        expect_answer(client);
        let_a_millisecond_pass();
    }
    let mut new = fixture.client();
    expect_answer(&mut new);
    idle.remove(0).expect_closed();
    idle.iter_mut().for_each(expect_answer);
    expect_answer(&mut new);
}

#[test]
fn without_an_idle_one_the_backlog_holds() {
    let fixture = fixture(|server| server.connections_max = 2);
    let mut half = fixture.client();
    half.send(HALF_HEAD);
    let mut download = fixture.client();
    begin_download(&mut download, "/endless");
    wait_until("both are taken in", || fixture.server.connections() == 2);
    let mut waiting = [fixture.client(), fixture.client()];
    for client in &mut waiting {
        client.send(get("/file"));
    }
    half.send("Connection: close\r\n\r\n");
    half.reply().expect_status(200);
    for client in &mut waiting {
        client.reply().expect_status(200);
        assert!(fixture.server.connections() <= 2);
    }
    let mut some = vec![0; 1 << 20];
    download.stream.read_exact(&mut some).expect("more of it");
}

/// Has `count` clients take an endless answer as fast as they can while `act` is called.
fn beside_downloads(fixture: &Fixture, count: usize, act: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..count {
            let mut client = fixture.client();
            begin_download(&mut client, "/endless");
            let is_over = &is_over;
            scope.spawn(move || {
                let mut buffer = vec![0; 1 << 20];
                while !is_over.load(Ordering::Relaxed) {
                    client.stream.read_exact(&mut buffer).expect("more");
                }
            });
        }
        act();
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn fast_endless_downloads_hold_up_nobody() {
    let fixture = fixture(|server| server.threads = 4);
    beside_downloads(&fixture, 6, || {
        let mut client = fixture.client();
        for _ in 0..100 {
            expect_answer(&mut client);
            expect_answer(&mut fixture.client());
        }
    });
}

#[test]
fn one_worker_is_enough_beside_endless_downloads() {
    let fixture = fixture(|server| server.threads = 1);
    beside_downloads(&fixture, 2, || {
        for _ in 0..50 {
            expect_answer(&mut fixture.client());
        }
    });
}

#[test]
fn clients_that_read_nothing_hold_up_nobody() {
    let fixture = fixture(|server| server.threads = 4);
    let mut deaf: Vec<_> = (0..6).map(|_| fixture.client()).collect();
    deaf.iter_mut().for_each(|client| begin_download(client, "/endless"));
    let mut client = fixture.client();
    for _ in 0..100 {
        expect_answer(&mut client);
        expect_answer(&mut fixture.client());
    }
    let mut some = vec![0; 8 << 20];
    for client in &mut deaf {
        client.stream.read_exact(&mut some).expect("more of it");
    }
}

#[test]
fn silent_connections_hold_no_worker() {
    let fixture = fixture(|server| server.threads = 4);
    let silent: Vec<_> = (0..16).map(|_| fixture.client()).collect();
    for _ in 0..20 {
        expect_answer(&mut fixture.client());
    }
    for mut client in silent {
        expect_answer(&mut client);
    }
}

#[test]
fn half_heads_hold_no_worker_and_end_with_408() {
    let fixture = fixture(|server| {
        server.threads = 4;
        server.connections_max = 1000;
        server.head_time = Duration::from_millis(500);
    });
    let half_head = |_| {
        let mut client = fixture.client();
        client.send(HALF_HEAD);
        client
    };
    let halves: Vec<_> = (0..500).map(half_head).collect();
    let mut client = fixture.client();
    for _ in 0..100 {
        expect_answer(&mut client);
    }
    for mut client in halves {
        client.reply().expect_status(408);
        client.expect_closed();
    }
    expect_answer(&mut client);
}

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
fn idle_connection_ends_without_an_answer() {
    let fixture = fixture(|server| server.idle_time = Duration::from_millis(100));
    let mut client = fixture.client();
    expect_answer(&mut client);
    client.expect_closed();
}

#[test]
fn refused_clients_that_still_send_hold_no_worker() {
    let fixture = fixture(|server| {
        server.threads = 2;
        server.linger_time = PATIENCE;
    });
    let mut refused: Vec<_> = (0..8).map(|_| fixture.client()).collect();
    for client in &mut refused {
        client.send("GET /file HTTP/1.1\r\n\r\n");
        client.send("x".repeat(100_000));
        client.reply().expect_status(400);
    }
    let mut client = fixture.client();
    for _ in 0..10 {
        expect_answer(&mut client);
        for client in &mut refused {
            client.send("x".repeat(1000));
        }
    }
    assert_eq!(fixture.server.connections(), 9);
    for client in refused {
        let stream = client.stream.get_ref();
        stream.shutdown(Shutdown::Write).expect("a half-close");
        client.expect_closed();
    }
    wait_until("they are gone", || fixture.server.connections() == 1);
}

#[test]
fn refused_client_that_never_ends_is_cut() {
    let fixture = fixture(|server| server.linger_time = Duration::from_millis(100));
    let mut client = fixture.client();
    client.send("GET /file HTTP/1.1\r\n\r\n");
    client.reply().expect_status(400);
    wait_until("it is cut", || fixture.server.connections() == 0);
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
    let large = File::create(fixture.path("large")).expect("a file");
    large.set_len(size).expect("a sparse file");
    let mut deaf = fixture.client();
    let mut slow = fixture.client();
    begin_download(&mut deaf, "/endless");
    begin_download(&mut slow, "/large");
    let is_cut = || fixture.server.connections() == 1;
    let count = read_slowly(&fixture, &mut slow.stream, is_cut);
    let mut rest = vec![0; usize::try_from(size).expect("a size") - count];
    slow.stream.read_exact(&mut rest).expect("the rest of it");
    slow.expect_closed();
    assert!(drain(&mut deaf.stream) < 8 << 30);
}

#[test]
fn who_takes_nothing_is_cut_on_a_unix_socket_too() {
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let path = root.path().join("socket");
    let settings = Settings {
        threads: 2,
        descriptors_max: 1 << 16,
        write_time: Duration::from_millis(300),
        ..Settings::default()
    };
    let of_site = site::Settings { root: root.path().to_owned(), ..site::Settings::default() };
    let site = Site::open(of_site).expect("a site");
    let address = [BindAddress::Unix { path: path.clone(), mode: None }];
    let listeners = bind_all(&address, 0, 64, &settings).expect("a socket");
    let server = Server::start(listeners, site, settings).expect("a server");
    let mut streams = [(); 4].map(|()| UnixStream::connect(&path).expect("a connection"));
    for stream in &mut streams {
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        let request = get("/endless");
        stream.write_all(request.as_bytes()).expect("bytes");
        stream.read_exact(&mut [0]).expect("an answer");
    }
    wait_until("all are cut", || server.connections() == 0);
    for stream in &mut streams {
        assert!(drain(stream) < 8 << 30);
    }
    assert_eq!(server.stop(), 0);
}

/// The program with files and a limit of descriptors, soft and hard.
fn limited_program(root: &Path, descriptors_max: usize, arguments: &[&str]) -> Program {
    put_files(root);
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {descriptors_max} && exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_tinyhttpd")]);
    command.args(["--threads", "4", "--port", "0", "--root"]);
    command.arg(root).args(arguments);
    Program::spawn(&mut command)
}

/// What a client may see that is not served: the end, in one way or another.
fn is_refusal(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionReset | UnexpectedEof)
}

/// A whole answer, or `None` where the connection has ended instead.
fn answer_or_end(client: &mut Client) -> Option<()> {
    match client.stream.fill_buf() {
        Ok([]) => return None,
        Ok(_) => {}
        Err(error) => {
            assert!(is_refusal(error.kind()), "{error}");
            return None;
        }
    }
    assert_eq!(client.reply().expect_status(200).body, b"content");
    Some(())
}

#[test]
fn two_hundred_clients_at_64_descriptors_lose_nothing_but_the_refused() {
    let rows: [&[&str]; 2] = [&["-q"], &["-q", "--max-connections", "1000"]];
    for arguments in rows {
        let root = tempfile::tempdir().expect("a directory");
        let program = limited_program(root.path(), 64, arguments);
        let mut clients: Vec<_> = (0..200).map(|_| Client::new(program.address)).collect();
        for client in &mut clients {
            let mut sending = client.stream.get_ref();
            let request = get("/file");
            if let Err(error) = sending.write_all(request.as_bytes()) {
                assert!(is_refusal(error.kind()), "{error}");
            }
        }
        let answered = clients.iter_mut().filter_map(answer_or_end).count();
        drop(clients);
        expect_answer(&mut Client::new(program.address));
        assert!(answered >= 27, "{answered}");
        let said = program.stop();
        // More than there is room for is said at the start, even where only errors are.
        assert!(said.lines().count() <= 5, "{said}");
    }
}

#[test]
fn connections_default_to_what_the_limit_of_open_files_allows() {
    let root = tempfile::tempdir().expect("a directory");
    let program = limited_program(root.path(), 64, &["-v"]);
    let before = program.descriptors().len();
    let mut clients: Vec<_> = (0..50).map(|_| Client::new(program.address)).collect();
    for client in &mut clients {
        client.send(HALF_HEAD);
    }
    // 64 without 24 for the process, 4 for its workers, and 8 for kept files; and one is left for
    // the file that the last of them may ask for.
    wait_until("27 are in", || program.descriptors().len() >= before + 27);
    for client in &mut clients {
        client.send("Connection: close\r\n\r\n");
        client.reply().expect_status(200);
        assert!(program.descriptors().len() <= before + 28 + 4 + 4 + 8);
    }
    drop(clients);
    let said = program.stop();
    assert!(said.contains("open files: Some(64) at most"), "{said}");
}

/// The test's own limit of descriptors, raised as far as it goes.
fn raise_descriptor_limit() {
    let hard = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit { current: hard, maximum: hard };
    setrlimit(Resource::Nofile, raised).expect("a limit");
}

#[test]
fn idle_connection_costs_at_most_1_kib() {
    raise_descriptor_limit();
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let arguments = ["-q", "--threads", "4", "--keep-alive", "600"];
    let program = Program::start(root.path(), &arguments);
    for _ in 0..100 {
        expect_answer(&mut Client::new(program.address));
    }
    let before = program.status("VmRSS");
    let mut clients: Vec<_> = (0..2000).map(|_| Client::new(program.address)).collect();
    clients.iter_mut().for_each(expect_answer);
    let grown = program.status("VmRSS").saturating_sub(before);
    // 1 MiB is for what workers touch for the first time: stacks, buffers, the allocator's rooms.
    assert!(grown <= 2000 + 1024, "{grown} KiB");
    // The main thread, the watcher, the housekeeper, and the workers: 4, one to begin with as a
    // spare, and one for each accept loop.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(program.status("Threads"), 3 + 4 + 1 + cores.min(3) as u64);
}

#[test]
fn half_read_head_costs_at_most_what_a_head_may_and_gives_it_back() {
    let root = tempfile::tempdir().expect("a directory");
    put_files(root.path());
    let program = Program::start(root.path(), &["-q", "--threads", "4"]);
    let mut clients: Vec<_> = (0..100).map(|_| Client::new(program.address)).collect();
    clients.iter_mut().for_each(expect_answer);
    let before = program.status("VmRSS");
    let field = format!("X: {}\r\n", "x".repeat(6000));
    for _ in 0..5 {
        for client in &mut clients {
            client.send(HALF_HEAD);
            client.send(field.repeat(5));
        }
        let grown = || program.status("VmRSS").saturating_sub(before);
        wait_until("they are read", || grown() > 100 * 24);
        assert!(grown() <= 100 * 32 + 1024, "{} KiB", grown());
        for client in &mut clients {
            client.send("\r\n");
            client.reply().expect_status(200);
        }
    }
    let grown = program.status("VmRSS").saturating_sub(before);
    assert!(grown <= 100 * 32 + 1024, "{grown} KiB");
}

/// At the limit of connections, a client that has sent next to nothing on many of them keeps nobody
/// out until its heads are late: the oldest of them makes room.
#[test]
fn half_sent_heads_of_one_client_keep_nobody_out() {
    // Nothing but room for another ends a head.
    let fixture = fixture(|server| {
        server.connections_max = 4;
        server.head_time = Duration::from_secs(3600);
    });
    let mut half_heads: Vec<_> = (0..4).map(|_| fixture.client()).collect();
    for client in &mut half_heads {
        client.send("G");
    }
    wait_until("all are in", || fixture.server.connections() == 4);
    expect_answer(&mut fixture.client());
    half_heads.remove(0).expect_closed();
    half_heads[2].send("ET /file HTTP/1.0\r\n\r\n");
    half_heads[2].reply().expect_status(200);
}

/// And whoever only waits for its client's end makes room at once.
#[test]
fn connections_that_linger_keep_nobody_out() {
    let fixture = fixture(|server| {
        server.connections_max = 4;
        server.linger_time = Duration::from_secs(3600);
    });
    let mut lingering: Vec<_> = (0..4).map(|_| fixture.client()).collect();
    for client in &mut lingering {
        client.send("is no request\r\n\r\n");
        client.reply().expect_status(400);
    }
    for _ in 0..8 {
        expect_answer(&mut fixture.client());
    }
}
