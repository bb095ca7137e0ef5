//! The program: arguments in, exit code out.

mod access_file;
mod check;
mod config;
mod environment;
mod inherited;
mod log;
mod log_line;
mod log_writer;
mod notify;
mod open_files;
mod serving;
mod settings;
mod tell;
mod values;

pub use config::Config;

use crate::server::{Server, bind_all};
use access_file::AccessFile;
use log::Stderr;
use notify::Notifier;
use serving::Serving;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Does what the command line says, until a signal says to stop.
///
/// The exit code is 0 after a stop, and 1 where nothing can be served; bad usage ends the process
/// with 2.
pub fn run() -> ExitCode {
    let (config, warning) = environment::read();
    if let Some(url) = &config.check {
        return check::run(url);
    }
    // Before anything is opened.
    let sockets = inherited::take();
    let stderr = Stderr::new();
    let result = log::start(&stderr, &config).and_then(|access_file| {
        if let Some(warning) = warning {
            ::log::warn!("{warning}");
        }
        let result = sockets.and_then(|sockets| serve(&config, sockets, access_file.as_ref()));
        access_file.iter().for_each(|file| file.close());
        result
    });
    if let Err(message) = &result {
        stderr.say_last(message);
    }
    stderr.close();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Serves until a signal says to stop, on `sockets` or, where there are none, as `config` says. The
/// error is the one line that the user reads.
fn serve(
    config: &Config,
    sockets: Vec<OwnedFd>,
    access_file: Option<&Arc<AccessFile>>,
) -> Result<(), String> {
    config.check()?;
    let descriptors_max = open_files::raise_limit();
    let settings = config.server(descriptors_max);
    let grace = settings.grace_time;
    let of_site = config.site(descriptors_max);
    let site = serving::open(&of_site)?;
    let listeners = match sockets.is_empty() {
        true => bind_all(&config.bind, config.port, config.backlog, &settings)
            .map_err(|error| error.to_string())?,
        false => inherited::listeners(sockets, &settings)?,
    };
    // From here on. Before, a signal may end the process, which a slow name server can hold up.
    let signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| format!("cannot catch signals: {error}"))?;
    let server = Server::start(listeners, site, settings).map_err(cannot_start)?;
    if config.writable {
        tell::warn_of_writers(&server, config);
    }
    if config.auth_file.is_some() {
        tell::warn_of_readable_passwords(&server, config);
    }
    if let Err(error) = tell::urls(&server) {
        server.stop();
        return Err(format!("cannot write to stdout: {error}"));
    }
    let notifier = Notifier::from_env(&server);
    notifier.ready();
    let drain = Duration::from_secs(config.drain);
    let serving = Serving::new(server, of_site, access_file.cloned(), notifier);
    serving.until_stopped(signals, drain, grace);
    Ok(())
}

fn cannot_start(error: io::Error) -> String {
    let advice = match error.kind() {
        // The system gives no more threads; the server would not even ask for so many.
        ErrorKind::WouldBlock | ErrorKind::InvalidInput => "; try fewer --threads",
        _ => "",
    };
    format!("cannot start: {error}{advice}")
}
