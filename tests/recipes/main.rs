//! The recipes of `deploy/` for more machines than one, each started as it stands but for ports,
//! addresses and paths; and what `docs/many-machines.md` says of them.

#[path = "../support/mod.rs"]
mod support;

mod caddy;
mod curl;
mod expect;
mod haproxy;
mod instance;
mod kubernetes;
mod nginx;
mod proxy;
mod publishing;
mod replicas;
mod restart;
mod varnish;

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Ends a test whose event never comes; no verdict depends on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `is_so`, which asks a program each time.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        // Leaves the processor to those that it waits for.
        thread::sleep(Duration::from_millis(1));
    }
}

/// A file of this project.
fn text(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn plain(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

const PAGE: &[u8] = b"<!doctype html><title>A page</title>";

/// A site of one page.
fn site() -> TempDir {
    let root = TempDir::new().expect("a temporary directory");
    support::write(root.path(), "page.html", PAGE);
    root
}
