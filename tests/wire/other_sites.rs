//! Pages of other sites: by none of their ways is anything written here.

use crate::support::{Client, Fixture, Program, Reply};
use std::fs;
use tinyhttpd::site;

fn fixture_with(change: impl FnOnce(&mut site::Settings)) -> Fixture {
    let fixture = Fixture::with(|site, _| {
        site.writable = true;
        site.cross_origin = true;
        change(site);
    });
    fixture.file("file", "content");
    fixture.directory("empty");
    fixture
}

fn ask(fixture: &Fixture, method: &str, path: &str, host: &str, lines: &str) -> Reply {
    let mut client = fixture.client();
    let length = if method == "PUT" { "Content-Length: 0\r\n" } else { "" };
    client.send(format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}{lines}\r\n"));
    client.reply()
}

const WRITING: [(&str, &str); 4] =
    [("PUT", "/new"), ("PUT", "/file"), ("DELETE", "/empty"), ("MKCOL", "/directory")];

fn expect_nothing_changed(fixture: &Fixture) {
    assert_eq!(fixture.names(), ["empty", "file"]);
    assert_eq!(fixture.content("file"), "content");
}

#[test]
fn page_of_another_site_cannot_write() {
    let fixture = fixture_with(|_| {});
    for lines in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://localhost:1\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n",
    ] {
        for (method, path) in WRITING {
            let reply = ask(&fixture, method, path, "localhost", lines);
            assert_eq!(reply.status, 403, "{method} {lines}");
        }
        // Who may read is told by `--cors`.
        ask(&fixture, "GET", "/file", "localhost", lines).expect_status(200);
    }
    expect_nothing_changed(&fixture);
}

#[test]
fn name_that_another_site_lets_lead_here_cannot_write() {
    let fixture = fixture_with(|site| site.machine_names = vec!["box.local".to_owned()]);
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "box", "a"] {
        let same = format!("Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n");
        for lines in ["", &same] {
            for (method, path) in WRITING {
                let reply = ask(&fixture, method, path, host, lines);
                assert_eq!(reply.status, 403, "{method} {host}");
            }
        }
        ask(&fixture, "GET", "/file", host, &same).expect_status(200);
    }
    expect_nothing_changed(&fixture);
    for host in ["127.0.0.1", "[::1]:8080", "LOCALHOST", "box.local:80"] {
        ask(&fixture, "MKCOL", "/new", host, "").expect_status(201);
        ask(&fixture, "DELETE", "/new", host, "").expect_status(204);
    }
}

#[test]
fn name_in_the_target_counts_before_host() {
    let fixture = fixture_with(|_| {});
    let evil = "http://evil.example/new";
    ask(&fixture, "MKCOL", evil, "localhost", "").expect_status(403);
    ask(&fixture, "MKCOL", "http://localhost/new", "evil.example", "").expect_status(201);
}

#[test]
fn body_of_a_refused_page_is_not_asked_for() {
    let fixture = fixture_with(|_| {});
    let mut client = fixture.client();
    client.send(
        "PUT /new HTTP/1.1\r\nHost: localhost\r\nOrigin: http://b\r\nContent-Length: 5\r\n\
         Expect: 100-continue\r\n\r\n",
    );
    let reply = client.reply().expect_status(403);
    assert_eq!(reply.field("Connection"), Some("close"));
    client.expect_closed();
    expect_nothing_changed(&fixture);
}

#[test]
fn what_cannot_be_written_at_all_is_405_for_everybody() {
    let fixture = fixture_with(|site| site.writable = false);
    for (method, path) in WRITING {
        ask(&fixture, method, path, "evil.example", "Origin: http://b\r\n").expect_status(405);
    }
}

#[test]
fn with_a_given_name_reading_by_another_is_421() {
    for writable in [true, false] {
        let fixture = fixture_with(|site| {
            site.writable = writable;
            site.hosts = vec!["files.example".to_owned()];
            site.health = Some("/health".to_owned());
        });
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            let mut client = fixture.client();
            client.send(format!("{method} /file HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
            let mut line = String::new();
            std::io::BufRead::read_line(&mut client.stream, &mut line).expect("a line");
            assert_eq!(line, "HTTP/1.1 421 Misdirected Request\r\n", "{method}");
        }
        ask(&fixture, "GET", "/health", "evil.example", "").expect_status(200);
        for host in ["files.example", "Files.Example.:80", "127.0.0.1:8080", "localhost"] {
            ask(&fixture, "GET", "/file", host, "").expect_status(200);
        }
        let status = if writable { 201 } else { 405 };
        ask(&fixture, "MKCOL", "/new", "files.example", "").expect_status(status);
    }
}

#[test]
fn program_knows_the_names_of_its_machine_and_those_it_is_given() {
    let root = tempfile::tempdir().expect("a directory");
    let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let program = Program::start(root.path(), &["--writable"]);
    let ask = |program: &Program, method: &str, host: &str| {
        let mut client = Client::new(program.address);
        client.send(format!("{method} /new HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        client.reply().status
    };
    for host in [own.clone(), format!("{}.local", own.trim_end_matches(".local"))] {
        if own.contains('.') && !own.ends_with(".local") {
            continue;
        }
        assert_eq!(ask(&program, "MKCOL", &host), 201, "{host}");
        assert_eq!(ask(&program, "DELETE", &host), 204, "{host}");
    }
    assert_eq!(ask(&program, "MKCOL", "files.example"), 403);
    let said = program.stop();
    assert!(said.contains("files.example is no name of this machine"), "{said}");
    let program = Program::start(root.path(), &["--writable", "--host", "files.example"]);
    assert_eq!(ask(&program, "MKCOL", "files.example"), 201);
    assert_eq!(ask(&program, "GET", "evil.example"), 421);
    assert_eq!(fs::read_dir(root.path()).expect("a directory").count(), 1);
}
