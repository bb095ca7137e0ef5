//! Accepting (accept(2)): each client is let in as soon as there is room, until the server stops.

use super::bound::Bound;
use super::clock::Clock;
use super::inherited::Inherited;
use super::listener::Listener;
use super::pool::Pool;
use super::socket::Socket;
use crate::limits::{ACCEPT_ERRORS_MAX, ACCEPT_PAUSE, BURST_TIME, QUIET_TIME};
use nix::libc;
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Blocks until a client connects for which there is room; on TCP, until it has also sent something
/// or let [`DEFER_SECONDS`](crate::limits::DEFER_SECONDS) pass. `None` once no client is to be
/// accepted any more.
pub(super) fn accept_one(listener: &Listener, pool: &Pool) -> Option<Socket> {
    match listener {
        Listener::Bound(bound) => accept_bound(bound, pool),
        Listener::Inherited(inherited) => accept_inherited(inherited, pool),
    }
}

fn accept_bound(bound: &Bound, pool: &Pool) -> Option<Socket> {
    let mut errors = 0;
    loop {
        match bound.accept() {
            Ok(socket) => return find_room(pool).then_some(socket),
            Err(_) if pool.shared.stopping.load(Ordering::SeqCst) => return None,
            // Another accept loop was faster.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                errors += 1;
                after_error(&error, errors, pool);
            }
        }
    }
}

/// The same for a socket from which other processes accept too.
fn accept_inherited(inherited: &Inherited, pool: &Pool) -> Option<Socket> {
    let mut errors = 0;
    loop {
        match try_inherited(inherited, pool) {
            Ok(accepted) => return accepted,
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                errors += 1;
                after_error(&error, errors, pool);
            }
        }
    }
}

/// Finds room first: a client that has to wait for it does so in the kernel's queue, where another
/// process can accept it. `None` once no client is to be accepted any more.
///
/// A stop first sets `stopping` and then waits for all connections that are counted. So one that is
/// counted before `stopping` is read here is waited for.
fn try_inherited(inherited: &Inherited, pool: &Pool) -> io::Result<Option<Socket>> {
    let Some(claim) = inherited.wait()? else { return Ok(None) };
    if !find_room(pool) {
        return Ok(None);
    }
    let accepted = match pool.shared.stopping.load(Ordering::SeqCst) {
        true => Ok(None),
        false => inherited.accept(claim).map(Some),
    };
    if !matches!(accepted, Ok(Some(_))) {
        pool.count_end();
    }
    accepted
}

/// Lets no further client in, and hands the connections that the kernel has made already to the
/// waiters, at most until `deadline`. For a server that is stopping.
///
/// A client that is not let in hears nothing for a second, and is refused then, as the socket is
/// closed by that time. What waits on an inherited socket is left to the process that accepts next.
pub(super) fn drain(listener: &Listener, pool: &Pool, deadline: Instant) {
    let Listener::Bound(bound) = listener else { return };
    let refused = bound.refuse_new();
    let refused = refused.and_then(|is_able| bound.set_nonblocking().map(|()| is_able));
    let quiet_time = match refused {
        Ok(true) => QUIET_TIME,
        // More may come for ever: those that are there now are let in.
        Ok(false) => Duration::ZERO,
        Err(error) => {
            log::debug!("a listening socket cannot be drained: {error}");
            return;
        }
    };
    let clock = Clock::new(pool.shared.started);
    while Instant::now() < deadline && bound.is_readable_within(quiet_time) {
        match bound.accept_now() {
            Ok(socket) if pool.count_in() => pool.hand_over(socket, &clock),
            Ok(socket) => log::debug!("{socket} is closed: there is no room"),
            // An accept loop was faster.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => log::debug!("accept: {error}"),
        }
    }
}

/// What to do about an accept that failed, for the `errors`th time in a row.
///
/// Only if something has run out must a connection make room. Any other error is about the client
/// that was to be accepted (accept(2) has a list): the next client may be fine.
fn after_error(error: &io::Error, errors: u32, pool: &Pool) {
    let has_run_out = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    let is_out = error.raw_os_error().is_some_and(|errno| has_run_out.contains(&errno));
    if is_out {
        if pool.is_new_burst(BURST_TIME) {
            log::error!("accept: {error}");
        }
        make_room(pool);
    } else {
        log::debug!("accept: {error}");
        if errors >= ACCEPT_ERRORS_MAX {
            pool.wait_for_fewer_than(pool.connections(), ACCEPT_PAUSE);
        }
    }
}

/// Counts one more connection as soon as there is room for it. While the server stops, a connection
/// that was accepted is served all the same, unless there is no room for it at all.
fn find_room(pool: &Pool) -> bool {
    while !pool.count_in() {
        make_room(pool);
        if pool.is_closed() {
            return false;
        }
    }
    true
}

/// Tells the connection that loses least to make room, and waits a while for a connection to end.
fn make_room(pool: &Pool) {
    let before = pool.connections();
    let now = Clock::new(pool.shared.started).ticks();
    pool.make_room(now);
    pool.wait_for_fewer_than(before, ACCEPT_PAUSE);
}
