//! A request's body on its way from the socket into an upload.

use super::access_log::Entry;
use super::clock::{Clock, milliseconds};
use super::settings::Settings;
use super::socket::{Blocking, Socket};
use super::worker::Worker;
use crate::http::request::Request;
use crate::limits::{BODY_RATE_MIN, RECEIVE_BYTES_MAX};
use crate::site::response::Response;
use crate::site::upload::Upload;
use std::io;

/// What a client waits for that says `Expect: 100-continue` (RFC 9110 §10.1.1). Only HTTP/1.1 knows
/// interim responses, so this one names the version of the client, who has said that it speaks it.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A body that is being received.
pub struct Receiving {
    upload: Box<Upload>,
    entry: Option<Entry<'static>>,
    wants_persistence: bool,
    /// In milliseconds of the server's clock, as the next.
    since: u64,
    last_received: u64,
    /// Bytes of the body so far.
    received: u64,
}

/// How far a body came.
pub enum Received {
    /// All of it is there.
    Whole,
    /// There is no more now.
    Blocked,
    /// There may be more, but others should have their turn.
    Paused,
    /// No more is wanted, for the reason that the response gives.
    Refused(Response),
}

impl Receiving {
    /// `entry` is for the answer, whatever it will be.
    pub fn new(
        upload: Box<Upload>,
        request: &Request,
        entry: Option<Entry<'_>>,
        clock: &Clock,
    ) -> Receiving {
        Receiving {
            upload,
            entry: entry.map(Entry::into_owned),
            wants_persistence: request.wants_persistence(),
            since: clock.ticks(),
            last_received: clock.ticks(),
            received: 0,
        }
    }

    /// Tells a client to send its body that waits for this. `early` is what it has sent already: it
    /// does not wait then.
    ///
    /// # Errors
    ///
    /// The socket's. A socket that has no room at all is none: such a client waits for a while, and
    /// then sends.
    pub fn ask_for_body(&self, request: &Request, early: &[u8], socket: &Socket) -> io::Result<()> {
        if !request.expects_continue() || !early.is_empty() || self.upload.remaining() == 0 {
            return Ok(());
        }
        match socket.send(CONTINUE, false, Blocking::No)? {
            None => Ok(()),
            Some(sent) if sent == CONTINUE.len() => Ok(()),
            Some(_) => Err(io::ErrorKind::WriteZero.into()),
        }
    }

    /// Receives what has arrived, first of all in `unread`, at most [`RECEIVE_BYTES_MAX`] and never
    /// more than the body.
    ///
    /// # Errors
    ///
    /// The socket's; `UnexpectedEof` where the client has ended within the body.
    pub fn receive(
        &mut self,
        unread: &mut Vec<u8>,
        socket: &Socket,
        worker: &mut Worker,
    ) -> io::Result<Received> {
        let early = unread.drain(..self.bounded(unread.len()));
        let mut written = self.write(early.as_slice(), &worker.clock);
        drop(early);
        let pause = self.received.saturating_add(RECEIVE_BYTES_MAX);
        while written.is_ok() && self.upload.remaining() > 0 && self.received < pause {
            let room = self.bounded(worker.input.len());
            match socket.recv(&mut worker.input[..room])? {
                None => return Ok(Received::Blocked),
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(count) => written = self.write(&worker.input[..count], &worker.clock),
            }
        }
        Ok(match (written, self.upload.remaining()) {
            (Err(response), _) => Received::Refused(response),
            (Ok(()), 0) => Received::Whole,
            (Ok(()), _) => Received::Paused,
        })
    }

    /// `count`, or what is left of the body where that is less.
    fn bounded(&self, count: usize) -> usize {
        usize::try_from(self.upload.remaining()).map_or(count, |remaining| remaining.min(count))
    }

    fn write(&mut self, bytes: &[u8], clock: &Clock) -> Result<(), Response> {
        if !bytes.is_empty() {
            self.last_received = clock.ticks();
            self.received += bytes.len() as u64;
        }
        self.upload.write(bytes)
    }

    /// Until when more of the body must have come: [`Settings::body_time`] after the last byte, and
    /// no later than all bytes so far have earned at [`BODY_RATE_MIN`].
    pub fn deadline(&self, settings: &Settings) -> u64 {
        let body_time = milliseconds(settings.body_time);
        let earned = self.received.saturating_mul(1000) / BODY_RATE_MIN;
        let without_pause = self.last_received.saturating_add(body_time);
        let on_average = self.since.saturating_add(body_time).saturating_add(earned);
        without_pause.min(on_average)
    }

    /// Whether the client wants the connection to persist.
    pub fn wants_persistence(&self) -> bool {
        self.wants_persistence
    }

    /// Ends the upload, which drops its file.
    pub fn give_up(self) -> Option<Entry<'static>> {
        self.entry
    }

    /// Ends the upload whose body is whole, and returns its response.
    ///
    /// The disk may take its time, and so it may pass this worker's ticket on as to block on a
    /// client would.
    pub fn finish(self, worker: &mut Worker) -> (Response, Option<Entry<'static>>) {
        worker.may_block();
        let response = self.upload.finish(worker.clock.now());
        worker.clock.look();
        (response, self.entry)
    }
}
