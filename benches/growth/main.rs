//! How tinyhttpd grows: with processes, threads, files and connections, and what each further
//! connection, kept file and listener costs in memory.
//!
//! What is compared is measured in rounds, in which all of it takes turns, because the machine does
//! other things besides. CPU is the user and system time of the server's processes divided by the
//! requests they answered. Each subject prints a table and writes a plot.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod cells;
mod connections;
mod crowd;
mod crowd_client;
mod files;
mod fleet;
mod memory;
mod processes;
mod stage;
mod threads;

use stage::Stage;
use std::io;
use std::process::ExitCode;
use support::options::Options;

const USAGE: &str = "cargo bench --bench growth -- [OPTIONS] [SUBJECT]...

Measures how tinyhttpd grows, with wrk and clients of its own. Subjects, with what they take by
default on two slow cores:
  processes    1, 2, 4 processes that share a port, and behind HAProxy            1 min
  threads      1 to 64 threads, files kept in memory and not                      1.5 min
  files        100 to 1,000,000 files; half of it makes and removes the tree      3 min
  connections  10 to 60,000, as far as the limit of descriptors allows            2 min
  memory       of each further connection, kept file and listener                 0.5 min";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let outcome = match arguments.next().as_deref() {
        Some(crowd_client::ARGUMENT) => crowd_client::serve(arguments).map(|()| Vec::new()),
        _ => match Options::from_command_line(USAGE, 5, 1) {
            Some(options) => measure(options),
            None => return ExitCode::SUCCESS,
        },
    };
    let failures = outcome.unwrap_or_else(|error| vec![error.to_string()]);
    failures.iter().for_each(|failure| eprintln!("FAILED {failure}"));
    ExitCode::from(u8::from(!failures.is_empty()))
}

/// Measures what `options` ask for. Returns what failed.
fn measure(options: Options) -> io::Result<Vec<String>> {
    type Subject = fn(&Stage) -> io::Result<()>;
    const SUBJECTS: [(&str, Subject); 5] = [
        ("processes", processes::measure),
        ("threads", threads::measure),
        ("connections", connections::measure),
        ("memory", memory::measure),
        ("files", files::measure),
    ];
    options.check_names(&SUBJECTS.map(|(name, _)| name))?;
    let stage = Stage::build(options)?;
    let wanted = SUBJECTS.iter().filter(|(name, _)| stage.options.includes(name));
    let failed = wanted.filter_map(|(name, subject)| {
        let error = subject(&stage).err()?;
        Some(format!("{name}: {error}"))
    });
    Ok(failed.collect())
}
