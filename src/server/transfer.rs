//! An answer on its way: what of its head and body is still to be sent, and what happens when it
//! is.

use super::access_log::Entry;
use super::socket::{Blocking, Socket};
use crate::limits::{JOINED_BYTES_MAX, SENDFILE_BYTES_MAX};
use crate::site::response::Body;
use std::io;
use std::sync::Arc;

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It goes on with the next request.
    Persist,
    /// It is closed; the client has nothing more to say.
    Close,
    /// It is closed so that the answer arrives although the client may still be sending.
    Linger,
}

/// How far a push came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// All is with the kernel.
    Whole,
    /// The socket takes no more now.
    Blocked,
    /// The socket would take more, but others should have their turn.
    Paused,
}

/// One answer being sent. The access log gets its line when this is dropped, however the answer
/// ended.
#[derive(Debug)]
pub struct Transfer<'a> {
    head: Vec<u8>,
    /// Bytes of the head sent so far.
    head_sent: usize,
    /// What is left of the body.
    body: Body,
    /// Bytes of the body sent so far.
    body_sent: u64,
    after: After,
    entry: Option<Entry<'a>>,
}

impl<'a> Transfer<'a> {
    pub fn new(head: Vec<u8>, body: Body, after: After, entry: Option<Entry<'a>>) -> Transfer<'a> {
        Transfer { head, head_sent: 0, body, body_sent: 0, after, entry }
    }

    pub fn after(&self) -> After {
        self.after
    }

    /// Bytes of head and body sent so far.
    pub fn sent(&self) -> u64 {
        self.head_sent as u64 + self.body_sent
    }

    /// The head's buffer, to be used again once all is sent.
    pub fn take_head(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head)
    }

    /// The same transfer with copies of what it borrowed, for a connection that is put back.
    pub fn into_owned(mut self) -> Transfer<'static> {
        Transfer {
            head: std::mem::take(&mut self.head),
            head_sent: self.head_sent,
            body: std::mem::replace(&mut self.body, Body::Empty),
            body_sent: self.body_sent,
            after: self.after,
            entry: self.entry.take().map(Entry::into_owned),
        }
    }

    /// Sends what the socket takes, at most [`SENDFILE_BYTES_MAX`] of a file.
    ///
    /// With `blocking` it waits for the client within the bound of SO_SNDTIMEO.
    ///
    /// # Errors
    ///
    /// The socket's; and `UnexpectedEof` where the file has become shorter than was promised.
    pub fn push(&mut self, socket: &mut Socket, blocking: Blocking) -> io::Result<Pushed> {
        while self.head_sent < self.head.len()
            || matches!(self.body, Body::Text(_) | Body::Bytes(..))
        {
            match self.push_memory(socket, blocking)? {
                Pushed::Whole => {}
                pushed => return Ok(pushed),
            }
        }
        self.push_file(socket, blocking)
    }

    /// The rest of the head and, where the body is in memory, the rest of the body, in one call.
    fn push_memory(&mut self, socket: &Socket, blocking: Blocking) -> io::Result<Pushed> {
        let head_bytes = self.head.len();
        let more = matches!(self.body, Body::File(..));
        let body = match &self.body {
            Body::Text(text) => &text[self.body_sent as usize..],
            Body::Bytes(bytes, interval) => &bytes[interval.clone()],
            Body::Empty | Body::File(..) => b"",
        };
        let sent = if body.len() <= JOINED_BYTES_MAX {
            self.head.extend_from_slice(body);
            let sent = socket.send(&self.head[self.head_sent..], more, blocking);
            self.head.truncate(head_bytes);
            sent?
        } else {
            socket.send_both(&self.head[self.head_sent..], body, blocking)?
        };
        let Some(sent) = sent else {
            return Ok(Pushed::Blocked);
        };
        let of_head = sent.min(self.head.len() - self.head_sent);
        self.head_sent += of_head;
        self.note_body_sent(sent - of_head);
        Ok(Pushed::Whole)
    }

    fn push_file(&mut self, socket: &mut Socket, blocking: Blocking) -> io::Result<Pushed> {
        let Body::File(file, interval) = &self.body else {
            return Ok(Pushed::Whole);
        };
        let file = Arc::clone(file);
        let mut position = interval.start;
        let end = interval.end;
        let pause = end.min(position + SENDFILE_BYTES_MAX);
        while position < pause {
            let count = usize::try_from(pause - position).expect("a bounded count fits");
            match socket.send_file(&file, position, count, blocking)? {
                None => return Ok(Pushed::Blocked),
                Some(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the file has become shorter",
                    ));
                }
                Some(sent) => {
                    position += sent as u64;
                    self.note_body_sent(sent);
                    if blocking == Blocking::Yes && sent < count {
                        return Ok(Pushed::Blocked);
                    }
                }
            }
        }
        Ok(if position < end { Pushed::Paused } else { Pushed::Whole })
    }

    fn note_body_sent(&mut self, sent: usize) {
        self.body_sent += sent as u64;
        let done = match &mut self.body {
            Body::Empty => return,
            Body::Text(text) => self.body_sent == text.len() as u64,
            Body::Bytes(_, interval) => {
                interval.start += sent;
                interval.start == interval.end
            }
            Body::File(_, interval) => {
                interval.start += sent as u64;
                interval.start == interval.end
            }
        };
        if done {
            self.body = Body::Empty;
        }
    }
}

impl Drop for Transfer<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            entry.write(self.body_sent);
        }
    }
}
