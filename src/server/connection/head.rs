//! A request's head is read, and the request answered: the one place where bytes of a socket and a
//! response of the site meet.

use super::answer::{Reply, entry, refuse};
use super::io::Io;
use super::state::{After, Body, Gather, Head, Next, Queued, State};
use crate::http::method::Method;
use crate::http::request::{self, Parsed, Request};
use crate::http::status::Status;
use crate::limits::{FRESH_TIME_MIN, HEAD_BYTES_MAX, RETRY_TIME};
use crate::server::clock::milliseconds;
use crate::server::drained::Drained;
use crate::server::socket::Received;
use crate::server::tickets::Dear;
use crate::server::turn::{Buffers, Turn};
use crate::server::yields::Yields;
use crate::site::response::Response;
use crate::site::{self, Leave};
use std::io;
use std::ops::ControlFlow;

/// What came of a number of requests: what is left of the bytes, or what to do next.
type Answered = ControlFlow<Next, usize>;

impl Head {
    /// See [`Connection::yields`](super::Connection::yields).
    pub(super) fn yields(&self, io: &Io) -> Option<(Yields, u64)> {
        match (self.unread.is_empty(), self.judged == self.unread.len()) {
            (true, _) => Some((Yields::Resting, io.rests_since)),
            (false, true) => Some((Yields::HalfAHead, self.began + milliseconds(FRESH_TIME_MIN))),
            (false, false) => None,
        }
    }

