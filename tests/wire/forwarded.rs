//! `--trusted-proxy`: whom the access log names as the client of a request that a proxy has sent
//! on.

use crate::support::{Client, PROGRAM, Program, finish, root_with};
use std::process::Command;
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// A request with these X-Forwarded-For lines.
fn request(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("X-Forwarded-For: {line}\r\n")).collect();
    format!("GET /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

/// The clients of all requests in the log, in their order.
fn clients(log: &str) -> Vec<&str> {
    let access = log.lines().filter(|line| line.contains(" - - ["));
    access.map(|line| line.split(' ').next().expect("a client")).collect()
}

/// Sends the requests on one connection, and returns whom the log names as the client of each.
fn logged(options: &[&str], requests: &[String]) -> Vec<String> {
    let root = root();
    let program = Program::start(root.path(), options);
    let mut client = Client::new(program.address);
    for request in requests {
        client.send(request);
        client.reply();
    }
    clients(&program.stop()).into_iter().map(str::to_owned).collect()
}

#[test]
fn nobody_is_trusted_by_default() {
    let requests = [request(&["192.0.2.1"])];
    assert_eq!(logged(&[], &requests), ["127.0.0.1"]);
    assert_eq!(logged(&["--trusted-proxy", "127.0.0.2"], &requests), ["127.0.0.1"]);
    assert_eq!(logged(&["--trusted-proxy", "unix"], &requests), ["127.0.0.1"]);
}

#[test]
fn client_of_a_trusted_proxy_is_the_rightmost_address_that_is_not_trusted() {
    let long = format!("192.0.2.9, {}", "_x,".repeat(10_000));
    let many = format!("192.0.2.8, {}", "10.1.1.1,".repeat(3000));
    let rows: [(&[&str], &str); 11] = [
        (&[], "127.0.0.1"),
        (&["192.0.2.1"], "192.0.2.1"),
        (&["198.51.100.1", "192.0.2.2:4711, 10.0.0.9"], "192.0.2.2"),
        (&["::ffff:192.0.2.3"], "192.0.2.3"),
        (&["[2001:db8::4]:567"], "2001:db8::4"),
        (&["fe80::5%eth0"], "fe80::5"),
        (&["10.0.0.9, 10.0.0.8"], "127.0.0.1"),
        (&["192.0.2.6, unknown"], "127.0.0.1"),
        (&["192.0.2.7, \" - - [x"], "127.0.0.1"),
        (&[&many], "192.0.2.8"),
        (&[&long], "127.0.0.1"),
    ];
    let requests: Vec<_> = rows.iter().map(|(lines, _)| request(lines)).collect();
    let options = ["--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8"];
    let expected: Vec<_> = rows.iter().map(|(_, client)| *client).collect();
    assert_eq!(logged(&options, &requests), expected);
}

#[test]
fn upload_has_its_client_and_what_is_no_request_its_peer() {
    let forwarded = "X-Forwarded-For: 192.0.2.1\r\n";
    let requests = [
        format!("PUT /b HTTP/1.1\r\nHost: localhost\r\n{forwarded}Content-Length: 1\r\n\r\nb"),
        format!("nonsense\r\n{forwarded}\r\n"),
    ];
    let options = ["--trusted-proxy", "127.0.0.0/8", "--writable"];
    assert_eq!(logged(&options, &requests), ["192.0.2.1", "127.0.0.1"]);
}

#[test]
fn proxy_on_a_unix_socket_is_trusted_as_unix() {
    for (trusted, expected) in [("unix", "192.0.2.1"), ("0.0.0.0/0", "unix:")] {
        let root = root();
        let socket = root.path().join("socket");
        let bind = format!("unix:{}", socket.display());
        let options = ["--bind", "127.0.0.1", "--bind", &bind, "--trusted-proxy", trusted];
        let program = Program::start(root.path(), &options);
        let mut client = Client::unix(&socket);
        client.send("GET /a HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
        client.reply().expect_status(200);
        client.expect_closed();
        assert_eq!(clients(&program.stop()), [expected], "{trusted}");
    }
}

#[test]
fn network_that_is_none_is_bad_usage_and_said_what_is_wrong_with_it() {
    let rows = [
        ("10.0.0.0/33", "0 to 32 bits of its address, not \"33\""),
        ("proxy.example", "\"proxy.example\" is no address"),
    ];
    for (network, reason) in rows {
        let output = finish(Command::new(PROGRAM).args(["--trusted-proxy", network]));
        assert_eq!(output.status.code(), Some(2), "{network}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(reason), "{said}");
    }
}
