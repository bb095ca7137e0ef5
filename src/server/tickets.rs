//! Tickets: which worker plays which role, and the queue for dear work.
//!
//! A worker takes a ticket and plays its role until it passes the ticket on. A worker without one
//! is a *spare*. There are as many tickets to wait on the ready set as cores, as many to accept on
//! each listener, and for dear work a few that come and go with what is queued. If a worker is
//! about to block, or is seen to be held up (see `watch`), its ticket passes to a spare. So as long
//! as one spare is left, there is always a worker for the connections that can go on.
//!
//! *Dear work* is what one request may ask for and what costs a hundred times the others: a
//! listing, to find out what an archive will hold, a change of a name, which waits for the disk, and
//! a password's hash. A few workers at a time do it. A connection that has to wait for it stands in a
//! queue by its number, and holds no worker.

#[cfg(all(test, loom))]
use loom::sync::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::PoisonError;
#[cfg(not(all(test, loom)))]
use std::sync::{Condvar, Mutex, MutexGuard};

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Waits on the ready set and acts on the events.
    Wait,
    /// Accepts on the listener of this position.
    Accept(usize),
    /// Does dear work of this kind until none is queued.
    Dear(Dear),
}

/// Kinds of dear work. Each has its own queue and bound, so neither keeps the other waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dear {
    /// To read a directory and make its page.
    Listing,
    /// To gather what an archive will hold.
    Archive,
    /// To change a name and wait for the disk: the end of an upload, a removal, a new directory.
    Change,
    /// To hash a password, one at a time.
    Hash,
}

/// A role to be played, and the worker that has played it until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub role: Role,
    /// The worker that is held up in this role and may have left events and lines.
    pub from: Option<usize>,
}

/// All tickets of a server.
pub(super) struct Tickets {
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    free: VecDeque<Ticket>,
    /// Workers that wait for a ticket. Each free ticket is meant for one of them.
    spares: usize,
    listings: Queue,
    archives: Queue,
    changes: Queue,
    hashes: Queue,
    is_closed: bool,
}

/// Archives whose contents are gathered at a time: a walk through many directories keeps a disk
/// busy, and two would take longer together.
const ARCHIVES_AT_ONCE: usize = 1;

/// Connections that wait for dear work of one kind.
struct Queue {
    numbers: VecDeque<usize>,
    /// Tickets for it that are free or taken.
    out: usize,
    out_max: usize,
}

impl Tickets {
    /// The tickets for `roles`; besides, at most so many `listings` and `uploads` are worked on at
    /// a time.
    pub(super) fn new(
        roles: impl IntoIterator<Item = Role>,
        listings: usize,
        changes: usize,
    ) -> Tickets {
        let queue = |out_max| Queue { numbers: VecDeque::new(), out: 0, out_max };
        let free = roles.into_iter().map(|role| Ticket { role, from: None }).collect();
        let state = State {
            free,
            spares: 0,
            listings: queue(listings),
            archives: queue(ARCHIVES_AT_ONCE),
            changes: queue(changes),
            hashes: queue(1),
            is_closed: false,
        };
        Tickets { state: Mutex::new(state), freed: Condvar::new() }
    }

    /// Waits for a ticket and takes it; `None` once the tickets are closed.
    pub(super) fn take(&self) -> Option<Ticket> {
        let mut state = self.lock();
        state.spares += 1;
        while state.free.is_empty() && !state.is_closed {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.spares -= 1;
        if state.is_closed { None } else { state.free.pop_front() }
    }

    /// Passes a ticket on to a spare; gives it back where there is none.
    ///
    /// # Errors
    ///
    /// The ticket.
    pub(super) fn pass_on(&self, ticket: Ticket) -> Result<(), Ticket> {
        let mut state = self.lock();
        if state.spares <= state.free.len() {
            return Err(ticket);
        }
        self.free(&mut state, ticket);
        Ok(())
    }

    /// Lays a ticket down for the next worker, whether there is a spare or not.
    pub(super) fn lay_down(&self, ticket: Ticket) {
        self.free(&mut self.lock(), ticket);
    }

    /// Whether a spare waits for which no ticket is free yet; a hint.
    pub(super) fn has_spare(&self) -> bool {
        let state = self.lock();
        state.spares > state.free.len()
    }

    /// Queues the connection `number` for dear work, and offers a ticket for it within the bound.
    pub(super) fn queue(&self, dear: Dear, number: usize) {
        self.queue_by(VecDeque::push_back, dear, number);
    }

    /// The same, before all others in the queue: for one whose work has begun.
    pub(super) fn queue_first(&self, dear: Dear, number: usize) {
        self.queue_by(VecDeque::push_front, dear, number);
    }

    fn queue_by(&self, push: fn(&mut VecDeque<usize>, usize), dear: Dear, number: usize) {
        let mut state = self.lock();
        let queue = state.of(dear);
        push(&mut queue.numbers, number);
        if queue.out < queue.out_max {
            queue.out += 1;
            self.free(&mut state, Ticket { role: Role::Dear(dear), from: None });
        }
    }

    /// The next connection in the queue for `dear`. `None` says that there is none: with it, the
    /// caller's ticket is gone.
    pub(super) fn next(&self, dear: Dear) -> Option<usize> {
        let mut state = self.lock();
        let queue = state.of(dear);
        let next = queue.numbers.pop_front();
        if next.is_none() {
            queue.out -= 1;
        }
        next
    }

    /// Ends every worker that waits for a ticket now or later.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.freed.notify_all();
    }

