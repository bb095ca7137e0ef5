//! Archives over real sockets: their length is what was promised whatever becomes of the files, and
//! asking for them keeps nobody else waiting.

use crate::denied::{command, open_root, set_mode};
use crate::support::{Client, Fixture, Program, get, masked, tampered, wait_until};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

/// What becomes of a file.
type Change = fn(&Path);

/// Bytes that no socket holds.
const LONG: u64 = 4 << 20;

fn fixture() -> Fixture {
    Fixture::with(|site, _| site.archives = true)
}

/// `/dir/` with `1-long`, of which the sending waits for its client, and `2-next`.
fn with_long_file() -> Fixture {
    let fixture = fixture();
    fixture.directory("dir");
    File::create(fixture.path("dir/1-long")).and_then(|file| file.set_len(LONG)).expect("a file");
    fixture.file("dir/2-next", "0123456789");
    fixture
}

/// A client that has asked for `/dir/` and taken nothing of the body yet, and the length promised.
fn asked(fixture: &Fixture) -> (Client, usize) {
    let mut client = Client::with_small_buffer(fixture.address());
    client.send(get("/dir/?archive=tar"));
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    (client, length.expect("a length").parse().expect("a number"))
}

/// All that comes until the connection ends.
fn rest(mut client: Client) -> Vec<u8> {
    client.widen();
    let mut rest = Vec::new();
    match client.stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    rest
}

/// The bytes of an archive whose files have short names, by name.
fn contents(archive: &[u8]) -> Vec<(String, &[u8])> {
    let mut contents = Vec::new();
    let mut rest = archive;
    while rest[0] != 0 {
        let (header, behind) = rest.split_at(512);
        let text = |from: usize, length: usize| {
            let bytes = header[from..from + length].split(|&byte| byte == 0).next();
            String::from_utf8(bytes.expect("a field").to_vec()).expect("ASCII")
        };
        let length = usize::from_str_radix(&text(124, 12), 8).expect("octal digits");
        contents.push((text(0, 100), &behind[..length]));
        rest = &behind[length.next_multiple_of(512)..];
    }
    assert_eq!(rest, [0; 1024]);
    contents
}

#[test]
fn all_that_was_promised_comes_and_the_next_request_after_it() {
    let fixture = fixture();
    fixture.directory("dir/empty");
    fixture.file("file", "content");
    for number in 0..300 {
        fixture.file(&format!("dir/{number:03}"), &"x".repeat(number * 7));
    }
    fixture.file("dir/large", &"0123456\n".repeat(200_000));
    let mut client = fixture.client();
    client.send(get("/dir/?archive=tar") + &get("/file"));
    let reply = client.reply().expect_status(200);
    let contents = contents(&reply.body);
    assert_eq!(contents.len(), 303);
    for (name, bytes) in contents {
        let on_disk = fixture.path(&name);
        if on_disk.is_file() {
            assert!(fs::read(on_disk).expect("a file") == bytes, "{name}");
        }
    }
    assert_eq!(client.reply().expect_status(200).body, b"content");
    client.send(get("/dir/?archive=tar").replace("GET", "HEAD") + &get("/file"));
    let head = client.head();
    assert_eq!(masked(&head), masked(&reply.head));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

#[test]
fn archive_ends_early_where_a_file_is_not_as_it_was() {
    let changes: [(&str, Change); 6] = [
        ("is shorter", |path| fs::write(path, "short").expect("a file")),
        ("is gone", |path| fs::remove_file(path).expect("a file")),
        ("is another, longer", |path| {
            fs::write(path.with_extension("new"), "much longer than before").expect("a file");
            fs::rename(path.with_extension("new"), path).expect("a file");
        }),
        ("is a directory", |path| {
            fs::remove_file(path).expect("a file");
            fs::create_dir(path).expect("a directory");
        }),
        ("is a FIFO", |path| {
            fs::remove_file(path).expect("a file");
            mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).expect("a FIFO");
        }),
        ("leads out", |path| {
            fs::remove_file(path).expect("a file");
            symlink("/etc/hostname", path).expect("a symlink");
        }),
    ];
    for (what, change) in changes {
        let fixture = with_long_file();
        let (client, length) = asked(&fixture);
        change(&fixture.path("dir/2-next"));
        let rest = rest(client);
        // Not even its header.
        assert!(rest.len() as u64 >= LONG && rest.len() < length - 1024, "{what}: {}", rest.len());
        let has = |text: &[u8]| rest[LONG as usize..].windows(text.len()).any(|part| part == text);
        assert!(!has(b"2-next") && !has(b"short"), "{what}");
        fixture.client().expect_answer();
    }
}

