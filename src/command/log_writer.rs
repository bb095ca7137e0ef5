//! Writing the log without ever waiting for its reader.
//!
//! A thread that logs leaves its lines in a queue. If nobody writes at that moment, the thread
//! becomes the writer and writes until the queue is empty; otherwise it goes on at once. So at most
//! one thread at a time can be held up by write(2), and that only by the disk under a log file: a
//! pipe, a terminal or a socket is never waited for.
//!
//! What nobody reads stays in the queue, up to [`LOG_BYTES_MAX`]; lines beyond that are lost and
//! counted, and so are lines that cannot be written (a full disk, a reader that is gone). Once
//! lines can be written again, [`Losses`] says where the number of lost lines is told.

mod sink;

use crate::limits::{LOG_BYTES_MAX, LOG_PAUSE};
use rustix::io::Errno;
use sink::Sink;
use std::mem;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The log's way to one descriptor, for all threads.
pub(super) struct LogWriter {
    sink: Sink,
    losses: Losses,
    queue: Mutex<Queue>,
    /// Wakes the thread that waits to become the writer.
    is_free: Condvar,
}

/// Where lost lines are told.
pub(super) enum Losses {
    /// In the log itself: by a line in their place, which this function makes of their number.
    InPlace(Box<dyn Fn(u64) -> String + Send + Sync>),
    /// Elsewhere, because programs read this log and expect nothing but its own lines.
    Elsewhere(Box<dyn Fn(Loss) + Send + Sync>),
}

/// News of lost lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// Lines cannot be written from now on, because of this.
    Begins(Errno),
    /// This number of lines was lost. Lines can be written again, or the log is closed.
    Ends(u64),
}

/// Lines on their way, in the order of time: lines lost, lines pending, lines lost.
#[derive(Default)]
struct Queue {
    writer: Writer,
    /// Somebody waits until no thread is writing.
    is_awaited: bool,
    /// Bytes that the writer has taken from the queue.
    in_hand: usize,
    /// Lines lost before the first that is pending, and not told yet.
    lost_before: u64,
    /// Lines, each with its LF. The first may be the rest of one.
    pending: Vec<u8>,
    /// Lines lost after the last that is pending.
    lost_after: u64,
    /// The last byte written was none of a line's end.
    is_within_line: bool,
}

/// The thread that writes what is in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Writer {
    /// The next thread that logs.
    #[default]
    Nobody,
    /// A thread that is writing now.
    Busy,
    /// A thread of its own, which waits until the descriptor takes bytes.
    Waiting,
}

/// What the writer takes from the queue at once: lines, and before them what stands in the place of
/// lost ones.
struct Batch {
    bytes: Vec<u8>,
    /// Bytes at the beginning that are in the place of lost lines.
    bytes_of_loss: usize,
    /// The lost lines before it.
    lost: u64,
    /// Those bytes say how many lines were lost.
    tells_loss: bool,
}

impl LogWriter {
    /// A log that goes to `out`.
    pub(super) fn new(out: impl AsFd + Send + Sync + 'static, losses: Losses) -> Arc<LogWriter> {
        LogWriter::to(Sink::new(out), losses)
    }

    /// A log that is appended to the file `path`, which is made where there is none.
    ///
    /// # Errors
    ///
    /// Why the file cannot be opened; ENXIO for a FIFO that nobody reads.
    pub(super) fn append_to(path: &Path, losses: Losses) -> Result<Arc<LogWriter>, Errno> {
        Sink::append_to(path).map(|sink| LogWriter::to(sink, losses))
    }

    fn to(sink: Sink, losses: Losses) -> Arc<LogWriter> {
        Arc::new(LogWriter { sink, losses, queue: Mutex::default(), is_free: Condvar::new() })
    }

    /// Logs `lines`, of which each ends with LF.
    pub(super) fn write(self: &Arc<Self>, lines: &str) {
        let mut queue = self.lock();
        queue.push(lines.as_bytes());
        if queue.writer == Writer::Nobody {
            queue.writer = Writer::Busy;
            drop(queue);
            self.write_out();
        }
    }

    /// Tries once more to write what is pending, before the process ends or another file takes the
    /// place of this one. Waits for `patience` at most, and only where another thread is writing.
    pub(super) fn close(self: &Arc<Self>, patience: Duration) {
        let mut queue = self.lock();
        queue.is_awaited = true;
        let is_busy = |queue: &mut Queue| queue.writer == Writer::Busy;
        let waited = self.is_free.wait_timeout_while(queue, patience, is_busy);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if queue.writer == Writer::Busy {
            return;
        }
        queue.writer = Writer::Busy;
        drop(queue);
        self.write_out();
        if let Losses::Elsewhere(tell) = &self.losses {
            let lost = mem::take(&mut self.lock().lost_before);
            if lost > 0 {
                tell(Loss::Ends(lost));
            }
        }
    }

    /// Whether this thread is the writer now, because it has waited to become it again.
    fn become_writer(&self) -> bool {
        let mut queue = self.lock();
        let has_waited = queue.writer == Writer::Waiting;
        if has_waited {
            queue.writer = Writer::Busy;
        }
        has_waited
    }

    /// Writes until the queue is empty, or nothing more can be written now. What is left then is
    /// for a thread that waits.
    fn write_out(self: &Arc<Self>) {
        if !self.write_pending() {
            let log = Arc::clone(self);
            let waiting = thread::Builder::new().name("log".to_owned()).spawn(move || log.wait());
            if waiting.is_err() {
                // Then the next thread that logs tries again.
                let mut queue = self.lock();
                queue.writer = Writer::Nobody;
                self.tell_if_free(&queue);
            }
        }
    }

