//! One connection, from accept to close: a value with its socket, its unread bytes, its state and
//! its deadline.
//!
//! [`Connection::go_on`] does all that can be done now and returns when the connection has to wait.
//! It is the one place where bytes of a socket and a response of the site meet: read, parse, ask
//! the site, send.

use super::access_log::{self, Entry};
use super::clock::Clock;
use super::ready_set::{Interest, ReadySet};
use super::receiving::{Received, Receiving};
use super::sending::Sending;
use super::settings::Settings;
use super::socket::{Blocking, Socket};
use super::table::News;
use super::transfer::{After, Pushed, Transfer};
use super::worker::Worker;
use crate::http::request::{self, Method, Parsed, Request};
use crate::http::response::{Status, write_head};
use crate::limits::{FRESH_TIME_MIN, LINGER_BYTES_MAX};
use crate::site::Answer;
use crate::site::response::{Body, Response};
use crate::site::upload::Upload;
use std::io;
use std::mem;

/// One connection.
pub struct Connection {
    socket: Socket,
    state: State,
    /// Bytes received and not yet answered: a part of a head, or requests behind an answer that
    /// waits.
    unread: Vec<u8>,
    /// How many of the unread bytes the parser has judged to be a good beginning.
    judged: usize,
    /// In milliseconds of the server's clock.
    deadline: u64,
    /// When the last request was answered, or the connection accepted.
    resting_since: u64,
    /// Whether an answer has been sent on it.
    is_used: bool,
    /// Whether the kernel has told that the client ended its side.
    hung_up: bool,
    /// What the ready set is to tell of it.
    interest: Interest,
    /// Whether it is in the ready set.
    is_watched: bool,
}

/// What the connection waits for, or could go on with.
enum State {
    /// A request, or the rest of its head.
    Reading,
    /// The rest of a request's body.
    Receiving(Box<Receiving>),
    /// Room in the socket for the rest of an answer.
    Sending(Box<Sending>),
    /// The client's end, after an answer that ends the connection.
    Lingering { drained: u64 },
}

/// What becomes of a connection after [`Connection::go_on`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits for news.
    Wait,
    /// It is over.
    Close,
}

/// What to do next with a connection.
enum Step {
    GoOn,
    Wait,
    /// Wait, though there may be more to do at once: others have their turn first.
    GiveWay,
    Close,
}

impl Connection {
    /// A connection fresh from accept.
    pub fn new(socket: Socket, clock: &Clock, settings: &Settings) -> Connection {
        Connection {
            socket,
            state: State::Reading,
            unread: Vec::new(),
            judged: 0,
            deadline: clock.after(settings.head_time),
            resting_since: clock.after(FRESH_TIME_MIN),
            is_used: false,
            hung_up: false,
            interest: Interest::Readable,
            is_watched: false,
        }
    }

    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Puts the connection into the ready set, which tells at once what it is ready for.
    ///
    /// # Errors
    ///
    /// Those of [`ReadySet::add`].
    pub fn watch(&mut self, ready: &ReadySet) -> io::Result<()> {
        self.is_watched = true;
        ready.add(&self.socket, self.socket.number(), self.interest)
    }

    /// When the connection will be late, in milliseconds of the server's clock.
    pub fn deadline(&self) -> u64 {
        self.deadline
    }

    /// Since when it has been resting, without a byte of a request: from then on it may make room
    /// for another. `None` where it does not rest. A connection that was never used begins to rest
    /// only after [`FRESH_TIME_MIN`].
    pub fn resting_since(&self) -> Option<u64> {
        let rests = matches!(self.state, State::Reading) && self.unread.is_empty();
        rests.then_some(self.resting_since)
    }

    /// Does what can be done now. Blocks on the client only with the worker's leave.
    ///
    /// Who is late gets what has arrived in time before it is given up.
    pub fn go_on(&mut self, news: News, worker: &mut Worker) -> Fate {
        self.hung_up |= news.says(News::HUNG_UP);
        let mut fate = self.go_on_until_it_waits(worker);
        if fate == Fate::Wait && news.says(News::LATE) && self.deadline <= worker.clock.ticks() {
            fate = self.give_up(worker);
        }
        match fate {
            Fate::Wait if self.should_leave(news, worker) => Fate::Close,
            fate => fate,
        }
    }

