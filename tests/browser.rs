//! Chromium against the binary: the sample site, a reload, changes that their times do not tell, a
//! broken download, a seek in a large file, a precompressed script, and idle connections beside it.
//!
//! Each page tells by a request for `/done?...` that it has come to an end, and the access log is
//! where the test waits for it.

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};
use support::{Browser, Log, Served, find, numbered, run, wait_until_done, write};
use tempfile::TempDir;

/// Adds a page that loads `/` in a frame, looks whether it has what it asks for, loads it anew, and
/// tells.
fn add_harness(root: &Path) {
    let page = r#"<!doctype html><title>Harness</title><iframe width=1200 height=900></iframe><script>
    let loads = 0;
    const frame = document.querySelector("iframe");
    frame.onload = () => {
        const page = frame.contentDocument;
        const broken = [...page.images].filter((image) => image.complete && image.naturalWidth === 0);
        const sheets = [...page.styleSheets].filter((sheet) => sheet.cssRules.length > 0);
        loads += 1;
        if (loads === 1) return frame.contentWindow.location.reload();
        fetch(`/done?title=${encodeURIComponent(page.title)}&sheets=${sheets.length}&broken=${broken.length}`);
    };
    frame.src = "/";
    </script>"#;
    write(root, "harness.html", page.as_bytes());
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir(&target).expect("a new directory");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

#[test]
fn the_sample_site_loads_and_is_revalidated_on_reload() {
    let Some(chromium) = find("chromium") else { return };
    let root = TempDir::new().expect("a temporary directory");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("www"), root.path());
    add_harness(root.path());
    let mut server = Served::start(root.path(), &[]);
    let _browser = Browser::open(&chromium, &server.url("/harness.html"));
    let told = wait_until_done(&mut server);
    assert!(told.contains("tinyhttpd"), "{told}");
    assert!(!told.contains("sheets=0"), "{told}");
    assert!(told.contains("broken=0"), "{told}");
    let log = server.stop();
    assert_eq!(log.statuses("/"), [200, 304]);
    let own = |target: &str| target.starts_with("/done?") || target == "/favicon.ico";
    for request in log.requests().iter().filter(|request| !own(&request.target)) {
        assert!([200, 206, 304].contains(&request.status), "{request:?}");
    }
    let sheet = log.requests().into_iter().find(|request| request.target.ends_with(".css"));
    let sheet = sheet.expect("a style sheet was asked for");
    assert_eq!(log.statuses(&sheet.target)[0], 200);
}

const WAV_BYTES: u32 = 100 << 20;

/// Adds 100 MiB of sound: PCM of one channel, 8 bits, 48,000 samples a second; more than half an
/// hour.
fn add_wav(root: &Path) {
    let mut head = Vec::new();
    head.extend(b"RIFF");
    head.extend((WAV_BYTES - 8).to_le_bytes());
    head.extend(b"WAVEfmt ");
    head.extend(16u32.to_le_bytes());
    head.extend([1u16, 1].map(u16::to_le_bytes).concat());
    head.extend([48_000u32, 48_000].map(u32::to_le_bytes).concat());
    head.extend([1u16, 8].map(u16::to_le_bytes).concat());
    head.extend(b"data");
    head.extend((WAV_BYTES - 44).to_le_bytes());
    let pattern = numbered(1 << 20);
    let mut file = File::create(root.join("long.wav")).expect("a new file");
    file.write_all(&head).expect("the head");
    file.write_all(&pattern[head.len()..]).expect("the first MiB");
    for _ in 1..WAV_BYTES >> 20 {
        file.write_all(&pattern).expect("a MiB more");
    }
}

/// Where in the file each `sendfile` began.
fn sendfile_offsets(log: &Log) -> impl Iterator<Item = u64> {
    log.0.iter().filter_map(|line| {
        let (_, offset) = line.split_once("sendfile(")?.1.split_once(" bytes from ")?;
        offset.split_once(')')?.0.parse().ok()
    })
}

