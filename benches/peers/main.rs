//! tinyhttpd beside nginx, lighttpd, h2o and darkhttpd, in one run on one machine.
//!
//! Each workload is measured in rounds, in which the servers take turns in rotating order, because
//! what the machine does besides changes from minute to minute: only ratios within one run mean
//! something. CPU is the user and system time of all processes of the server divided by the
//! requests it answered. Before a workload is measured, every server must give the same bytes.

#[path = "../support/mod.rs"]
mod support;

mod bare_loop;
mod check;
mod contest;
mod measure;
mod recipes;
mod report;
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
  idle-10k                              16 busy connections beside 10,000 idle ones, and without";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match arguments.next().as_deref() {
        Some(bare_loop::ARGUMENT) => bare_loop::serve(arguments).map(|()| Vec::new()),
        _ => match Options::from_command_line(USAGE, 5, 2) {
            Some(options) => compare(&options),
            None => return ExitCode::SUCCESS,
        },
    };
    let failures = outcome.unwrap_or_else(|error| vec![error.to_string()]);
    failures.iter().for_each(|failure| eprintln!("FAILED {failure}"));
    ExitCode::from(u8::from(!failures.is_empty()))
}

/// Runs what `options` ask for. Returns what failed: servers that did not answer, or not with the
/// bytes they should.
fn compare(options: &Options) -> io::Result<Vec<String>> {
    let descriptors = support::raise_descriptor_limit()?;
    let programs = recipes::installed(options);
    report::print_machine(&programs);
    let site = Site::create()?;
    support::server::clean_up_on_signals(site.scratch())?;
    workload::add_files(&site)?;
    let mut contest = Contest::new(options, site, programs, descriptors);
    if options.includes("start") {
        contest.start()?;
    }
    for workload in workload::ALL.iter().filter(|w| options.includes(w.name)) {
        contest.run(workload)?;
    }
    contest.print_summary();
    Ok(contest.into_failures())
}
