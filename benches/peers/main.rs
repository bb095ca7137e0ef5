//! tinyhttpd beside nginx, lighttpd, h2o and darkhttpd, in one run on one machine.
//!
//! Each workload is measured in rounds, in which the servers take turns in rotating order, because
//! what the machine does besides changes from minute to minute: only ratios within one run mean
//! something. CPU is the user and system time of all processes of the server divided by the
//! requests it answered. Before a workload is measured, every server must give the same bytes.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod bare_loop;
mod check;
mod cold;
mod contest;
mod measure;
mod picture;
mod recipes;
mod report;
mod sets;
mod start;
mod workload;

use contest::Contest;
use std::io;
use std::process::ExitCode;
use support::{options::Options, site::Site};

const USAGE: &str = "cargo bench --bench peers -- [OPTIONS] [WORKLOAD]...

Measures tinyhttpd beside the peers that are installed, with wrk. Workloads:
  start
  ka-1k-2 ka-1k-16 ka-1k-64 ka-1k-256   1 KiB on so many persistent connections
  304-64 404-64                         not modified, not found
  many-64                               10,000 files of 4 KiB at random
  100k-16                               100 KiB
  close-1k-64                           a connection for each request
  log-1k-64                             with and without an access log
  big-1g-1 big-1g-4                     1 GiB to one reader and to four
  idle-10k                              16 busy connections beside 10,000 idle ones, and without
  page page-304                         a page with 30 assets as browsers load it, new and again
  cold-64 cold-disk                     more than the cache holds; from the disk
  uncached-64                           10,000 files with --cache-size 0
  list-100 list-10k                     listings
  put-1k put-1m                         uploads
  million-64                            1,000,000 files of 100 bytes at random
With --pin and no name: ka-1k-16 and ka-1k-64. A workload takes some 7 s a round of 1 s, the files of
million-64 a minute or more";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match arguments.next().as_deref() {
        Some(bare_loop::ARGUMENT) => bare_loop::serve(arguments).map(|()| Vec::new()),
        _ => match Options::from_command_line(USAGE, 3, 1) {
            Some(options) => compare(&options),
            None => return ExitCode::SUCCESS,
        },
    };
    let failures = outcome.unwrap_or_else(|error| vec![error.to_string()]);
    failures.iter().for_each(|failure| eprintln!("FAILED {failure}"));
    ExitCode::from(u8::from(!failures.is_empty()))
}

/// What is run with `--pin` where nothing is named.
const PINNED: [&str; 2] = ["ka-1k-16", "ka-1k-64"];

/// Runs what `options` ask for. Returns what failed: servers that did not answer, or not with the
/// bytes they should.
fn compare(options: &Options) -> io::Result<Vec<String>> {
    let names = workload::ALL.iter().map(|workload| workload.name);
    options.check_names(&names.chain(["start"]).collect::<Vec<_>>())?;
    let descriptors = support::raise_descriptor_limit()?;
    let core = if options.pins { Some(support::leave_first_core()?) } else { None };
    let programs = recipes::installed(options);
    report::print_machine(&programs);
    let site = Site::small(&std::env::temp_dir())?;
    support::server::clean_up_on_signals(site.scratch())?;
    let mut contest = Contest::new(options, site, programs, descriptors, core);
    let includes = |name: &str| match core {
        Some(_) if options.names.is_empty() => PINNED.contains(&name),
        _ => options.includes(name),
    };
    if includes("start") {
        contest.start()?;
    }
    for workload in workload::ALL.iter().filter(|w| includes(w.name)) {
        contest.run(workload)?;
    }
    contest.sum_up()?;
    Ok(contest.into_failures())
}