#[test]
fn archive_is_whole_where_a_file_has_the_length_that_was_promised() {
    let changes: [(&str, Change, &str); 2] = [
        (
            "it has grown, and is cut",
            |path| {
                let file = File::options().append(true).open(path);
                file.and_then(|mut file| file.write_all(b" and more")).expect("a file");
            },
            "0123456789",
        ),
        (
            "another is as long",
            |path| {
                fs::write(path.with_extension("new"), "abcdefghij").expect("a file");
                fs::rename(path.with_extension("new"), path).expect("a file");
            },
            "abcdefghij",
        ),
    ];
    for (what, change, expected) in changes {
        let fixture = with_long_file();
        let (mut client, length) = asked(&fixture);
        change(&fixture.path("dir/2-next"));
        let body = client.read_widened(length);
        let contents = contents(&body);
        assert_eq!(contents[2], ("dir/2-next".to_owned(), expected.as_bytes()), "{what}");
        client.expect_answer();
    }
}

#[test]
fn archive_ends_where_the_file_that_is_sent_shrinks() {
    let fixture = with_long_file();
    let (client, length) = asked(&fixture);
    let file = File::options().write(true).open(fixture.path("dir/1-long"));
    file.and_then(|file| file.set_len(0)).expect("a file");
    assert!(rest(client).len() < length);
    fixture.client().expect_answer();
}

#[test]
fn log_names_the_file_at_which_an_archive_breaks_off() {
    let root = open_root();
    fs::create_dir(root.path().join("dir")).expect("a directory");
    let long = File::create(root.path().join("dir/1-long")).expect("a file");
    long.set_len(LONG).expect("a sparse file");
    fs::write(root.path().join("dir/2-next"), "x").expect("a file");
    let program = Program::start(root.path(), &["--archive"]);
    let before = program.descriptors().len();
    let mut client = Client::with_small_buffer(program.address);
    client.send(get("/dir/?archive=tar"));
    client.head();
    // Its socket, and the one file that it has come to.
    assert_eq!(program.descriptors().len(), before + 2);
    fs::remove_file(root.path().join("dir/2-next")).expect("a file");
    rest(client);
    let said = program.stop();
    assert!(said.contains("an archive breaks off at dir/2-next: "), "{said}");
    assert!(said.contains("\"GET /dir/?archive=tar HTTP/1.1\" 200 "), "{said}");
}

#[test]
fn what_may_not_be_read_is_left_out() {
    let root = open_root();
    let path = |name: &str| root.path().join(name);
    for name in ["dir", "dir/closed", "dir/unlisted", "dir/locked"] {
        fs::create_dir(path(name)).expect("a directory");
    }
    for name in ["dir/denied", "dir/closed/x", "dir/unlisted/x", "dir/locked/x", "dir/open"] {
        fs::write(path(name), "x").expect("a file");
    }
    let modes = [("dir/denied", 0), ("dir/closed", 0), ("dir/unlisted", 0o111)];
    for (name, mode) in modes.into_iter().chain([("dir/locked", 0o444)]) {
        set_mode(&path(name), mode);
    }
    let program = Program::spawn(command(root.path(), "0").arg("--archive"));
    let mut client = Client::new(program.address);
    client.send(get("/dir/?archive=tar"));
    let reply = client.reply().expect_status(200);
    let names: Vec<_> = contents(&reply.body).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["dir/", "dir/open"]);
    for name in ["closed", "unlisted"] {
        client.send(get(&format!("/dir/{name}/?archive=tar")));
        client.reply().expect_status(403);
    }
}

