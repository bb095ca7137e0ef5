//! A connected stream socket: recv, send, sendfile (see socket(7), tcp(7)).
//!
//! Sockets are blocking, as accept(2) gives them. MSG_DONTWAIT keeps a single call from blocking;
//! `sendfile` knows no such flag, so the socket is switched for it. SO_SNDTIMEO ends a call that
//! blocks.

use crate::os::blocking::Blocking;
use rustix::buffer::Buffer;
use rustix::io::Result;
use rustix::net::{self, RecvFlags, SendAncillaryBuffer, SendFlags};
use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A connected stream socket; dropping it closes it. Every call says EAGAIN where it would have to
/// wait and may not, or has waited for as long as it may.
#[derive(Debug)]
pub(crate) struct Stream {
    descriptor: OwnedFd,
    /// Whether O_NONBLOCK is set, so that it is switched only where it must be.
    mode: Blocking,
}

impl Stream {
    /// Takes over a descriptor fresh from accept, which is in blocking mode.
    ///
    /// # Errors
    ///
    /// None on this system.
    #[inline]
    pub(crate) fn new(descriptor: OwnedFd) -> io::Result<Stream> {
        Ok(Stream { descriptor, mode: Blocking::Yes })
    }

    /// Receives what has arrived, without waiting (recv(2)).
    #[inline]
    pub(crate) fn recv(&self, buffer: impl Buffer<u8>) -> Result<usize> {
        net::recv(&self.descriptor, buffer, RecvFlags::DONTWAIT).map(|(_, count)| count)
    }

    /// Sends `bytes` (send(2)). `more` says that further bytes follow at once, so that the kernel
    /// does not send a part-filled segment.
    #[inline]
    pub(crate) fn send(&self, bytes: &[u8], more: bool, blocking: Blocking) -> Result<usize> {
        let mut flags = send_flags(blocking);
        flags.set(SendFlags::MORE, more);
        net::send(&self.descriptor, bytes, flags)
    }

    /// Sends `first` and then `second` in one call (sendmsg(2)).
    #[inline]
    pub(crate) fn send_both(
        &self,
        first: &[u8],
        second: &[u8],
        blocking: Blocking,
    ) -> Result<usize> {
        let parts = [IoSlice::new(first), IoSlice::new(second)];
        let mut control = SendAncillaryBuffer::default();
        net::sendmsg(&self.descriptor, &parts, &mut control, send_flags(blocking))
    }

    /// Sends up to `count` bytes of `file` from position `offset` on, from the page cache and past
    /// this program (sendfile(2)). 0 says that the file has ended.
    #[inline]
    pub(crate) fn send_file(
        &mut self,
        file: &File,
        offset: u64,
        count: usize,
        blocking: Blocking,
    ) -> Result<usize> {
        self.switch(blocking)?;
        let mut position = offset;
        rustix::fs::sendfile(&self.descriptor, file, Some(&mut position), count)
    }

    fn switch(&mut self, blocking: Blocking) -> Result<()> {
        if self.mode != blocking {
            rustix::io::ioctl_fionbio(&self.descriptor, blocking == Blocking::No)?;
            self.mode = blocking;
        }
        Ok(())
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn send_flags(blocking: Blocking) -> SendFlags {
    let mut flags = SendFlags::NOSIGNAL;
    flags.set(SendFlags::DONTWAIT, blocking == Blocking::No);
    flags
}
