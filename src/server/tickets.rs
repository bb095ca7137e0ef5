//! Who waits on the ready set: a few workers hold a ticket and wait there, the others are spares.
//!
//! A worker passes its ticket on before it blocks on a client, and a spare steps in. Where there is
//! no spare, it may not block. So as many workers as there are tickets are always there for
//! connections that can go on.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A fixed number of tickets.
pub struct Tickets {
    state: Mutex<State>,
    freed: Condvar,
}

struct State {
    free: usize,
    /// Workers that wait for a ticket. A free one is meant for one of them, but a worker that comes
    /// may take it first.
    waiting: usize,
    is_closed: bool,
}

impl Tickets {
    pub fn new(count: usize) -> Tickets {
        Tickets {
            state: Mutex::new(State { free: count, waiting: 0, is_closed: false }),
            freed: Condvar::new(),
        }
    }

    /// Waits for a ticket and takes it; `false` once the tickets are closed.
    pub fn take(&self) -> bool {
        let mut state = self.lock();
        state.waiting += 1;
        while state.free == 0 && !state.is_closed {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        state.free = state.free.saturating_sub(1);
        !state.is_closed
    }

    /// Passes the caller's ticket on to a spare; `false` where there is none, and the caller keeps
    /// it.
    pub fn pass_on(&self) -> bool {
        let mut state = self.lock();
        if state.waiting <= state.free {
            return false;
        }
        state.free += 1;
        drop(state);
        self.freed.notify_one();
        true
    }

    /// Has every waiting and coming worker end.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn a_ticket_is_kept_where_no_spare_waits() {
        let tickets = Tickets::new(1);
        assert!(tickets.take());
        assert!(!tickets.pass_on());
    }

    #[test]
    fn a_spare_steps_in_for_a_ticket_passed_on() {
        let tickets = Tickets::new(1);
        let (stepped_in, seen) = mpsc::channel();
        assert!(tickets.take());
        thread::scope(|scope| {
            scope.spawn(|| stepped_in.send(tickets.take()));
            while !tickets.pass_on() {
                thread::yield_now();
            }
            assert_eq!(seen.recv(), Ok(true));
            assert!(!tickets.pass_on(), "the one spare is in now");
        });
    }

    /// Whether the ticket can be passed on once the spare waits.
    fn passes_on(tickets: &Tickets) -> bool {
        let mut tries = 0..1_000_000;
        tries.any(|_| {
            thread::yield_now();
            tickets.pass_on()
        })
    }

    #[test]
    fn a_spare_whose_ticket_another_took_is_still_a_spare() {
        let tickets = Tickets::new(1);
        assert!(tickets.take());
        thread::scope(|scope| {
            scope.spawn(|| while tickets.take() && passes_on(&tickets) {});
            // Who takes it again at once is mostly faster than the spare that was woken.
            let is_passed_on = (0..100).all(|_| passes_on(&tickets) && tickets.take());
            tickets.close();
            assert!(is_passed_on);
        });
    }

    #[test]
    fn closing_ends_all_that_wait() {
        let tickets = Tickets::new(0);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| tickets.take())).collect();
            tickets.close();
            assert!(waiting.into_iter().all(|worker| !worker.join().expect("no panic")));
        });
        assert!(!tickets.take());
    }
}