#[test]
fn a_seek_in_a_large_file_skips_what_lies_between() {
    let Some(chromium) = find("chromium") else { return };
    let root = TempDir::new().expect("a temporary directory");
    add_wav(root.path());
    let page = r#"<!doctype html><title>Sound</title><audio src="/long.wav" preload="metadata"></audio><script>
    const audio = document.querySelector("audio");
    const tell = (what) => fetch(`/done?${what}=${Math.floor(audio.currentTime)}&of=${Math.floor(audio.duration)}`);
    audio.onloadedmetadata = () => audio.currentTime = audio.duration - 5;
    audio.onseeked = () => tell("seeked");
    audio.onerror = () => tell("failed");
    </script>"#;
    write(root.path(), "sound.html", page.as_bytes());
    let mut server = Served::start(root.path(), &[]);
    let browser = Browser::open(&chromium, &server.url("/sound.html"));
    assert_eq!(wait_until_done(&mut server), "seeked=2179&of=2184");
    drop(browser);
    let log = server.stop();
    let answers = log.requests_for("/long.wav");
    let sent: u64 = answers.iter().map(|answer| answer.body_bytes).sum();
    // A part that the browser has kept already it may ask for by its entity-tag.
    let is_part = |status| matches!(status, 206 | 304);
    assert!(answers.iter().all(|answer| is_part(answer.status)), "{answers:?}");
    assert!(sent < u64::from(WAV_BYTES) / 2, "{answers:?}");
    let late = u64::from(WAV_BYTES) / 10 * 9;
    assert!(sendfile_offsets(&log).any(|offset| offset > late), "{answers:?}");
}

#[test]
fn a_precompressed_script_runs() {
    let (Some(chromium), Some(gzip)) = (find("chromium"), find("gzip")) else { return };
    let root = TempDir::new().expect("a temporary directory");
    let script = format!("{}fetch('/done?script=ran');", "// A line.\n".repeat(10_000));
    write(root.path(), "app.js", script.as_bytes());
    run(&gzip, &["--keep", root.path().join("app.js").to_str().expect("plain")]);
    write(root.path(), "index.html", b"<!doctype html><script src=app.js></script>");
    let encoded = fs::metadata(root.path().join("app.js.gz")).expect("gzip's");
    let mut server = Served::start(root.path(), &["--precompressed"]);
    let _browser = Browser::open(&chromium, &server.url("/"));
    assert_eq!(wait_until_done(&mut server), "script=ran");
    let log = server.stop();
    let sent: Vec<_> =
        log.requests_for("/app.js").iter().map(|request| request.body_bytes).collect();
    assert_eq!(sent, [encoded.len()]);
}

#[test]
fn idle_connections_as_many_as_workers_and_more_keep_no_browser_waiting() {
    let Some(chromium) = find("chromium") else { return };
    let root = TempDir::new().expect("a temporary directory");
    write(root.path(), "index.html", b"<!doctype html><script>fetch('/done?page=shown')</script>");
    let mut server = Served::start(root.path(), &["--threads", "2", "--keep-alive", "600"]);
    let connect = |_| TcpStream::connect(server.authority()).expect("a connection");
    let _idle: Vec<_> = (0..8).map(connect).collect();
    for _ in 0..8 {
        server.log.wait_for(" accept: ");
    }
    let _browser = Browser::open(&chromium, &server.url("/"));
    assert_eq!(wait_until_done(&mut server), "page=shown");
    let log = server.stop();
    assert!(log.connections() > 8, "the browser has its own");
}

/// Adds a page that fetches `target` once for each number that `step.txt` is set to, and tells what
/// it got.
fn add_reader(root: &Path, target: &str) {
    let page = r#"<!doctype html><title>Reader</title><script>
    const step = async () => (await fetch("/step.txt", { cache: "no-store" })).text();
    const turn = () => new Promise((done) => setTimeout(done, 10));
    (async () => {
        for (let number = 1; ; number += 1) {
            while (Number(await step()) < number) await turn();
            const told = await fetch("TARGET").then((answer) => answer.text()).then(
                (text) => `bytes=${text.length}&start=${text.slice(0, 8).trim()}&end=${text.slice(-8).trim()}`,
                () => "failed",
            );
            await fetch(`/done?${number}&${told}`, { cache: "no-store" });
        }
    })();
    </script>"#;
    write(root, "reader.html", page.replace("TARGET", target).as_bytes());
    write(root, "step.txt", b"0");
}

/// Has the page fetch what it reads once more, and returns what it tells.
fn read_again(root: &Path, server: &mut Served, number: usize) -> String {
    // In one go: half a number would be another one.
    write(root, "next.txt", number.to_string().as_bytes());
    fs::rename(root.join("next.txt"), root.join("step.txt")).expect("a rename");
    let told = wait_until_done(server);
    let told = told.strip_prefix(&format!("{number}&")).expect("this step");
    told.to_owned()
}

