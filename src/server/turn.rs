//! A turn: what a worker does between two waits, and what it knows during that time.

use super::access_log::{Entry, Lines};
use super::budget::Budget;
use super::clock::Clock;
use super::drained::InLine;
use super::posts::Post;
use super::ready_set::ReadySet;
use super::settings::Settings;
use super::shared::Shared;
use super::tickets::{Dear, Ticket};
use crate::limits::{HEAD_BYTES_MAX, PROOF_TIME, TURN_TIME};
use crate::site::{Conditions, Leave, Proofs, Site};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What a worker's turns write into. It belongs to the worker and not to connections, so that
/// waiting costs no memory.
pub(super) struct Buffers {
    /// For what is received. It has room for one head, so a connection that waits never keeps more
    /// than that.
    pub input: Box<[u8]>,
    /// For the head of an answer.
    pub head: Vec<u8>,
}

impl Buffers {
    pub(super) fn new() -> Buffers {
        Buffers { input: vec![0; HEAD_BYTES_MAX].into(), head: Vec::with_capacity(1024) }
    }
}

/// What a worker knows in one turn.
pub(super) struct Turn<'a> {
    pub clock: &'a mut Clock,
    /// The present site; it is held for this turn only.
    pub site: &'a Arc<Site>,
    shared: &'a Shared,
    post: &'a Post,
    began: Instant,
    /// Looks at files that were made in this turn.
    proofs: &'a Proofs,
    /// The dear work that this turn is for.
    dear: Option<Dear>,
}

impl<'a> Turn<'a> {
    /// A turn that begins now.
    pub(super) fn new(
        shared: &'a Shared,
        post: &'a Post,
        clock: &'a mut Clock,
        site: &'a Arc<Site>,
        proofs: &'a Proofs,
        dear: Option<Dear>,
    ) -> Turn<'a> {
        clock.look();
        Turn { began: clock.looked(), clock, site, shared, post, proofs, dear }
    }

    pub(super) fn settings(&self) -> &'a Settings {
        &self.shared.settings
    }

    pub(super) fn ready(&self) -> &'a ReadySet {
        &self.shared.ready
    }

    /// The bytes that answers hold in memory while they wait.
    pub(super) fn memory(&self) -> &'a Arc<Budget> {
        &self.shared.memory
    }

    /// The descriptors that connections hold.
    pub(super) fn descriptors(&self) -> &'a Arc<Budget> {
        &self.shared.descriptors
    }

    /// Whether each answer is the last of its connection.
    pub(super) fn is_leaving(&self) -> bool {
        self.shared.leaving.load(Ordering::SeqCst)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::SeqCst)
    }

    /// Whether the turn has lasted for [`TURN_TIME`], so that a connection with more to do gives
    /// way.
    pub(super) fn is_over(&self) -> bool {
        self.began.elapsed() >= TURN_TIME
    }

    /// Whether this turn is for dear work of this kind.
    pub(super) fn is_for(&self, dear: Dear) -> bool {
        self.dear == Some(dear)
    }

    /// Queues the connection `number` for dear work.
    pub(super) fn queue(&self, dear: Dear, number: usize) -> InLine {
        self.shared.tickets.queue(dear, number);
        InLine::queued()
    }

    /// Forgets what the turn has looked at, so that it looks anew for the requests that come next.
    pub(super) fn forget_looks(&self) {
        self.proofs.clear();
    }

    /// What the site is told beside a request. If the request `has_come` before this turn's wait
    /// returned, any look at a file that this turn has made answers it truly, as long as the turn
    /// is short.
    pub(super) fn conditions(&self, has_come: bool, leave: Option<Leave>) -> Conditions<'a> {
        let lasts = || self.began.elapsed() < PROOF_TIME;
        self.proofs.set_usable(has_come && (self.proofs.is_empty() || lasts()));
        Conditions {
            now: self.clock.now(),
            proofs: self.proofs,
            leave,
            memory_is_short: self.shared.memory.is_short(),
            is_leaving: self.is_leaving(),
        }
    }

    /// Asks whether the worker may block, and if so passes its ticket to a spare. A worker without
    /// a ticket may always block; one that does dear work never may, since others wait for its end.
    pub(super) fn may_block(&self) -> bool {
        if self.dear.is_some() {
            return false;
        }
        if !self.post.duty.give_up() {
            return true;
        }
        // The lines must not wait as long as the worker may be blocked.
        self.post.lines.flush();
        let ticket = Ticket { role: self.post.role(), from: Some(self.post.number) };
        let is_passed_on = self.shared.tickets.pass_on(ticket).is_ok();
        if !is_passed_on {
            self.post.duty.take_back();
        }
        is_passed_on
    }

    /// Adds the line of an answer to the access log.
    pub(super) fn log(&self, entry: Option<&Entry<'_>>, body_bytes: u64) {
        if let Some(entry) = entry {
            self.lines().push(entry, body_bytes);
        }
    }

    /// The worker's lines of the access log.
    pub(super) fn lines(&self) -> &'a Lines {
        &self.post.lines
    }
}
