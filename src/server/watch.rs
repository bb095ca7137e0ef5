//! The watcher: sees which worker is held up, and gives its ticket to a spare. It also looks for
//! late connections now and then.
//!
//! A worker tells that it is busy by one store a turn. The watcher looks every [`LOOK_INTERVAL`]
//! while there is work, and sleeps when there is none. A worker that it sees twice in the same turn
//! is held up by something: a disk, a network file system, a large page. Its ticket passes to a
//! spare, and the spare takes the events that the worker has not come to, and its lines.
//!
//! The watcher answers nothing and touches no file, so nothing can hold it up.

use super::clock::Clock;
use super::duty::Seen;
use super::pool::Pool;
use super::posts::Post;
use super::tickets::Ticket;
use crate::limits::{LOOK_INTERVAL, LOOKS_BEFORE_SLEEP, SWEEP_INTERVAL};
use std::thread;

/// Watches the workers of `pool` until it is closed.
pub(super) fn watch(pool: &Pool) {
    let watch = &pool.shared.watch;
    watch.begin_to_look();
    let mut clock = Clock::new(pool.shared.started);
    let mut seen = vec![Seen::default(); watch.posts().len()];
    let (mut quiet_looks, mut next_sweep) = (0, clock.after(SWEEP_INTERVAL));
    while !pool.is_closed() {
        clock.look();
        if clock.ticks() >= next_sweep {
            pool.sweep(clock.ticks());
            next_sweep = clock.after(SWEEP_INTERVAL);
        }
        quiet_looks = if look(pool, &mut seen) { 0 } else { quiet_looks + 1 };
        if quiet_looks < LOOKS_BEFORE_SLEEP {
            thread::park_timeout(LOOK_INTERVAL);
            continue;
        }
        if watch.sleep(SWEEP_INTERVAL) {
            quiet_looks = 0;
        }
    }
}

/// Looks at every worker, and gives the tickets of those that are held up to spares. Returns
/// whether anything has happened since the last look.
fn look(pool: &Pool, seen: &mut [Seen]) -> bool {
    let mut has_happened = false;
    for (post, seen) in pool.shared.watch.posts().iter().zip(seen) {
        let now = post.duty.look();
        has_happened |= now != *seen || now.is_busy();
        if now == *seen && now.holds_ticket() {
            lend(pool, post, now);
        }
        *seen = now;
    }
    has_happened
}

/// Gives the ticket of a worker that is held up to a spare, if there is one.
fn lend(pool: &Pool, post: &Post, seen: Seen) {
    let tickets = &pool.shared.tickets;
    if !tickets.has_spare() || !post.duty.take_from(seen) {
        return;
    }
    log::debug!("worker {} is held up: a spare steps in", post.number);
    // The worker has lost the ticket, so it must be laid down even if the spare is gone by now.
    tickets.lay_down(Ticket { role: post.role(), from: Some(post.number) });
}
