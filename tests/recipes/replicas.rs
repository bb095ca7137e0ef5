//! Two instances of which the second has its files by `rsync -a`: behind the recipes' HAProxy they
//! are one server.

use crate::curl::Curl;
use crate::haproxy::HAPROXY;
use crate::instance::{Instance, Request};
use crate::proxy::{Desk, Proxy};
use crate::support::{find, numbered, run, write};
use crate::{plain, wait_until};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// Whose entity-tag is of the bytes, and of the time and length.
const SHORT: &str = "/short.css";
const LONG: &str = "/long.bin";

const LONG_LENGTH: usize = 1 << 20;

/// A tree of files, dated to the nanosecond, a good while ago.
fn tree() -> TempDir {
    let root = TempDir::new().expect("a temporary directory");
    let modified = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    let files = [(SHORT, 20_000), ("/short.css.gz", 900), (LONG, LONG_LENGTH)];
    for (name, length) in files {
        write(root.path(), &name[1..], &numbered(length));
        let file = fs::File::open(root.path().join(&name[1..])).expect("a file");
        file.set_modified(modified).expect("a time");
    }
    root
}

/// A copy of `tree`.
fn copy(tree: &Path, rsync: &Path, option: &str) -> TempDir {
    let copy = TempDir::new().expect("a temporary directory");
    let [from, to] = [tree, copy.path()].map(|path| format!("{}/", plain(path)));
    run(rsync, &[option, &from, &to]);
    copy
}

/// Both instances, and HAProxy in front, which sends to one and the other in turn.
struct Pair {
    instances: [Instance; 2],
    desk: Desk,
    curl: Curl,
    _haproxy: Proxy,
}

impl Pair {
    fn start(roots: [TempDir; 2]) -> Option<Pair> {
        let instances = roots.map(|root| Instance::start(root, &["--precompressed"]));
        let desk = Desk::new(&instances.each_ref().map(|instance| instance.address))?;
        let haproxy = desk.start(&HAPROXY)?;
        let curl = Curl::of(&desk)?;
        Some(Pair { instances, desk, curl, _haproxy: haproxy })
    }

    /// Two instances of the same files.
    fn of_replicas() -> Option<Pair> {
        let first = tree();
        let second = copy(first.path(), &find("rsync")?, "-a");
        Pair::start([first, second])
    }

    /// The head of an answer, in lower case.
    fn head(&self, further: &[&str], path: &str) -> String {
        let options = ["--head"];
        let url = format!("https://example.org{path}");
        self.curl.ask(&[&options[..], further].concat(), &url).to_lowercase()
    }

    /// The lines of two answers that begin with `name`, one from each instance.
    fn both(&self, name: &str, further: &[&str], path: &str) -> [String; 2] {
        let before = self.counts();
        let lines = [(); 2].map(|()| {
            let head = self.head(further, path);
            let line = head.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.unwrap_or_else(|| panic!("no {name}: {head}"))
        });
        let is_each_asked = || self.counts() == before.map(|count| count + 1);
        wait_until("each is asked", is_each_asked);
        lines
    }

    fn counts(&self) -> [usize; 2] {
        self.instances.each_ref().map(|instance| instance.requests().len())
    }

    /// The answers to GETs, in the order of the instances.
    fn answers(&self) -> Vec<Request> {
        let requests = self.instances.iter().flat_map(Instance::requests);
        requests.filter(|request| request.method == "GET").collect()
    }
}

#[test]
fn validators_are_the_same_and_304_is_the_answer_of_both() {
    let Some(pair) = Pair::of_replicas() else { return };
    for (path, further) in [(SHORT, ""), (SHORT, "Accept-Encoding: gzip"), (LONG, "")] {
        let further: &[&str] = if further.is_empty() { &[] } else { &["--header", further] };
        let [first, second] = pair.both("etag: ", further, path);
        assert_eq!(first, second);
        let [here, there] = pair.both("last-modified: ", further, path);
        assert_eq!(here, there);
        let tag = format!("If-None-Match: {}", &first["etag: ".len()..]);
        let with_tag = [further, &["--header", &tag]].concat();
        assert_eq!(pair.both("http/2 ", &with_tag, path), ["http/2 304 "; 2]);
    }
    let packed = ["--header", "Accept-Encoding: gzip"];
    pair.both("content-encoding: gzip", &packed, SHORT);
}

