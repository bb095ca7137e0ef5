//! What hostile, slow and idle clients cost the others, at full size.
//!
//! Each show prints a table and names what failed: an answer that did not come or had other bytes,
//! or descriptors, threads or memory that grew. A time is shown and never judged. nginx stands
//! beside where it is installed.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod attack;
mod download;
mod growth;
mod guest;
mod idle;
mod kinds;
mod slow;
mod soak;
mod soak_client;

use std::fs;
use std::io;
use std::process::ExitCode;
use support::options::Options;
use support::recipe::{OURS, Recipe, nginx, tinyhttpd};
use support::site::{SMALL, Site};
use support::{find_program, machine};

const USAGE: &str = "cargo bench --bench hostile -- [OPTIONS] [SHOW]...

Measures what hostile, slow and idle clients cost the others. Shows:
  idle      10,000 idle connections: their memory, and 16 busy clients beside them
  slow      5,000 clients that send a byte a second, 500 that read 64 MiB at 4 KiB a second, and a good one
  growth    100,000 connections of all kinds: descriptors, threads and memory before and after
  download  1 GiB to one fast reader and to four
  soak      for --seconds, all kinds of requests, resets and uploads under SIGHUPs over IPv4, IPv6 and a Unix socket";

/// Workers of tinyhttpd where many clients are slow at once.
const THREADS: &str = "4";

/// What the shows have in common.
struct Stage {
    options: Options,
    site: Site,
    descriptors: u64,
    /// The body of [`SMALL`].
    small: Vec<u8>,
}

fn main() -> ExitCode {
    let Some(options) = Options::from_command_line(USAGE, 3, 3) else {
        return ExitCode::SUCCESS;
    };
    let failures = run(options).unwrap_or_else(|error| vec![error.to_string()]);
    failures.iter().for_each(|failure| eprintln!("FAILED {failure}"));
    ExitCode::from(u8::from(!failures.is_empty()))
}

/// Runs what `options` ask for. Returns what failed.
fn run(options: Options) -> io::Result<Vec<String>> {
    type Show = fn(&Stage) -> io::Result<Vec<String>>;
    const SHOWS: [(&str, Show); 5] = [
        ("idle", idle::show),
        ("slow", slow::show),
        ("growth", growth::show),
        ("download", download::show),
        ("soak", soak::show),
    ];
    options.check_names(&SHOWS.map(|(name, _)| name))?;
    let descriptors = support::raise_descriptor_limit()?;
    let site = Site::create()?;
    support::server::clean_up_on_signals(site.scratch())?;
    let small = fs::read(site.file(SMALL))?;
    println!("{}\n", machine());
    let stage = Stage { options, site, descriptors, small };
    let wanted = SHOWS.iter().filter(|(name, _)| stage.options.includes(name));
    let failed = wanted.map(|(name, show)| match show(&stage) {
        Ok(failures) => failures,
        Err(error) => vec![format!("{name}: {error}")],
    });
    Ok(failed.flatten().collect())
}

impl Stage {
    /// tinyhttpd with a few workers, and nginx as a peer, good for `connections` connections.
    fn recipes(&self, connections: usize) -> Vec<Recipe> {
        let ours = self.options.server.clone();
        let ours = tinyhttpd(OURS, &ours, &self.site, &["-q", "--threads", THREADS]);
        let log = "access_log off;";
        let peer =
            find_program("nginx").map(|path| nginx("nginx", &path, &self.site, connections, log));
        let mut recipes: Vec<Recipe> = [ours].into_iter().chain(peer).collect();
        recipes.retain(|recipe| !self.options.without.contains(&recipe.name));
        recipes
    }
}
