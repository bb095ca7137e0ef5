//! Listening sockets that somebody else holds: they are served, and left as they were.

use crate::support::{Client, PATIENCE, PROGRAM, Program, expect_failure, find, get, root_with};
use crate::support::{serving, under, wait_until};
use rustix::process::Signal;
use std::fs;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self, UnixStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;

/// Stops and starts of the server while clients ask.
const ROUNDS: usize = 20;

/// Clients that connect for each request; and as many that stay connected.
const CLIENTS: usize = 4;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// The program, which inherits `socket` as a service manager leaves it: as descriptor 3. A shell
/// moves it there, as its own number is not known to be free, and knows the process's id.
fn inheriting(socket: impl Into<OwnedFd>, root: &TempDir) -> Command {
    let mut program = Command::new(PROGRAM);
    program.args(["-q", "--threads", "4", "--root"]).arg(root.path()).env_remove("RUST_LOG");
    with_descriptor_3(socket, "$$", &program)
}

/// The command, whose descriptor 3 is `socket`, which is meant for the process `pid`.
fn with_descriptor_3(socket: impl Into<OwnedFd>, pid: &str, command: &Command) -> Command {
    let script = format!("exec 3<&0 </dev/null && export LISTEN_PID={pid} LISTEN_FDS=1");
    let mut command = under(&script, command);
    command.stdin(socket.into());
    command
}

fn listen() -> (TcpListener, SocketAddr) {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = held.local_addr().expect("an address");
    (held, address)
}

fn copy(held: &TcpListener) -> TcpListener {
    held.try_clone().expect("a descriptor")
}

/// One request on a connection of its own.
fn ask_once(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /a HTTP/1.0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    match answer.ends_with(b"\r\n\r\ncontent") {
        true => Ok(()),
        false => Err(io::Error::other(format!("cut: {}", answer.escape_ascii()))),
    }
}

/// Requests on one connection until it ends; returns how many were answered. The server may end it
/// between two requests; a client asks again then.
fn ask_on(address: SocketAddr, is_over: &AtomicBool, answered: &AtomicUsize) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut is_first = true;
    while !is_over.load(Ordering::Relaxed) {
        let mut answer = Vec::new();
        let request = get("/a");
        let asked = stream.write_all(request.as_bytes()).and_then(|()| {
            let mut buffer = [0; 1024];
            while !answer.ends_with(b"\r\n\r\ncontent") {
                match stream.read(&mut buffer)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    count => answer.extend_from_slice(&buffer[..count]),
                }
            }
            Ok(())
        });
        match asked {
            Ok(()) => answered.fetch_add(1, Ordering::Relaxed),
            Err(_) if !is_first && answer.is_empty() => return Ok(()),
            Err(error) => return Err(error),
        };
        is_first = false;
        if answer.windows(17).any(|part| part == b"Connection: close") {
            return Ok(());
        }
    }
    Ok(())
}

