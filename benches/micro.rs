//! The parts of a request that touch no socket and no file: nanoseconds, and allocations, of which
//! there should be none. Last, the listing of a large directory, which is the dearest answer.
//!
//! The parser stands beside httparse, which does less: it looks at no method, target, version, Host
//! or length.

use divan::{AllocProfiler, Bencher, black_box};
use std::fmt;
use std::fs::{self, DirEntry, File};
use std::io;
use std::mem::MaybeUninit;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tinyhttpd::http::body::{BodyReader, Framing};
use tinyhttpd::http::date::Timestamp;
use tinyhttpd::http::path::RequestPath;
use tinyhttpd::http::request::{self, Parsed};
use tinyhttpd::http::response::{FieldLines, write_head};
use tinyhttpd::http::status::Status;
use tinyhttpd::http::validator::EntityTag;
use tinyhttpd::http::version::Version;
use tinyhttpd::limits::FIELD_LINES_MAX;
use tinyhttpd::site::{Settings, Site};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A request head as a client sends it.
struct Head {
    client: &'static str,
    bytes: &'static [u8],
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.client)
    }
}

const HEADS: [Head; 3] = [
    Head {
        client: "wrk",
        bytes: b"GET /1k.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
    },
    Head {
        client: "curl",
        bytes: b"GET /docs/guide/install.html HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
    },
    Head {
        client: "Chrome",
        bytes: b"GET /assets/css/main.css?v=20240611 HTTP/1.1\r\n\
            Host: www.example.org\r\n\
            Connection: keep-alive\r\n\
            sec-ch-ua: \"Chromium\";v=\"126\", \"Not/A)Brand\";v=\"8\", \"Google Chrome\";v=\"126\"\r\n\
            sec-ch-ua-mobile: ?0\r\n\
            User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n\
            sec-ch-ua-platform: \"Linux\"\r\n\
            Accept: text/css,*/*;q=0.1\r\n\
            Sec-Fetch-Site: same-origin\r\n\
            Sec-Fetch-Mode: no-cors\r\n\
            Sec-Fetch-Dest: style\r\n\
            Referer: https://www.example.org/docs/guide/\r\n\
            Accept-Encoding: gzip, deflate, br, zstd\r\n\
            Accept-Language: en-US,en;q=0.9,de;q=0.8\r\n\
            If-None-Match: \"5f3c2a1b-1a2b3c\"\r\n\
            If-Modified-Since: Tue, 11 Jun 2024 09:12:44 GMT\r\n\r\n",
    },
];

#[divan::bench(args = HEADS)]
fn head_tinyhttpd(bencher: Bencher, head: &Head) {
    bencher.bench(|| match request::parse(black_box(head.bytes)) {
        Parsed::Complete { head_bytes, .. } => assert_eq!(head_bytes, head.bytes.len()),
        other => panic!("{other:?}"),
    });
}

#[divan::bench(args = HEADS)]
fn head_httparse(bencher: Bencher, head: &Head) {
    bencher.bench(|| {
        let mut fields = [const { MaybeUninit::uninit() }; FIELD_LINES_MAX];
        let mut request = httparse::Request::new(&mut []);
        let parsed = request.parse_with_uninit_headers(black_box(head.bytes), &mut fields);
        assert_eq!(parsed, Ok(httparse::Status::Complete(head.bytes.len())));
        black_box(&request);
    });
}

/// What the server asks a request for before it answers.
#[divan::bench(args = HEADS)]
fn head_and_questions(bencher: Bencher, head: &Head) {
    bencher.bench(|| match request::parse(black_box(head.bytes)) {
        Parsed::Complete { request, .. } => {
            let asked = ["If-None-Match", "If-Modified-Since", "Range", "Accept-Encoding"];
            (request.wants_persistence(), asked.map(|name| request.fields.get(name).is_some()))
        }
        other => panic!("{other:?}"),
    });
}

/// The last two need bytes of their own.
#[divan::bench(args = ["/", "/index.html", "/many/01234.html", "/a/b/c/d/e/f.html", "/caf%C3%A9/men%C3%BC.html", "/a/./b/../c.html"])]
fn path(bencher: Bencher, path: &str) {
    bencher.bench(|| RequestPath::parse(black_box(path.as_bytes())));
}

