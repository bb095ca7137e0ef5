//! Arguments in, exit code out.
//!
//! Once the server runs, this thread waits for nothing but signals: what may have to wait for a
//! disk (opening the document root anew, a line of the log) is done in threads of its own. So a
//! signal is always answered.

use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, ErrorKind, Write};
use std::panic;
use std::process::{self, ExitCode};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tinyhttpd::config::Config;
use tinyhttpd::limits::{END_TIME, LOG_END_TIME};
use tinyhttpd::log_writer::LogWriter;
use tinyhttpd::server::{ACCESS_LOG, Listener, Server, bind_all};
use tinyhttpd::site::{self, Site};

fn main() -> ExitCode {
    let config = Config::parse();
    let log = LogWriter::new(io::stderr());
    log_to(&log, &config);
    let result = run(&config);
    if let Err(message) = &result {
        // Past the filter of the log: RUST_LOG must not hide why nothing is served.
        log.write(&format!("tinyhttpd: {message}\n"));
    }
    log.close(LOG_END_TIME);
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The server, for this thread and for those that open the document root anew.
struct Serving {
    /// `None` once it is being stopped.
    server: Mutex<Option<Server>>,
    /// Held while the document root is being opened, so that the last one opened is the newest.
    opening: Mutex<()>,
}

/// Serves until a signal says to stop. The error is the one line that the user reads.
fn run(config: &Config) -> Result<(), String> {
    config.check()?;
    let descriptors_max = raise_descriptor_limit();
    let settings = config.server(descriptors_max);
    let grace = settings.grace_time;
    let of_site = config.site(descriptors_max);
    let site = open(&of_site)?;
    let listeners = bind_all(&config.bind, config.port, config.backlog, &settings)
        .map_err(|error| error.to_string())?;
    // From here on. Before, a signal may end the process, which a slow name server can hold up.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| format!("cannot catch signals: {error}"))?;
    let server = Server::start(listeners, site, settings).map_err(|error| {
        let advice = match error.kind() {
            // The system gives no more threads; the server would not even ask for so many.
            ErrorKind::WouldBlock | ErrorKind::InvalidInput => "; try fewer --threads",
            _ => "",
        };
        format!("cannot start: {error}{advice}")
    })?;
    if config.writable {
        warn_of_writers(&server, config);
    }
    if let Err(error) = tell_urls(&server) {
        server.stop();
        return Err(format!("cannot write to stdout: {error}"));
    }
    let serving = Arc::new(Serving { server: Mutex::new(Some(server)), opening: Mutex::new(()) });
    for signal in signals.forever() {
        if signal != SIGHUP {
            break;
        }
        let serving = Arc::clone(&serving);
        let of_site = of_site.clone();
        spawn("opener", move || serving.open_anew(&of_site));
    }
    end_at_once_on_next(signals);
    if let Some(server) = lock(&serving.server).take() {
        stop(server, grace);
    }
    Ok(())
}

fn open(settings: &site::Settings) -> Result<Site, String> {
    // The error names what it is about.
    Site::open(settings.clone()).map_err(|error| format!("cannot serve {error}"))
}

impl Serving {
    /// Opens the document root anew, and answers further requests from there.
    fn open_anew(&self, settings: &site::Settings) {
        let one_at_a_time = lock(&self.opening);
        let replaced = open(settings).map(|site| {
            if let Some(server) = &*lock(&self.server) {
                server.replace_site(site);
            }
        });
        drop(one_at_a_time);
        match replaced {
            Ok(()) => log::info!("the document root was opened anew"),
            Err(message) => log::error!("{message}; the former one stays"),
        }
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops the server; nothing is logged before that has begun.
fn stop(server: Server, grace: Duration) {
    let connections = server.connections();
    // Should a disk hold up the server or the log, the process ends all the same.
    spawn("end", move || {
        thread::sleep(grace.saturating_add(END_TIME));
        process::exit(0);
    });
    let (told, is_told) = mpsc::channel();
    spawn("log", move || {
        log::info!("stopping: {connections} connections");
        // It fails where the log was too slow.
        let _ = told.send(());
    });
    let cut_off = server.stop();
    // For the order of the two lines.
    let _ = is_told.recv_timeout(LOG_END_TIME);
    match cut_off {
        0 => log::info!("stopped"),
        _ => log::warn!("stopped: {cut_off} connections were cut off"),
    }
}

/// Has the next signal to stop end the process as it would without a handler. SIGHUP means nothing
/// any more.
fn end_at_once_on_next(mut signals: Signals) {
    spawn("signals", move || {
        for signal in signals.forever().filter(|&signal| signal != SIGHUP) {
            if let Err(error) = signal_hook::low_level::emulate_default_handler(signal) {
                log::error!("cannot end at once: {error}");
            }
        }
    });
}

/// Does in a thread of its own what is not worth more than a line in the log where there is none.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
        log::error!("cannot start the thread {name}: {error}");
    }
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

/// Sets up the log: the access log bare, so that other programs read it as it is, all else with its
/// level and its room. Panics go there too: by themselves they would wait for the reader of stderr.
fn log_to(writer: &Arc<LogWriter>, config: &Config) {
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
