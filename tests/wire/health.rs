//! `--health`: a path that tells a balancer whether to send requests here.

use crate::support::{Client, Fixture, PROGRAM, Program, finish, get, masked};
use std::fs;
use std::process::Command;
use tinyhttpd::site::Prefix;

#[test]
fn health_path_is_200_ok_whatever_lies_there() {
    let fixture = Fixture::with(|site, _| site.health = Some("/health".to_owned()));
    fixture.file("health", "a file of this name");
    let mut client = fixture.client();
    let head = "HTTP/1.1 200 OK\r\nDate: *\r\nServer: tinyhttpd/*\r\nConnection: keep-alive\r\n\
                Content-Length: 2\r\nContent-Type: text/plain; charset=utf-8\r\n\
                X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n";
    let conditions = "If-None-Match: *\r\nIf-Match: \"a\"\r\nRange: bytes=0-0\r\n\
                      If-Modified-Since: Tue, 02 Oct 2096 07:06:40 GMT\r\n";
    let requests = [
        get("/health"),
        get("/health?from=balancer"),
        get("http://b.example/health"),
        format!("GET /health HTTP/1.1\r\nHost: a\r\n{conditions}\r\n"),
    ];
    for request in requests {
        client.send(&request);
        let reply = client.reply();
        assert_eq!(masked(&reply.head), head, "{request}");
        assert_eq!(reply.body, b"ok", "{request}");
    }
    client.send("HEAD /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(masked(client.rest()), head.replace("keep-alive", "close"));
}

#[test]
fn only_the_path_as_it_was_given_is_the_health_path() {
    let fixture = Fixture::with(|site, _| site.health = Some("/health".to_owned()));
    let mut client = fixture.client();
    for target in ["/", "/health/", "/healthy", "//health", "/%68ealth", "/a/../health"] {
        client.send(get(target));
        client.reply().expect_status(404);
    }
    let without = Fixture::new();
    let mut client = without.client();
    client.send(get("/health"));
    client.reply().expect_status(404);
}

#[test]
fn health_path_has_its_methods_and_is_never_written_to() {
    let fixture = Fixture::with(|site, _| {
        site.health = Some("/health".to_owned());
        site.writable = true;
    });
    let methods = [("OPTIONS", 204), ("POST", 405), ("DELETE", 405)];
    let mut client = fixture.client();
    for (method, status) in methods {
        client.send(format!("{method} /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let reply = client.reply().expect_status(status);
        assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS"), "{method}");
    }
    client.send("PUT /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na");
    client.reply().expect_status(405);
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn health_path_is_for_every_host_and_needs_no_prefix() {
    let fixture = Fixture::with(|site, _| {
        site.health = Some("/health".to_owned());
        site.prefix = Prefix::parse("/files").expect("a prefix");
        site.by_host = true;
    });
    fs::remove_dir(fixture.path("default")).expect("a directory");
    let mut client = fixture.client();
    for host in ["a.example", "b.example", ""] {
        client.send(format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        client.reply().expect_status(200);
    }
    client.send(get("/files/health"));
    client.reply().expect_status(404);
}

#[test]
fn check_has_no_line_in_the_access_log_and_what_is_none_has() {
    let root = tempfile::tempdir().expect("a directory");
    let program = Program::start(root.path(), &["--health", "/health"]);
    let mut client = Client::new(program.address);
    for (method, status) in [("GET", 200), ("OPTIONS", 204), ("POST", 405)] {
        client.send(format!("{method} /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        client.reply().expect_status(status);
    }
    client.send("HEAD /health HTTP/1.0\r\n\r\n");
    let head = String::from_utf8(client.rest()).expect("UTF-8");
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    let said = program.stop();
    let lines: Vec<_> = said.lines().filter(|line| line.contains(" HTTP/1.")).collect();
    assert!(
        matches!(lines[..], [line] if line.contains("\"POST /health HTTP/1.1\" 405 ")),
        "{said}"
    );
}

#[test]
fn health_path_that_is_none_is_bad_usage() {
    for path in ["health", "/a b", "/a?b"] {
        let output = finish(Command::new(PROGRAM).args(["--health", path]));
        assert_eq!(output.status.code(), Some(2), "{path}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("is no path, such as /health"), "{said}");
    }
}