    /// Bytes that its buffer has room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.unread.capacity()
    }

    /// Answers the requests that are there, receives what has arrived, and answers every whole
    /// request in it.
    pub(super) fn go_on(mut self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        let leave = match self.queued.take() {
            None => None,
            Some(queued) if !io.is_its_turn => return self.wait_in_line(queued),
            // The news of its turn came while a worker that is not for such work owned it.
            Some(queued) if !turn.is_for(dear(queued.leave)) => {
                return self.queue(queued.leave, io, turn);
            }
            Some(queued) if needs_memory(queued.leave) && turn.memory().is_short() => {
                return self.wait_for_memory(queued, io, turn);
            }
            Some(queued) => Some(queued.leave),
        };
        if self.lacks_descriptor {
            return Next::Wait(State::Head(self), Drained::until_deadline());
        }
        match self.answer_unread(leave, io, turn, buffers) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(head) => head.receive(io, turn, buffers),
        }
    }

    /// Answers the requests that were left behind an answer that had to wait, as if they had just
    /// come.
    fn answer_unread(
        self,
        leave: Option<Leave>,
        io: &mut Io,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) -> ControlFlow<Next, Head> {
        if self.judged == self.unread.len() {
            return ControlFlow::Continue(self);
        }
        let left = answer_all(&self.unread, leave, io, turn, &mut buffers.head)?;
        let beginning = &self.unread[self.unread.len() - left..];
        ControlFlow::Continue(Head::keeping(beginning, io, turn))
    }

    fn receive(mut self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        let is_gathering = !self.unread.is_empty();
        let received = match is_gathering {
            true => self.receive_more(io),
            false => io.socket.recv(&mut buffers.input, io.hung_up),
        };
        let (count, drained) = match received {
            Ok(Received::Bytes(count, drained)) => (count, drained),
            Ok(Received::WouldBlock(drained)) => return Next::Wait(State::Head(self), drained),
            Ok(Received::End) => return Next::Close,
            Err(error) => {
                log::debug!("recv({}): {error}", io.socket);
                return Next::Close;
            }
        };
        let answered = match is_gathering {
            true => self.answer_gathered(io, turn, buffers),
            false => answer_received(count, io, turn, buffers),
        };
        match (answered, drained) {
            (ControlFlow::Break(next), _) => next,
            (ControlFlow::Continue(head), Some(drained)) => Next::Wait(State::Head(head), drained),
            (ControlFlow::Continue(head), None) if turn.is_over() => {
                Next::GiveWay(State::Head(head))
            }
            (ControlFlow::Continue(head), None) => Next::Now(State::Head(head)),
        }
    }

    /// Receives behind the part of a head that is there. Its buffer grows in a few steps, so a head
    /// that comes byte by byte is copied no more often than that.
    fn receive_more(&mut self, io: &Io) -> io::Result<Received> {
        let length = self.unread.len();
        if length == self.unread.capacity() {
            self.unread.reserve_exact(buffer_bytes(length) - length);
        }
        io.socket.recv_onto(&mut self.unread, io.hung_up)
    }

    /// Answers what was gathered piece by piece, if the last piece completes it.
    fn answer_gathered(
        mut self,
        io: &mut Io,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) -> ControlFlow<Next, Head> {
        let length = self.unread.len();
        let left = match request::may_decide(&self.unread, self.judged) {
            true => answer_all(&self.unread, None, io, turn, &mut buffers.head)?,
            false => length,
        };
        if left < length {
            return ControlFlow::Continue(Head::keeping(&self.unread[length - left..], io, turn));
        }
        self.judged = length;
        ControlFlow::Continue(self)
    }

    /// Keeps the beginning of a head, which may be empty, until the rest has arrived. Its time
    /// starts with its first byte.
    fn keeping(beginning: &[u8], io: &mut Io, turn: &Turn) -> Head {
        if beginning.is_empty() {
            return Head::default();
        }
        if io.is_used {
            io.deadline = Some(turn.clock.after(turn.settings().head_time));
        }
        let mut unread = Vec::with_capacity(buffer_bytes(beginning.len()));
        unread.extend_from_slice(beginning);
        Head { unread, judged: beginning.len(), began: turn.clock.ticks(), ..Head::default() }
    }

    /// Puts the connection into the queue for such dear work. It has no deadline there.
    fn queue(self, leave: Leave, io: &mut Io, turn: &Turn) -> Next {
        io.deadline = None;
        let in_line = turn.queue(dear(leave), io.number());
        self.wait_in_line(Queued { leave, in_line })
    }

    fn wait_in_line(mut self, queued: Queued) -> Next {
        let drained = Drained::in_line(&queued.in_line);
        self.queued = Some(queued);
        Next::Wait(State::Head(self), drained)
    }

    /// Waits until connections hold fewer descriptors: when its deadline has passed, it tries
    /// again.
    fn wait_for_descriptor(self, io: &mut Io, turn: &Turn) -> Next {
        io.deadline = Some(turn.clock.after(RETRY_TIME));
        let head = Head { lacks_descriptor: true, ..self };
        Next::Wait(State::Head(head), Drained::until_deadline())
    }

    /// Waits until answers hold less memory: when its deadline has passed, it is queued anew.
    fn wait_for_memory(self, queued: Queued, io: &mut Io, turn: &Turn) -> Next {
        io.deadline = Some(turn.clock.after(RETRY_TIME));
        self.wait_in_line(queued)
    }

    /// A head that has taken too long gets 408, a connection without a byte of one is closed. A
    /// listing that had no memory is queued again.
    pub(super) fn give_up(mut self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        if let Some(queued) = self.queued.take() {
            return self.queue(queued.leave, io, turn);
        }
        if self.lacks_descriptor {
            io.deadline = None;
            return Next::GiveWay(State::Head(Head::with(self.unread)));
        }
        if self.unread.is_empty() {
            return Next::Close;
        }
        match refuse(Status::RequestTimeout, &self.unread, io, turn, &mut buffers.head) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(()) => Next::Close,
        }
    }
}

/// Answers what was received into the worker's buffer, and keeps what is left of it.
fn answer_received(
    count: usize,
    io: &mut Io,
    turn: &mut Turn,
    buffers: &mut Buffers,
) -> ControlFlow<Next, Head> {
    let Buffers { input, head } = buffers;
    let bytes = &input[..count];
    let left = answer_all(bytes, None, io, turn, head)?;
    io.is_plain = left == 0 && io.answered == 1;
    ControlFlow::Continue(Head::keeping(&bytes[count - left..], io, turn))
}

/// Bytes of the buffer for a head that did not come in one piece: enough for a trickle, for most
/// heads, and for all.
const BUFFER_BYTES: [usize; 3] = [512, 4096, HEAD_BYTES_MAX];

