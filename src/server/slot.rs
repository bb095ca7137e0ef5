//! A slot: the place of one value. One atomic word decides which thread may act on the value.
//!
//! Bit 0 of the word, `OWNED`, says that a thread acts on the value now: it *owns* it. The other
//! bits are [`News`] that nobody has acted on yet. Every change of the word is one atomic
//! operation, and the order of these changes is the whole proof. Four invariants follow:
//!
//! 1. **The bit is the ownership.** [`Slot::attend`] sets it together with its news. If it was
//!    clear, the caller is the owner; if it was set, the caller leaves. Only the owner clears it.
//! 2. **News set before a release is acted on.** The owner takes all news (`swap(OWNED)`), acts,
//!    and lets go by `compare_exchange(OWNED, 0)`. This fails exactly if news has come since the
//!    owner took them; the owner then goes round again. So all news is acted on after it was
//!    brought, either by the thread that brought it or by the owner of that moment.
//! 3. **A descriptor's number may be reused**, and news meant for a former connection reach the
//!    next one. Each is harmless there, because the owner looks at the facts before it acts:
//!    - `READY` and `HUNG_UP`: the owner calls recv or send, which would block, or reads the end of
//!      the stream once more. (`HUNG_UP` alone ends nothing.)
//!    - `LOOK`: the owner looks at the clock and at the server's state, and finds nothing due.
//!    - `MAKE_ROOM`: it ends only a connection that has rested long enough, and a client must
//!      expect such an end at any time.
//!    - `DEAR`: a connection that has not asked for dear work ignores it.
//! 4. **A connection that waits is told.** A connection waits only with a
//!    [`Drained`](super::drained::Drained) in hand, which proves that the kernel will tell the next
//!    change. This is the contract of edge-triggered events (epoll(7)).
//!
//! The mutex around the value is there because safe Rust asks for one. It is always free when the
//! owner takes it, except while [`Slot::put`] moves a value in.
//!
//! In `model.rs` a model checker runs through all interleavings of a few threads.

#[cfg(all(test, loom))]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(all(test, loom))]
use loom::sync::{Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(all(test, loom)))]
use std::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(all(test, loom)))]
use std::sync::{Mutex, MutexGuard};

/// What a connection is told, as a set of bits. It is a hint: the owner looks at the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News(u8);

/// Set while a thread acts on the value.
const OWNED: u8 = 1;

impl News {
    /// Bytes have come, or there is room for more of the answer.
    pub(super) const READY: News = News(2);
    /// The client has ended its side, or the connection has failed.
    pub(super) const HUNG_UP: News = News(2 | 4);
    /// The deadline has passed, the server is stopping, or the connection is new here.
    pub(super) const LOOK: News = News(8);
    /// The connection should make room for a new one, if it can.
    pub(super) const MAKE_ROOM: News = News(16);
    /// The dear work that the connection has asked for can be done in this turn.
    pub(super) const DEAR: News = News(32);

    /// Whether all of `other` is in this news.
    pub(super) fn says(self, other: News) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The place of one value.
pub(super) struct Slot<T> {
    word: AtomicU8,
    place: Mutex<Option<T>>,
}

impl<T> Slot<T> {
    /// A slot without a value.
    pub(super) fn empty() -> Slot<T> {
        Slot { word: AtomicU8::new(0), place: Mutex::new(None) }
    }

    /// Moves a value in. The former value is gone, but its owner may not have let go yet: it then
    /// owns the new one too. The caller attends to the value next.
    pub(super) fn put(&self, value: T) {
        *self.place() = Some(value);
    }

    /// Brings `news`. If nobody owns the value, the caller does: `act` is called with the value and
    /// all news, and again as long as more has come. Otherwise the owner acts on the news.
    ///
    /// `act` ends the value by leaving `None`.
    pub(super) fn attend(&self, news: News, mut act: impl FnMut(&mut Option<T>, News)) {
        if self.word.fetch_or(news.0 | OWNED, Ordering::AcqRel) & OWNED != 0 {
            return;
        }
        loop {
            let news = News(self.word.swap(OWNED, Ordering::AcqRel) & !OWNED);
            act(&mut self.place(), news);
            let release = self.word.compare_exchange(OWNED, 0, Ordering::AcqRel, Ordering::Relaxed);
            if release.is_ok() {
                return;
            }
        }
    }

    /// A panic in `act` is caught there, so a poisoned lock says nothing.
    fn place(&self) -> MutexGuard<'_, Option<T>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
