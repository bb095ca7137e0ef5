//! Arguments in, exit code out.

use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use tinyhttpd::config::Config;
use tinyhttpd::server::{ACCESS_LOG, Listener, Server, bind_all};
use tinyhttpd::site::Site;

fn main() -> ExitCode {
    let config = Config::parse();
    log_to_stderr(&config);
    match run(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Past the log: RUST_LOG must not hide why nothing is served.
            eprintln!("tinyhttpd: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until a signal says to stop. The error is the one line that the user reads.
fn run(config: &Config) -> Result<(), String> {
    let descriptors_max = raise_descriptor_limit();
    let settings = config.server(descriptors_max);
    let open_site = || {
        Site::open(config.site(descriptors_max))
            .map_err(|error| format!("cannot serve {}: {error}", config.root.display()))
    };
    let site = open_site()?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| format!("cannot catch signals: {error}"))?;
    let listeners = bind_all(&config.bind, config.port, config.backlog, &settings)
        .map_err(|error| error.to_string())?;
    let server = Server::start(listeners, site, settings)
        .map_err(|error| format!("cannot start: {error}"))?;
    if config.writable {
        warn_of_writers(&server, config);
    }
    tell_urls(&server).map_err(|error| format!("cannot write to stdout: {error}"))?;
    for signal in signals.forever() {
        if signal != SIGHUP {
            break;
        }
        match open_site() {
            Ok(site) => {
                server.replace_site(site);
                log::info!("the document root was opened anew");
            }
            Err(message) => log::error!("{message}; the former one stays"),
        }
    }
    end_at_once_on_next(signals);
    log::info!("stopping: {} connections", server.connections());
    match server.stop() {
        0 => log::info!("stopped"),
        cut_off => log::warn!("stopped: {cut_off} connections were cut off"),
    }
    Ok(())
}

/// Raises the soft limit of open files to the hard one, and returns it.
fn raise_descriptor_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            log::warn!("the limit of open files stays at {:?}: {error}", limit.current);
            limit.current
        }
    };
    log::debug!("open files: {:?} at most, {:?} before", now, limit.current);
    now.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX).min(1 << 20)
}

/// One line a socket, for people and for scripts that read where the server is.
fn tell_urls(server: &Server) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for listener in server.listeners() {
        writeln!(stdout, "listening on {}", listener.url()?)?;
    }
    stdout.flush()
}

/// Says who can write now, where that is not this machine alone.
fn warn_of_writers(server: &Server, config: &Config) {
    let is_open = |listener: &&Listener| {
        let address = listener.local_address();
        address.is_some_and(|address| !address.ip().to_canonical().is_loopback())
    };
    let urls: Vec<_> = server.listeners().filter(is_open).map(Listener::url).collect();
    let urls: Vec<_> = urls.into_iter().flatten().collect();
    if !urls.is_empty() {
        log::warn!(
            "--writable: everybody who can reach {} can create and replace files in {}",
            urls.join(" or "),
            config.root.display()
        );
    }
}

/// Has the next signal to stop end the process as it would without a handler. SIGHUP means nothing
/// any more.
fn end_at_once_on_next(mut signals: Signals) {
    thread::spawn(move || {
        for signal in signals.forever().filter(|&signal| signal != SIGHUP) {
            if let Err(error) = signal_hook::low_level::emulate_default_handler(signal) {
                log::error!("cannot end at once: {error}");
            }
        }
    });
}

/// Sets up the log: the access log bare, so that other programs read it as it is, all else with its
/// level and its room.
fn log_to_stderr(config: &Config) {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(config.log_level());
    builder.parse_env("RUST_LOG");
    builder.format(|out, record| {
        if record.target() == ACCESS_LOG {
            return writeln!(out, "{}", record.args());
        }
        let style = out.default_level_style(record.level());
        writeln!(out, "{style}{:5}{style:#} {}: {}", record.level(), record.target(), record.args())
    });
    builder.init();
}