    fn go_on_until_it_waits(&mut self, worker: &mut Worker) -> Fate {
        loop {
            let step = match self.state {
                State::Reading => self.read(worker),
                State::Receiving(_) => self.receive(worker),
                State::Sending(_) => self.send(worker),
                State::Lingering { .. } => self.linger(worker),
            };
            match step {
                Step::GoOn => {}
                Step::Wait => return Fate::Wait,
                Step::GiveWay => return self.renew(worker),
                Step::Close => return Fate::Close,
            }
        }
    }

    /// Whether a connection that waits is closed, to make room or because the server stops: only
    /// where it rests.
    fn should_leave(&self, news: News, worker: &Worker) -> bool {
        let rests = self.resting_since();
        worker.is_stopping() && rests.is_some()
            || news.says(News::MAKE_ROOM)
                && rests.is_some_and(|since| since <= worker.clock.ticks())
    }

    /// Ends what has taken too long. A half-sent request is answered with 408; all else is closed.
    fn give_up(&mut self, worker: &mut Worker) -> Fate {
        log::debug!("{} is late", self.socket);
        let step = match self.state {
            State::Reading if !self.unread.is_empty() => {
                let head = mem::take(&mut self.unread);
                self.refuse(Status::RequestTimeout, &head, worker)
            }
            State::Receiving(_) => {
                self.refuse_body(worker.site().refuse(Status::RequestTimeout), worker)
            }
            _ => Step::Close,
        };
        match step {
            Step::Close => Fate::Close,
            _ => self.go_on_until_it_waits(worker),
        }
    }

    /// Receives what has arrived, and answers every whole request in it.
    fn read(&mut self, worker: &mut Worker) -> Step {
        let mut input = mem::take(&mut worker.input);
        let step = self.read_into(&mut input, worker);
        worker.input = input;
        step
    }

    fn read_into(&mut self, input: &mut [u8], worker: &mut Worker) -> Step {
        let kept = self.unread.len();
        input[..kept].copy_from_slice(&self.unread);
        if self.judged < kept {
            // Left behind an answer that had to wait: to be taken as if it came now.
            self.unread = Vec::new();
            return or_go_on(self.answer_all(&input[..kept], worker));
        }
        match self.socket.recv(&mut input[kept..]) {
            Ok(Some(0)) => Step::Close,
            Ok(None) => Step::Wait,
            Ok(Some(received)) => {
                let filled = kept + received;
                let step = self.answer_all(&input[..filled], worker);
                // Less than the buffer holds was all there was (epoll(7)); only the client's end
                // can be behind it.
                match step {
                    Step::Wait if filled == input.len() => Step::GiveWay,
                    Step::Wait if self.hung_up => Step::GoOn,
                    step => step,
                }
            }
            Err(error) => {
                log::debug!("recv({}): {error}", self.socket);
                Step::Close
            }
        }
    }

    /// Answers the requests in `bytes` in order, and keeps what is left of them.
    fn answer_all(&mut self, bytes: &[u8], worker: &mut Worker) -> Step {
        let mut judged = mem::take(&mut self.judged);
        let mut rest = bytes;
        while !rest.is_empty() {
            if judged > 0 && !request::may_decide(rest, judged) {
                break;
            }
            judged = 0;
            match request::parse(rest) {
                Parsed::Partial => break,
                Parsed::Refused(reject) => {
                    log::debug!("{}: refused: {}", self.socket, reject.reason());
                    return self.refuse(reject.status(), rest, worker);
                }
                Parsed::Complete { request, head_bytes } => {
                    rest = &rest[head_bytes..];
                    match self.answer(&request, rest, worker) {
                        Step::Wait => self.unread = Vec::new(),
                        step => {
                            self.unread = rest.to_vec();
                            return step;
                        }
                    }
                }
            }
        }
        self.keep(rest, worker);
        Step::Wait
    }

    /// Keeps the beginning of a head until the rest has arrived. Its time starts with its first
    /// byte.
    fn keep(&mut self, beginning: &[u8], worker: &Worker) {
        if self.is_used && self.unread.is_empty() && !beginning.is_empty() {
            self.deadline = worker.clock.after(worker.settings().head_time);
        }
        self.unread = beginning.to_vec();
        self.judged = beginning.len();
    }

    /// Answers one request, or begins to receive its body. `Step::Wait` says that the next one may
    /// come.
    fn answer(&mut self, request: &Request, rest: &[u8], worker: &mut Worker) -> Step {
        match worker.site().begin(request, worker.clock.now()) {
            Answer::Response(response) => self.answer_at_once(request, response, rest, worker),
            Answer::Upload(upload) => self.start_to_receive(request, upload, rest, worker),
        }
    }

