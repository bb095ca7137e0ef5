//! PUT over the wire: what is let in, what is refused, and that no file is ever seen half.

use crate::support::{Client, Fixture, Program, Reply, get, is_installed, names};
use std::fs;
use std::io::{BufRead, ErrorKind, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
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
fn new_file_has_the_mode_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = fixture();
    fixture.file("plain", "");
    answer_to(&fixture, "/a", "", "new").expect_status(201);
    let mode = |name| fs::metadata(fixture.path(name)).map(|a| a.permissions().mode());
    let by_the_umask = mode("plain").expect("a mode");
    assert_eq!(mode("a").expect("a mode"), by_the_umask);
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
fn of_two_uploads_over_the_same_file_the_later_is_412() {
    let fixture = fixture();
    let line = format!("If-Match: {}\r\n", answer_to(&fixture, "/a", "", "old").tag());
    let mut clients = [fixture.client(), fixture.client()];
    for client in &mut clients {
        begin(client, "/a", &line, 5);
    }
    for (client, (body, status)) in clients.iter_mut().zip([("first", 204), ("later", 412)]) {
        client.send(body);
        client.reply().expect_status(status);
    }
    assert_eq!(fixture.content("a"), "first");
    assert_eq!(fixture.names(), ["a"]);
}

#[test]
fn file_that_appears_while_its_body_arrives_is_not_replaced() {
    let fixture = fixture();
    let mut client = fixture.client();
    begin(&mut client, "/a", "If-None-Match: *\r\n", 3);
    fixture.file("a", "by somebody else");
    client.send("new");
    client.reply().expect_status(412);
    let mut client = fixture.client();
    begin(&mut client, "/directory", "", 3);
    fixture.directory("directory");
    client.send("new");
    client.reply().expect_status(409);
    assert_eq!(fixture.content("a"), "by somebody else");
    assert_eq!(fixture.names(), ["a", "directory"]);
}

/// The statuses, in order, of uploads of these bodies of one byte to one place that end at the same
/// moment.
fn race(fixture: &Fixture, path: &str, line: &str, bodies: [&str; 4]) -> [u16; 4] {
    let start = Barrier::new(4);
    let racer = &|body: &str| {
        let mut client = fixture.client();
        begin(&mut client, path, line, 1);
        start.wait();
        client.send(body);
        client.reply().status
    };
    let mut statuses = thread::scope(|scope| {
        bodies
            .map(|body| scope.spawn(move || racer(body)))
            .map(|racing| racing.join().expect("no panic"))
    });
    statuses.sort();
    statuses
}

#[test]
fn of_racing_uploads_one_wins() {
    let fixture = fixture();
    for round in 0..20 {
        let path = format!("/{round}");
        let created = race(&fixture, &path, "If-None-Match: *\r\n", ["a", "b", "c", "d"]);
        assert_eq!(created, [201, 412, 412, 412]);
        let mut client = fixture.client();
        client.send(get(&path));
        let line = format!("If-Match: {}\r\n", client.reply().tag());
        // None of them the byte that is there: its tag would stay.
        let others = ["e", "f", "g", "h"];
        assert_eq!(race(&fixture, &path, &line, others), [204, 412, 412, 412]);
        assert_eq!(race(&fixture, &path, "", others), [204; 4]);
    }
    assert_eq!(fixture.names().len(), 20);
}

#[test]
fn reader_sees_the_former_bytes_or_the_new() {
    let fixture = fixture();
    // From memory, and from the file.
    for (path, length) in [("/small", 70_000), ("/large", 700_000)] {
        let version = |number: usize| ["a", "b"][number % 2].repeat(length + number % 2);
        answer_to(&fixture, path, "", &version(0)).expect_status(201);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut client = fixture.client();
                for number in 1..30 {
                    client.send(put(path, "", &version(number)));
                    client.reply().expect_status(204);
                }
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut client = fixture.client();
                    for _ in 0..60 {
                        client.send(get(path));
                        let body = client.reply().expect_status(200).body;
                        let is_whole = (0..2).any(|number| version(number).as_bytes() == body);
                        assert!(is_whole, "{} bytes from {:?}", body.len(), body.first());
                    }
                });
            }
        });
    }
}