/// A state of a file: its content, and its time in seconds and nanoseconds since 1970.
type State = (&'static str, u64, u32);

/// Puts a file through these states, and has Chromium read it in each of them, the last one twice.
fn expect_each_state_is_seen(states: &[State]) {
    let Some(chromium) = find("chromium") else { return };
    let root = TempDir::new().expect("a temporary directory");
    add_reader(root.path(), "/data.txt");
    let set = |&(content, seconds, nanoseconds): &State| {
        write(root.path(), "data.txt", content.as_bytes());
        let file = File::open(root.path().join("data.txt")).expect("a file");
        let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        file.set_modified(time).expect("a time");
    };
    let mut server = Served::start(root.path(), &[]);
    set(&states[0]);
    let _browser = Browser::open(&chromium, &server.url("/reader.html"));
    let last = states.last().expect("states");
    for (number, state) in states.iter().chain([last]).enumerate() {
        set(state);
        let told = read_again(root.path(), &mut server, number + 1);
        assert!(told.contains(&format!("start={}&", state.0)), "{state:?}: {told}");
    }
    let mut expected = vec![200; states.len()];
    expected.push(304);
    assert_eq!(server.stop().statuses("/data.txt"), expected);
}

#[test]
fn two_saves_within_a_second_are_both_seen() {
    let second = 1_700_000_000;
    let saves = [("one", second, 100_000_000), ("two", second, 600_000_000)];
    expect_each_state_is_seen(&saves);
}

#[test]
fn a_file_rolled_back_to_an_older_time_is_seen() {
    let (new, old) = (("new", 1_700_000_000, 0), ("old", 1_600_000_000, 0));
    expect_each_state_is_seen(&[old, new, old]);
}

#[test]
fn files_that_all_have_one_time_are_told_apart() {
    // As reproducible builds set it, and as container images do.
    for time in [1, 315_532_800] {
        expect_each_state_is_seen(&[("one", time, 0), ("two", time, 0), ("three", time, 0)]);
    }
}

/// Passes connections on to the server, and breaks off the first answer that is longer than
/// `break_off_after`, there.
fn relay(server: &str, break_off_after: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = server.to_owned();
    let has_broken_off = Arc::new(AtomicBool::new(false));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&server) else { return };
            let has_broken_off = Arc::clone(&has_broken_off);
            let both =
                (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
            thread::spawn(move || pass_on(both.0, both.1, |_| true));
            thread::spawn(move || {
                let mut passed = 0;
                pass_on(server, client, |count| {
                    passed += count;
                    passed <= break_off_after || has_broken_off.swap(true, Ordering::SeqCst)
                });
            });
        }
    });
    address
}

/// Passes on what comes until the end, or until `goes_on` says no; then both sides are closed.
fn pass_on(mut from: TcpStream, mut to: TcpStream, mut goes_on: impl FnMut(usize) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer)
        && goes_on(count)
        && to.write_all(&buffer[..count]).is_ok()
    {}
    // One that the other side has closed already is none of ours.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_download_that_broke_off_goes_on_where_it_was() {
    const BYTES: usize = 4 << 20;
    let Some(chromium) = find("chromium") else { return };
    let root = TempDir::new().expect("a temporary directory");
    add_reader(root.path(), "/large.txt");
    write(root.path(), "large.txt", &numbered(BYTES));
    let mut server = Served::start(root.path(), &[]);
    let through = relay(&server.authority(), BYTES / 2);
    let _browser = Browser::open(&chromium, &format!("http://{through}/reader.html"));
    assert_eq!(read_again(root.path(), &mut server, 1), "failed");
    let told = read_again(root.path(), &mut server, 2);
    assert_eq!(told, format!("bytes={BYTES}&start=0000000&end={:07}", BYTES - 8));
    let log = server.stop();
    let answers = log.requests_for("/large.txt");
    // The first is broken off by the way; Range and If-Range ask for the rest.
    let (last, first) = answers.split_last().expect("answers");
    assert!(first.iter().any(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(last.status, 206, "{answers:?}");
    assert!(last.body_bytes < BYTES as u64, "{answers:?}");
}