    /// Answers a request whose body, if it has one, is not wanted.
    fn answer_at_once(
        &mut self,
        request: &Request,
        response: Response,
        rest: &[u8],
        worker: &mut Worker,
    ) -> Step {
        let has_body = request.content_length.is_some_and(|length| length > 0);
        let wants_persistence = request.wants_persistence() && !has_body;
        let sends_more = has_body || !rest.is_empty();
        let after = after(response.status, wants_persistence, sends_more, worker);
        let entry = Entry::of(request, self.socket.peer(), worker.clock.date(), response.status);
        self.respond(response, request.method == Method::Head, after, entry, worker)
    }

    /// Answers what is no request, or not in time, and ends the connection so that the client can
    /// read why.
    fn refuse(&mut self, status: Status, bytes: &[u8], worker: &mut Worker) -> Step {
        let line = request::first_line(bytes);
        let entry = Entry::of_refused(line, self.socket.peer(), worker.clock.date(), status);
        let response = worker.site().refuse(status);
        // A refused HEAD is a HEAD all the same: its client expects no body (RFC 9110 §9.3.2).
        let is_head = line.starts_with(b"HEAD ");
        self.respond(response, is_head, After::Linger, entry, worker)
    }

    /// Begins with a body, whose first bytes may be in `rest`.
    fn start_to_receive(
        &mut self,
        request: &Request,
        upload: Box<Upload>,
        rest: &[u8],
        worker: &mut Worker,
    ) -> Step {
        let (peer, date) = (self.socket.peer(), worker.clock.date());
        let entry = Entry::of(request, peer, date, Status::Created);
        let receiving = Receiving::new(upload, request, entry, &worker.clock);
        if let Err(error) = receiving.ask_for_body(request, rest, &self.socket) {
            return self.broke_off(&error);
        }
        self.deadline = receiving.deadline(worker.settings());
        self.state = State::Receiving(Box::new(receiving));
        if self.is_watched {
            Step::GoOn
        } else {
            // To write a file takes its time, and the accept loop has to accept.
            self.come_back_for_room()
        }
    }

    /// Goes on with a body, and answers its request once it is whole.
    fn receive(&mut self, worker: &mut Worker) -> Step {
        let State::Receiving(receiving) = &mut self.state else {
            return Step::GoOn;
        };
        let received = receiving.receive(&mut self.unread, &self.socket, worker);
        self.deadline = receiving.deadline(worker.settings());
        match received {
            Ok(Received::Whole) => self.answer_upload(worker),
            Ok(Received::Blocked) => Step::Wait,
            Ok(Received::Paused) => Step::GiveWay,
            Ok(Received::Refused(response)) => self.refuse_body(response, worker),
            Err(error) => self.broke_off(&error),
        }
    }

    fn answer_upload(&mut self, worker: &mut Worker) -> Step {
        let State::Receiving(receiving) = mem::replace(&mut self.state, State::Reading) else {
            return Step::GoOn;
        };
        let wants_persistence = receiving.wants_persistence();
        let (response, entry) = receiving.finish(worker);
        let entry = entry.map(|entry| entry.with_status(response.status));
        let sends_more = !self.unread.is_empty();
        let after = after(response.status, wants_persistence, sends_more, worker);
        or_go_on(self.respond(response, false, after, entry, worker))
    }

    /// Answers a request whose body will not be received to its end.
    fn refuse_body(&mut self, response: Response, worker: &mut Worker) -> Step {
        let State::Receiving(receiving) = mem::replace(&mut self.state, State::Reading) else {
            return Step::GoOn;
        };
        let entry = receiving.give_up();
        let entry = entry.map(|entry| entry.with_status(response.status));
        self.respond(response, false, After::Linger, entry, worker)
    }

    /// Sends a response, or as much of it as the socket takes.
    fn respond(
        &mut self,
        response: Response,
        leaves_body_unsent: bool,
        after: After,
        entry: Option<Entry<'_>>,
        worker: &mut Worker,
    ) -> Step {
        let Response { status, fields, body } = response;
        let mut head = mem::take(&mut worker.head);
        head.clear();
        let length = status.may_have_body().then(|| body.length());
        write_head(
            &mut head,
            status,
            &fields,
            length,
            after == After::Persist,
            worker.clock.date(),
        );
        let body = if leaves_body_unsent { Body::Empty } else { body };
        let mut transfer = Transfer::new(head, body, after, entry);
        match transfer.push(&mut self.socket, Blocking::No) {
            Ok(Pushed::Whole) => {
                worker.head = transfer.take_head();
                drop(transfer);
                self.go_on_after(after, worker)
            }
            Ok(Pushed::Blocked | Pushed::Paused) => {
                let sending = Sending::new(transfer.into_owned(), &worker.clock);
                self.state = State::Sending(Box::new(sending));
                Step::GoOn
            }
            Err(error) => self.broke_off(&error),
        }
    }

