//! PUT over the wire: what is let in, and what is refused.

mod body;
mod races;

use crate::support::{Client, Fixture, Program, Reply, get, masked, names};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tinyhttpd::server::Settings;
use tinyhttpd::site;

/// A server where PUT is allowed.
fn fixture() -> Fixture {
    fixture_with(|_, _| {})
}

fn fixture_with(change: impl FnOnce(&mut site::Settings, &mut Settings)) -> Fixture {
    Fixture::with(|site, server| {
        site.writable = true;
        change(site, server);
    })
}

/// A whole PUT in HTTP/1.1; `lines` are ended by CRLF.
fn put(path: &str, lines: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
    )
}

/// Begins a PUT of `length` bytes, and returns once the server asks for them.
fn begin(client: &mut Client, path: &str, lines: &str, length: usize) {
    let expect = "Expect: 100-continue\r\n";
    client.send(format!(
        "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{expect}{lines}\r\n"
    ));
    let reply = client.reply();
    assert_eq!(reply.head, "HTTP/1.1 100 Continue\r\n\r\n");
}

/// The answer to a PUT with these field lines, on a connection of its own.
fn answer_to(fixture: &Fixture, path: &str, lines: &str, body: &str) -> Reply {
    let mut client = fixture.client();
    client.send(put(path, lines, body));
    client.reply()
}

