//! The log: what is written, and where.
//!
//! Diagnostics go to stderr. The access log goes there too, bare, so that other programs read it as
//! it is; or to a file of its own, whatever `-q` and RUST_LOG say of diagnostics.

use super::access_file::AccessFile;
use super::config::{AccessLog, Config};
use super::log_line::LineForm;
use super::log_writer::{LogWriter, Losses};
use crate::limits::LOG_END_TIME;
use crate::server::ACCESS_LOG;
use env_logger::fmt::style::Style;
use log::{Level, LevelFilter, Metadata, Record};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::sync::Arc;
use std::{env, io, panic, thread};

/// Where diagnostics go.
#[derive(Clone)]
pub(super) struct Stderr {
    writer: Arc<LogWriter>,
    form: LineForm,
}

impl Stderr {
    pub(super) fn new() -> Stderr {
        let form = LineForm::of(io::stderr(), env::var("JOURNAL_STREAM").ok().as_deref());
        let told = move |lost| {
            let message = format!("{lost} log lines were lost");
            form.diagnostic(Level::Warn, Style::new(), "tinyhttpd", &format_args!("{message}"))
        };
        let writer = LogWriter::new(io::stderr(), Losses::InPlace(Box::new(told)));
        Stderr { writer, form }
    }

    /// Says why nothing is served, past the filter of the log: RUST_LOG must not hide it.
    pub(super) fn say_last(&self, message: &str) {
        self.writer.write(&self.form.last_words(message));
    }

    /// Writes what is pending, as far as that goes, before the process ends.
    pub(super) fn close(&self) {
        self.writer.close(LOG_END_TIME);
    }
}

/// Opens the access log, and has everything logged from here on. Returns the access log where it is
/// a file.
///
/// # Errors
///
/// One line for the user, where that file cannot be opened.
pub(super) fn start(stderr: &Stderr, config: &Config) -> Result<Option<Arc<AccessFile>>, String> {
    let access = match &config.access_log {
        None => Access::Stderr,
        Some(AccessLog::Off) => Access::Off,
        Some(AccessLog::File(path)) => Access::File(Arc::new(AccessFile::open(path.clone())?)),
    };
    let file = match &access {
        Access::File(file) => Some(Arc::clone(file)),
        Access::Stderr | Access::Off => None,
    };
    install(Log { diagnostics: diagnostics(stderr, config), access });
    log_panics();
    Ok(file)
}

/// What is written for each call of the `log` crate.
struct Log {
    /// With the filter of `-v`, `-q` and RUST_LOG.
    diagnostics: env_logger::Logger,
    access: Access,
}

/// Where the access log goes.
enum Access {
    Stderr,
    File(Arc<AccessFile>),
    Off,
}

impl log::Log for Log {
    fn enabled(&self, metadata: &Metadata) -> bool {
        match &self.access {
            Access::File(_) if metadata.target() == ACCESS_LOG => true,
            Access::Off if metadata.target() == ACCESS_LOG => false,
            _ => self.diagnostics.enabled(metadata),
        }
    }

    fn log(&self, record: &Record) {
        match &self.access {
            Access::File(file) if record.target() == ACCESS_LOG => {
                file.write(&format!("{}\n", record.args()));
            }
            Access::Off if record.target() == ACCESS_LOG => {}
            _ => self.diagnostics.log(record),
        }
    }

    /// Nothing is kept back: each line is on its way when `log` returns.
    fn flush(&self) {}
}

fn diagnostics(stderr: &Stderr, config: &Config) -> env_logger::Logger {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(config.log_level());
    builder.parse_env("RUST_LOG");
    let Stderr { writer, form } = stderr.clone();
    // What is given to `out` would be written by a call that may block: it only knows the colours.
    builder.format(move |out, record| {
        let (level, target, args) = (record.level(), record.target(), record.args());
        match target {
            ACCESS_LOG => writer.write(&format!("{args}\n")),
            _ => {
                let style = out.default_level_style(level);
                writer.write(&form.diagnostic(level, style, target, args));
            }
        }
        Ok(())
    });
    builder.build()
}

fn install(log: Log) {
    let of_access = match log.access {
        Access::File(_) => LevelFilter::Info,
        Access::Stderr | Access::Off => LevelFilter::Off,
    };
    let level = log.diagnostics.filter().max(of_access);
    // `run` is called once in a process, by `main`.
    log::set_boxed_logger(Box::new(log)).expect("the log is set up once");
    log::set_max_level(level);
}

/// Panics go to the log: by themselves they would wait for the reader of stderr.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let thread = thread::current();
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        log::error!("thread '{}' {panic}{backtrace}", thread.name().unwrap_or_default());
    }));
}
