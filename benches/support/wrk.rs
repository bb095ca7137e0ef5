//! Runs `wrk` and reads what it found through a script of our own.

use super::{find_program, wrong};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

/// What is asked of a server, and how it must answer.
pub struct Load {
    pub connections: usize,
    pub seconds: u64,
    /// With `{file}` in it, a random number from 00000 up to [`Load::files`] takes its place; the
    /// thousands of it where `{directory}` is in it too, each with three digits.
    pub path: String,
    pub files: usize,
    /// Bytes to PUT there; `None` for a GET.
    pub upload: Option<usize>,
    /// Field lines without line ends.
    pub fields: Vec<String>,
    pub status: u16,
    /// Bytes of each answer's body, at least.
    pub body_bytes: u64,
}

/// What came of it.
#[derive(Clone, Copy)]
pub struct Figures {
    pub requests: u64,
    pub seconds: f64,
    /// Microseconds.
    pub p50: f64,
    /// Microseconds.
    pub p99: f64,
    /// Connections that failed, requests without an answer, and answers with another status.
    pub errors: u64,
}

/// Loads the server at `address`. Fails where wrk fails, where nothing was answered, or where the
/// answers had too few bytes.
pub fn run(address: SocketAddr, load: &Load, scratch: &Path) -> io::Result<Figures> {
    let program = find_program("wrk").ok_or_else(|| wrong("wrk is not installed"))?;
    let script = scratch.join("wrk.lua");
    let picks = match load.files {
        0 => "",
        _ if load.path.contains("{directory}") => RANDOM_TREE_PATHS,
        _ => RANDOM_PATHS,
    };
    let upload = load.upload.map_or(String::new(), |bytes| {
        format!("wrk.method = \"PUT\"\nwrk.body = string.rep(\"x\", {bytes})\n")
    });
    fs::write(&script, format!("{REPORT}{upload}{picks}"))?;
    let threads = available_parallelism()?.get().min(2).min(load.connections);
    let output = Command::new(program)
        .args(["--timeout", "10s", "-s"])
        .arg(script)
        .args(["-t", &threads.to_string()])
        .args(["-c", &load.connections.to_string()])
        .args(["-d", &format!("{}s", load.seconds)])
        .args(load.fields.iter().flat_map(|field| ["-H", field]))
        .arg(format!("http://{address}{}", if load.files == 0 { &load.path } else { "/" }))
        .args(["--", &load.path, &load.files.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers = text.lines().find_map(|line| line.strip_prefix("figures "));
    let numbers: Vec<u64> = numbers
        .map(|line| line.split(' ').filter_map(|n| n.parse().ok()).collect())
        .unwrap_or_default();
    figures(load, &numbers).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        wrong(format!("wrk found no whole answers: {text}{said}"))
    })
}

fn figures(load: &Load, numbers: &[u64]) -> Option<Figures> {
    let &[requests, microseconds, bytes, lost, error_statuses, p50, p99] = numbers else {
        return None;
    };
    if requests == 0 || bytes < requests * load.body_bytes {
        return None;
    }
    let other_status =
        if load.status >= 400 { requests.saturating_sub(error_statuses) } else { error_statuses };
    Some(Figures {
        requests,
        seconds: microseconds as f64 / 1e6,
        p50: p50 as f64,
        p99: p99 as f64,
        errors: lost + other_status,
    })
}

const REPORT: &str = r#"
function done(summary, latency)
   local e = summary.errors
   io.write(string.format("figures %.0f %.0f %.0f %.0f %.0f %.0f %.0f\n", summary.requests, summary.duration, summary.bytes,
      e.connect + e.read + e.write + e.timeout, e.status, latency:percentile(50), latency:percentile(99)))
end
"#;

/// The requests are written beforehand, so that choosing one is all that costs wrk time. Each
/// thread has a seed of its own.
const RANDOM_PATHS: &str = r#"
local threads = 0
function setup(thread)
   threads = threads + 1
   thread:set("seed", threads)
end
function init(arguments)
   math.randomseed(seed)
   count = tonumber(arguments[2])
   requests = {}
   for i = 1, count do
      local path = arguments[1]:gsub("{file}", string.format("%05d", i - 1))
      requests[i] = wrk.format(wrk.method, path)
   end
end
function request()
   return requests[math.random(count)]
end
"#;

/// A million requests are too many to be written beforehand: only what stands before and after the
/// numbers is.
const RANDOM_TREE_PATHS: &str = r#"
local threads = 0
function setup(thread)
   threads = threads + 1
   thread:set("seed", threads)
end
function init(arguments)
   math.randomseed(seed)
   count = tonumber(arguments[2])
   pattern = wrk.format(wrk.method, arguments[1])
   pattern = pattern:gsub("%%", "%%%%"):gsub("{directory}", "%%03d"):gsub("{file}", "%%03d")
end
function request()
   local number = math.random(count) - 1
   return pattern:format(math.floor(number / 1000), number % 1000)
end
"#;
