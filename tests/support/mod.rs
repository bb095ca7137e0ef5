//! What the tests share, a file for each subject: document roots, clients, servers in this process,
//! the program as a user runs it, and other people's programs.
#![allow(dead_code, unused_imports, reason = "each test program needs a part of it")]

pub mod alone;
mod browser;
mod client;
mod lines;
pub mod linux;
mod page;
mod program;
mod random;
pub mod refused;
mod root;
mod served;
mod server;
pub mod site;
mod strace;

pub use browser::{Browser, wait_until_done};
pub use client::{Client, Reply, exchange, get, masked, wait_until_closed};
pub use lines::Lines;
pub use page::Page;
pub use program::{PROGRAM, Program, end, expect_failure, finish, serving, under};
pub use program::{find, missing, not_tested, run};
pub use random::Random;
pub use root::{names, numbered, root_with, set_modified, sparse_file, write};
pub use served::{Log, Request, Served};
pub use server::Fixture;
pub use strace::{held, strace, tampered};

use std::thread;
use std::time::{Duration, Instant};

/// Ends a test that would hang; no verdict depends on it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Returns once `is_so`; it is asked again and again, within [`PATIENCE`].
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "not yet: {what}");
        thread::yield_now();
    }
}
