//! The programs that read archives and that fetch them: they find all names, bytes and times of a
//! folder, and save it under its name.

mod support;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};
use support::{Served, find, numbered, run, write};
use tempfile::TempDir;

/// A folder `dir` with names of all kinds, and nothing that is not served.
fn folder() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let dir = root.path().join("dir");
    let deep = vec!["d".repeat(40); 20].join("/");
    for directory in ["empty", "a/b", &deep] {
        fs::create_dir_all(dir.join(directory)).expect("a directory");
    }
    let long = ["n".repeat(100), "n".repeat(101), "n".repeat(250), "\u{fc}".repeat(120)];
    let names = ["plain", "a/b/c", "with blank", "new\nline", "\u{fc}ber", "\"quoted\"\\", "-rf"];
    let bytes: [&[u8]; 2] = [b"\xff\xfe", &[b'\xff'; 200]];
    let names = names.into_iter().map(str::as_bytes).chain(bytes);
    let names = names.map(<[u8]>::to_vec).chain(long.map(String::into_bytes));
    let deep_name = format!("{deep}/end").into_bytes();
    for (number, name) in names.chain([deep_name]).enumerate() {
        let path = dir.join(OsStr::from_bytes(&name));
        fs::write(&path, numbered(number * 3000)).expect("a file");
        let time = UNIX_EPOCH + Duration::from_secs(1_000_000_000 + number as u64);
        File::open(&path).and_then(|file| file.set_modified(time)).expect("a time");
    }
    // More than ustar tells of: before 1970, and after 2242.
    for (name, time) in [
        ("early", UNIX_EPOCH - Duration::from_secs(1_000_000)),
        ("late", UNIX_EPOCH + Duration::from_secs(9_000_000_000)),
    ] {
        let file = File::create(dir.join(name)).expect("a file");
        file.set_modified(time).expect("a time");
    }
    root
}

/// All paths beneath a directory, sorted.
fn paths(directory: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path.clone());
            }
            paths.push(path.strip_prefix(directory).expect("beneath it").to_owned());
        }
    }
    paths.sort();
    paths
}

/// Two directories have the same names, and files with the same bytes and times.
#[track_caller]
fn expect_same(one: &Path, other: &Path) {
    assert_eq!(paths(one), paths(other));
    for path in paths(one) {
        let (one, other) = (one.join(&path), other.join(&path));
        assert_eq!(one.is_dir(), other.is_dir());
        if one.is_file() {
            assert!(fs::read(&one).expect("a file") == fs::read(&other).expect("a file"));
            let seconds = |path| fs::metadata(path).expect("a file").mtime();
            assert_eq!(seconds(&one), seconds(&other), "{}", path.display());
        }
    }
}

/// The archive of `/dir/`, fetched by curl into a directory of its own.
fn fetched(curl: &Path, root: &Path) -> (TempDir, PathBuf) {
    let server = Served::start(root, &["--archive"]);
    let desk = tempfile::tempdir().expect("a directory");
    let file = desk.path().join("dir.tar");
    let path = file.to_str().expect("a plain path");
    run(curl, &["-sSf", "-o", path, &server.url("/dir/?archive=tar")]);
    (desk, file)
}

#[test]
fn tar_and_bsdtar_find_everything() {
    let Some(curl) = find("curl") else { return };
    let root = folder();
    let (desk, file) = fetched(&curl, root.path());
    for name in ["tar", "bsdtar"] {
        let Some(program) = find(name) else { return };
        let place = desk.path().join(name);
        fs::create_dir(&place).expect("a directory");
        let output = Command::new(program)
            .args(["-x", "-f"])
            .arg(&file)
            .arg("-C")
            .arg(&place)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        // GNU tar does not know that record, takes the bytes as they are, and wonders at times.
        let known =
            ["unknown extended header keyword 'hdrcharset'", "old time stamp", "in the future"];
        let is_known = |line: &&str| known.iter().any(|known| line.contains(known));
        assert_eq!(said.lines().find(|line| !is_known(line)), None, "{name}");
        expect_same(&root.path().join("dir"), &place.join("dir"));
    }
}

