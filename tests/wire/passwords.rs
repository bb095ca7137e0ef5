//! Passwords: who needs one, what becomes of a wrong one, and where they are never seen.

use crate::support::{Client, Program, Reply, find};
use rustix::process::Signal;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use tempfile::TempDir;

/// Of `sesame`, by `htpasswd -nbBC 4`.
const HASH: &str = "$2y$04$/CqidsIt44bxEQeGcab9Gubt5uzOXAcDlkjYdE4WHBjJ1k5abNE8.";

/// `user:sesame`, `us er:sesame` and `user:wrong` in Base64.
const RIGHT: &str = "Authorization: Basic dXNlcjpzZXNhbWU=\r\n";
const RIGHT_WITH_BLANK: &str = "Authorization: Basic dXMgZXI6c2VzYW1l\r\n";
const WRONG: &str = "Authorization: Basic dXNlcjp3cm9uZw==\r\n";
const UNKNOWN: &str = "Authorization: Basic b3RoZXI6c2VzYW1l\r\n";

/// A root with `file`, and beside it the file of passwords.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("root")).expect("a directory");
        let place = Place { directory };
        place.write("root/file", "content");
        place.write("passwords", &format!("# users\nuser:{HASH}\nus er:{HASH}\n"));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("a file");
    }

    fn start(&self, options: &[&str]) -> Program {
        let passwords = self.path("passwords");
        let options = [&["--auth-file", passwords.to_str().expect("UTF-8")], options].concat();
        Program::start(&self.path("root"), &options)
    }
}