/// The size of the buffer for a head of which `length` bytes have come. There is always room for
/// more: a head of [`HEAD_BYTES_MAX`] bytes is refused.
fn buffer_bytes(length: usize) -> usize {
    BUFFER_BYTES.into_iter().find(|&bytes| bytes > length).unwrap_or(length + 1)
}

/// Answers the requests in `bytes` in order, and tells how many bytes of them are left: a part of a
/// head. `leave` lets the first of them have its dear work done in this turn.
fn answer_all(
    bytes: &[u8],
    leave: Option<Leave>,
    io: &mut Io,
    turn: &mut Turn,
    head: &mut Vec<u8>,
) -> Answered {
    let mut leave = leave;
    let mut rest = bytes;
    while !rest.is_empty() {
        match request::parse(rest) {
            Parsed::Partial => break,
            Parsed::Refused(reject) => {
                log::debug!("{}: refused: {}", io.socket, reject.reason());
                refuse(reject.status(), rest, io, turn, head)?;
            }
            Parsed::Complete { request, head_bytes } => {
                let is_dear = leave.is_some();
                let behind = &rest[head_bytes..];
                answer(&request, rest, behind, leave.take(), io, turn, head)?;
                rest = behind;
                io.answered += 1;
                io.has_come = false;
                if is_dear || !rest.is_empty() && turn.is_over() {
                    return ControlFlow::Break(Next::GiveWay(State::Head(Head::with(
                        rest.to_vec(),
                    ))));
                }
            }
        }
    }
    ControlFlow::Continue(rest.len())
}

/// Answers one request, begins to receive its body, or queues it for dear work. `unread` begins
/// with the request, `behind` with what follows its head.
fn answer(
    request: &Request,
    unread: &[u8],
    behind: &[u8],
    leave: Option<Leave>,
    io: &mut Io,
    turn: &mut Turn,
    head: &mut Vec<u8>,
) -> ControlFlow<Next> {
    if turn.descriptors().is_short() {
        return ControlFlow::Break(Head::with(unread.to_vec()).wait_for_descriptor(io, turn));
    }
    let conditions = turn.conditions(io.has_come, leave);
    match turn.site.begin(request, conditions) {
        site::Answer::Response(response) => {
            reply(request, response, behind, io, turn).send(behind, io, turn, head)
        }
        site::Answer::Unlogged(response) => {
            let reply = reply(request, response, behind, io, turn);
            Reply { entry: None, ..reply }.send(behind, io, turn, head)
        }
        site::Answer::Upload(upload) => {
            ControlFlow::Break(Body::begin(request, upload, behind, io, turn, head))
        }
        site::Answer::Archive(gathering) => {
            ControlFlow::Break(Gather::begin(request, gathering, behind, io, turn))
        }
        site::Answer::Again => {
            ControlFlow::Break(Next::GiveWay(State::Head(Head::with(unread.to_vec()))))
        }
        site::Answer::Dear(leave) => {
            ControlFlow::Break(Head::with(unread.to_vec()).queue(leave, io, turn))
        }
    }
}

/// The kind of dear work that a request has asked leave for.
fn dear(leave: Leave) -> Dear {
    match leave {
        Leave::Listing(_) => Dear::Listing,
        Leave::Change => Dear::Change,
        Leave::Hash => Dear::Hash,
    }
}

/// Whether the work makes an answer that may have to be held in memory.
fn needs_memory(leave: Leave) -> bool {
    matches!(leave, Leave::Listing(_))
}

/// The reply to a request whose body, if it has one, is not wanted.
fn reply<'a>(
    request: &Request<'a>,
    response: Response,
    behind: &[u8],
    io: &Io,
    turn: &Turn,
) -> Reply<'a> {
    let has_body = request.framing.has_body();
    let wants_persistence = request.wants_persistence() && !has_body;
    let sends_more = has_body || !behind.is_empty();
    Reply {
        version: request.version,
        after: After::of(response.status, wants_persistence, sends_more, turn),
        entry: entry(request, response.status, io, turn),
        is_head: request.method == Method::Head,
        response,
    }
}
