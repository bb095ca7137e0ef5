//! An answer: sent at once where the socket takes it, else a state that waits for its client.

use super::io::Io;
use super::state::{After, Answer, Head, Linger, Next, State};
use crate::http::request::{self, Request};
use crate::http::response::write_head;
use crate::http::status::Status;
use crate::http::version::Version;
use crate::limits::{STAY_TIME, WRITE_RATE_MIN};
use crate::os::listening::LIMITS_WRITE_TIME;
use crate::server::access_log::{Entry, Lines};
use crate::server::clock::milliseconds;
use crate::server::pace::Pace;
use crate::server::socket::{Blocking, Peer};
use crate::server::transfer::{Pushed, Transfer};
use crate::server::turn::Turn;
use crate::site::response::{Body, Response};
use std::io;
use std::ops::ControlFlow;
use std::time::Instant;

/// A response, and all that its sending depends on beside it.
pub(super) struct Reply<'a> {
    /// The version that the request said.
    pub version: Version,
    pub response: Response,
    /// Whether the body is left out, because a HEAD is answered.
    pub is_head: bool,
    pub after: After,
    /// For the access log.
    pub entry: Option<Entry<'a>>,
}

impl After {
    /// What becomes of the connection after an answer with `status`; `sends_more` says that the
    /// client has sent more than the request that it answers.
    pub(super) fn of(
        status: Status,
        wants_persistence: bool,
        sends_more: bool,
        turn: &Turn,
    ) -> After {
        let persists = wants_persistence
            && !status.closes_connection()
            && !turn.settings().idle_time.is_zero()
            && !turn.is_leaving();
        match (persists, sends_more || status.closes_connection()) {
            (true, _) => After::Persist,
            (false, true) => After::Linger,
            (false, false) => After::Close,
        }
    }
}

impl Reply<'_> {
    /// Sends the reply, or as much of it as the socket takes. `Continue` says that all is sent and
    /// that the next request may come; `unread` are the bytes received of it.
    pub(super) fn send(
        self,
        unread: &[u8],
        io: &mut Io,
        turn: &mut Turn,
        head: &mut Vec<u8>,
    ) -> ControlFlow<Next> {
        let Response { status, fields, body } = self.response;
        head.clear();
        let length = status.may_have_body().then(|| body.length());
        let persists = self.after == After::Persist;
        write_head(head, self.version, status, &fields, length, persists, turn.clock.date());
        let body = if self.is_head { Body::Empty } else { body };
        let mut transfer = Transfer::new(head, body);
        match transfer.push(&mut io.socket, Blocking::No) {
            Ok(Pushed::Whole) => {
                turn.log(self.entry.as_ref(), transfer.body_sent());
                self.after.go_on(io, turn)
            }
            Ok(pushed) => {
                let transfer = transfer.into_owned();
                let answer = Answer {
                    _held: [
                        turn.memory().hold(transfer.held_bytes()),
                        turn.descriptors().hold(transfer.held_descriptors()),
                    ],
                    pace: Pace::new(turn.clock.ticks()),
                    transfer,
                    after: self.after,
                    entry: self.entry.map(Entry::into_owned),
                    is_slow: false,
                    unread: unread.to_vec(),
                };
                ControlFlow::Break(Box::new(answer).after_push(pushed, io, turn))
            }
            Err(error) => {
                turn.log(self.entry.as_ref(), transfer.body_sent());
                ControlFlow::Break(broke_off(io, &error))
            }
        }
    }
}

/// Answers bytes that are no request, or no whole one in time, and ends the connection so that the
/// client can read why. `bytes` are all that was received.
pub(super) fn refuse(
    status: Status,
    bytes: &[u8],
    io: &mut Io,
    turn: &mut Turn,
    head: &mut Vec<u8>,
) -> ControlFlow<Next> {
    let line = request::first_line(bytes);
    let reply = Reply {
        version: request::version_of_refused(bytes),
        response: turn.site.refuse(status),
        // A refused HEAD is a HEAD all the same: its client expects no body (RFC 9110 §9.3.2).
        is_head: line.starts_with(b"HEAD "),
        after: After::Linger,
        entry: Entry::of_refused(line, io.socket.peer(), turn.clock.date(), status),
    };
    reply.send(b"", io, turn, head)
}

/// The entry of a request that gets `status`.
pub(super) fn entry<'a>(
    request: &Request<'a>,
    status: Status,
    io: &Io,
    turn: &Turn,
) -> Option<Entry<'a>> {
    let proxies = &turn.settings().trusted_proxies;
    let entry = Entry::of(request, io.socket.peer(), proxies, turn.clock.date(), status)?;
    Some(entry.with_user(turn.site.user(request, turn.clock.now())))
}