#[test]
fn archives_wait_for_memory_and_files_do_not() {
    let fixture = Fixture::with(|site, server| {
        site.archives = true;
        server.memory_max = 4096;
    });
    fixture.directory("dir");
    File::create(fixture.path("dir/long")).and_then(|file| file.set_len(LONG)).expect("a file");
    fixture.file("file", "content");
    let (mut first, length) = asked(&fixture);
    let (mut second, mut other) = (fixture.client(), fixture.client());
    // The first one has all memory, once it waits for its client.
    wait_until("another one waits", || {
        second = fixture.client();
        second.send(get("/dir/?archive=tar"));
        (0..1000).for_each(|_| other.expect_answer());
        !second.is_answered()
    });
    assert_eq!(first.read_widened(length).len(), length);
    assert_eq!(second.reply().expect_status(200).body.len(), length);
}

/// A crowd that asks for archives has each its turn, and nobody else waits for it.
#[test]
fn archives_for_many_come_one_after_the_other() {
    let fixture = fixture();
    fixture.file("file", "content");
    for number in 0..300 {
        fixture.directory(&format!("dir/{number}/inner"));
        fixture.file(&format!("dir/{number}/file"), "x");
    }
    let ask = |_| {
        let mut client = fixture.client();
        client.send(get("/dir/?archive=tar"));
        client
    };
    let crowd: Vec<_> = (0..20).map(ask).collect();
    // Some of them go before they are answered.
    let gone: Vec<_> = (0..5).map(ask).collect();
    drop(gone);
    let mut other = fixture.client();
    (0..100).for_each(|_| other.expect_answer());
    for mut client in crowd {
        let reply = client.reply().expect_status(200);
        assert_eq!(contents(&reply.body).len(), 901);
    }
    wait_until("the others are gone", || {
        other.expect_answer();
        fixture.server.connections() <= 1
    });
}

/// Calls that take their time, on a disk that strace plays.
#[test]
fn slow_disk_keeps_only_archives_waiting() {
    let root = open_root();
    for name in ["dir", "other"] {
        fs::create_dir(root.path().join(name)).expect("a directory");
        fs::write(root.path().join(name).join("slow"), "x").expect("a file");
    }
    // While it reads a directory, and while it opens a file.
    let rows = [("getdents64", vec![]), ("openat2", vec!["-P", "dir/slow"])];
    for (call, mut tampering) in rows {
        let (trace, inject) = (format!("trace={call}"), format!("inject={call}:delay_enter=3600s"));
        tampering.extend(["-e", &trace, "-e", &inject]);
        let arguments = ["-q", "--archive", "--threads", "4"];
        let Some(program) = tampered(root.path(), &tampering, &arguments) else { return };
        let mut other = Client::new(program.address);
        other.expect_answer();
        let mut slow: Vec<_> = (0..2).map(|_| Client::new(program.address)).collect();
        for client in &mut slow {
            client.send(get("/dir/?archive=tar"));
            other.expect_answer();
        }
        for _ in 0..20 {
            other.expect_answer();
            Client::new(program.address).expect_answer();
        }
        if call == "openat2" {
            other.send(get("/other/?archive=tar"));
            other.reply().expect_status(200);
        }
    }
}

impl Client {
    /// So many bytes, faster than before.
    fn read_widened(&mut self, length: usize) -> Vec<u8> {
        self.widen();
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("all of it");
        bytes
    }

    /// Something is served.
    fn expect_answer(&mut self) {
        self.send(get("/file"));
        self.reply();
    }
}