fn ask(program: &Program, method_and_target: &str, lines: &str) -> Reply {
    let mut client = Client::new(program.address);
    client.send(format!("{method_and_target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
    client.reply()
}

#[test]
fn with_write_only_who_changes_files_needs_a_password() {
    let place = Place::new();
    let program = place.start(&["--writable"]);
    for lines in ["", WRONG, UNKNOWN, "Authorization: Bearer x\r\n", &RIGHT.repeat(2)] {
        for request in ["PUT /file", "DELETE /file", "MKCOL /new", "DELETE /.hidden", "PUT /%zz"] {
            let reply = ask(&program, request, &format!("{lines}Content-Length: 0\r\n"));
            let reply = reply.expect_status(401);
            let challenge = Some("Basic realm=\"tinyhttpd\", charset=\"UTF-8\"");
            assert_eq!(reply.field("WWW-Authenticate"), challenge);
        }
        for request in ["GET /file", "OPTIONS /file"] {
            assert!(ask(&program, request, lines).status < 300, "{request}");
        }
        ask(&program, "POST /file", lines).expect_status(405);
    }
    for (request, status) in [("MKCOL /new", 201), ("DELETE /new", 204), ("DELETE /.x", 403)] {
        ask(&program, request, RIGHT).expect_status(status);
    }
    // Another site's page is refused though its browser knows the password.
    let lines = format!("{RIGHT}Origin: http://evil.example\r\n");
    ask(&program, "DELETE /file", &lines).expect_status(403);
    let said = program.stop();
    assert!(said.contains(" - user ["), "{said}");
    assert!(
        said.contains(" - - [") && !said.contains("other [") && !said.contains("sesame"),
        "{said}"
    );
}

#[test]
fn with_all_everybody_needs_a_password_but_who_asks_for_health() {
    let place = Place::new();
    for options in [&["--health", "/health"][..], &["--health", "/health", "--auth-for", "all"]] {
        let program = place.start(options);
        for request in ["GET /file", "GET /missing", "OPTIONS *", "PUT /file", "POST /file"] {
            ask(&program, request, "").expect_status(401);
            ask(&program, request, WRONG).expect_status(401);
        }
        ask(&program, "GET /health", "").expect_status(200);
        let mut client = Client::new(program.address);
        // One connection, and the second request costs no hash.
        for _ in 0..2 {
            client.send(format!("GET /file HTTP/1.1\r\nHost: a\r\n{RIGHT}\r\n"));
            assert_eq!(client.reply().expect_status(200).body, b"content");
        }
        ask(&program, "PUT /file", RIGHT).expect_status(405);
    }
}

#[test]
fn requests_in_a_row_are_answered_in_order() {
    let place = Place::new();
    let program = place.start(&["--list", "--writable", "--auth-for", "all"]);
    let mut client = Client::new(program.address);
    let request = |method_and_target: &str, lines: &str| {
        format!("{method_and_target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n")
    };
    client.send(
        [
            request("GET /file", WRONG),
            request("GET /file", RIGHT),
            request("PUT /new", &format!("{RIGHT}Content-Length: 3\r\n")) + "new",
            request("GET /", RIGHT_WITH_BLANK),
            request("DELETE /new", RIGHT),
            request("GET /new", RIGHT),
        ]
        .concat(),
    );
    for status in [401, 200, 201, 200, 204, 404] {
        client.reply().expect_status(status);
    }
    let said = program.stop();
    assert!(said.contains(" - us\\x20er [") && said.contains("\"GET / HTTP/1.1\" 200"), "{said}");
}

#[test]
fn body_of_a_request_without_the_password_is_not_asked_for() {
    let place = Place::new();
    let program = place.start(&["--writable"]);
    for (lines, status) in [("", 401), (WRONG, 401), (RIGHT, 100)] {
        let lines = format!("{lines}Expect: 100-continue\r\nContent-Length: 3\r\n");
        let mut client = Client::new(program.address);
        client.send(format!("PUT /new HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"));
        let reply = client.reply().expect_status(status);
        if status == 401 {
            assert_eq!(reply.field("Connection"), Some("close"));
            client.expect_closed();
        } else {
            client.send("new");
            client.reply().expect_status(201);
        }
    }
}

#[test]
fn passwords_are_read_again_at_sighup_unless_they_are_at_fault() {
    let place = Place::new();
    let mut program = place.start(&[]);
    let mut stderr = BufReader::new(program.child.stderr.take().expect("a pipe"));
    let mut hang_up_until = |words: &str| {
        program.signal(Signal::HUP);
        let mut said = String::new();
        while !said.contains(words) {
            said.clear();
            assert_ne!(stderr.read_line(&mut said).expect("a line"), 0, "{words}");
        }
        said
    };
    ask(&program, "GET /file", RIGHT).expect_status(200);
    place.write("passwords", &format!("user:{HASH}\nuser:secret\n"));
    let said = hang_up_until("the former one stays");
    assert!(
        said.contains("passwords: line 2 is no user:hash") && !said.contains("secret"),
        "{said}"
    );
    ask(&program, "GET /file", RIGHT).expect_status(200);
    place.write("passwords", &format!("other:{HASH}\n"));
    hang_up_until("was opened anew");
    ask(&program, "GET /file", RIGHT).expect_status(401);
    ask(&program, "GET /file", UNKNOWN).expect_status(200);
}

#[test]
fn file_of_passwords_is_never_served_nor_changed() {
    let place = Place::new();
    let inside = place.path("root/passwords");
    fs::rename(place.path("passwords"), &inside).expect("a name");
    symlink("passwords", place.path("root/link")).expect("a link");
    fs::hard_link(&inside, place.path("root/hard")).expect("a link");
    let program = Program::start(
        &place.path("root"),
        &["--auth-file", inside.to_str().expect("UTF-8"), "--writable", "--auth-for", "all"],
    );
    let expect_hidden = |names: &[&str]| {
        for name in names {
            ask(&program, &format!("GET /{name}"), RIGHT).expect_status(404);
            let lines = format!("{RIGHT}Content-Length: 0\r\n");
            let status = ask(&program, &format!("PUT /{name}"), &lines).status;
            assert!(matches!(status, 403 | 409), "{name}: {status}");
            let status = ask(&program, &format!("DELETE /{name}"), RIGHT).status;
            assert!(matches!(status, 403 | 409), "{name}: {status}");
        }
    };
    expect_hidden(&["passwords", "link", "hard"]);
    // As an editor replaces it.
    place.write("root/new", &format!("user:{HASH}\n"));
    fs::rename(place.path("root/new"), &inside).expect("a name");
    expect_hidden(&["passwords", "link", "hard"]);
    ask(&program, "GET /file", RIGHT).expect_status(200);
    let said = program.stop();
    assert!(said.contains("root/passwords lies beneath the root"), "{said}");
}

/// Runs the program, which is to end by itself at once.
fn run(root: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinyhttpd"));
    command.arg("--root").arg(root).args(["--port", "0"]).args(options);
    command.env_remove("RUST_LOG").output().expect("the program")
}

#[test]
fn fault_in_the_options_is_one_line_and_exit_1() {
    let place = Place::new();
    place.write("faulty", &format!("user:{HASH}\n\nother:secret\n"));
    let path = |name: &str| place.path(name).to_str().expect("UTF-8").to_owned();
    for (file, options, words) in [
        ("faulty", &[][..], "faulty: line 3 is no user:hash"),
        ("missing", &[], "missing: "),
        ("root", &[], "root: "),
        ("passwords", &["--auth-for", "write"], "without --writable"),
    ] {
        let output = run(&place.path("root"), &[&["--auth-file", &path(file)], options].concat());
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    for options in
        [&["--auth-for", "all"][..], &["--auth-file", &path("passwords"), "--auth-for", "x"]]
    {
        assert_eq!(run(&place.path("root"), options).status.code(), Some(2), "{options:?}");
    }
}

#[test]
fn who_can_read_passwords_on_their_way_is_told() {
    let place = Place::new();
    let words = "passwords can be read on their way through the network";
    for (options, is_told) in [
        (&["--bind", "0.0.0.0"][..], true),
        (&["--bind", "127.0.0.1"], false),
        (&["--bind", "0.0.0.0", "--trusted-proxy", "10.0.0.0/8"], false),
    ] {
        let said = place.start(&[options, &["--writable"]].concat()).stop();
        assert_eq!(said.contains(words), is_told, "{said}");
        assert!(!said.contains("(--writable)"), "{said}");
    }
}

/// What the program says and how it ends, once it has been told `input`.
fn told(command: &mut Command, input: &str) -> (String, bool) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a program");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("room");
    let output = child.wait_with_output().expect("an end");
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
}

#[test]
fn htpasswd_curl_and_wget_do_as_users_have_them() {
    // It knows no --version, but says how it is used.
    if !["curl", "wget", "htpasswd"].map(find).iter().all(Option::is_some) {
        return;
    }
    let place = Place::new();
    fs::remove_file(place.path("passwords")).expect("a file");
    for (flags, user, password) in
        [("-ciBC4", "user", "sesame"), ("-iB", "J\u{fc}rgen", "p\u{e4}ss: word")]
    {
        let flags = if flags == "-ciBC4" { vec!["-ciB", "-C", "4"] } else { vec![flags] };
        let mut command = Command::new("htpasswd");
        command.args(flags).arg(place.path("passwords")).arg(user);
        assert!(told(&mut command, password).1, "{user}");
    }
    let program = place.start(&["--writable", "--auth-for", "all"]);
    let url = format!("http://{}/file", program.address);
    let curl = |arguments: &[&str]| {
        let mut command = Command::new("curl");
        command.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments).arg(&url);
        told(&mut command, "").0
    };
    assert_eq!(curl(&[]), "401");
    assert_eq!(curl(&["-u", "user:wrong"]), "401");
    assert_eq!(curl(&["-u", "user:sesame"]), "200");
    assert_eq!(curl(&["-u", "J\u{fc}rgen:p\u{e4}ss: word"]), "200");
    assert_eq!(curl(&["--anyauth", "-u", "user:sesame"]), "200");
    let source = place.path("root/file");
    let source = source.to_str().expect("UTF-8");
    assert_eq!(curl(&["-u", "user:sesame", "-T", source]), "204");
    assert_eq!(curl(&["--anyauth", "-u", "user:sesame", "-T", source]), "204");
    let wget = |arguments: &[&str]| {
        let mut command = Command::new("wget");
        command.args(["-q", "-O", "-"]).args(arguments).arg(&url);
        told(&mut command, "")
    };
    assert_eq!(wget(&["--user", "user", "--password", "sesame"]), ("content".to_owned(), true));
    assert!(!wget(&["--user", "user", "--password", "wrong"]).1);
}

#[test]
fn wrong_passwords_in_any_number_hold_up_nobody_who_needs_none() {
    let place = Place::new();
    // So dear that what waits for it waits until the test is over.
    place.write("passwords", &format!("user:{}\n", HASH.replace("$04$", "$17$")));
    let program = place.start(&["--writable", "--threads", "4"]);
    let mut guessing: Vec<_> = (0..20)
        .map(|_| {
            let mut client = Client::new(program.address);
            let lines = format!("Host: localhost\r\n{WRONG}");
            client.send(format!("DELETE /file HTTP/1.1\r\n{lines}\r\n"));
            client
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    ask(&program, "GET /file", "").expect_status(200);
                }
            });
        }
    });
    assert!(guessing.iter_mut().all(|client| !client.is_answered()));
    program.kill();
}
