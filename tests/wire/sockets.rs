//! What the sockets are set to, and what the system's limits are raised to: what no single answer
//! shows.

use crate::support::{Fixture, Program, exchange, linux, serving, under, wait_until};
use nix::sys::socket::getsockopt;
use nix::{getsockopt_impl, libc, sockopt_impl};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt};
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tinyhttpd::limits::{BLOCK_TIME, DEFER_SECONDS, LINGER_BYTES_MAX};
use tinyhttpd::server::{BindAddress, Bound, Listener, Settings, bind_all};

/// No time of the server ends what is tested: only the event itself can.
const AN_HOUR: Duration = Duration::from_secs(3600);

fn listen(port: u16, settings: &Settings) -> Listener {
    let address = [BindAddress::Host("127.0.0.1".to_owned())];
    let mut listeners = bind_all(&address, port, 64, settings).expect("a port");
    listeners.remove(0)
}

#[test]
fn port_whose_connections_ended_a_moment_ago_can_be_taken() {
    let Fixture { server, root } = Fixture::new();
    let address = server.listeners().next().and_then(Listener::local_address).expect("an address");
    // The side that closes first keeps the port in TIME_WAIT.
    exchange(address, [&b"GET / HTTP/1.0\r\n\r\n"[..]]);
    assert_eq!(server.stop(), 0);
    let plain = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    assert_eq!(bind(&plain, &address), Err(Errno::ADDRINUSE));
    let again = listen(address.port(), &Settings::default());
    assert_eq!(again.local_address(), Some(address));
    drop(root);
}

#[test]
fn accepted_socket_sends_at_once_and_never_waits_for_ever() {
    if !linux::has("TCP_USER_TIMEOUT") {
        return;
    }
    let settings = Settings { write_time: Duration::from_millis(1234), ..Settings::default() };
    let Listener::Bound(Bound::Tcp(ref listener)) = listen(0, &settings) else {
        panic!("a TCP address");
    };
    let address = listener.local_addr().expect("an address");
    let _client = TcpStream::connect(address).expect("a connection");
    let (accepted, _) = listener.accept().expect("a connection");
    assert!(accepted.nodelay().expect("an option"));
    assert_eq!(sockopt::tcp_user_timeout(&accepted), Ok(1234));
    let blocks_for = accepted.write_timeout().expect("an option");
    assert_eq!(blocks_for, Some(BLOCK_TIME));
}

sockopt_impl!(
    /// What the server sets (tcp(7)), in seconds.
    DeferAccept,
    GetOnly,
    libc::IPPROTO_TCP,
    libc::TCP_DEFER_ACCEPT,
    usize
);

#[test]
fn accept_waits_for_a_clients_first_byte() {
    if !linux::has("TCP_DEFER_ACCEPT") {
        return;
    }
    let Listener::Bound(listener) = listen(0, &Settings::default()) else {
        panic!("a socket of our own");
    };
    assert_eq!(getsockopt(&listener, DeferAccept), Ok(DEFER_SECONDS));
}

#[test]
fn ipv4_client_of_an_ipv6_socket_is_logged_as_what_it_is() {
    let root = tempfile::tempdir().expect("a directory");
    let program = Program::start(root.path(), &["--bind", "::"]);
    exchange(program.address, [&b"GET /missing HTTP/1.0\r\n\r\n"[..]]);
    let said = program.stop();
    let line = said.lines().find(|line| line.contains("GET /missing")).expect("a line");
    assert!(line.starts_with("127.0.0.1 - - ["), "{said}");
}

#[test]
fn soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let root = tempfile::tempdir().expect("a directory");
    let mut command = under("ulimit -Sn 64", &serving(root.path(), &["-v"]));
    let program = Program::spawn(&mut command);
    let limits = fs::read_to_string(program.proc("limits")).expect("a running process");
    let mut lines = limits.lines();
    let of_files = lines.find_map(|line| line.strip_prefix("Max open files"));
    let mut values = of_files.expect("a limit").split_whitespace();
    let (soft, hard) = (values.next(), values.next());
    assert!(soft.is_some() && soft == hard, "{soft:?} of {hard:?}");
    assert_ne!(soft, Some("64"));
    let said = program.stop();
    assert!(said.contains("open files: ") && said.contains("Some(64) before"), "{said}");
}

#[test]
fn refused_client_that_sends_without_end_is_cut_after_so_many_bytes() {
    let fixture = Fixture::with(|_, server| server.linger_time = AN_HOUR);
    let mut client = fixture.client();
    client.send("GET /file HTTP/1.1\r\n\r\n");
    client.reply().expect_status(400);
    let some = vec![b'x'; 1 << 20];
    let mut stream = client.stream.get_ref();
    // What the sockets hold comes on top of what the server reads.
    let refused = (0..4 * LINGER_BYTES_MAX / (1 << 20)).find_map(|_| stream.write_all(&some).err());
    let kind = refused.expect("an end").kind();
    let is_end = matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
    assert!(is_end, "{kind}");
    wait_until("it is gone", || fixture.server.connections() == 0);
}

/// The kernel's half of `--backlog`: so many are connected although nobody accepts them.
#[test]
fn backlog_is_what_the_kernel_is_told() {
    let of_one = connected_at_once(1);
    let of_many = connected_at_once(50);
    assert!(of_one < 10 && of_many >= 50, "{of_one}, {of_many}");
}

/// How many of 60 clients are connected at once to a socket with this backlog, from which none is
/// accepted.
fn connected_at_once(backlog: i32) -> usize {
    let address = [BindAddress::Host("127.0.0.1".to_owned())];
    let listeners = bind_all(&address, 0, backlog, &Settings::default()).expect("a port");
    let address: SocketAddr = listeners[0].local_address().expect("an address");
    let connect = |_| {
        let family = AddressFamily::INET;
        let flags = rustix::net::SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None);
        let socket = socket.expect("a socket");
        let begun = rustix::net::connect(&socket, &address);
        assert_eq!(begun, Err(Errno::INPROGRESS));
        TcpStream::from(socket)
    };
    let clients: Vec<_> = (0..60).map(connect).collect();
    clients.iter().filter(|client| client.peer_addr().is_ok()).count()
}