#[test]
fn python_finds_everything() {
    let (Some(curl), Some(python)) = (find("curl"), find("python3")) else { return };
    let root = folder();
    let (desk, file) = fetched(&curl, root.path());
    let place = desk.path().join("python");
    let script = "import sys, tarfile\n\
                  archive = tarfile.open(sys.argv[1])\n\
                  archive.extractall(sys.argv[2])\n\
                  print(*sorted({member.type for member in archive}))\n\
                  print({(member.mode, member.uid, member.uname) for member in archive\n\
                         if member.isfile()})";
    let plain = |path: &Path| path.to_str().expect("a plain path").to_owned();
    let said = run(&python, &["-c", script, &plain(&file), &plain(&place)]);
    assert_eq!(said, "b'0' b'5'\n{(420, 0, '')}\n");
    expect_same(&root.path().join("dir"), &place.join("dir"));
}

/// 9 GiB, of which nobody reads more than the beginning.
#[test]
fn files_beyond_8_gib_have_their_length() {
    const LENGTH: u64 = 9 << 30;
    let (Some(curl), Some(tar), Some(bsdtar), Some(python)) =
        (find("curl"), find("tar"), find("bsdtar"), find("python3"))
    else {
        return;
    };
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join("dir")).expect("a directory");
    let file = File::create(root.path().join("dir/large")).expect("a file");
    file.set_len(LENGTH).expect("a sparse file");
    write(root.path(), "dir/next", b"next");
    let server = Served::start(root.path(), &["--archive"]);
    let head = run(&curl, &["-sSfI", &server.url("/dir/?archive=tar")]);
    // The folder; an extended header, a header, the file; a header, the file; the end.
    let length = 512 + 3 * 512 + LENGTH + 2 * 512 + 1024;
    assert!(head.contains(&format!("\r\nContent-Length: {length}\r\n")), "{head}");
    let beginning = beginning(&server.authority(), 2 << 20);
    let listings: [(&Path, &[&str], &str); 3] = [
        (&tar, &["-t", "-v"], &format!(" {LENGTH} ")),
        (&bsdtar, &["-t", "-v", "-f", "-"], &format!(" {LENGTH} ")),
        (
            &python,
            &[
                "-c",
                "import sys, tarfile\n\
                 archive = tarfile.open(fileobj=sys.stdin.buffer, mode='r|')\n\
                 archive.next()\n\
                 print('', archive.next().size, '', flush=True)",
            ],
            &format!(" {LENGTH} "),
        ),
    ];
    for (program, arguments, expected) in listings {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        // Python has seen enough before it has read all.
        child.stdin.take().expect("a pipe").write_all(&beginning).ok();
        let output = child.wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(expected), "{}: {said}", program.display());
    }
}

/// So many bytes of the archive of `/dir/`.
fn beginning(authority: &str, length: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(authority).expect("a connection");
    stream.write_all(b"GET /dir/?archive=tar HTTP/1.0\r\n\r\n").expect("room");
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).expect("bytes");
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    bytes.split_off(head)
}

#[test]
fn curl_saves_it_under_its_name() {
    let Some(curl) = find("curl") else { return };
    let root = folder();
    let server = Served::start(root.path(), &["--archive"]);
    let rows = [
        ("/dir/a/?archive=tar", "a.tar"),
        ("/dir/a/b/?archive=tar", "b.tar"),
        ("/?archive=tar", "archive.tar"),
    ];
    for (target, name) in rows {
        let desk = tempfile::tempdir().expect("a directory");
        let place = desk.path().to_str().expect("a plain path");
        let url = server.url(target);
        run(&curl, &["-sSfOJ", "--output-dir", place, &url]);
        let bytes = fs::metadata(desk.path().join(name)).expect("it is there").len();
        assert!(bytes >= 1024, "{bytes}");
    }
}

#[test]
fn wget_that_follows_all_links_fetches_no_archive() {
    let Some(wget) = find("wget") else { return };
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(root.path().join("dir/a")).expect("a directory");
    write(root.path(), "dir/a/file", b"content");
    let server = Served::start(root.path(), &["--archive", "--list"]);
    let desk = tempfile::tempdir().expect("a directory");
    let place = desk.path().to_str().expect("a plain path");
    run(&wget, &["-q", "-r", "-np", "-nH", "-P", place, &server.url("/dir/")]);
    assert_eq!(fs::read(desk.path().join("dir/a/file")).expect("a copy"), b"content");
    let log = server.stop();
    assert!(log.requests().iter().all(|request| !request.target.contains("archive")));
}
