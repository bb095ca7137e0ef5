//! The options that follow `cargo bench --bench NAME --`.

use std::io;
use std::path::{Path, PathBuf};

/// What the user asked for, with a benchmark's own defaults for the rest.
pub struct Options {
    /// How often each cell is measured; the median is shown.
    pub rounds: usize,
    /// How long one cell takes.
    pub seconds: u64,
    /// The tinyhttpd to measure; by default the one that cargo has just built.
    pub server: PathBuf,
    /// What the numbers of connections are multiplied with.
    pub scale: f64,
    /// Where plots are written.
    pub plots: PathBuf,
    /// Whether server and client have a core each.
    pub pins: bool,
    /// Servers to leave out.
    pub without: Vec<String>,
    /// Beginnings of the names to run; empty means all.
    pub names: Vec<String>,
}

impl Options {
    /// The options on the command line; `None` where there is nothing to measure: `--help` was
    /// asked for or answers a wrong option, or `cargo test --benches` runs the program, which does
    /// not pass `--bench`.
    pub fn from_command_line(usage: &str, rounds: usize, seconds: u64) -> Option<Options> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if !arguments.iter().any(|argument| argument == "--bench") {
            println!("not a test: run it with `cargo bench`");
            return None;
        }
        let options = Options {
            rounds,
            seconds,
            server: PathBuf::from(env!("CARGO_BIN_EXE_tinyhttpd")),
            scale: 1.0,
            plots: Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/plots"),
            pins: false,
            without: Vec::new(),
            names: Vec::new(),
        };
        let parsed = options.parse(arguments.into_iter());
        if parsed.is_none() {
            println!("{usage}\n{OPTIONS}");
        }
        parsed
    }

    /// These options changed by `arguments`; `None` at the first that is unknown or lacks a good
    /// value.
    fn parse(mut self, mut arguments: impl Iterator<Item = String>) -> Option<Options> {
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => (),
                "--rounds" => self.rounds = arguments.next()?.parse().ok().filter(|&n| n > 0)?,
                "--seconds" => self.seconds = arguments.next()?.parse().ok().filter(|&n| n > 0)?,
                "--scale" => self.scale = arguments.next()?.parse().ok().filter(|&f| f > 0.0)?,
                "--server" => self.server = PathBuf::from(arguments.next()?),
                "--plots" => self.plots = PathBuf::from(arguments.next()?),
                "--pin" => self.pins = true,
                "--only" => self.names.push(arguments.next()?),
                "--without" => self.without.push(arguments.next()?),
                option if option.starts_with('-') => return None,
                name => self.names.push(name.to_owned()),
            }
        }
        Some(self)
    }

    /// Whether the user asked for `name`.
    pub fn includes(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| name.starts_with(wanted))
    }

    /// # Errors
    ///
    /// If a name that the user has given begins none of `known`.
    pub fn check_names(&self, known: &[&str]) -> io::Result<()> {
        let is_unknown = |name: &&String| !known.iter().any(|known| known.starts_with(&***name));
        match self.names.iter().find(is_unknown) {
            Some(name) => Err(io::Error::other(format!("there is no {name}; see --help"))),
            None => Ok(()),
        }
    }

    /// `count` connections (or requests), scaled; at least one.
    pub fn scaled(&self, count: usize) -> usize {
        ((count as f64 * self.scale) as usize).max(1)
    }
}

const OPTIONS: &str = "
  --rounds N      measure each cell so often, show the median
  --seconds N     how long a cell takes
  --scale F       multiply the numbers of connections, and of files where they are many, with F
  --server PATH   measure this tinyhttpd
  --plots DIR     write plots there in place of benches/plots (peers, growth)
  --pin           server on the first core, client on the second (peers)
  --without NAME  leave a server out (may be repeated)
  --only NAME     run only what begins so (may be repeated); NAME alone is the same";