#[test]
fn put_is_405_unless_it_is_allowed() {
    let fixture = fixture_with(|site, _| site.writable = false);
    let reply = answer_to(&fixture, "/a", "", "new").expect_status(405);
    assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn what_cannot_be_put_is_refused() {
    let fixture = fixture_with(|site, _| {
        site.body_bytes_max = 5;
        site.serves_hidden = true;
    });
    fixture.file("file", "old");
    fixture.directory("directory/.hidden");
    let long = "x".repeat(256);
    let rows = [
        ("/", 409),
        ("/directory", 409),
        ("/directory/", 409),
        ("/new/", 409),
        ("/file/", 409),
        ("/directory/.", 409),
        ("/missing/new", 409),
        ("/missing/..", 409),
        ("/file/new", 409),
        (&format!("/{long}"), 409),
        ("/.hidden", 403),
        ("/%2ehidden", 403),
        ("/directory/.hidden/new", 403),
        ("/.tinyhttpd-upload-0123456789abcdef", 403),
        ("/directory%2Fnew", 404),
        ("/%00", 400),
        ("/%zz", 400),
        ("/../new", 400),
    ];
    for (path, status) in rows {
        assert_eq!(answer_to(&fixture, path, "", "new").status, status, "{path}");
    }
    let sizes = ["Content-Range: bytes 0-2/3\r\n", "Content-Range: x\r\n"];
    for line in sizes {
        answer_to(&fixture, "/new", line, "new").expect_status(400);
    }
    answer_to(&fixture, "/new", "", "longer").expect_status(413);
    answer_to(&fixture, "/new", "", "as may").expect_status(413);
    answer_to(&fixture, "/new", "", "be 5!").expect_status(201);
    assert_eq!(fixture.names(), ["directory", "file", "new"]);
    assert_eq!(fixture.content("file"), "old");
}

#[test]
fn body_without_a_length_is_refused() {
    let fixture = fixture();
    for behind in ["", "new", &get("/a")] {
        let mut client = fixture.client();
        client.send(format!("PUT /a HTTP/1.1\r\nHost: localhost\r\n\r\n{behind}"));
        let reply = client.reply().expect_status(411);
        assert_eq!(reply.field("Connection"), Some("close"));
        client.expect_closed();
    }
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn symlinks_lead_nowhere_else() {
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("file"), "old").expect("a file");
    let fixture = fixture();
    fixture.directory("inside");
    fixture.file("inside/file", "old");
    let link = |target: &Path, name| symlink(target, fixture.path(name)).expect("a link");
    link(outside.path(), "out");
    link(&outside.path().join("file"), "out-file");
    link(&outside.path().join("new"), "out-new");
    link(Path::new("inside/file"), "in-file");
    link(&fixture.path("inside"), "absolute");
    link(Path::new("inside"), "in");
    link(Path::new("loop"), "loop");
    for path in [
        "/out/file",
        "/out/new",
        "/out-file",
        "/out-new",
        "/in-file",
        "/absolute/file",
        "/loop",
        "/loop/new",
    ] {
        assert_eq!(answer_to(&fixture, path, "", "new").status, 409, "{path}");
    }
    assert_eq!(names(outside.path()), ["file"]);
    let left = fs::read_to_string(outside.path().join("file"));
    assert_eq!(left.expect("a file"), "old");
    assert_eq!(fixture.content("inside/file"), "old");
    answer_to(&fixture, "/in/file", "", "new").expect_status(204);
    assert_eq!(fixture.content("inside/file"), "new");
}

#[test]
fn special_file_is_refused_and_blocks_nobody() {
    let fixture = fixture();
    let made = Command::new("mkfifo").arg(fixture.path("fifo")).status();
    assert!(made.expect("mkfifo").success());
    for _ in 0..8 {
        answer_to(&fixture, "/fifo", "", "new").expect_status(409);
    }
}

#[test]
fn first_file_is_201_and_its_successor_204() {
    let fixture = fixture();
    fixture.directory("a b");
    let long = "a long one ".repeat(100_000);
    let rows = [("first", 201), ("the second", 204), ("", 204), (&long, 204), ("short", 204)];
    for (content, status) in rows {
        let reply = answer_to(&fixture, "/a%20b/c.txt", "", content);
        let reply = reply.expect_status(status);
        assert_eq!(fixture.content("a b/c.txt"), content);
        let mut client = fixture.client();
        client.send(get("/a%20b/c.txt"));
        let seen = client.reply().expect_status(200);
        assert_eq!(seen.body, content.as_bytes());
        assert_eq!(seen.tag(), reply.tag());
        let same = format!("If-Match: {}\r\n", reply.tag());
        answer_to(&fixture, "/a%20b/c.txt", &same, content).expect_status(204);
        assert_eq!(seen.field("Content-Type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(names(&fixture.path("a b")), ["c.txt"]);
}

#[test]
fn empty_body_creates_an_empty_file() {
    let fixture = fixture();
    let reply = answer_to(&fixture, "/a", "Expect: 100-continue\r\n", "");
    let reply = reply.expect_status(201);
    assert_eq!(reply.field("Content-Length"), Some("0"));
    assert_eq!(fixture.content("a"), "");
}

#[test]
fn answers_have_the_fields_that_every_answer_has() {
    let fixture = fixture_with(|site, _| {
        site.cross_origin = true;
        site.fields = vec![("X-Own".to_owned(), "yes".to_owned())];
    });
    for (path, status) in [("/a", 201), ("/a", 204), ("/missing/a", 409)] {
        let reply = answer_to(&fixture, path, "", "new").expect_status(status);
        assert_eq!(reply.field("X-Own"), Some("yes"));
        assert_eq!(reply.field("Access-Control-Allow-Origin"), Some("*"));
    }
}

#[test]
fn scripts_of_other_origins_are_not_told_that_they_may_write() {
    let fixture = fixture_with(|site, _| site.cross_origin = true);
    let mut client = fixture.client();
    client.send(
        "OPTIONS /a HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nAccess-Control-Request-Method: PUT\r\n\r\n",
    );
    let reply = client.reply().expect_status(204);
    assert_eq!(reply.field("Allow"), Some("GET, HEAD, OPTIONS, PUT, DELETE, MKCOL"));
    let told = reply.field("Access-Control-Allow-Methods");
    assert_eq!(told, Some("GET, HEAD, OPTIONS"));
}

#[test]
fn each_host_has_its_own_files() {
    let fixture = fixture_with(|site, _| site.by_host = true);
    answer_to(&fixture, "/a", "", "new").expect_status(201);
    assert_eq!(fixture.content("default/a"), "new");
    assert_eq!(fixture.names(), ["default"]);
}

#[test]
fn preconditions_are_judged_for_put() {
    let fixture = fixture();
    let first = answer_to(&fixture, "/a", "", "first").tag();
    let second = answer_to(&fixture, "/a", "", "second").tag();
    let rows = [
        ("/a", format!("If-Match: {first}"), 412),
        ("/a", format!("If-Match: W/{second}"), 412),
        ("/a", format!("If-None-Match: {second}"), 412),
        ("/a", "If-None-Match: *".to_owned(), 412),
        ("/a", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), 412),
        ("/b", "If-Match: *".to_owned(), 412),
        ("/b", format!("If-Match: {first}"), 412),
    ];
    for (path, line, status) in rows {
        // The answer comes although no byte of the body does.
        let mut client = fixture.client();
        client.send(format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n{line}\r\n\r\n"
        ));
        assert_eq!(client.reply().status, status, "{path} {line}");
    }
    assert_eq!(fixture.content("a"), "second");
    let line = format!("If-Match: {first}, {second}\r\n");
    answer_to(&fixture, "/a", &line, "third").expect_status(204);
    answer_to(&fixture, "/a", "If-Match: *\r\n", "4th").expect_status(204);
    let line = format!("If-None-Match: {first}\r\n");
    answer_to(&fixture, "/a", &line, "fifth").expect_status(204);
    answer_to(&fixture, "/b", "If-None-Match: *\r\n", "b").expect_status(201);
    assert_eq!(fixture.content("a"), "fifth");
}

#[test]
fn who_can_write_is_told_where_it_is_not_this_machine_alone() {
    let root = tempfile::tempdir().expect("a directory");
    let rows: [(&[&str], usize); 4] = [
        (&["--writable", "--bind", "0.0.0.0"], 1),
        (&["--writable", "--bind", "127.0.0.1"], 0),
        (&["--writable", "--bind", "127.0.0.2", "--bind", "127.0.0.1"], 0),
        (&["--bind", "0.0.0.0"], 0),
    ];
    for (arguments, count) in rows {
        let said = Program::start(root.path(), arguments).stop();
        let is_warning = |line: &&str| line.contains("WARN") && line.contains("--writable");
        let warnings = said.lines().filter(is_warning).count();
        assert_eq!(warnings, count, "{arguments:?}: {said}");
    }
}

#[test]
fn access_log_and_limit_are_as_for_a_user() {
    let root = tempfile::tempdir().expect("a directory");
    let program = Program::start(root.path(), &["--writable", "--max-body", "1K"]);
    let sizes: [(usize, u16); 3] = [(1024, 201), (1025, 413), (0, 204)];
    for (length, status) in sizes {
        let mut client = Client::new(program.address);
        client.send(put("/a", "User-Agent: b\r\n", &"x".repeat(length)));
        client.reply().expect_status(status);
    }
    let said = program.stop();
    for end in ["201 0 \"-\" \"b\"", "204 0 \"-\" \"b\""] {
        let line = format!("\"PUT /a HTTP/1.1\" {end}");
        assert!(said.lines().any(|said| said.ends_with(&line)), "{said}");
    }
}

#[test]
fn head_of_each_status_is_these_bytes() {
    let fixture = fixture_with(|site, _| site.body_bytes_max = 5);
    let page = "Content-Length: LENGTH\r\nContent-Type: text/html; charset=utf-8\r\n\
                X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n";
    let rows = [
        ("201 Created", "keep-alive", put("/a", "", "new"), "Content-Length: 0\r\nETag: *\r\n"),
        ("204 No Content", "keep-alive", put("/a", "", "other"), "ETag: *\r\n"),
        ("409 Conflict", "close", put("/missing/a", "", "new"), page),
        (
            "411 Length Required",
            "close",
            "PUT /a HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            page,
        ),
        ("413 Content Too Large", "close", put("/a", "", "too long"), page),
    ];
    for (status, connection, request, fields) in rows {
        let mut client = fixture.client();
        client.send(request);
        let reply = client.reply();
        let fields = fields.replace("LENGTH", &reply.body.len().to_string());
        let expected = format!(
            "HTTP/1.1 {status}\r\nDate: *\r\nServer: tinyhttpd/*\r\nConnection: {connection}\r\n{fields}\r\n"
        );
        assert_eq!(masked(&reply.head), expected);
    }
}