    fn free(&self, state: &mut State, ticket: Ticket) {
        state.free.push_back(ticket);
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(&mut self, dear: Dear) -> &mut Queue {
        match dear {
            Dear::Listing => &mut self.listings,
            Dear::Archive => &mut self.archives,
            Dear::Change => &mut self.changes,
            Dear::Hash => &mut self.hashes,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    const WAIT: Ticket = Ticket { role: Role::Wait, from: Some(3) };

    #[test]
    fn a_ticket_is_given_back_where_no_spare_waits() {
        let tickets = Tickets::new([Role::Wait], 1, 1);
        assert_eq!(tickets.take(), Some(Ticket { role: Role::Wait, from: None }));
        assert!(!tickets.has_spare());
        assert_eq!(tickets.pass_on(WAIT), Err(WAIT));
    }

    #[test]
    fn a_spare_steps_in_for_a_ticket_passed_on_and_knows_from_whom() {
        let tickets = Tickets::new([], 1, 1);
        let (stepped_in, seen) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| stepped_in.send(tickets.take()));
            while tickets.pass_on(WAIT).is_err() {
                thread::yield_now();
            }
            assert_eq!(seen.recv(), Ok(Some(WAIT)));
            assert_eq!(tickets.pass_on(WAIT), Err(WAIT), "the one spare is in now");
        });
    }

    #[test]
    fn a_ticket_that_is_laid_down_is_the_next_workers() {
        let tickets = Tickets::new([], 1, 1);
        tickets.lay_down(WAIT);
        assert_eq!(tickets.take(), Some(WAIT));
    }

    #[test]
    fn dear_work_is_done_by_no_more_than_its_bound_and_in_order() {
        let tickets = Tickets::new([], 2, 1);
        (1..=5).for_each(|number| tickets.queue(Dear::Listing, number));
        tickets.queue(Dear::Change, 6);
        let roles: Vec<_> = (0..3).map(|_| tickets.take().map(|ticket| ticket.role)).collect();
        let listing = Some(Role::Dear(Dear::Listing));
        assert_eq!(roles, [listing, listing, Some(Role::Dear(Dear::Change))]);
        let order: Vec<_> = (0..5).map(|_| tickets.next(Dear::Listing)).collect();
        assert_eq!(order, [1, 2, 3, 4, 5].map(Some));
        assert_eq!(tickets.next(Dear::Listing), None);
        (8..=9).for_each(|number| tickets.queue(Dear::Hash, number));
        assert_eq!(tickets.take().map(|ticket| ticket.role), Some(Role::Dear(Dear::Hash)));
        assert!(tickets.lock().free.is_empty(), "one hash at a time");
        // One of the two tickets is gone, so one more is offered.
        tickets.queue(Dear::Listing, 7);
        assert_eq!(tickets.take().map(|ticket| ticket.role), listing);
    }

    #[test]
    fn what_has_begun_goes_on_before_others_begin() {
        let tickets = Tickets::new([], 1, 1);
        (1..=3).for_each(|number| tickets.queue(Dear::Archive, number));
        let archive = Some(Role::Dear(Dear::Archive));
        assert_eq!(tickets.take().map(|ticket| ticket.role), archive);
        for _ in 0..3 {
            assert_eq!(tickets.next(Dear::Archive), Some(1));
            tickets.queue_first(Dear::Archive, 1);
        }
        let order: Vec<_> = (0..4).map(|_| tickets.next(Dear::Archive)).collect();
        assert_eq!(order, [Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn closing_ends_all_that_wait() {
        let tickets = Tickets::new([], 1, 1);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| tickets.take())).collect();
            tickets.close();
            assert!(waiting.into_iter().all(|worker| worker.join().expect("no panic").is_none()));
        });
        assert_eq!(tickets.take(), None);
    }
}
