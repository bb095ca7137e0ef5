//! One connection, from accept to close: a value with its socket, its state and its deadline.
//!
//! Each state is a file: a request's head is read (`head`), its body received (`body`), an
//! archive's contents are gathered (`archive`), an answer waits for its client (`answer`), and
//! after a last answer the connection lingers (`linger`). `state` defines them. To go on with a
//! state consumes it and returns the [`Next`] one.

mod answer;
mod archive;
mod body;
mod head;
mod io;
mod linger;
mod state;
#[cfg(all(test, not(loom)))]
mod tests;

use super::access_log::Lines;
use super::clock::Clock;
use super::drained::Drained;
use super::ready_set::Interest;
use super::shared::Shared;
use super::slot::News;
use super::socket::Socket;
use super::turn::{Buffers, Turn};
use super::yields::Yields;
use crate::limits::FRESH_TIME_MIN;
use io::Io;
use state::{Next, State};

/// One connection.
pub(super) struct Connection {
    io: Io,
    state: State,
}

/// What becomes of a connection after [`Connection::go_on`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits for news.
    Wait,
    /// It is over.
    Close,
}

impl Connection {
    /// A connection fresh from accept. The time for its first head begins now.
    pub(super) fn new(socket: Socket, clock: &Clock, shared: &Shared) -> Connection {
        Connection {
            io: Io {
                socket,
                interest: None,
                deadline: Some(clock.after(shared.settings.head_time)),
                rests_since: clock.after(FRESH_TIME_MIN),
                is_used: false,
                hung_up: false,
                has_come: false,
                is_plain: false,
                answered: 0,
                is_its_turn: false,
                _held: shared.descriptors.hold(1),
            },
            state: State::default(),
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.io.socket
    }

    /// When the connection will be late, in milliseconds of the server's clock.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.io.deadline
    }

    /// What is lost if it makes room for another connection, and from when on it can, in
    /// milliseconds of the server's clock. `None` if it cannot.
    pub(super) fn yields(&self) -> Option<(Yields, u64)> {
        match &self.state {
            State::Linger(_) => Some((Yields::Lingering, 0)),
            State::Head(head) => head.yields(&self.io),
            State::Body(_) | State::WholeBody(_) | State::Gather(_) | State::Answer(_) => None,
        }
    }

    /// Whether it waits between two requests, or for its first.
    pub(super) fn rests(&self) -> bool {
        matches!(self.yields(), Some((Yields::Resting, _)))
    }

    /// Does what can be done now, and returns when the connection has to wait or is over.
    ///
    /// What has arrived in time is answered before a late connection is given up.
    pub(super) fn go_on(&mut self, news: News, turn: &mut Turn, buffers: &mut Buffers) -> Fate {
        self.io.hung_up |= news.says(News::HUNG_UP);
        let was_plain = std::mem::replace(&mut self.io.is_plain, false);
        self.io.has_come = was_plain && news.says(News::READY);
        self.io.answered = 0;
        self.io.is_its_turn = news.says(News::DEAR);
        let mut state = std::mem::take(&mut self.state);
        loop {
            let next = state.go_on(&mut self.io, turn, buffers);
            let (waiting, drained) = match next {
                Next::Now(next) => {
                    state = next;
                    continue;
                }
                Next::Wait(waiting, drained) => (waiting, Some(drained)),
                Next::GiveWay(waiting) => (waiting, None),
                Next::Close => return Fate::Close,
            };
            if self.io.is_late(turn.clock) {
                log::debug!("{} is late", self.io.socket);
                match waiting.give_up(&mut self.io, turn, buffers) {
                    Next::Close => return Fate::Close,
                    Next::Now(next) | Next::Wait(next, _) | Next::GiveWay(next) => state = next,
                }
                continue;
            }
            self.state = waiting;
            return self.settle(drained, news, turn);
        }
    }

    /// Lets the connection wait. It is closed instead if it is to make room, or if it rests and the
    /// server is stopping. One that was never used has [`FRESH_TIME_MIN`] from accept on even then.
    fn settle(&mut self, drained: Option<Drained>, news: News, turn: &Turn) -> Fate {
        let yields = self.yields();
        let makes_room = |at: u64| news.says(News::MAKE_ROOM) && at <= turn.clock.ticks();
        if yields.is_some_and(|(_, at)| makes_room(at)) {
            return Fate::Close;
        }
        if turn.is_stopping() && self.rests() {
            // A client that has just connected is about to send its first request.
            let first_by = self.io.rests_since;
            if self.io.is_used || first_by <= turn.clock.ticks() {
                return Fate::Close;
            }
            self.io.deadline = self.io.deadline.map(|deadline| deadline.min(first_by));
        }
        match self.io.wait(self.state.interest(), drained, turn.ready()) {
            Ok(Drained { .. }) => Fate::Wait,
            Err(error) => {
                log::error!("epoll_ctl({}): {error}", self.io.socket);
                Fate::Close
            }
        }
    }

    /// Adds the line of an answer that is cut off to `lines`.
    pub(super) fn log_cut_off(&self, lines: &Lines) {
        if let State::Answer(answer) = &self.state {
            answer.log(lines);
        }
    }
}

impl State {
    fn go_on(self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        match self {
            State::Head(head) => head.go_on(io, turn, buffers),
            State::Body(body) => body.go_on(io, turn, buffers),
            State::WholeBody(body) => body.go_on(io, turn, buffers),
            State::Gather(gather) => gather.go_on(io, turn, buffers),
            State::Answer(answer) => answer.go_on(io, turn),
            State::Linger(linger) => linger.go_on(io, turn, buffers),
        }
    }

    /// Ends what has taken too long: a half-sent request is answered with 408, all else is closed.
    fn give_up(self, io: &mut Io, turn: &mut Turn, buffers: &mut Buffers) -> Next {
        match self {
            State::Head(head) => head.give_up(io, turn, buffers),
            State::Body(body) => (*body).give_up(io, turn, buffers),
            State::Gather(gather) => gather.give_up(io, turn),
            State::Answer(answer) => answer.give_up(turn),
            State::WholeBody(_) | State::Linger(_) => Next::Close,
        }
    }

    /// What the ready set is to tell of a connection that waits in this state.
    fn interest(&self) -> Interest {
        match self {
            State::Answer(_) => Interest::ReadableOrWritable,
            _ => Interest::Readable,
        }
    }
}