    /// Waits until the descriptor takes bytes, and writes, until the queue is empty.
    fn wait(&self) {
        loop {
            self.sink.wait();
            if !self.become_writer() {
                return;
            }
            let pending = self.lock().pending.len();
            if self.write_pending() {
                return;
            }
            if self.lock().pending.len() >= pending {
                // A terminal may say that it takes bytes and then take none.
                thread::sleep(LOG_PAUSE);
            }
        }
    }

    /// For the writer: writes what is pending. `false` where that has to go on later; then the
    /// writer is the thread that waits.
    fn write_pending(&self) -> bool {
        let mut next = self.take();
        while let Some(batch) = next {
            let (written, error) = self.sink.write(&batch.bytes);
            let mut queue = self.lock();
            let news = queue.put_back(batch, written, error);
            next = match error {
                None => queue.take(&self.losses),
                Some(Errno::AGAIN) => {
                    queue.writer = Writer::Waiting;
                    None
                }
                // The next thread that logs tries again.
                Some(_) => {
                    queue.writer = Writer::Nobody;
                    None
                }
            };
            self.tell_if_free(&queue);
            drop(queue);
            if let (Losses::Elsewhere(tell), Some(news)) = (&self.losses, news) {
                tell(news);
            }
            if error == Some(Errno::AGAIN) {
                return false;
            }
        }
        true
    }

    /// What is to be written next; with `None`, the caller is the writer no more.
    fn take(&self) -> Option<Batch> {
        let mut queue = self.lock();
        let next = queue.take(&self.losses);
        self.tell_if_free(&queue);
        next
    }

    fn tell_if_free(&self, queue: &Queue) {
        if queue.is_awaited && queue.writer != Writer::Busy {
            self.is_free.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No panic leaves a queue half changed.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Adds the lines that there is room for; the others are lost. Once one is lost, so are all
    /// that follow it, until the queue is empty.
    fn push(&mut self, lines: &[u8]) {
        let room = LOG_BYTES_MAX.saturating_sub(self.in_hand + self.pending.len());
        let fitting = match self.lost_after {
            0 if lines.len() <= room => lines.len(),
            0 => lines[..room].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1),
            _ => 0,
        };
        self.pending.extend_from_slice(&lines[..fitting]);
        self.lost_after += count(&lines[fitting..]);
    }

    /// What is to be written next; with `None`, the caller is the writer no more.
    fn take(&mut self, losses: &Losses) -> Option<Batch> {
        if self.pending.is_empty() {
            self.lost_before += mem::take(&mut self.lost_after);
        }
        let loss = self.in_place_of_lost(losses);
        if loss.is_empty() && self.pending.is_empty() {
            self.writer = Writer::Nobody;
            return None;
        }
        let lost = mem::take(&mut self.lost_before);
        let bytes_of_loss = loss.len();
        let mut bytes = loss;
        match bytes_of_loss {
            // For the allocation alone.
            0 => bytes = mem::take(&mut self.pending),
            _ => bytes.append(&mut self.pending),
        }
        self.in_hand = bytes.len();
        let tells_loss = bytes_of_loss > 0 && matches!(losses, Losses::InPlace(_));
        Some(Batch { bytes, bytes_of_loss, lost, tells_loss })
    }

    /// The line in the place of lost ones, or the end of the line that was cut.
    fn in_place_of_lost(&self, losses: &Losses) -> Vec<u8> {
        let line = match losses {
            _ if self.lost_before == 0 => return Vec::new(),
            Losses::InPlace(line) => line(self.lost_before),
            Losses::Elsewhere(_) if self.pending.is_empty() => return Vec::new(),
            Losses::Elsewhere(_) => String::new(),
        };
        let end_of_line = if self.is_within_line { "\n" } else { "" };
        [end_of_line, &line].concat().into_bytes()
    }

    /// Takes note of how much of a batch was written, and keeps or counts the rest. Returns what is
    /// new of lost lines.
    fn put_back(&mut self, mut batch: Batch, written: usize, error: Option<Errno>) -> Option<Loss> {
        self.in_hand = 0;
        if let Some(&last) = batch.bytes[..written].last() {
            self.is_within_line = last != b'\n';
        }
        let has_told = written > 0 || batch.lost == 0;
        let ends = (has_told && batch.lost > 0).then_some(Loss::Ends(batch.lost));
        match error {
            None if self.pending.is_empty() => {
                // For the allocation alone.
                batch.bytes.clear();
                self.pending = batch.bytes;
                ends
            }
            None => ends,
            Some(Errno::AGAIN) => {
                if !has_told {
                    self.lost_before = batch.lost;
                }
                batch.bytes.drain(..if has_told { written } else { batch.bytes_of_loss });
                batch.bytes.append(&mut self.pending);
                self.pending = batch.bytes;
                ends
            }
            Some(error) => {
                let has_begun = batch.lost > 0;
                self.lost_before = batch.lost_of(written);
                self.lost_before += count(&self.pending) + mem::take(&mut self.lost_after);
                self.pending.clear();
                (!has_begun).then_some(Loss::Begins(error))
            }
        }
    }
}

impl Batch {
    /// The lost lines that are still to be told of where no more than `written` bytes were written:
    /// those before it, unless their line is whole, and its own.
    fn lost_of(&self, written: usize) -> u64 {
        let lines = count(&self.bytes[written.max(self.bytes_of_loss)..]);
        let is_told = self.tells_loss && written >= self.bytes_of_loss;
        if is_told { lines } else { self.lost + lines }
    }
}

/// The lines that end in `bytes`.
fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests;
