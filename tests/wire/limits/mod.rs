//! The limits on the wire: what waits holds no worker, what is late ends, what is full makes room,
//! what waits is cheap.

mod cost;
mod room;
mod times;
mod workers;

use crate::support::{Client, Fixture, get, sparse_file};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use tinyhttpd::server::Settings;

/// All of a head but its end.
const HALF_HEAD: &str = "GET /file HTTP/1.1\r\nHost: a\r\n";

/// A server with `/file`, which is small, and `/endless`, which takes no room on the disk.
fn fixture(change: impl FnOnce(&mut Settings)) -> Fixture {
    let fixture = Fixture::with(|_, server| change(server));
    put_files(fixture.root.path());
    fixture
}

fn put_files(root: &Path) {
    fs::write(root.join("file"), "content").expect("a file");
    sparse_file(&root.join("endless"), 8 << 30);
}

fn expect_answer(client: &mut Client) {
    client.send(get("/file"));
    assert_eq!(client.reply().expect_status(200).body, b"content");
}

/// Asks for `path`, and returns once the head of the answer is there.
fn begin_download(client: &mut Client<impl Read + Write>, path: &str) {
    client.send(get(path));
    client.head();
}
