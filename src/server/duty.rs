//! Whether a worker still holds its ticket, decided by one atomic word.
//!
//! A worker that begins a turn holds a ticket. While it is busy, the watcher may take the ticket
//! away, and the worker itself may give it up before it blocks. The thread that clears the bit
//! `TICKET` has the ticket then. The worker learns of it at the end of its turn: [`Duty::end`]
//! takes what is left of it in the operation that ends the turn, so a ticket is never with two and
//! never lost.
//!
//! The word also counts the turns, so the watcher can tell one long turn from many short ones, and
//! no ticket is taken from a turn other than the one that was seen.

#[cfg(all(test, loom))]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(all(test, loom)))]
use std::sync::atomic::{AtomicU64, Ordering};

/// What a worker's word says: its turn, and whether it is busy and holds its ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(u64);

const TICKET: u64 = 1;
const BUSY: u64 = 2;
/// One turn more.
const TURN: u64 = 4;

impl Seen {
    /// Whether the worker is in a turn and holds a ticket that can be taken away.
    pub(super) fn holds_ticket(self) -> bool {
        self.0 & TICKET != 0
    }

    /// Whether the worker is in a turn.
    pub(super) fn is_busy(self) -> bool {
        self.0 & BUSY != 0
    }
}

/// The word of one worker.
#[derive(Debug)]
pub(super) struct Duty(AtomicU64);

impl Duty {
    /// A worker that has not begun a turn yet.
    pub(super) fn new() -> Duty {
        Duty(AtomicU64::new(0))
    }

    /// Begins a turn; `may_be_lent` says whether its ticket may be taken away. Only the worker
    /// itself calls this.
    ///
    /// Sequentially consistent, because the caller looks next whether the watcher sleeps, and the
    /// watcher, before it sleeps, whether somebody is busy.
    pub(super) fn begin(&self, may_be_lent: bool) {
        let turn = (self.0.load(Ordering::Relaxed) & !(TURN - 1)).wrapping_add(TURN);
        let ticket = if may_be_lent { TICKET } else { 0 };
        self.0.store(turn | BUSY | ticket, Ordering::SeqCst);
    }

    /// Ends the turn. Returns whether the worker still holds its ticket. Only the worker itself
    /// calls this.
    pub(super) fn end(&self) -> bool {
        let turn = self.0.load(Ordering::Relaxed) & !(TURN - 1);
        self.0.swap(turn, Ordering::AcqRel) & TICKET != 0
    }

    /// Gives up the ticket within a turn; returns whether the worker still had it. Only the worker
    /// itself calls this.
    pub(super) fn give_up(&self) -> bool {
        self.0.fetch_and(!TICKET, Ordering::AcqRel) & TICKET != 0
    }

    /// Gives back what [`Duty::give_up`] has given up in this turn. Only the worker itself calls
    /// this.
    pub(super) fn take_back(&self) {
        self.0.fetch_or(TICKET, Ordering::AcqRel);
    }

    /// Reads the word.
    pub(super) fn look(&self) -> Seen {
        Seen(self.0.load(Ordering::SeqCst))
    }

    /// Takes the ticket from a worker that is still in the turn that was seen. `true` says that the
    /// caller has the ticket now.
    pub(super) fn take_from(&self, seen: Seen) -> bool {
        let without = seen.0 & !TICKET;
        seen.holds_ticket()
            && self.0.compare_exchange(seen.0, without, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_with_its_ticket_unless_it_was_taken() {
        let duty = Duty::new();
        assert!(!duty.look().is_busy());
        duty.begin(true);
        let seen = duty.look();
        assert!(seen.is_busy() && seen.holds_ticket());
        assert!(duty.end());
        assert!(!duty.take_from(seen), "the turn is over");
        duty.begin(true);
        assert!(!duty.take_from(seen), "this is another turn");
        assert!(duty.take_from(duty.look()));
        assert!(!duty.take_from(duty.look()), "it is taken already");
        assert!(!duty.end());
    }

    #[test]
    fn a_worker_may_give_its_ticket_up_and_take_it_back() {
        let duty = Duty::new();
        duty.begin(true);
        assert!(duty.give_up() && !duty.give_up());
        duty.take_back();
        assert!(duty.end());
        duty.begin(false);
        assert!(!duty.give_up() && !duty.end());
    }
}
