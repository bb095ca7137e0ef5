//! The log: what is written, and how.

use super::config::Config;
use super::log_writer::LogWriter;
use crate::server::ACCESS_LOG;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;
use std::sync::Arc;
use std::thread;

/// Sets up the log: the access log bare, so that other programs read it as it is, all else with its
/// level and its room. Panics go there too: by themselves they would wait for the reader of stderr.
pub fn log_to(writer: &Arc<LogWriter>, config: &Config) {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(config.log_level());
    builder.parse_env("RUST_LOG");
    let writer = Arc::clone(writer);
    // What is given to `out` would be written by a call that may block: it only knows the colours.
    builder.format(move |out, record| {
        let (level, target, args) = (record.level(), record.target(), record.args());
        if target == ACCESS_LOG {
            writer.write(&format!("{args}\n"));
        } else {
            let style = out.default_level_style(level);
            writer.write(&format!("{style}{level:5}{style:#} {target}: {args}\n"));
        }
        Ok(())
    });
    builder.init();
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