/// The end of a connection whose answer or body cannot be finished. The head may already be sent,
/// so nothing else can be said.
pub(super) fn broke_off(io: &Io, error: &io::Error) -> Next {
    log::debug!("{}: broke off: {error}", io.socket);
    Next::Close
}

impl Answer {
    /// Bytes of the requests behind it.
    #[cfg(test)]
    pub(super) fn unread_bytes(&self) -> usize {
        self.unread.len()
    }

    /// Goes on with an answer for which there may be room now.
    pub(super) fn go_on(mut self: Box<Self>, io: &mut Io, turn: &mut Turn) -> Next {
        let before = self.transfer.sent();
        match self.transfer.push(&mut io.socket, Blocking::No) {
            Ok(pushed) => {
                self.pace.note(self.transfer.sent() - before, turn.clock.ticks());
                self.after_push(pushed, io, turn)
            }
            Err(error) => self.break_off(io, turn, &error),
        }
    }

    /// Goes on after a push that did not block. If a spare takes this worker's ticket, stays with a
    /// client that keeps up; otherwise lets the connection wait.
    fn after_push(mut self: Box<Self>, pushed: Pushed, io: &mut Io, turn: &mut Turn) -> Next {
        let mut pushed = pushed;
        if matches!(pushed, Pushed::Blocked(_)) && !self.is_slow && turn.may_block() {
            let before = self.transfer.sent();
            let blocked = self.push_blocking(io);
            turn.clock.look();
            self.pace.note(self.transfer.sent() - before, turn.clock.ticks());
            match blocked {
                Ok(now) => pushed = now,
                Err(error) => return self.break_off(io, turn, &error),
            }
        }
        io.deadline = Some(self.deadline(io.socket.peer(), turn));
        match pushed {
            Pushed::Whole => self.end(io, turn),
            Pushed::Blocked(drained) => Next::Wait(State::Answer(self), drained),
            Pushed::Paused | Pushed::Slow => Next::GiveWay(State::Answer(self)),
        }
    }

    /// Stays with a client that keeps up, for [`STAY_TIME`] at most. One that does not is not
    /// waited for again.
    fn push_blocking(&mut self, io: &mut Io) -> io::Result<Pushed> {
        let began = Instant::now();
        loop {
            match self.transfer.push(&mut io.socket, Blocking::Yes)? {
                Pushed::Paused if began.elapsed() < STAY_TIME => {}
                pushed => {
                    self.is_slow = matches!(pushed, Pushed::Blocked(_) | Pushed::Slow);
                    return Ok(pushed);
                }
            }
        }
    }

    /// Until when the answer must have come further.
    ///
    /// TCP_USER_TIMEOUT notices a client that takes nothing at all, since only TCP knows what was
    /// acknowledged. A Unix socket has no such option, and a small buffer, so there the deadline
    /// notices it.
    fn deadline(&self, peer: Peer, turn: &Turn) -> u64 {
        let write_time = turn.settings().write_time;
        match peer {
            Peer::Inet(_) if LIMITS_WRITE_TIME => self.pace.on_average(write_time, WRITE_RATE_MIN),
            Peer::Inet(_) | Peer::Unix => self.pace.deadline(write_time, WRITE_RATE_MIN),
        }
    }

    /// All is sent. The time until the next request begins now, not with the turn.
    fn end(self: Box<Self>, io: &mut Io, turn: &mut Turn) -> Next {
        self.log(turn.lines());
        match self.after.go_on(io, turn) {
            ControlFlow::Continue(()) => Next::Now(State::Head(Head::with(self.unread))),
            ControlFlow::Break(next) => next,
        }
    }

    fn break_off(self: Box<Self>, io: &Io, turn: &Turn, error: &io::Error) -> Next {
        self.log(turn.lines());
        broke_off(io, error)
    }

    pub(super) fn give_up(self: Box<Self>, turn: &Turn) -> Next {
        self.log(turn.lines());
        Next::Close
    }

    /// Adds the answer's line, as far as it has come.
    pub(super) fn log(&self, lines: &Lines) {
        if let Some(entry) = &self.entry {
            lines.push(entry, self.transfer.body_sent());
        }
    }
}

impl After {
    /// What follows a whole answer. `Continue` says that the next request may come.
    fn go_on(self, io: &mut Io, turn: &Turn) -> ControlFlow<Next> {
        match self {
            After::Close => ControlFlow::Break(Next::Close),
            After::Linger => ControlFlow::Break(Linger::begin(io, turn)),
            After::Persist => {
                // The disk may have taken its time since the turn began.
                let now = turn.clock.ticks_now();
                io.is_used = true;
                io.rests_since = now;
                let idle_time = milliseconds(turn.settings().idle_time);
                io.deadline = Some(now.saturating_add(idle_time));
                ControlFlow::Continue(())
            }
        }
    }
}
