//! What the program writes to stderr: the access log bare, and a connection's life for those who
//! learn from it.

use crate::support::{Client, Program, find, get, root_with, run, serving, sparse_file};
use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;
use std::fs;
use std::io::{PipeReader, Read, pipe, read_to_string};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

fn root() -> TempDir {
    root_with(&[("a", "content")])
}

/// What the program logs while it answers `requests`, each on a connection of its own.
fn log_of(options: &[&str], requests: &[&str]) -> Vec<String> {
    let root = root();
    log_until_stopped(Program::start(root.path(), options), requests)
}

/// The same where RUST_LOG says what is logged.
fn log_by_filter(filter: &str, options: &[&str], requests: &[&str]) -> Vec<String> {
    let root = root();
    let mut command = serving(root.path(), options);
    log_until_stopped(Program::spawn(command.env("RUST_LOG", filter)), requests)
}

fn log_until_stopped(program: Program, requests: &[&str]) -> Vec<String> {
    for request in requests {
        let mut client = Client::new(program.address);
        client.send(request);
        assert!(!client.rest().is_empty(), "{request:?}");
    }
    program.stop().lines().map(str::to_owned).collect()
}

/// The lines of the access log: those that begin with the client's address.
fn access(log: &[String]) -> Vec<&str> {
    log.iter().map(String::as_str).filter(|line| line.starts_with("127.0.0.1 ")).collect()
}

/// A line without its date.
fn undated(line: &str) -> String {
    let (before, rest) = line.split_once('[').expect("a date");
    let (date, after) = rest.split_once(']').expect("a date's end");
    assert_eq!(date.len(), "06/Nov/1994:08:49:37 +0000".len(), "{line}");
    assert!(date.ends_with(" +0000"), "{line}");
    format!("{before}[]{after}")
}

#[test]
fn a_request_is_one_bare_line_in_the_combined_format() {
    let agent = "Referer: http://b/?c\r\nUser-Agent: curl/8 (\"x\")\r\n";
    let log = log_of(
        &[],
        &[
            &format!("GET /a HTTP/1.0\r\n{agent}\r\n"),
            "HEAD /a?q HTTP/1.0\r\n\r\n",
            "GET /a HTTP/1.0\r\nIf-None-Match: *\r\n\r\n",
            "GET /a HTTP/1.0\r\nRange: bytes=1-2\r\n\r\n",
            "get /a HTTP/1.0\r\n\r\n",
        ],
    );
    let lines: Vec<_> = access(&log).into_iter().map(undated).collect();
    let of_refusal = lines.last().expect("a line");
    assert!(of_refusal.contains("\"get /a HTTP/1.0\" 501 "), "{of_refusal}");
    let expected = [
        r#"127.0.0.1 - - [] "GET /a HTTP/1.0" 200 7 "http://b/?c" "curl/8 (\x22x\x22)""#,
        r#"127.0.0.1 - - [] "HEAD /a?q HTTP/1.0" 200 0 "-" "-""#,
        r#"127.0.0.1 - - [] "GET /a HTTP/1.0" 304 0 "-" "-""#,
        r#"127.0.0.1 - - [] "GET /a HTTP/1.0" 206 2 "-" "-""#,
    ];
    assert_eq!(lines[..4], expected);
    assert_eq!(lines.len(), 5);
}

#[test]
fn no_request_forges_a_line() {
    let forged = "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /forged HTTP/1.0\" 200 0";
    let log = log_of(
        &[],
        &[
            &format!("GET /a\"\\ HTTP/1.0\r\nUser-Agent: \" \\ \u{e9}\u{202e}\t{forged}\r\n\r\n"),
            &format!("GET /\r{forged}\r\n\r\n"),
            &format!("\n{forged}\n\n"),
        ],
    );
    let lines = access(&log);
    assert_eq!(lines.len(), 3, "{log:#?}");
    for line in lines {
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
        assert!(!line.starts_with(forged), "{line}");
        let bare = line.matches('"').count();
        assert_eq!(bare, 6, "{line}");
    }
}

