//! The access log in a file of its own: how it is rotated, what becomes of it on a full disk, and
//! who reads it meanwhile.

use crate::support::wait_until;
use crate::support::{Client, PATIENCE, Program, end, expect_failure, find, get, serving, under};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A directory with a document root in it, and room for logs beside that.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("root")).expect("a directory");
        fs::write(directory.path().join("root/a"), "content").expect("a file");
        Place { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, log: &Path) -> Command {
        let mut command = serving(&self.path("root"), &["--access-log"]);
        command.arg(log);
        command
    }

    /// The program with its access log in `log`; returns once it listens.
    fn start(&self, log: &Path) -> Program {
        Program::spawn(&mut self.command(log))
    }
}

/// Asks for `/a?number`, and waits for the answer.
fn ask(client: &mut Client, number: usize) {
    client.send(get(&format!("/a?{number}")));
    client.reply().expect_status(200);
}

/// The numbers in the lines of an access log, sorted: each worker gathers lines of its own, so those
/// of two workers may change places.
#[track_caller]
fn numbers(log: &str) -> Vec<usize> {
    let number = |line: &str| {
        let rest = line.split_once("\"GET /a?").map(|(_, rest)| rest);
        let number = rest.and_then(|rest| rest.split(' ').next()?.parse().ok());
        number.unwrap_or_else(|| panic!("a line of something else: {line:?}"))
    };
    assert!(log.is_empty() || log.ends_with('\n'), "{log}");
    let mut numbers: Vec<_> = log.lines().map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// The same of a file, once it has as many lines as are expected.
#[track_caller]
fn expect_numbers(file: &Path, expected: impl IntoIterator<Item = usize>) {
    let expected: Vec<_> = expected.into_iter().collect();
    let mut log = String::new();
    wait_until("all lines are in the file", || {
        log = fs::read_to_string(file).expect("a log");
        log.lines().count() >= expected.len() && log.ends_with('\n')
    });
    assert_eq!(numbers(&log), expected);
}

#[test]
fn lines_go_to_the_file_whatever_is_said_of_diagnostics() {
    let place = Place::new();
    let log = place.path("log");
    fs::write(&log, "an older line\n").expect("a file");
    for (option, filter) in [("-v", None), ("-q", None), ("-v", Some("off"))] {
        let mut command = place.command(&log);
        command.arg(option).envs(filter.map(|filter| ("RUST_LOG", filter)));
        let program = Program::spawn(&mut command);
        ask(&mut Client::new(program.address), 1);
        let said = program.stop();
        assert!(!said.contains("GET /a"), "{said}");
        assert_eq!(said.is_empty(), option == "-q" || filter.is_some(), "{said}");
    }
    let text = fs::read_to_string(&log).expect("a log");
    let appended = text.strip_prefix("an older line\n").expect("the line that was there");
    assert_eq!(numbers(appended), [1, 1, 1]);
}

#[test]
fn off_writes_no_access_log() {
    let place = Place::new();
    let mut command = place.command(Path::new("off"));
    let program = Program::spawn(command.current_dir(place.directory.path()).arg("-v"));
    ask(&mut Client::new(program.address), 1);
    let said = program.stop();
    assert!(said.contains("stopped") && !said.contains("GET /a"), "{said}");
    assert!(!place.path("off").exists());
}

#[test]
fn new_file_is_for_owner_and_group() {
    let place = Place::new();
    let log = place.path("log");
    drop(Program::spawn(&mut under("umask 0022", &place.command(&log))));
    let mode = fs::metadata(&log).expect("a file").permissions().mode();
    assert_eq!(mode & 0o7777, 0o640);
}

/// As logrotate does it: the file is moved away, then comes the signal. No line is lost meanwhile.
#[test]
fn sighup_opens_a_file_that_was_moved_away_anew() {
    let place = Place::new();
    let (log, former) = (place.path("log"), place.path("log.1"));
    let program = place.start(&log);
    let mut client = Client::new(program.address);
    (0..10).for_each(|number| ask(&mut client, number));
    expect_numbers(&log, 0..10);
    fs::rename(&log, &former).expect("a log");
    (10..20).for_each(|number| ask(&mut client, number));
    expect_numbers(&former, 0..20);
    program.signal(Signal::HUP);
    let mut asked = 20;
    wait_until("there is a new file with a line", || {
        ask(&mut client, asked);
        asked += 1;
        fs::metadata(&log).is_ok_and(|file| file.len() > 0)
    });
    let said = program.stop();
    assert!(said.contains("was opened anew"), "{said}");
    let texts = [former, log].map(|file| fs::read_to_string(file).expect("a log"));
    assert_eq!(numbers(&texts.concat()), (0..asked).collect::<Vec<_>>());
}

#[test]
fn file_that_was_cut_is_appended_to_from_its_beginning() {
    let place = Place::new();
    let log = place.path("log");
    let program = place.start(&log);
    let mut client = Client::new(program.address);
    (0..10).for_each(|number| ask(&mut client, number));
    expect_numbers(&log, 0..10);
    // copytruncate of logrotate.
    File::options().write(true).truncate(true).open(&log).expect("a log");
    (10..20).for_each(|number| ask(&mut client, number));
    expect_numbers(&log, 10..20);
}

#[test]
fn file_that_cannot_be_opened_is_one_line_and_exit_1() {
    let place = Place::new();
    let fifo = place.path("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
    for (log, words) in [
        (place.path("root"), "Is a directory"),
        (place.path("missing/log"), "No such file or directory"),
        (fifo, "reader"),
    ] {
        let name = log.display().to_string();
        let said = expect_failure(&mut place.command(&log), &[words, &name]);
        assert!(said.starts_with("tinyhttpd: cannot open the access log "), "{said}");
    }
}

#[test]
fn file_that_cannot_be_opened_anew_is_an_error_and_the_former_stays() {
    let place = Place::new();
    let logs = place.path("logs");
    fs::create_dir(&logs).expect("a directory");
    let mut program = place.start(&logs.join("log"));
    fs::rename(&logs, place.path("moved")).expect("a directory");
    program.signal(Signal::HUP);
    let error = program.lines().wait_for(" ERROR ");
    assert!(error.contains("cannot open the access log "), "{error}");
    assert!(error.ends_with("the former file stays"), "{error}");
    ask(&mut Client::new(program.address), 1);
    expect_numbers(&place.path("moved/log"), [1]);
}

#[test]
fn full_disk_costs_lines_and_stderr_is_told() {
    let place = Place::new();
    let program = place.start(Path::new("/dev/full"));
    for number in 0..10 {
        // A connection each, so that each line is given away alone.
        ask(&mut Client::new(program.address), number);
    }
    let said = program.stop();
    let errors: Vec<_> = said.lines().filter(|line| line.contains(" ERROR ")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(errors[0].contains("cannot write the access log /dev/full: No space"), "{said}");
    assert!(said.contains("10 lines of the access log /dev/full were lost\n"), "{said}");
}

#[test]
fn fifo_that_nobody_reads_holds_up_nobody() {
    let place = Place::new();
    let fifo = place.path("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let reader = rustix::fs::open(&fifo, flags, Mode::empty()).expect("a FIFO");
    let mut program = place.start(&fifo);
    let mut client = Client::new(program.address);
    let agent = "x".repeat(890);
    let request = format!("GET /a?1 HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\n\r\n");
    for _ in 0..1000 {
        client.send(&request);
        client.reply().expect_status(200);
    }
    program.signal(Signal::HUP);
    ask(&mut client, 1);
    program.signal(Signal::TERM);
    assert_eq!(program.wait().code(), Some(0));
    // A FIFO holds some 64 KiB, and what does not end in a line there has no place to go.
    let mut log = Vec::new();
    File::from(reader).read_to_end(&mut log).expect("bytes");
    let whole = log.iter().rposition(|&byte| byte == b'\n').expect("a line") + 1;
    let numbers = numbers(str::from_utf8(&log[..whole]).expect("UTF-8"));
    assert!((10..1000).contains(&numbers.len()), "{}", numbers.len());
}

/// GoAccess, while it shows a log in a browser that is played by `browser`.
struct GoAccess {
    child: Child,
    browser: UnixStream,
}

impl GoAccess {
    fn start(program: &Path, place: &Place, log: &Path) -> GoAccess {
        let socket = place.path("websocket");
        let mut child = Command::new(program)
            .arg(log)
            .args(["--log-format=COMBINED", "--no-global-config", "--no-progress"])
            .arg("--real-time-html")
            .arg(format!("--unix-socket={}", socket.display()))
            .arg("-o")
            .arg(place.path("report.html"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("goaccess");
        let mut connection = None;
        wait_until("goaccess listens", || {
            assert!(child.try_wait().expect("a child").is_none(), "goaccess has ended");
            connection = UnixStream::connect(&socket).ok();
            connection.is_some()
        });
        let browser = connection.expect("a connection");
        browser.set_read_timeout(Some(PATIENCE)).expect("an option");
        let mut goaccess = GoAccess { child, browser };
        goaccess.begin();
        goaccess
    }

    /// The opening handshake (RFC 6455 §1.3), with the key from there.
    fn begin(&mut self) {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nUpgrade: websocket\r\n\
                       Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        self.browser.write_all(request.as_bytes()).expect("bytes are taken");
        self.expect("\r\n\r\n");
    }

    /// Reads until `words` have come.
    fn expect(&mut self, words: &str) {
        let mut read = Vec::new();
        let mut some = [0; 4096];
        while !read.windows(words.len()).any(|window| window == words.as_bytes()) {
            let count = self.browser.read(&mut some).expect("bytes");
            assert_ne!(count, 0, "{words} in {}", String::from_utf8_lossy(&read));
            read.extend(&some[..count]);
        }
    }
}

impl Drop for GoAccess {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

#[test]
fn goaccess_reads_the_file_while_it_grows() {
    let Some(goaccess) = find("goaccess") else { return };
    let place = Place::new();
    let log = place.path("log");
    let program = place.start(&log);
    let mut client = Client::new(program.address);
    ask(&mut client, 0);
    expect_numbers(&log, [0]);
    let mut goaccess = GoAccess::start(&goaccess, &place, &log);
    (1..5).for_each(|number| ask(&mut client, number));
    goaccess.expect("\"valid_requests\": 5,\"failed_requests\": 0,");
}
