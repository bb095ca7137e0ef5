//! A worker: takes a ticket, and plays the role on it until it has passed the ticket on.

use super::accept::accept_one;
use super::clock::Clock;
use super::pool::Pool;
use super::posts::Post;
use super::ready_set::Events;
use super::slot::News;
use super::tickets::{Dear, Role, Ticket};
use super::turn::{Buffers, Turn};
use crate::site::Proofs;

/// Events that one wait may bring to one worker. Since those of one wait share their looks at files,
/// 8 cost 5% less CPU a request than 4 and 5 to 20% less than 1 (1 KiB, 16 to 256 connections, 2
/// cores; 11 and 7 interleaved rounds); 16 save no more, and the last of them waits behind the
/// others. The 99th percentile is the same for all of them.
const EVENTS_MAX: usize = 8;

/// What belongs to one worker's thread.
pub(super) struct Worker<'a> {
    pool: &'a Pool,
    post: &'a Post,
    clock: Clock,
    buffers: Buffers,
    proofs: Proofs,
    events: Events,
}

impl<'a> Worker<'a> {
    /// The worker of `pool` with this number, before its first turn.
    pub(super) fn new(pool: &'a Pool, number: usize) -> Worker<'a> {
        Worker {
            pool,
            post: &pool.shared.watch.posts()[number],
            clock: Clock::new(pool.shared.started),
            buffers: Buffers::new(),
            proofs: Proofs::new(),
            events: Events::with_capacity(EVENTS_MAX),
        }
    }

    /// One worker's life, until the pool is closed.
    pub(super) fn work(mut self) {
        while let Some(ticket) = self.pool.shared.tickets.take() {
            self.step_in(ticket);
            match ticket.role {
                Role::Wait => self.wait_and_go_on(),
                Role::Accept(listener) => self.accept_and_go_on(listener),
                Role::Dear(dear) => self.do_dear_work(dear),
            }
            self.post.lines.flush();
        }
    }

    /// If a worker is held up in this role, takes over what it has left: its lines of the access
    /// log, and as a waiter the events that it has not come to.
    ///
    /// That worker may have finished meanwhile, and play another role with events of its own. A
    /// waiter acts on those as well as it would. An accept loop acts on none, so it takes none.
    fn step_in(&self, ticket: Ticket) {
        self.post.set_role(ticket.role);
        let posts = self.pool.shared.watch.posts();
        let Some(other) = ticket.from.and_then(|from| posts.get(from)) else { return };
        other.lines.flush();
        if ticket.role == Role::Wait {
            let left = std::mem::take(&mut *other.events());
            self.post.events().extend(left);
        }
    }

    /// The role of a waiter: waits on the ready set and acts on the events, until the ticket has
    /// passed to another worker or the pool is closed.
    fn wait_and_go_on(&mut self) {
        let (pool, post) = (self.pool, self.post);
        let next = || post.events().pop_front();
        loop {
            // A spare begins with the events that the worker before it has left.
            if post.events().is_empty() && !self.wait() {
                return;
            }
            let keeps_ticket = self.turn(None, |turn, buffers| {
                while let Some(event) = next() {
                    pool.go_on_with(event, turn, buffers);
                }
            });
            if !keeps_ticket {
                return;
            }
        }
    }

    /// Waits for connections that can go on; `false` once the pool is closed. A worker that has
    /// nothing to do first writes its lines of the access log.
    pub(super) fn wait(&mut self) -> bool {
        let (ready, lines) = (&self.pool.shared.ready, &self.post.lines);
        let mut waited = Ok(());
        self.events.clear();
        if lines.are_there() {
            waited = ready.look(&mut self.events);
            match self.events.is_empty() {
                true => lines.flush(),
                false => lines.flush_old(),
            }
        }
        if waited.is_ok() && self.events.is_empty() {
            waited = ready.wait(&mut self.events);
        }
        if let Err(error) = waited {
            log::error!("the ready set: {error}");
        }
        let Some(told) = self.events.told() else { return false };
        self.post.events().extend(told);
        true
    }

    /// The role of an accept loop: blocks in accept, and serves each new connection as a waiter
    /// would, until the ticket has passed to another worker or the server stops. A connection that
    /// is still open goes into the ready set, where the waiters take over.
    ///
    /// Since accept returns no TCP connection before its request is there, most connections need no
    /// other worker. This costs 21 µs of CPU for a connection with one request; to hand each over
    /// to a waiter costs 24 to 26; without TCP_DEFER_ACCEPT it makes no difference. One loop for
    /// both cores costs 17, but has twice the median latency and half as much again at the 99th
    /// percentile; the listening socket in the ready set costs 21 to 22 (1 KiB, 64 connections, 2
    /// cores).
    fn accept_and_go_on(&mut self, listener: usize) {
        let pool = self.pool;
        let Some(listener) = pool.listener(listener) else { return };
        while let Some(socket) = accept_one(&listener, pool) {
            let keeps_ticket = self.turn(None, |turn, buffers| pool.take_in(socket, turn, buffers));
            if !keeps_ticket {
                return;
            }
            self.post.lines.flush();
        }
    }

    /// Does dear work until none is queued, or until its turn has passed the ticket on. The ticket
    /// is not lent, because the number of these tickets is a bound.
    fn do_dear_work(&mut self, dear: Dear) {
        let pool = self.pool;
        while let Some(number) = pool.shared.tickets.next(dear) {
            let mut keeps_ticket = true;
            self.turn(Some(dear), |turn, buffers| {
                pool.attend_to(number, News::DEAR, turn, buffers);
                keeps_ticket = turn.is_for(dear);
            });
            if !keeps_ticket {
                return;
            }
        }
        if dear == Dear::Listing {
            pool.shared.site.get().site().forget_listings();
        }
    }

    /// One turn, for the dear work that is given, if any. Returns whether the worker still has its
    /// ticket.
    pub(super) fn turn(
        &mut self,
        dear: Option<Dear>,
        work: impl FnOnce(&mut Turn, &mut Buffers),
    ) -> bool {
        let shared = &self.pool.shared;
        shared.watch.begin(self.post, dear.is_none());
        let held = shared.site.take(&self.post.site);
        let Worker { post, clock, buffers, proofs, .. } = self;
        let mut turn = Turn::new(shared, post, clock, held.site(), proofs, dear);
        work(&mut turn, buffers);
        proofs.clear();
        shared.site.leave(held, &post.site);
        post.duty.end()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::ready_set::Event;
    use super::super::testing::Room;
    use super::*;

    /// The worker that has passed the ticket on got a new one and new events, before this one
    /// stepped in.
    #[test]
    fn only_a_waiter_takes_events_over() {
        let room = Room::new();
        let worker = room.worker();
        let [own, other] = room.pool.shared.watch.posts() else { panic!("two posts") };
        for (role, taken) in [(Role::Accept(0), 0), (Role::Wait, 1)] {
            other.events().push_back(Event::Announced);
            worker.step_in(Ticket { role, from: Some(1) });
            assert_eq!((own.events().len(), other.events().len()), (taken, 1 - taken), "{role:?}");
            other.events().clear();
        }
    }
}