    /// Goes on with an answer that the client has not taken at once.
    fn send(&mut self, worker: &mut Worker) -> Step {
        let State::Sending(sending) = &mut self.state else {
            return Step::GoOn;
        };
        let pushed = sending.push(&mut self.socket, worker);
        self.deadline = sending.deadline(self.socket.peer(), worker);
        match pushed {
            Ok(Pushed::Whole) => {
                let after = sending.after();
                self.state = State::Reading;
                or_go_on(self.go_on_after(after, worker))
            }
            Ok(Pushed::Paused) => self.come_back_for_room(),
            Ok(Pushed::Blocked) => self.wait_for_room(),
            Err(error) => self.broke_off(&error),
        }
    }

    /// What follows a whole answer. `Step::Wait` says that the next request may come.
    fn go_on_after(&mut self, after: After, worker: &Worker) -> Step {
        match after {
            After::Close => Step::Close,
            After::Linger => self.start_to_linger(worker),
            After::Persist => {
                self.is_used = true;
                self.resting_since = worker.clock.ticks();
                self.deadline = worker.clock.after(worker.settings().idle_time);
                Step::Wait
            }
        }
    }

    /// Half-closes, so that the answer is followed by an end and not by a reset (RFC 9112 §9.6).
    fn start_to_linger(&mut self, worker: &Worker) -> Step {
        access_log::flush();
        self.state = State::Lingering { drained: 0 };
        self.deadline = worker.clock.after(worker.settings().linger_time);
        match self.socket.shut_down_writing() {
            Ok(()) => Step::GoOn,
            Err(error) => self.broke_off(&error),
        }
    }

    /// Throws away what the client still sends, until it ends or a bound is reached.
    fn linger(&mut self, worker: &mut Worker) -> Step {
        let State::Lingering { drained } = &mut self.state else {
            return Step::GoOn;
        };
        match self.socket.recv(&mut worker.input) {
            Ok(None) => Step::Wait,
            Ok(Some(0)) | Err(_) => Step::Close,
            Ok(Some(received)) => {
                *drained += received as u64;
                if *drained > LINGER_BYTES_MAX { Step::Close } else { Step::GiveWay }
            }
        }
    }

    /// Waits for room in the socket. The first time, the ready set has to learn of it.
    fn wait_for_room(&mut self) -> Step {
        match self.interest {
            Interest::ReadableOrWritable => Step::Wait,
            Interest::Readable => self.come_back_for_room(),
        }
    }

    /// Gives way to others although there is room in the socket.
    fn come_back_for_room(&mut self) -> Step {
        self.interest = Interest::ReadableOrWritable;
        Step::GiveWay
    }

    /// Has the ready set tell anew what the connection is ready for; it will anyway where it does
    /// not have it yet.
    fn renew(&self, worker: &Worker) -> Fate {
        if !self.is_watched {
            return Fate::Wait;
        }
        match worker.common.ready.renew(&self.socket, self.socket.number(), self.interest) {
            Ok(()) => Fate::Wait,
            Err(error) => {
                log::error!("epoll_ctl({}): {error}", self.socket);
                Fate::Close
            }
        }
    }

    /// An answer that cannot be finished: its head may be out, so nothing can be mended. Or a body,
    /// which is as good as none.
    fn broke_off(&self, error: &io::Error) -> Step {
        log::debug!("{}: broke off: {error}", self.socket);
        Step::Close
    }
}

/// What becomes of the connection after an answer with `status`; `sends_more` says that the client
/// has sent more than the request that it answers.
fn after(status: Status, wants_persistence: bool, sends_more: bool, worker: &Worker) -> After {
    let persists = wants_persistence
        && !status.closes_connection()
        && !worker.settings().idle_time.is_zero()
        && !worker.is_stopping();
    match (persists, sends_more || status.closes_connection()) {
        (true, _) => After::Persist,
        (false, true) => After::Linger,
        (false, false) => After::Close,
    }
}

/// The step after an answer that had to wait: news that came meanwhile may be about the next
/// request, so it is read.
fn or_go_on(step: Step) -> Step {
    match step {
        Step::Wait => Step::GoOn,
        step => step,
    }
}
