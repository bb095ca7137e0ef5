//! The clients of the field against the binary: that they keep connections, resume downloads to the
//! byte, take the variant they can decode, and ask whether what they have is still fresh.

mod support;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use support::{Log, Served, find, numbered, run, write};
use tempfile::TempDir;

/// A site in a directory of its own, with a page, and a large file in which each line is its
/// offset.
fn site() -> TempDir {
    let root = TempDir::new().expect("a temporary directory");
    write(root.path(), "page.html", b"<!doctype html><title>A page</title>");
    write(root.path(), "other.html", b"<!doctype html><title>Another</title>");
    write(root.path(), LARGE, &numbered(LARGE_BYTES));
    // So long ago that their dates are told.
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    for name in ["page.html", "other.html", LARGE] {
        let file = fs::File::open(root.path().join(name)).expect("a file");
        file.set_modified(hour_ago).expect("a time");
    }
    root
}

const LARGE: &str = "large.bin";
const LARGE_BYTES: usize = 8 << 20;

/// Somewhere for a client to put files.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(TempDir::new().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().expect("plain")
    }

    /// A download that broke off after a third.
    fn broken_off(&self, name: &str) -> String {
        write(self.0.path(), name, &numbered(LARGE_BYTES / 3));
        self.text(name)
    }

    fn expect_large(&self, name: &str) {
        let whole = fs::read(self.path(name)).expect("the download");
        assert!(whole == numbered(LARGE_BYTES), "{} bytes", whole.len());
    }
}

/// What was asked for the large file must have been asked for in parts, and less than all of it
/// sent.
fn expect_resumed(log: &Log) {
    let requests = log.requests();
    let sent: u64 = requests.iter().map(|request| request.body_bytes).sum();
    assert!(requests.iter().any(|request| request.status == 206), "{requests:?}");
    assert!(sent < LARGE_BYTES as u64, "{requests:?}");
}

#[test]
fn curl_keeps_the_connection() {
    let Some(curl) = find("curl") else { return };
    let (root, desk) = (site(), Desk::new());
    let server = Served::start(root.path(), &[]);
    let (page, other) = (server.url("/page.html"), server.url("/other.html"));
    let (first, second) = (desk.text("first"), desk.text("second"));
    let connects =
        run(&curl, &["-sS", "-w", "%{num_connects} ", "-o", &first, &page, "-o", &second, &other]);
    assert_eq!(connects, "1 0 ");
    assert_eq!(server.stop().connections(), 1);
}

#[test]
fn curl_resumes_to_the_byte() {
    let Some(curl) = find("curl") else { return };
    let (root, desk) = (site(), Desk::new());
    let server = Served::start(root.path(), &[]);
    let file = desk.broken_off(LARGE);
    run(&curl, &["-sS", "-C", "-", "-o", &file, &server.url("/large.bin")]);
    desk.expect_large(LARGE);
    expect_resumed(&server.stop());
}

#[test]
fn curl_decodes_the_variant_that_it_asked_for() {
    let (Some(curl), Some(gzip)) = (find("curl"), find("gzip")) else { return };
    let root = site();
    let script = "console.log('the same line again and again');\n".repeat(1000);
    write(root.path(), "app.js", script.as_bytes());
    run(&gzip, &["--keep", root.path().join("app.js").to_str().expect("plain")]);
    let encoded = fs::metadata(root.path().join("app.js.gz")).expect("gzip's");
    let server = Served::start(root.path(), &["--precompressed"]);
    let url = server.url("/app.js");
    assert_eq!(run(&curl, &["-sS", "--compressed", &url]), script);
    assert_eq!(run(&curl, &["-sS", &url]), script);
    let sent: Vec<_> = server.stop().requests().iter().map(|request| request.body_bytes).collect();
    assert_eq!(sent, [encoded.len(), script.len() as u64]);
}

#[test]
fn curl_is_told_that_its_copy_is_fresh() {
    let Some(curl) = find("curl") else { return };
    let (root, desk) = (site(), Desk::new());
    let server = Served::start(root.path(), &[]);
    let (copy, url) = (desk.text("copy"), server.url("/page.html"));
    let (etag, again) = (desk.text("etag"), desk.text("again"));
    let status = ["-sS", "-w", "%{http_code}"];
    let ask = |more: &[&str]| run(&curl, &[&status[..], more, &[&url]].concat());
    assert_eq!(ask(&["-R", "-o", &copy, "--etag-save", &etag]), "200");
    assert_eq!(ask(&["-z", &copy, "-o", &again]), "304");
    assert_eq!(ask(&["--etag-compare", &etag, "-o", &again]), "304");
    fs::write(root.path().join("page.html"), "edited").expect("an edit");
    assert_eq!(ask(&["--etag-compare", &etag, "-o", &again]), "200");
    assert_eq!(fs::read(&again).expect("a download"), b"edited");
}

