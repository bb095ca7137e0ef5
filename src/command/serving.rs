//! The running server and the signals that it is sent (signal(7)).
//!
//! Once the server runs, the main thread waits for nothing but signals: what may have to wait for a
//! disk (opening the document root anew, a line of the log) is done in threads of its own. So a
//! signal is always answered.

use super::access_file::AccessFile;
use super::notify::Notifier;
use crate::limits::{END_TIME, LOG_END_TIME};
use crate::server::Server;
use crate::site::{self, Site};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;
use std::ffi::c_int;
use std::process;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The server, for the main thread and for those that open the document root anew.
pub(super) struct Serving {
    /// `None` once it is being stopped.
    server: Mutex<Option<Server>>,
    /// Held while the document root is being opened, so that the last one opened is the newest.
    opening: Mutex<()>,
    /// How the document root is opened anew.
    settings: site::Settings,
    /// The access log, where it is a file.
    access_file: Option<Arc<AccessFile>>,
    notifier: Notifier,
}

impl Serving {
    pub(super) fn new(
        server: Server,
        settings: site::Settings,
        access_file: Option<Arc<AccessFile>>,
        notifier: Notifier,
    ) -> Arc<Serving> {
        let server = Mutex::new(Some(server));
        Arc::new(Serving { server, opening: Mutex::new(()), settings, access_file, notifier })
    }

    /// Opens document root and access log anew at each SIGHUP, and stops the server at any other of
    /// `signals`; at SIGTERM it first serves on for the time `drain`.
    pub(super) fn until_stopped(
        self: &Arc<Serving>,
        mut signals: Signals,
        drain: Duration,
        grace: Duration,
    ) {
        let signal = self.next_to_stop(&mut signals);
        self.end_at_once_on_next(signals);
        self.notifier.stopping();
        if signal == Some(SIGTERM) && !drain.is_zero() {
            self.drain(drain);
        }
        // Not in the condition, which would hold the lock until the server has stopped.
        let server = lock(&self.server).take();
        if let Some(server) = server {
            stop(server, grace);
        }
    }

    /// The next signal to stop. Until then, opens document root and access log anew at each SIGHUP.
    fn next_to_stop(self: &Arc<Serving>, signals: &mut Signals) -> Option<c_int> {
        for signal in signals.forever() {
            if signal != SIGHUP {
                return Some(signal);
            }
            if let Some(file) = self.access_file.clone() {
                // A disk that holds up the one does not hold up the other.
                spawn("log opener", move || file.open_anew());
            }
            let serving = Arc::clone(self);
            spawn("opener", move || serving.open_anew());
        }
        None
    }

    /// From here on, a signal to stop ends the process as it would without a handler.
    fn end_at_once_on_next(self: &Arc<Serving>, mut signals: Signals) {
        let serving = Arc::clone(self);
        spawn("signals", move || {
            while let Some(signal) = serving.next_to_stop(&mut signals) {
                if let Err(error) = signal_hook::low_level::emulate_default_handler(signal) {
                    log::error!("cannot end at once: {error}");
                }
            }
        });
    }

    /// Serves on for `time`, while balancers and clients go elsewhere.
    fn drain(&self, time: Duration) {
        if let Some(server) = &*lock(&self.server) {
            server.leave();
        }
        spawn("log", move || log::info!("draining for {} s", time.as_secs()));
        thread::sleep(time);
    }

    /// Opens the document root anew, and answers further requests from there. A server that is
    /// being stopped needs none.
    fn open_anew(&self) {
        if lock(&self.server).is_none() {
            return;
        }
        let one_at_a_time = lock(&self.opening);
        self.notifier.reloading();
        let opened = open(&self.settings);
        // The server is not being stopped as long as this is held.
        let server = lock(&self.server);
        let Some(running) = &*server else { return };
        let replaced = opened.map(|site| running.replace_site(site));
        match &replaced {
            Ok(()) => self.notifier.ready(),
            Err(message) => self.notifier.not_reloaded(message),
        }
        drop(server);
        drop(one_at_a_time);
        match replaced {
            Ok(()) => log::info!("the document root was opened anew"),
            Err(message) => log::error!("{message}; the former one stays"),
        }
    }
}

/// Opens what `settings` say. The error is one line for the user.
pub(super) fn open(settings: &site::Settings) -> Result<Site, String> {
    // The error names what it is about.
    Site::open(settings.clone()).map_err(|error| format!("cannot serve {error}"))
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
    let is_told = log_apart(move || match connections {
        0 => log::info!("stopping"),
        _ => log::info!(
            "stopping: open connections: {connections}, at most {} s for what they ask; a second \
             signal ends at once",
            grace.as_secs()
        ),
    });
    let cut_off = server.stop();
    // For the order of the two lines.
    let _ = is_told.recv_timeout(LOG_END_TIME);
    match cut_off {
        0 => log::info!("stopped"),
        _ => log::warn!("stopped: {cut_off} connections were cut off"),
    }
}

/// Has `work` write lines of the log in a thread of its own, since a disk may hold it up. Whoever
/// wants its lines before others waits, [`LOG_END_TIME`] at most, until the channel tells that it
/// is done, or was never begun.
pub(super) fn log_apart(work: impl FnOnce() + Send + 'static) -> Receiver<()> {
    let (told, is_told) = mpsc::channel();
    spawn("log", move || {
        work();
        // It fails where the log was too slow.
        let _ = told.send(());
    });
    is_told
}

/// Does `work` in a thread of its own. If no thread is to be had, a line in the log says so, and
/// the work is left out.
pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
        log::error!("cannot start the thread {name}: {error}");
    }
}
