//! What is Linux's own, in a build that has the ways of POSIX instead (`--cfg posix`).

use std::io::{Write, stderr};
use std::thread;

/// Whether this build has `what`. Where it has not, stderr says that the calling test is passed
/// over.
pub(crate) fn has(what: &str) -> bool {
    let is_there = cfg!(all(target_os = "linux", not(posix)));
    if !is_there {
        let test = thread::current().name().unwrap_or_default().to_owned();
        // Past the test harness, which shows nothing of a test that passes.
        writeln!(stderr(), "NOT TESTED: {test}: {what} is Linux's own").expect("stderr");
    }
    is_there
}