#[test]
fn wget_keeps_the_connection() {
    let Some(wget) = find("wget") else { return };
    let (root, desk) = (site(), Desk::new());
    let server = Served::start(root.path(), &[]);
    let (page, other) = (server.url("/page.html"), server.url("/other.html"));
    run(&wget, &["-P", &desk.text(""), &page, &other]);
    assert_eq!(server.stop().connections(), 1);
}

#[test]
fn wget_resumes_to_the_byte() {
    let Some(wget) = find("wget") else { return };
    let (root, desk) = (site(), Desk::new());
    let server = Served::start(root.path(), &[]);
    desk.broken_off(LARGE);
    run(&wget, &["-q", "-c", "-P", &desk.text(""), &server.url("/large.bin")]);
    desk.expect_large(LARGE);
    expect_resumed(&server.stop());
}

#[test]
fn aria2_downloads_over_four_connections_and_resumes() {
    let Some(aria2) = find("aria2c") else { return };
    let (root, desk) = (site(), Desk::new());
    let server = Served::start(root.path(), &[]);
    let (directory, url) = (desk.text(""), server.url("/large.bin"));
    let plain = ["--no-conf", "--quiet", "--file-allocation=none", "--dir", &directory];
    let four = ["-x4", "-s4", "-k1M", "--out=whole.bin", &url];
    run(&aria2, &[&plain[..], &four].concat());
    desk.expect_large("whole.bin");
    desk.broken_off(LARGE);
    run(&aria2, &[&plain[..], &["-c", &url]].concat());
    desk.expect_large(LARGE);
    let log = server.stop();
    let parts = log.statuses("/large.bin").iter().filter(|&&status| status == 206).count();
    assert!(log.connections() >= 4 && parts >= 4, "{:?}", log.requests());
}

#[test]
fn ab_keeps_its_connections() {
    let Some(ab) = find("ab") else { return };
    let root = site();
    let server = Served::start(root.path(), &[]);
    let report = run(&ab, &["-q", "-k", "-n", "1000", "-c", "8", &server.url("/page.html")]);
    let number = |name: &str| {
        let line = report.lines().find_map(|line| line.strip_prefix(name));
        line.map(|rest| rest.trim().to_owned())
    };
    assert_eq!(number("Complete requests:").as_deref(), Some("1000"));
    assert_eq!(number("Keep-Alive requests:").as_deref(), Some("1000"));
    assert_eq!(number("Failed requests:").as_deref(), Some("0"));
    assert_eq!(number("Non-2xx responses:"), None);
    assert_eq!(server.stop().connections(), 8);
}

#[test]
fn wrk_keeps_its_connections() {
    let Some(wrk) = find("wrk") else { return };
    let root = site();
    let server = Served::start(root.path(), &[]);
    let report = run(&wrk, &["-t1", "-c8", "-d1s", &server.url("/page.html")]);
    assert!(report.contains("Requests/sec:"), "{report}");
    assert!(!report.contains("Socket errors"), "{report}");
    assert!(!report.contains("Non-2xx"), "{report}");
    let log = server.stop();
    // One more tells wrk whether anybody listens.
    assert!(log.connections() <= 9, "{} connections", log.connections());
    assert!(log.requests().len() > 9, "{report}");
}

#[test]
fn hey_and_so_go_keep_their_connections() {
    let Some(hey) = find("hey") else { return };
    let root = site();
    let server = Served::start(root.path(), &[]);
    let report = run(&hey, &["-n", "1000", "-c", "8", &server.url("/page.html")]);
    assert!(report.contains("[200]\t1000 responses"), "{report}");
    let connections = server.stop().connections();
    // Go dials ahead where a connection comes back too late to be used.
    assert!(connections <= 2 * 8, "{connections} connections");
}

const PYTHON: &str = "
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=60)
for path in ['/page.html', '/missing', '/other.html']:
    connection.request('GET', path)
    answer = connection.getresponse()
    print(answer.status, len(answer.read()))
    assert connection.sock is not None
";

#[test]
fn python_keeps_its_connection() {
    let Some(python) = find("python3") else { return };
    let root = site();
    let server = Served::start(root.path(), &[]);
    let statuses = run(&python, &["-c", PYTHON, &server.authority()]);
    let statuses: Vec<_> = statuses.lines().map(|line| &line[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
    assert_eq!(server.stop().connections(), 1);
}

const NODE: &str = "
const http = require('http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ask = (path) => new Promise((resolve, reject) => {
    const request = http.get(process.argv[1] + path, { agent }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(console.log(answer.statusCode, request.reusedSocket)));
    });
    request.on('error', reject);
});
ask('/page.html').then(() => ask('/missing')).then(() => ask('/other.html')).then(() => agent.destroy());
";

#[test]
fn node_keeps_its_connection() {
    let Some(node) = find("node") else { return };
    let root = site();
    let server = Served::start(root.path(), &[]);
    let told = run(&node, &["-e", NODE, &server.url("")]);
    assert_eq!(told, "200 false\n404 true\n200 true\n");
    assert_eq!(server.stop().connections(), 1);
}