#[test]
fn requests_after_a_body_are_answered_in_order() {
    let fixture = fixture();
    let mut client = fixture.client();
    let large = "x".repeat(300_000);
    let requests = [
        put("/a", "", "one"),
        get("/a"),
        put("/a", "", "two"),
        put("/b", "", &large),
        get("/a"),
        get("/b"),
        put("/b", "", "three"),
        get("/b"),
    ];
    let all = requests.concat();
    // In one piece, whose end is read while the server still answers; and cut within the first
    // head, body and the second.
    for cuts in [vec![], vec![10, 70, 78]] {
        let mut from = 0;
        for cut in cuts {
            client.send(&all[from..cut]);
            from = cut;
        }
        let mut writing = client.stream.get_ref().try_clone().expect("a socket");
        thread::scope(|scope| {
            scope.spawn(|| writing.write_all(&all.as_bytes()[from..]));
            let mut bodies = Vec::new();
            for _ in &requests {
                let reply = client.reply();
                assert!((200..=204).contains(&reply.status), "{}", reply.head);
                assert_eq!(reply.field("Connection"), Some("keep-alive"));
                bodies.push(String::from_utf8(reply.body).expect("UTF-8"));
            }
            assert_eq!(bodies, ["", "one", "", "", "two", &large, "", "three"]);
        });
    }
}

#[test]
fn requests_behind_an_answer_that_waits_are_not_lost() {
    let fixture = fixture();
    let large = "x".repeat(8 << 20);
    answer_to(&fixture, "/large", "", &large).expect_status(201);
    let mut client = fixture.client();
    client.send([get("/large"), put("/a", "", "new"), get("/a")].concat());
    assert_eq!(client.reply().body.len(), large.len());
    client.reply().expect_status(201);
    assert_eq!(client.reply().body, b"new");
}

#[test]
fn connection_ends_after_a_body_where_the_client_says_so() {
    let fixture = fixture();
    for (version, lines, persists) in [
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
        ("1.1", "Host: localhost\r\nConnection: close\r\n", false),
    ] {
        let mut client = fixture.client();
        let request = format!("PUT /a HTTP/{version}\r\nContent-Length: 3\r\n{lines}\r\nnew");
        client.send(&request);
        let first = client.reply();
        assert!(first.status <= 204, "{}", first.head);
        if !persists {
            client.expect_closed();
            continue;
        }
        client.send(&request);
        client.reply().expect_status(204);
    }
}

#[test]
fn body_of_a_refused_request_is_never_read_as_a_request() {
    let fixture = fixture();
    fixture.file("a", "content");
    let mut client = fixture.client();
    client.send(put("/missing/a", "", &get("/a")));
    client.reply().expect_status(409);
    client.expect_closed();
}

#[test]
fn client_that_has_sent_all_may_end_its_side() {
    let fixture = fixture();
    let mut client = fixture.client();
    begin(&mut client, "/a", "", 3);
    client.send("new");
    let stream = client.stream.get_ref();
    stream.shutdown(std::net::Shutdown::Write).expect("a half-close");
    client.reply().expect_status(201);
    client.expect_closed();
}

#[test]
fn continue_is_not_said_to_whom_does_not_wait_for_it() {
    let fixture = fixture();
    let expect = "Expect: 100-continue\r\n";
    answer_to(&fixture, "/a", expect, "new").expect_status(201);
    let mut client = fixture.client();
    client.send(format!("PUT /a HTTP/1.0\r\nContent-Length: 3\r\n{expect}\r\n"));
    client.send("new");
    client.reply().expect_status(204);
}

#[test]
fn broken_off_upload_leaves_the_old_file_and_no_other() {
    let fixture = fixture();
    fixture.file("a", "old");
    for path in ["/a", "/b"] {
        let mut client = fixture.client();
        begin(&mut client, path, "", 10);
        client.send("half");
    }
    let root = fixture.root;
    assert_eq!(fixture.server.stop(), 0, "no connection is left");
    assert_eq!(names(root.path()), ["a"]);
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"old");
}