/// The head of a file's 200, into a buffer that is used again for each.
#[divan::bench]
fn response_head(bencher: Bencher) {
    let shared: Arc<str> = Arc::from(
        "Content-Type: text/html; charset=utf-8\r\n\
        Last-Modified: Tue, 11 Jun 2024 09:12:44 GMT\r\n\
        ETag: \"5f3c2a1b-1a2b3c\"\r\n\
        Accept-Ranges: bytes\r\n\
        X-Content-Type-Options: nosniff\r\n\
        Cache-Control: no-cache\r\n",
    );
    let date = Timestamp::from_seconds(1_718_097_164).http_date();
    let date = date.expect("a time in 2024 has an HTTP-date");
    let mut out = Vec::with_capacity(1024);
    bencher.bench_local(|| {
        out.clear();
        let fields = FieldLines::sharing(Arc::clone(&shared), shared.len());
        write_head(&mut out, Version::Http11, Status::Ok, &fields, Some(1024), true, &date);
        black_box(out.len())
    });
}

/// The entity-tag of a file of so many bytes, made once while it is kept.
#[divan::bench(args = [1 << 10, 100 << 10])]
fn entity_tag(bencher: Bencher, length: usize) {
    let bytes = vec![b'x'; length];
    bencher.bench(|| EntityTag::of_bytes(black_box(&bytes)));
}

/// 64 KiB of a chunked body, in chunks of so many bytes.
#[divan::bench(args = [16, 1024, 32 << 10])]
fn chunked(bencher: Bencher, size: usize) {
    let chunk = format!("{size:x}\r\n{}\r\n", "x".repeat(size));
    let body = chunk.repeat((64 << 10) / chunk.len());
    bencher.with_inputs(|| body.clone().into_bytes()).bench_refs(|bytes| {
        let read = BodyReader::new(Framing::Chunked).read(black_box(bytes));
        read.expect("good chunks").data
    });
}

/// The whole answer about a kept file of 1 KiB, one system call among it, by so many threads.
#[divan::bench(threads = [1, 2])]
fn kept_file(bencher: Bencher) {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("file"), [b'x'; 1024]).expect("a file");
    let settings = Settings { root: root.path().to_owned(), ..Settings::default() };
    let site = Site::open(settings).expect("a site");
    let Parsed::Complete { request, .. } = request::parse(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
    else {
        panic!("no request");
    };
    // So late that the file's times have settled.
    let now = Timestamp::from_seconds(4_000_000_000);
    bencher.bench(|| site.respond(black_box(&request), now));
}

/// A document root with `10000/` and `100000/`, directories of so many empty files each.
static LISTED: LazyLock<TempDir> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("a directory");
    for count in [10_000, 100_000] {
        let directory = root.path().join(count.to_string());
        fs::create_dir(&directory).expect("a directory");
        for number in 0..count {
            let name = format!("measurement {number:06}.csv");
            File::create(directory.join(name)).expect("a file");
        }
    }
    root
});

/// What is asked for: names, query and media type.
const LISTINGS: [(usize, &str, &str); 6] = [
    (10_000, "", "text/html"),
    (10_000, "", "application/json"),
    (10_000, "?sort=size", "text/html"),
    (100_000, "", "text/html"),
    (100_000, "", "application/json"),
    (100_000, "?sort=size", "text/html"),
];

#[divan::bench(args = LISTINGS, sample_count = 20, sample_size = 1)]
fn listing(bencher: Bencher, (count, query, media_type): (usize, &str, &str)) {
    let root = LISTED.path().to_owned();
    let settings = Settings { root, lists: true, ..Settings::default() };
    let site = Site::open(settings).expect("a site");
    let head = format!("GET /{count}/{query} HTTP/1.1\r\nHost: a\r\nAccept: {media_type}\r\n\r\n");
    let Parsed::Complete { request, .. } = request::parse(head.as_bytes()) else {
        panic!("{head}");
    };
    bencher.bench_local(|| site.respond(&request, Timestamp::from_seconds(4_000_000_000)));
}

/// The least that such a listing can cost: the names, and what the kernel says of each.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn listing_10000_as_the_kernel_tells_it(bencher: Bencher) {
    bencher.bench_local(|| {
        let entries = fs::read_dir(LISTED.path().join("10000")).expect("a directory");
        let length = |entry: io::Result<DirEntry>| entry.and_then(|entry| entry.metadata());
        entries.map(|entry| length(entry).expect("a file").len()).sum::<u64>()
    });
}