#[test]
fn nobody_loses_a_request_while_the_server_is_restarted() {
    let root = root();
    let (held, address) = listen();
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut lost = Vec::new();
    thread::scope(|scope| {
        let new = || {
            while !is_over.load(Ordering::Relaxed) {
                ask_once(address).map_err(|error| format!("new: {error}"))?;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let persistent = || {
            while !is_over.load(Ordering::Relaxed) {
                let asked = ask_on(address, &is_over, &answered);
                asked.map_err(|error| format!("persistent: {error}"))?;
            }
            Ok(())
        };
        let clients: Vec<_> =
            (0..CLIENTS).flat_map(|_| [scope.spawn(new), scope.spawn(persistent)]).collect();
        for _ in 0..ROUNDS {
            let mut program = Program::spawn(&mut inheriting(copy(&held), &root));
            let before = answered.load(Ordering::Relaxed);
            wait_until("the clients are busy", || {
                let ended = clients.iter().any(|client| client.is_finished());
                ended || answered.load(Ordering::Relaxed) > before + 10 * CLIENTS
            });
            program.signal(Signal::TERM);
            assert_eq!(program.wait().code(), Some(0));
        }
        is_over.store(true, Ordering::Relaxed);
        // The last requests wait for an answer in the kernel's queue.
        let _program = Program::spawn(&mut inheriting(copy(&held), &root));
        let results = clients.into_iter().map(|client| client.join().expect("no panic"));
        lost.extend(results.filter_map(Result::<(), String>::err));
    });
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn client_that_connected_just_before_a_stop_is_answered() {
    let root = root();
    let (held, address) = listen();
    let mut program = Program::spawn(&mut inheriting(copy(&held), &root));
    let mut resting = Client::new(address);
    resting.send(get("/a"));
    resting.reply().expect_status(200);
    let before = program.descriptors().len();
    let mut client = Client::new(address);
    wait_until("it is accepted", || program.descriptors().len() > before);
    program.signal(Signal::TERM);
    // Tells that the server is stopping.
    resting.expect_closed();
    client.send(get("/a"));
    let reply = client.reply().expect_status(200);
    assert_eq!(reply.field("Connection"), Some("close"));
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn what_is_left_in_the_queue_is_for_the_next_server() {
    let root = root();
    let (held, address) = listen();
    let mut program = Program::spawn(&mut inheriting(copy(&held), &root));
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
    let mut client = Client::new(address);
    client.send(get("/a"));
    let next = Program::spawn(&mut inheriting(copy(&held), &root));
    assert_eq!(next.address, address);
    client.reply().expect_status(200);
    assert_eq!(next.stop(), "");
}

fn expect_answer<S: Read + Write>(mut client: Client<S>) {
    client.send("GET /a HTTP/1.0\r\n\r\n");
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

#[test]
fn a_unix_socket_that_was_inherited_is_neither_shut_down_nor_removed() {
    let root = root();
    let path = root.path().join("socket");
    let held = net::UnixListener::bind(&path).expect("a socket");
    let mut waiting = Client::unix(&path);
    for _ in 0..2 {
        let socket = held.try_clone().expect("a descriptor");
        let mut program = Program::spawn(&mut inheriting(socket, &root));
        expect_answer(waiting);
        program.signal(Signal::TERM);
        assert_eq!(program.wait().code(), Some(0));
        waiting = Client::unix(&path);
    }
}

#[test]
fn socket_that_cannot_be_served_is_one_line_and_exit_1() {
    let root = root();
    let (connected, _other) = UnixStream::pair().expect("sockets");
    let file = fs::File::open(root.path().join("a")).expect("a file");
    let rows: [(OwnedFd, &[&str]); 4] = [
        (UdpSocket::bind("127.0.0.1:0").expect("a port").into(), &["datagram", "ListenStream="]),
        (net::UnixDatagram::unbound().expect("a socket").into(), &["datagram"]),
        (connected.into(), &["does not listen"]),
        (file.into(), &["no TCP or Unix stream socket"]),
    ];
    for (socket, words) in rows {
        let words = [&["descriptor 3"], words].concat();
        expect_failure(&mut inheriting(socket, &root), &words);
    }
}

#[test]
fn sockets_that_are_meant_for_another_process_are_not_taken() {
    let root = root();
    let (held, address) = listen();
    let mut command = with_descriptor_3(copy(&held), "1", &serving(root.path(), &[]));
    let program = Program::spawn(&mut command);
    assert_ne!(program.address, address);
    ask_once(program.address).expect("an answer");
}

#[test]
fn systemd_socket_activate_hands_over_tcp_and_unix_sockets() {
    let Some(activate) = find("systemd-socket-activate") else { return };
    let root = root();
    let path = root.path().join("socket");
    let name = root.path().join("abstract").display().to_string();
    // Free a moment before.
    let address = listen().1;
    let mut command = Command::new(activate);
    command.args(["-l", &address.to_string(), "-l", path.to_str().expect("UTF-8")]);
    command.args(["-l", &format!("@{name}"), PROGRAM, "--root"]);
    command.arg(root.path());
    // The first client has it started.
    let first = thread::spawn(move || {
        wait_until("it listens", || TcpStream::connect(address).is_ok());
    });
    let program = Program::spawn(&mut command);
    first.join().expect("a connection");
    assert_eq!(program.address, address);
    ask_once(address).expect("an answer");
    let abstract_name = net::SocketAddr::from_abstract_name(&name).expect("a name");
    let by_name = UnixStream::connect_addr(&abstract_name).expect("a connection");
    expect_answer(Client { stream: BufReader::new(by_name) });
    expect_answer(Client::unix(&path));
    program.stop();
    assert!(path.exists());
}