#[test]
fn slow_uploads_hold_no_worker() {
    let fixture = fixture_with(|_, server| server.threads = 2);
    fixture.file("file", "content");
    let mut slow: Vec<_> = (0..4).map(|_| fixture.client()).collect();
    for (number, client) in slow.iter_mut().enumerate() {
        begin(client, &format!("/{number}"), "", 100_001);
        client.send("x");
    }
    let mut client = fixture.client();
    client.send(get("/file"));
    client.reply().expect_status(200);
    for client in &mut slow {
        client.send("x".repeat(100_000));
    }
    for client in &mut slow {
        client.reply().expect_status(201);
    }
}

/// Sends these bytes of a body again and again, with little pauses, until the answer comes.
fn trickle(client: &mut Client, bytes: &str) -> Reply {
    let pause = Some(Duration::from_millis(20));
    let stream = client.stream.get_ref();
    stream.set_read_timeout(pause).expect("an option");
    for _ in 0..300 {
        // A reset after the answer is no concern here.
        let _ = client.stream.get_mut().write_all(bytes.as_bytes());
        match client.stream.fill_buf() {
            Ok([]) => break,
            Ok(_) => return client.reply(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    panic!("no answer");
}

#[test]
fn upload_that_is_late_is_408() {
    let fixture = fixture_with(|_, server| server.body_time = Duration::from_millis(200));
    fixture.file("a", "old");
    for bytes in ["", "x"] {
        let mut client = fixture.client();
        begin(&mut client, "/a", "", 1_000_000);
        let reply = trickle(&mut client, bytes).expect_status(408);
        assert_eq!(reply.field("Connection"), Some("close"));
    }
    assert_eq!(fixture.content("a"), "old");
    assert_eq!(fixture.names(), ["a"]);
}

#[test]
fn upload_in_flight_is_finished_at_shutdown() {
    let fixture = fixture();
    let address = fixture.address();
    let mut client = fixture.client();
    begin(&mut client, "/a", "", 3);
    let (root, server) = (fixture.root, fixture.server);
    let stopping = thread::spawn(|| server.stop());
    while TcpStream::connect(address).is_ok() {
        thread::yield_now();
    }
    client.send("new");
    let reply = client.reply().expect_status(201);
    assert_eq!(reply.field("Connection"), Some("close"));
    client.expect_closed();
    assert_eq!(stopping.join().expect("no panic"), 0);
    assert_eq!(fs::read(root.path().join("a")).expect("a file"), b"new");
}

#[test]
fn kill_in_mid_upload_leaves_the_old_file_and_a_restart_no_other() {
    let root = tempfile::tempdir().expect("a directory");
    let leftover = root.path().join("directory/.tinyhttpd-upload-0123456789abcdef");
    fs::create_dir(root.path().join("directory")).expect("a directory");
    fs::write(root.path().join("directory/a"), "old").expect("a file");
    let program = Program::start(root.path(), &["--writable"]);
    let mut client = Client::new(program.address);
    begin(&mut client, "/directory/a", "", 1_000_000);
    client.send("x".repeat(500_000));
    program.kill();
    // What a file system leaves that cannot have files without a name.
    fs::write(&leftover, "half").expect("a file");
    Program::start(root.path(), &[]).kill();
    assert!(leftover.exists(), "only who writes clears");
    let program = Program::start(root.path(), &["--writable"]);
    assert_eq!(names(&root.path().join("directory")), ["a"]);
    let mut client = Client::new(program.address);
    client.send(get("/directory/a"));
    assert_eq!(client.reply().body, b"old");
    program.kill();
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
fn curl_gets_its_continue() {
    if !is_installed("curl") {
        return;
    }
    let fixture = fixture();
    let source = tempfile::NamedTempFile::new().expect("a file");
    let content = "0123456789".repeat(300_000);
    fs::write(source.path(), &content).expect("a file");
    // A curl that did not get its 100 would wait longer than it may take.
    let limits = ["--expect100-timeout", "60", "--max-time", "30"];
    for (path, status) in [("a", "201"), ("a", "204"), ("missing/a", "409")] {
        let output = Command::new("curl")
            .args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"])
            .args(limits)
            .args(["-H", "Expect: 100-continue", "-T"])
            .arg(source.path())
            .arg(format!("http://{}/{path}", fixture.address()))
            .output()
            .expect("curl");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), status);
    }
    assert_eq!(fixture.content("a"), content);
}
