//! A connected stream socket: recv, send, and pread for files (recv(2), send(2)).
//!
//! Sockets are non-blocking, since macOS ignores MSG_DONTWAIT in `send`. A call that may wait for
//! its client does so by poll.

use crate::limits::BLOCK_TIME;
use crate::os::blocking::Blocking;
use crate::os::own;
use rustix::buffer::{Buffer, spare_capacity};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, Result, pread};
use rustix::net::{self, RecvFlags, SendAncillaryBuffer};
use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Bytes of a file that are in memory at a time: as many as a socket usually has room for.
const FILE_BYTES: usize = 64 * 1024;

/// A connected stream socket; dropping it closes it. Every call says EAGAIN where it would have to
/// wait and may not, or has waited for as long as it may.
#[derive(Debug)]
pub(crate) struct Stream(OwnedFd);

impl Stream {
    /// Takes over a descriptor fresh from accept. It may have inherited its mode or not: systems
    /// differ.
    ///
    /// # Errors
    ///
    /// None that a correct program meets (ioctl(2)).
    pub(crate) fn new(descriptor: OwnedFd) -> io::Result<Stream> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        own::raise_no_signal(&descriptor)?;
        Ok(Stream(descriptor))
    }

    /// Receives what has arrived, without waiting (recv(2)).
    pub(crate) fn recv(&self, buffer: impl Buffer<u8>) -> Result<usize> {
        net::recv(&self.0, buffer, RecvFlags::empty()).map(|(_, count)| count)
    }

    /// Sends `bytes` (send(2)). POSIX has no way to say that further bytes follow.
    pub(crate) fn send(&self, bytes: &[u8], _more: bool, blocking: Blocking) -> Result<usize> {
        self.send_all(bytes.len(), blocking, |sent| {
            net::send(&self.0, &bytes[sent..], own::NO_SIGNAL)
        })
    }

    /// Sends `first` and then `second` in one call, if the socket has room for both (sendmsg(2)).
    pub(crate) fn send_both(
        &self,
        first: &[u8],
        second: &[u8],
        blocking: Blocking,
    ) -> Result<usize> {
        self.send_all(first.len() + second.len(), blocking, |sent| {
            let of_first = sent.min(first.len());
            let parts = [&first[of_first..], &second[sent - of_first..]].map(IoSlice::new);
            let mut control = SendAncillaryBuffer::default();
            net::sendmsg(&self.0, &parts, &mut control, own::NO_SIGNAL)
        })
    }

    /// Sends up to `count` bytes of `file` from position `offset` on (pread(2), send(2)). 0 says
    /// that the file has ended.
    pub(crate) fn send_file(
        &mut self,
        file: &File,
        offset: u64,
        count: usize,
        blocking: Blocking,
    ) -> Result<usize> {
        let mut bytes = Vec::with_capacity(FILE_BYTES.min(count));
        let mut sent = 0;
        while sent < count {
            bytes.clear();
            let read = pread(file, spare_capacity(&mut bytes), offset + sent as u64);
            bytes.truncate(count - sent);
            let moved = match read {
                Ok(0) => break,
                Ok(_) => self.send(&bytes, false, blocking),
                Err(errno) => Err(errno),
            };
            match moved {
                Ok(count) => sent += count,
                // The next call meets it again.
                Err(_) if sent > 0 => break,
                Err(errno) => return Err(errno),
            }
            if moved.is_ok_and(|count| count < bytes.len()) {
                break;
            }
        }
        Ok(sent)
    }

    /// Sends `length` bytes by `send`, which is told how many were sent. With `blocking` it waits
    /// for the client, for [`BLOCK_TIME`] each time it takes nothing.
    fn send_all(
        &self,
        length: usize,
        blocking: Blocking,
        send: impl Fn(usize) -> Result<usize>,
    ) -> Result<usize> {
        let mut sent = 0;
        loop {
            match send(sent) {
                Ok(count) => sent += count,
                Err(Errno::AGAIN) if blocking == Blocking::Yes && self.has_room_soon()? => {}
                // The next call meets it again.
                Err(_) if sent > 0 => return Ok(sent),
                Err(errno) => return Err(errno),
            }
            if sent == length || blocking == Blocking::No {
                return Ok(sent);
            }
        }
    }

    /// Whether the socket has room for more, or has failed, within [`BLOCK_TIME`] (poll(2)).
    fn has_room_soon(&self) -> Result<bool> {
        let time = Timespec::try_from(BLOCK_TIME).map_err(|_| Errno::INVAL)?;
        let mut polled = [PollFd::new(&self.0, PollFlags::OUT)];
        match poll(&mut polled, Some(&time)) {
            // A signal: the next send says whether there is room.
            Err(Errno::INTR) => Ok(true),
            polled => polled.map(|count| count > 0),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
