//! A request's body on its way from the socket into an upload, and the upload put in its place.

use super::answer::{Reply, broke_off, entry};
use super::io::Io;
use super::state::{After, Body, Head, Next, State, WholeBody};
use crate::http::body::BodyReader;
use crate::http::request::Request;
use crate::http::status::Status;
use crate::limits::{BODY_RATE_MIN, RECEIVE_BYTES_MAX, UPLOAD_DESCRIPTORS};
use crate::server::access_log::Entry;
use crate::server::drained::Drained;
use crate::server::pace::Pace;
use crate::server::socket::{Blocking, Received, Sent, Socket};
use crate::server::tickets::Dear;
use crate::server::turn::{Buffers, Turn};
use crate::site::response::Response;
use crate::site::upload::Upload;
use std::io;
use std::ops::ControlFlow;

/// What a client that says `Expect: 100-continue` waits for (RFC 9110 §10.1.1). Only HTTP/1.1 has
/// interim responses, and only a request of HTTP/1.1 gets this one.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl Body {
    /// Begins to receive a body. `early` are the bytes received behind the head: the first of the
    /// body, or more.
    pub(super) fn begin(
        request: &Request,
        upload: Box<Upload>,
        early: &[u8],
        io: &mut Io,
        turn: &mut Turn,
        head: &mut Vec<u8>,
    ) -> Next {
        let reader = BodyReader::new(request.framing);
        let is_awaited = request.expects_continue() && early.is_empty() && !reader.is_whole();
        if is_awaited && let Err(error) = ask_for_body(&io.socket) {
            return broke_off(io, &error);
        }
        let mut body = Body {
            upload,
            reader,
            entry: entry(request, Status::Created, io, turn).map(Entry::into_owned),
            version: request.version,
            wants_persistence: request.wants_persistence(),
            pace: Pace::new(turn.clock.ticks()),
            _held: turn.descriptors().hold(UPLOAD_DESCRIPTORS as u64 - 1),
            unread: Vec::new(),
        };
        body.set_deadline(io, turn);
        match body.write(&mut early.to_vec(), turn) {
            Ok(()) => Next::Now(State::Body(Box::new(body))),
            Err(response) => body.refuse(response, io, turn, head),
        }
    }

    /// Takes what has arrived, about [`RECEIVE_BYTES_MAX`] at most in one turn.
    pub(super) fn go_on(
        mut self: Box<Self>,
        io: &mut Io,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) -> Next {
        let mut received = 0;
        while !self.reader.is_whole() {
            if received >= RECEIVE_BYTES_MAX {
                self.set_deadline(io, turn);
                return Next::GiveWay(State::Body(self));
            }
            let room = self.reader.bounded(buffers.input.len());
            match io.socket.recv(&mut buffers.input[..room], false) {
                Ok(Received::Bytes(count, _)) => {
                    received += count as u64;
                    if let Err(response) = self.write(&mut buffers.input[..count], turn) {
                        return self.refuse(response, io, turn, &mut buffers.head);
                    }
                }
                Ok(Received::WouldBlock(drained)) => {
                    self.set_deadline(io, turn);
                    return Next::Wait(State::Body(self), drained);
                }
                Ok(Received::End) => {
                    return broke_off(io, &io::ErrorKind::UnexpectedEof.into());
                }
                Err(error) => return broke_off(io, &error),
            }
        }
        WholeBody::queue(self, io, turn)
    }

    /// Writes the part of the body that is in `bytes`, and keeps what follows the body. The error
    /// is the answer that says why the rest is not wanted.
    fn write(&mut self, bytes: &mut [u8], turn: &Turn) -> Result<(), Response> {
        self.pace.note(bytes.len() as u64, turn.clock.ticks());
        let read = self.reader.read(bytes).map_err(|reject| {
            log::debug!("a body is refused: {}", reject.reason());
            turn.site.refuse(reject.status())
        })?;
        self.unread.extend_from_slice(&bytes[read.consumed..]);
        self.upload.write(&bytes[..read.data])
    }

    fn set_deadline(&self, io: &mut Io, turn: &Turn) {
        let deadline = self.pace.deadline(turn.settings().body_time, BODY_RATE_MIN);
        io.deadline = Some(deadline);
    }

    /// A body that has taken too long.
    pub(super) fn give_up(self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        let response = turn.site.refuse(Status::RequestTimeout);
        self.refuse(response, io, turn, &mut buffers.head)
    }

    /// Answers a request whose body will not be received to its end.
    fn refuse(self, response: Response, io: &mut Io, turn: &mut Turn, head: &mut Vec<u8>) -> Next {
        let entry = self.entry.map(|entry| entry.with_status(response.status));
        let version = self.version;
        let reply = Reply { version, response, is_head: false, after: After::Linger, entry };
        match reply.send(b"", io, turn, head) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(()) => Next::Close,
        }
    }
}

impl WholeBody {
    /// Puts the connection into the queue for ends of uploads. It has no deadline there.
    fn queue(body: Box<Body>, io: &mut Io, turn: &Turn) -> Next {
        io.deadline = None;
        let in_line = turn.queue(Dear::Change, io.number());
        Box::new(WholeBody { body, in_line }).wait_in_line()
    }

    fn wait_in_line(self: Box<Self>) -> Next {
        let drained = Drained::in_line(&self.in_line);
        Next::Wait(State::WholeBody(self), drained)
    }

    /// Puts the file in its place where it is its turn, and answers.
    pub(super) fn go_on(
        self: Box<Self>,
        io: &mut Io,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) -> Next {
        if !io.is_its_turn {
            return self.wait_in_line();
        }
        if !turn.is_for(Dear::Change) {
            // The news of its turn came while a worker that is not for changes owned it.
            return WholeBody::queue(self.body, io, turn);
        }
        let Body { upload, entry, version, wants_persistence, unread, .. } = *self.body;
        let response = upload.finish(turn.clock.now());
        turn.clock.look();
        let entry = entry.map(|entry| entry.with_status(response.status));
        let after = After::of(response.status, wants_persistence, !unread.is_empty(), turn);
        let reply = Reply { version, response, is_head: false, after, entry };
        match reply.send(&unread, io, turn, &mut buffers.head) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(()) => Next::GiveWay(State::Head(Head::with(unread))),
        }
    }
}

/// Tells a client to send its body that waits for this.
///
/// # Errors
///
/// Those of send(2). It is no error if the socket has no room: such a client waits for a while, and
/// then sends.
fn ask_for_body(socket: &Socket) -> io::Result<()> {
    match socket.send(CONTINUE, false, Blocking::No)? {
        Sent::WouldBlock(_) => Ok(()),
        Sent::Bytes(sent) if sent == CONTINUE.len() => Ok(()),
        Sent::Bytes(_) => Err(io::ErrorKind::WriteZero.into()),
    }
}
