//! What is in an archive is found out, a turn at a time, and the archive answered.

use super::answer::{Reply, entry};
use super::io::Io;
use super::state::{After, Gather, Head, Next, State};
use crate::http::method::Method;
use crate::http::request::Request;
use crate::http::status::Status;
use crate::limits::RETRY_TIME;
use crate::server::access_log::Entry;
use crate::server::drained::{Drained, InLine};
use crate::server::tickets::Dear;
use crate::server::turn::{Buffers, Turn};
use crate::site::archive::Gathering;
use crate::site::response::Response;
use std::ops::ControlFlow;

impl Gather {
    /// Puts the connection into the queue for archives. `behind` is what follows the request's
    /// head.
    pub(super) fn begin(
        request: &Request,
        gathering: Box<Gathering>,
        behind: &[u8],
        io: &mut Io,
        turn: &Turn,
    ) -> Next {
        let has_body = request.framing.has_body();
        let gather = Gather {
            gathering,
            has_begun: false,
            entry: entry(request, Status::Ok, io, turn).map(Entry::into_owned),
            version: request.version,
            is_head: request.method == Method::Head,
            wants_persistence: request.wants_persistence() && !has_body,
            sends_more: has_body || !behind.is_empty(),
            unread: behind.to_vec(),
            in_line: InLine::queued(),
        };
        Box::new(gather).queue(io, turn)
    }

    /// Puts the connection into the queue: to the front if it has begun, so that no more archives
    /// are in the making than workers make them. Nothing is asked of its client meanwhile.
    fn queue(mut self: Box<Self>, io: &mut Io, turn: &Turn) -> Next {
        io.deadline = None;
        self.in_line = match self.has_begun {
            true => turn.queue_first(Dear::Archive, io.number()),
            false => turn.queue(Dear::Archive, io.number()),
        };
        self.wait_in_line()
    }

    fn wait_in_line(self: Box<Self>) -> Next {
        let drained = Drained::in_line(&self.in_line);
        Next::Wait(State::Gather(self), drained)
    }

    /// Goes on for one turn, if this is its turn.
    pub(super) fn go_on(
        mut self: Box<Self>,
        io: &mut Io,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) -> Next {
        if !io.is_its_turn {
            return self.wait_in_line();
        }
        if !turn.is_for(Dear::Archive) {
            // It was told of its turn while another worker than that for archives owned it.
            return self.queue(io, turn);
        }
        if !self.has_begun && turn.memory().is_short() {
            // When its deadline has passed, it is queued anew.
            io.deadline = Some(turn.clock.after(RETRY_TIME));
            return self.wait_in_line();
        }
        self.has_begun = true;
        loop {
            if let Some(response) = self.gathering.step() {
                // The files that are to be sent may be slow.
                turn.end_dear_work();
                turn.clock.look();
                return self.answer(response, io, turn, buffers);
            }
            if turn.is_over() {
                return self.queue(io, turn);
            }
        }
    }

    /// The deadline has passed of one that had no memory.
    pub(super) fn give_up(self: Box<Self>, io: &mut Io, turn: &Turn) -> Next {
        self.queue(io, turn)
    }

    fn answer(
        self,
        response: Response,
        io: &mut Io,
        turn: &mut Turn,
        buffers: &mut Buffers,
    ) -> Next {
        let Gather { entry, version, is_head, unread, .. } = self;
        let entry = entry.map(|entry| entry.with_status(response.status));
        let after = After::of(response.status, self.wants_persistence, self.sends_more, turn);
        let reply = Reply { version, response, is_head, after, entry };
        match reply.send(&unread, io, turn, &mut buffers.head) {
            ControlFlow::Break(next) => next,
            ControlFlow::Continue(()) => Next::GiveWay(State::Head(Head::with(unread))),
        }
    }
}
