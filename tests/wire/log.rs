//! What the program writes to stderr: the access log bare, and a connection's life for those who learn from it.

use crate::support::{Program, get};
use rustix::net::sockopt::set_socket_linger;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

fn root() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("a"), "content").expect("a file");
    root
}

/// What the program logs while it answers `requests`, each on a connection of its own.
fn log_of(options: &[&str], requests: &[&str]) -> Vec<String> {
    let root = root();
    let program = Program::start(root.path(), options);
    for request in requests {
        let mut stream = TcpStream::connect(program.address).expect("a connection");
        stream
            .write_all(request.as_bytes())
            .expect("bytes are taken");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        assert!(!answer.is_empty(), "{request:?}");
    }
    program.stop().lines().map(str::to_owned).collect()
}

/// The lines of the access log: those that begin with the client's address.
fn access(log: &[String]) -> Vec<&str> {
    log.iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("127.0.0.1 "))
        .collect()
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
    assert!(
        of_refusal.contains("\"get /a HTTP/1.0\" 501 "),
        "{of_refusal}"
    );
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
        assert!(
            line.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{line}"
        );
        assert!(!line.starts_with(forged), "{line}");
        let bare = line.matches('"').count();
        assert_eq!(bare, 6, "{line}");
    }
}

#[test]
fn a_client_that_breaks_off_is_one_line() {
    let root = tempfile::tempdir().expect("a directory");
    let file = fs::File::create(root.path().join("big")).expect("a file");
    file.set_len(1 << 30).expect("a sparse file");
    let program = Program::start(root.path(), &["-v"]);
    let mut stream = TcpStream::connect(program.address).expect("a connection");
    stream
        .write_all(get("/big").as_bytes())
        .expect("bytes are taken");
    let mut some = [0; 1000];
    stream.read_exact(&mut some).expect("some of the answer");
    set_socket_linger(&stream, Some(Duration::ZERO)).expect("an option");
    drop(stream);
    let said = program.stop();
    let lines: Vec<_> = said
        .lines()
        .filter(|line| line.contains("GET /big"))
        .collect();
    assert_eq!(lines.len(), 1, "{said}");
    let bytes = lines[0]
        .split("\" 200 ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let bytes: u64 = bytes.expect("bytes").parse().expect("a number");
    assert!((1..1 << 30).contains(&bytes), "{said}");
}

#[test]
fn quiet_logs_errors_only_and_verbose_logs_more() {
    let request = ["GET /a HTTP/1.0\r\n\r\n"];
    assert_eq!(log_of(&["-q"], &request), Vec::<String>::new());
    let counts = ["", "-v", "-vv"].map(|option| {
        let options: Vec<_> = Some(option)
            .filter(|option| !option.is_empty())
            .into_iter()
            .collect();
        let log = log_of(&options, &request);
        assert_eq!(access(&log).len(), 1, "{log:#?}");
        assert!(
            log.iter().all(|line| !line.contains('\x1b')),
            "colours: {log:#?}"
        );
        log.len()
    });
    assert!(counts[0] < counts[1] && counts[1] < counts[2], "{counts:?}");
}

#[test]
fn rust_log_overrides_quiet() {
    let root = root();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tinyhttpd"));
    command
        .args(["-q", "--port", "0", "--root"])
        .arg(root.path());
    command.env("RUST_LOG", "tinyhttpd=debug");
    let program = Program::spawn(&mut command);
    let said = program.stop();
    assert!(said.contains("DEBUG"), "{said}");
}

#[test]
fn trace_tells_a_connections_life_in_the_order_of_the_calls() {
    let log = log_of(&["-vv"], &["GET /a HTTP/1.0\r\n\r\n", "nonsense\r\n\r\n"]);
    let story = |words: &[&str]| {
        let mut lines = log.iter().filter(|line| line.starts_with("TRACE"));
        for word in words {
            assert!(lines.any(|line| line.contains(word)), "{word} in {log:#?}");
        }
    };
    let first = ["bind(", "listen(", "accept", "recv(", "send(", "close("];
    let refused = ["accept", "recv(", "send(", "shutdown(", "recv(", "close("];
    story(&[&first[..], &refused].concat());
}

#[test]
fn goaccess_reads_every_line() {
    let is_there = Command::new("goaccess").arg("--version").output().is_ok();
    if !is_there {
        writeln!(io::stderr(), "NOT TESTED: goaccess is missing").expect("stderr");
        assert!(std::env::var_os("CI").is_none(), "goaccess is missing");
        return;
    }
    let log = log_of(
        &[],
        &[
            "GET /a HTTP/1.0\r\nUser-Agent: Mozilla/5.0 (X11; Linux) \"q\" \\ \u{e9}\r\n\r\n",
            "GET /missing?x=%20\" HTTP/1.0\r\nReferer: http://b/\r\n\r\n",
            "HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "POST /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
            "OPTIONS * HTTP/1.0\r\n\r\n",
        ],
    );
    let directory = tempfile::tempdir().expect("a directory");
    let (file, report) = (
        directory.path().join("log"),
        directory.path().join("report.json"),
    );
    fs::write(&file, access(&log).join("\n") + "\n").expect("a file");
    let run = Command::new("goaccess")
        .args([
            "--log-format=COMBINED",
            "--no-global-config",
            "--no-progress",
            "-o",
        ])
        .arg(&report)
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .expect("goaccess");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let report = fs::read_to_string(&report).expect("a report");
    let number = |name: &str| {
        let rest = report
            .split(&format!("\"{name}\":"))
            .nth(1)
            .expect("a number");
        let digits = rest
            .trim_start()
            .split(|byte: char| !byte.is_ascii_digit())
            .next();
        digits.expect("digits").parse::<u64>().expect("a number")
    };
    assert_eq!(
        (number("valid_requests"), number("failed_requests")),
        (5, 0)
    );
}
