//! The access log in a file of its own, which may be moved away and opened anew.
//!
//! Each opening has a writer of its own, so whatever holds up the former file, a disk or a reader,
//! stays with it. The file has nothing but lines of the access log: faults are told on stderr.

use super::log_writer::{LogWriter, Loss, Losses};
use crate::limits::LOG_END_TIME;
use rustix::io::Errno;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) struct AccessFile {
    path: PathBuf,
    writer: Mutex<Arc<LogWriter>>,
    /// Held while the file is being opened, so that the last one opened is the newest.
    opening: Mutex<()>,
}

impl AccessFile {
    /// The file `path`, made where there is none.
    ///
    /// # Errors
    ///
    /// One line for the user.
    pub(super) fn open(path: PathBuf) -> Result<AccessFile, String> {
        let writer = Mutex::new(open(&path)?);
        Ok(AccessFile { path, writer, opening: Mutex::new(()) })
    }

    /// Logs `lines`, of which each ends with LF.
    pub(super) fn write(&self, lines: &str) {
        // Without the lock: a disk must not hold up other lines.
        let writer = Arc::clone(&lock(&self.writer));
        writer.write(lines);
    }

    /// Opens the file anew, as it is wanted after somebody has moved it away. Lines that are on
    /// their way still go to the former one.
    pub(super) fn open_anew(&self) {
        let one_at_a_time = lock(&self.opening);
        match open(&self.path) {
            Ok(writer) => {
                let former = mem::replace(&mut *lock(&self.writer), writer);
                drop(one_at_a_time);
                former.close(LOG_END_TIME);
                log::info!("the access log {} was opened anew", self.path.display());
            }
            Err(message) => log::error!("{message}; the former file stays"),
        }
    }

    /// Writes what is pending, as far as that goes, before the process ends.
    pub(super) fn close(&self) {
        let writer = Arc::clone(&lock(&self.writer));
        writer.close(LOG_END_TIME);
    }
}

fn open(path: &Path) -> Result<Arc<LogWriter>, String> {
    let name = path.display().to_string();
    let losses = Losses::Elsewhere(Box::new(move |loss| tell(&name, loss)));
    LogWriter::append_to(path, losses).map_err(|error| {
        let advice = match error {
            Errno::NXIO => "; a FIFO needs its reader first",
            _ => "",
        };
        format!("cannot open the access log {}: {error}{advice}", path.display())
    })
}

fn tell(name: &str, loss: Loss) {
    match loss {
        Loss::Begins(error) => log::error!("cannot write the access log {name}: {error}"),
        Loss::Ends(lost) => log::warn!("{lost} lines of the access log {name} were lost"),
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
