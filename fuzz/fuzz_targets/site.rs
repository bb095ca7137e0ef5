//! The site over any request: no panic, nothing from outside the root, and a body of the length
//! that it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;
use tinyhttpd::http::date::Timestamp;
use tinyhttpd::http::request::{self, Parsed};
use tinyhttpd::http::status::Status;
use tinyhttpd::site::response::{Body, Response};
use tinyhttpd::site::{Settings, Site};

/// In no file beneath the root.
const OUTSIDE: &[u8] = b"only outside";

/// So late that every file may be kept.
const NOW: Timestamp = Timestamp::from_seconds(4_000_000_000);

/// The root, and outside of it a file that symlinks in the root lead to.
fn build(directory: &Path) {
    let root = directory.join("root");
    for name in ["a/b", ".hidden", "a.example", "default"] {
        fs::create_dir_all(root.join(name)).expect("a directory");
    }
    for name in [
        "index.html",
        "404.html",
        "a/b/file.txt",
        "a/page.html",
        "a/page.html.gz",
        ".hidden/file",
        "a.example/index.html",
        "default/index.html",
        "a/empty",
    ] {
        let content = if name.ends_with("empty") { String::new() } else { name.repeat(100) };
        fs::write(root.join(name), content).expect("a file");
    }
    fs::write(root.join("large"), vec![b'x'; 300_000]).expect("a file");
    fs::write(directory.join("outside"), OUTSIDE).expect("a file");
    let outside = directory.join("outside");
    for (target, name) in [
        (Path::new("../outside"), "escape"),
        (&outside, "absolute"),
        (Path::new("a"), "link"),
        (Path::new("../../outside"), "a/escape"),
        (Path::new(".."), "up"),
        (Path::new("round"), "round"),
    ] {
        symlink(target, root.join(name)).expect("a link");
    }
}

static SITES: LazyLock<(TempDir, Vec<Site>)> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory");
    build(directory.path());
    let root = directory.path().join("root");
    let settings = || Settings { root: root.clone(), ..Settings::default() };
    let sites = [
        settings(),
        Settings { lists: true, archives: true, serves_hidden: true, ..settings() },
        Settings { precompressed: true, clean_urls: true, cross_origin: true, ..settings() },
        Settings { by_host: true, fallback: Some("index.html".to_owned()), ..settings() },
    ];
    let sites = sites.map(|settings| Site::open(settings).expect("a site"));
    (directory, sites.into())
});

/// The bytes that would be sent.
fn bytes_of(body: &Body) -> Vec<u8> {
    match body {
        Body::Empty => Vec::new(),
        Body::Bytes(bytes, interval) => bytes[interval.clone()].to_vec(),
        Body::File(file, interval) => {
            let mut bytes = vec![0; (interval.end - interval.start) as usize];
            file.read_exact_at(&mut bytes, interval.start).expect("the whole interval");
            bytes
        }
        Body::Archive(archive) => {
            let mut archive = archive.clone();
            let mut bytes = Vec::new();
            while !archive.is_over() {
                let part = archive.next_part().expect("a part");
                bytes.extend(part.bytes);
                if let Some((file, length)) = part.file {
                    let begin = bytes.len();
                    bytes.resize(begin + length as usize, 0);
                    file.read_exact_at(&mut bytes[begin..], 0).expect("the whole file");
                }
            }
            bytes
        }
    }
}

/// How long the part is that a Content-Range tells of.
fn part_of(content_range: &str) -> Option<u64> {
    let (range, _) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some(last.parse::<u64>().ok()? - first.parse::<u64>().ok()? + 1)
}

fn check(response: &Response) {
    let bytes = bytes_of(&response.body);
    assert_eq!(bytes.len() as u64, response.body.length());
    assert!(!bytes.windows(OUTSIDE.len()).any(|window| window == OUTSIDE));
    if matches!(response.status, Status::NotModified | Status::NoContent) {
        assert!(bytes.is_empty());
    }
    if response.status == Status::PartialContent {
        let range = response.fields.get("Content-Range").and_then(part_of);
        assert_eq!(range, Some(bytes.len() as u64));
    }
}

// The first byte picks the site, and whether the head is wrapped around what is fuzzed.
fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let (_, sites) = &*SITES;
    let site = &sites[usize::from(first) % sites.len()];
    let wrapped = [b"GET /", bytes, b"\r\nHost: a.example\r\n\r\n"].concat();
    let head = if first < 128 { bytes } else { &wrapped };
    if let Parsed::Complete { request, .. } = request::parse(head) {
        check(&site.respond(&request, NOW));
        // What was kept must be as good.
        check(&site.respond(&request, NOW));
    }
});