#[test]
fn copy_without_times_has_other_tags_for_long_files_alone() {
    let Some(rsync) = find("rsync") else { return };
    let first = tree();
    let second = copy(first.path(), &rsync, "-r");
    let Some(pair) = Pair::start([first, second]) else { return };
    let [first, second] = pair.both("etag: ", &[], SHORT);
    assert_eq!(first, second);
    let [first, second] = pair.both("etag: ", &[], LONG);
    assert_ne!(first, second);
}

/// Begins a download at one instance by a request for a part, and returns the part's file and its
/// entity-tag.
fn begin(pair: &Pair) -> (String, String) {
    let [file, tag] = ["file", "tag"].map(|name| plain(&pair.desk.path(name)).to_owned());
    let options = ["--range", "0-299999", "--output", &file, "--etag-save", &tag];
    pair.curl.ask(&options, &format!("https://example.org{LONG}"));
    let tag = fs::read_to_string(&tag).expect("an entity-tag");
    (file, tag.trim().to_owned())
}

/// A download has gone on at the other instance with what was missing.
fn expect_resumed(pair: &Pair, file: &str) {
    assert!(fs::read(file).expect("a file") == numbered(LONG_LENGTH));
    wait_until("each is in a log", || pair.answers().len() == 2);
    let mut lengths: Vec<_> = pair.answers().iter().map(|answer| answer.body_bytes).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [300_000, LONG_LENGTH as u64 - 300_000]);
    assert_eq!(pair.counts(), [1, 1]);
}

#[test]
fn curl_resumes_at_the_other_instance() {
    let Some(pair) = Pair::of_replicas() else { return };
    let (file, tag) = begin(&pair);
    let resume = ["--continue-at", "-", "--header", &format!("If-Range: {tag}"), "--output", &file];
    pair.curl.ask(&resume, &format!("https://example.org{LONG}"));
    expect_resumed(&pair, &file);
}

#[test]
fn wget_resumes_at_the_other_instance() {
    let (Some(pair), Some(wget)) = (Pair::of_replicas(), find("wget")) else { return };
    let (file, tag) = begin(&pair);
    // The certificate is for another name.
    let options = ["-q", "-c", "--no-check-certificate", "-O", &file];
    let url = format!("https://{}{LONG}", pair.desk.https);
    run(&wget, &[&options[..], &[&format!("--header=If-Range: {tag}"), &url]].concat());
    expect_resumed(&pair, &file);
}

#[test]
fn download_of_a_half_published_file_begins_anew_and_is_never_a_mixture() {
    let Some(rsync) = find("rsync") else { return };
    let first = tree();
    let second = copy(first.path(), &rsync, "-a");
    let newer: Vec<u8> = numbered(LONG_LENGTH).into_iter().rev().collect();
    write(second.path(), &LONG[1..], &newer);
    let Some(pair) = Pair::start([first, second]) else { return };
    let older = numbered(LONG_LENGTH);
    let (part, tag) = begin(&pair);
    let is_older = older.starts_with(&fs::read(part).expect("a file"));
    let whole = plain(&pair.desk.path("whole")).to_owned();
    let range = ["--range", "300000-", "--header", &format!("If-Range: {tag}")];
    let output = ["--output", &whole, "--write-out", "%{http_code}"];
    let url = format!("https://example.org{LONG}");
    assert_eq!(pair.curl.ask(&[&range[..], &output].concat(), &url), "200");
    assert!(fs::read(whole).expect("a file") == if is_older { newer } else { older });
}
