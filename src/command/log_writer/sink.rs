//! A descriptor that is written to without waiting for its reader.

use crate::os::descriptors::{self, PIPE_BYTES};
use crate::os::sockets;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::SendFlags;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

pub(super) struct Sink {
    out: Box<dyn AsFd + Send + Sync>,
    way: Way,
}

/// How not to wait for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By write(2): a regular file has no reader, and O_NONBLOCK is set on anything else.
    Write,
    /// By send(2) with MSG_DONTWAIT.
    Send,
    /// By a poll(2) before each write, of so few bytes that a pipe takes them without waiting.
    Poll,
}

impl Sink {
    /// The best way to write to `out`.
    ///
    /// O_NONBLOCK is never set on `out` itself: other programs may have the same pipe or terminal
    /// open and would not expect it. They are opened a second time instead, if they can be.
    pub(super) fn new(out: impl AsFd + Send + Sync + 'static) -> Sink {
        let file_type = rustix::fs::fstat(&out).map(|stat| FileType::from_raw_mode(stat.st_mode));
        let way = match file_type {
            Ok(FileType::Socket) => Way::Send,
            Ok(FileType::Fifo | FileType::CharacterDevice) => match open_without_waiting(&out) {
                Ok(own) => return Sink::with(own, Way::Write),
                Err(_) => Way::Poll,
            },
            _ => Way::Write,
        };
        Sink::with(out, way)
    }

    /// The file `path`, for appending: what another program takes away at its end (`copytruncate`
    /// of logrotate) leaves no hole. Where there is none it is made with mode 0640 less the umask,
    /// because a log tells what each client has read.
    ///
    /// # Errors
    ///
    /// Those of open(2). It never waits: a FIFO that nobody reads is ENXIO.
    pub(super) fn append_to(path: &Path) -> Result<Sink, Errno> {
        let how = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        let flags = how | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = retry_on_intr(|| rustix::fs::open(path, flags, Mode::from_raw_mode(0o640)))?;
        Ok(Sink::with(file, Way::Write))
    }

    pub(super) fn with(out: impl AsFd + Send + Sync + 'static, way: Way) -> Sink {
        Sink { out: Box::new(out), way }
    }

    /// Writes what can be written now. Returns how many bytes that were, and why not all: EAGAIN
    /// where the reader must read first.
    pub(super) fn write(&self, bytes: &[u8]) -> (usize, Option<Errno>) {
        let mut written = 0;
        while written < bytes.len() {
            match self.write_some(&bytes[written..]) {
                Ok(0) => return (written, Some(Errno::IO)),
                Ok(count) => written += count,
                Err(Errno::INTR) => {}
                Err(error) => return (written, Some(error)),
            }
        }
        (written, None)
    }

    fn write_some(&self, bytes: &[u8]) -> Result<usize, Errno> {
        match self.way {
            Way::Write => rustix::io::write(&*self.out, bytes),
            Way::Send => {
                let flags = SendFlags::DONTWAIT | sockets::NO_SIGNAL;
                rustix::net::send(&*self.out, bytes, flags)
            }
            Way::Poll if self.poll(Some(&Timespec::default()))? == 0 => Err(Errno::AGAIN),
            Way::Poll => rustix::io::write(&*self.out, &bytes[..bytes.len().min(PIPE_BYTES)]),
        }
    }

    /// Returns once bytes are taken, or a write would fail.
    pub(super) fn wait(&self) {
        while self.poll(None) == Err(Errno::INTR) {}
    }

    fn poll(&self, timeout: Option<&Timespec>) -> Result<usize, Errno> {
        poll(&mut [PollFd::from_borrowed_fd(self.out.as_fd(), PollFlags::OUT)], timeout)
    }
}

/// What `out` is open on, opened anew with O_NONBLOCK.
fn open_without_waiting(out: &impl AsFd) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    descriptors::reopen(out, flags)
}