#[test]
fn a_client_that_breaks_off_is_one_line() {
    let root = tempfile::tempdir().expect("a directory");
    sparse_file(&root.path().join("big"), 1 << 30);
    let program = Program::start(root.path(), &["-v"]);
    let mut client = Client::new(program.address);
    client.send(get("/big"));
    let mut some = [0; 1000];
    client.stream.read_exact(&mut some).expect("some of it");
    set_socket_linger(client.stream.get_ref(), Some(Duration::ZERO)).expect("an option");
    drop(client);
    let said = program.stop();
    let lines: Vec<_> = said.lines().filter(|line| line.contains("GET /big")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    let bytes = lines[0].split("\" 200 ").nth(1).and_then(|rest| rest.split(' ').next());
    let bytes: u64 = bytes.expect("bytes").parse().expect("a number");
    assert!((1..1 << 30).contains(&bytes), "{said}");
}

#[test]
fn quiet_logs_errors_only_and_verbose_logs_more() {
    let request = ["GET /a HTTP/1.0\r\n\r\n"];
    assert_eq!(log_of(&["-q"], &request), Vec::<String>::new());
    let counts = ["", "-v", "-vv"].map(|option| {
        let options: Vec<_> =
            Some(option).filter(|option| !option.is_empty()).into_iter().collect();
        let log = log_of(&options, &request);
        assert_eq!(access(&log).len(), 1, "{log:#?}");
        assert!(log.iter().all(|line| !line.contains('\x1b')), "colours: {log:#?}");
        log.len()
    });
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
}

#[test]
fn rust_log_overrides_both_options() {
    let request = ["GET /a HTTP/1.0\r\n\r\n"];
    let log = log_by_filter("tinyhttpd=debug", &["-q"], &request);
    assert!(log.iter().any(|line| line.contains("Z DEBUG tinyhttpd")), "{log:#?}");
    let log = log_by_filter("access=info", &["-q"], &request);
    assert_eq!((log.len(), access(&log).len()), (1, 1), "{log:#?}");
    let log = log_by_filter("off", &["-vv"], &request);
    assert_eq!(log, [""; 0]);
}

#[test]
fn each_of_pipelined_requests_is_a_line_and_so_is_the_refused_one() {
    let requests = [
        get("/a"),
        get("/missing"),
        "HEAD /missing HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /a HTTP/1.1\r\n\r\n".to_owned(),
        get("/never"),
    ];
    let log = log_of(&[], &[&requests.concat()]);
    let lines: Vec<_> = access(&log)
        .iter()
        .map(|line| {
            let mut quoted = line.split('"').skip(1);
            let (request, after) = (quoted.next(), quoted.next());
            let mut numbers = after.expect("numbers").split_whitespace();
            let status = numbers.next().expect("a status code").to_owned();
            let is_empty = numbers.next() == Some("0");
            (request.expect("a request line"), status, is_empty)
        })
        .collect();
    let expected = [
        ("GET /a HTTP/1.1", "200".to_owned(), false),
        ("GET /missing HTTP/1.1", "404".to_owned(), false),
        ("HEAD /missing HTTP/1.1", "404".to_owned(), true),
        ("GET /a HTTP/1.1", "400".to_owned(), false),
    ];
    assert_eq!(lines, expected, "{log:#?}");
}

#[test]
fn a_request_line_that_is_too_long_is_one_line_and_cut() {
    let log = log_of(&[], &[&format!("GET /{}", "\u{e9}".repeat(10_000))]);
    let lines = access(&log);
    let [line] = lines[..] else {
        panic!("{} lines", lines.len());
    };
    let request = line.split('"').nth(1).expect("a request line");
    let of_target = request.strip_prefix("GET /").expect("its beginning");
    let expected = r"\xC3\xA9".repeat(of_target.len() / 8);
    assert!(of_target.starts_with(&expected) && (2000..=2048).contains(&of_target.len()));
    assert!(line.contains("\" 414 "), "{}", &line[line.len() - 40..]);
}

#[test]
fn who_says_nothing_has_no_line() {
    let root = root();
    let program = Program::start(root.path(), &[]);
    for beginning in ["", "GET /a HTTP/1.1\r\nHo"] {
        let mut client = Client::new(program.address);
        client.send(beginning);
        client.end_sending();
        client.expect_closed();
    }
    let said = program.stop();
    assert!(!said.contains("127.0.0.1 "), "{said}");
}

#[test]
fn a_client_of_a_unix_socket_is_named_unix() {
    let root = root();
    let socket = root.path().join("socket");
    let bind = format!("unix:{}", socket.display());
    let program = Program::start(root.path(), &["--bind", "127.0.0.1", "--bind", &bind]);
    let mut client = Client::unix(&socket);
    client.send("GET /a HTTP/1.0\r\n\r\n");
    client.reply().expect_status(200);
    client.expect_closed();
    let said = program.stop();
    let line = said.lines().next().expect("a line");
    let expected = r#"unix: - - [] "GET /a HTTP/1.0" 200 7 "-" "-""#;
    assert_eq!(undated(line), expected);
}

#[test]
fn trace_tells_a_connections_life_in_the_order_of_the_calls() {
    let requests = ["GET /a HTTP/1.0\r\n\r\n", "nonsense\r\n\r\n"];
    let first = ["bind(", "listen(", "accept", "recv(", "send(", "close("];
    let refused = ["accept", "recv(", "send(", "shutdown(", "recv(", "close("];
    let story = [&first[..], &refused].concat();
    for log in [log_of(&["-vv"], &requests), log_by_filter("tinyhttpd=trace", &[], &requests)] {
        let mut lines = log.iter().filter(|line| line.contains("Z TRACE ["));
        for word in &story {
            assert!(lines.any(|line| line.contains(word)), "{word} in {log:#?}");
        }
    }
}

/// Whether `text` has the form of `form`, in which 0 stands for any digit.
fn has_form(text: &str, form: &str) -> bool {
    let masked = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    text.len() == form.len() && text.bytes().map(masked).eq(form.bytes())
}

#[test]
fn a_diagnostic_begins_with_the_time_of_day() {
    for (options, form) in [(&["-v"][..], "00:00:00Z"), (&["-vv"], "00:00:00.000000Z")] {
        let log = log_of(options, &["GET /a HTTP/1.0\r\n\r\n"]);
        let diagnostics = log.iter().filter(|line| !line.starts_with("127.0.0.1 "));
        for line in diagnostics {
            let time = line.split(' ').next().expect("a word");
            assert!(has_form(time, form), "{line}");
        }
        let stopped = log.iter().any(|line| line.ends_with(" tinyhttpd: stopped"));
        assert!(stopped, "{log:#?}");
    }
}

#[test]
fn trace_names_the_thread() {
    let log = log_of(&["-vv"], &["GET /a HTTP/1.0\r\n\r\n"]);
    let received = log.iter().find(|line| line.contains("recv(")).expect("a call");
    assert!(received.contains("Z TRACE [worker "), "{received}");
    assert!(log.iter().any(|line| line.contains("Z INFO  [main] ")), "{log:#?}");
}

/// The program, whose stderr is a pipe that JOURNAL_STREAM names; and the pipe's other end.
fn into_journal(options: &[&str], root: &Path) -> (PipeReader, Command) {
    let (reader, writer) = pipe().expect("a pipe");
    let stat = rustix::fs::fstat(&writer).expect("a pipe's status");
    let mut command = serving(root, options);
    let name = format!("{}:{}", stat.st_dev, stat.st_ino);
    command.env("JOURNAL_STREAM", name).stderr(writer);
    (reader, command)
}

#[test]
fn the_journal_is_told_the_level_and_no_time() {
    let root = root();
    let (journal, mut command) = into_journal(&["-vv"], root.path());
    let mut program = Program::listening(&mut command, 1);
    let mut client = Client::new(program.address);
    client.send("GET /a HTTP/1.0\r\n\r\n");
    client.reply().expect_status(200);
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
    // It holds the other end open.
    drop(command);
    let said = read_to_string(journal).expect("UTF-8");
    let (access, diagnostics): (Vec<_>, Vec<_>) =
        said.lines().partition(|line| line.starts_with("127.0.0.1 "));
    assert_eq!(access.len(), 1, "{said}");
    for line in diagnostics {
        assert!(line.starts_with("<6>[") || line.starts_with("<7>["), "{line}");
    }
    assert!(said.contains("<6>[main] tinyhttpd: stopped\n"), "{said}");
    let (journal, mut command) = into_journal(&[], Path::new("/nowhere"));
    let status = command.status().expect("the program");
    drop(command);
    let said = read_to_string(journal).expect("UTF-8");
    assert_eq!((status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.starts_with("<3>tinyhttpd: cannot serve"), "{said}");
}

#[test]
fn goaccess_reads_every_line() {
    let Some(goaccess) = find("goaccess") else { return };
    let log = log_of(
        &[],
        &[
            "GET /a HTTP/1.0\r\nUser-Agent: Mozilla/5.0 (X11; Linux) \"q\" \\ \u{e9}\r\n\r\n",
            "GET /missing?x=%20\" HTTP/1.0\r\nReferer: http://b/\r\n\r\n",
            "HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "POST /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
            "OPTIONS * HTTP/1.0\r\n\r\n",
            "GET /a HTTP/1.0\r\nReferer:\r\nUser-Agent:\r\n\r\n",
            "PROPFIND /a HTTP/1.0\r\n\r\n",
            "nonsense\r\n\r\n",
            " / HTTP/1.0\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\0\r\n\r\n",
            &"\r\n".repeat(100),
            // GoAccess 1.7 would take a line of more than 4095 bytes for several.
            &format!("GET /{} HTTP/1.0\r\n\r\n", "\u{e9}".repeat(4000)),
        ],
    );
    assert_eq!(access(&log).len(), 13, "{log:#?}");
    let directory = tempfile::tempdir().expect("a directory");
    let (file, report) = (directory.path().join("log"), directory.path().join("report.json"));
    fs::write(&file, access(&log).join("\n") + "\n").expect("a file");
    let [from, to] = [&file, &report].map(|path| path.to_str().expect("UTF-8"));
    let options = ["--log-format=COMBINED", "--no-global-config", "--no-progress"];
    run(&goaccess, &[&options[..], &["-o", to, from]].concat());
    let report = fs::read_to_string(&report).expect("a report");
    let number = |name: &str| {
        let rest = report.split(&format!("\"{name}\":")).nth(1).expect("a number");
        let digits = rest.trim_start().split(|byte: char| !byte.is_ascii_digit()).next();
        digits.expect("digits").parse::<u64>().expect("a number")
    };
    assert_eq!((number("valid_requests"), number("failed_requests")), (13, 0));
}
