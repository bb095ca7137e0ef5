//! tinyhttpd: a small, blocking, multi-threaded static-file web server.
//!
//! # The rooms
//!
//! Whatever a room uses is named after it in this list, never before it: `command` → [`server`] →
//! [`site`] → [`http`], and `server` → `http` too. All but `http` use `os`.
//!
//! **`command`** turns a command line and the environment into settings, sets up the log, catches
//! signals, starts a browser, and ends with an exit code; `main` only calls it. Of HTTP it knows
//! one request, that of `--check`. `log_writer.rs` writes the log, and never waits for its reader.
//!
//! **[`server`]** is sockets, threads and time: it binds and accepts, gives each connection that
//! can go on to a worker, reads requests, sends answers, and ends what takes too long. It does not
//! know where an answer comes from. Begin with `worker.rs`, where roles are played, and go on with
//! `connection/`, which has a file for each state of a connection. `slot.rs` says which thread may
//! act on a connection, `tickets.rs` which worker plays which role, `watch.rs` what happens when a
//! worker is held up; `ready_set.rs` proves that a connection may wait,
//! `socket.rs` has the calls on it.
//!
//! **[`site`]** turns a request into a response, from files beneath the document root. It knows
//! neither sockets nor threads, so it is tested on a temporary directory. Begin with
//! [`site::Site::begin`] and go on with `get.rs`, the rules in the order of RFC 9110. By
//! `openat.rs` the kernel keeps every path beneath the root, or `walk.rs` does where it will not,
//! `roots.rs` opens the root anew if it was replaced, `kept/` has what is known of files from their
//! last use and how that is proved again, `upload/` is all of PUT, `archive/` gives a folder as one
//! download, and `who_may/` is about passwords and pages of other sites.
//!
//! **[`http`]** is RFC 9110 and 9112 over bytes and values: request, request-target, fields,
//! chunked bodies, dates, validators, preconditions, ranges, negotiation, the head of a response.
//! It is pure: the time and the facts about a file are passed in.
//!
//! **`os`** is what systems do differently, behind the same few functions on each: the ready set,
//! sockets, and the calls on files that POSIX does not have. It knows nothing of HTTP.
//!
//! **[`limits`]** has the limits and times that a client, a file system or an option can meet, each
//! with its unit, its reason, and what happens when it is reached.
//!
//! **`serve`** is the public face: a server within a program, started by one call.
//!
//! # Words of our own
//!
//! All other words are those of the two RFCs.
//!
//! - **Head**: the bytes of a message up to and with its empty line.
//! - **Site**: what answers a request: a document root (or one for each host) with the rules for
//!   it.
//! - **Ready set**: the connections that can go on now. The kernel keeps it; workers wait on it.
//! - **Worker**: one of a fixed number of threads that go on with connections. It owns the buffers;
//!   a connection that waits has none.
//! - **Role**: what a worker does: wait on the ready set, accept on a listener, or do dear work.
//! - **Ticket**: the right to play a role. There are a few; a worker without one is a **spare**,
//!   and steps in for one that is about to block or that is held up.
//! - **Turn**: what a worker does between two waits.
//! - **Dear work**: what one request may ask for and what costs a hundred times the others: a
//!   listing, to find out what an archive will hold, a change of a name, which waits for the disk,
//!   and a password's hash. Each kind has a queue, and few do it at a time.
//! - **Watcher**: the thread that sees which worker is held up, and which connection is late.
//! - **Slot**: a connection's place in the table, by its descriptor, with the one word that says
//!   whether a thread **owns** the connection, that is, acts on it now.
//! - **News**: what a connection is told through its slot: it is ready, hung up, to be looked at,
//!   should make room, or can have its dear work done.
//! - **Drained**: said of a connection that has seen the end of what it was told of, so that the
//!   kernel tells the next change. Only then may it wait.
//! - **To give way**: to let others go on first, though there is more to do.
//! - **To rest**: to be between two requests, with not a byte of the next one.
//! - **To make room**: to end, at the limit of connections, so that another can begin.
//! - **Late**: past its deadline. Each connection has one deadline at a time.
//! - **To linger**: after a last answer, to throw away what the client still sends until it ends,
//!   so that the answer is not lost to a reset.
//! - **Leaving**: said of a server that serves on, but wants no further requests: each answer is
//!   the last of its connection, so that balancers go elsewhere before it stops.
//! - **Transfer**: an answer on its way. **Upload**: a PUT on its way, and the file that is to be.
//! - **Kept**: said of a file whose bytes, or open descriptor, are used again once they are proved
//!   to be those on the disk.

#![forbid(unsafe_code)]
// Parts of the rooms are for the program alone. What nobody needs at all is still found: with the
// program, which is the default, nothing is allowed.
#![cfg_attr(not(feature = "command"), allow(dead_code, unused_imports))]
// Without this feature the rooms are private, and all that is public in them is unreachable.
#![cfg_attr(feature = "internals", warn(unreachable_pub))]

#[cfg(feature = "command")]
#[doc(hidden)]
pub mod command;
pub mod http;
mod os;
mod serve;

pub use serve::{Builder, RunningServer, serve};

// The rooms behind the public face. This project's own tests, benchmarks and fuzzers see them, by a
// feature that is for nobody else.
#[cfg(feature = "internals")]
pub mod limits;
#[cfg(not(feature = "internals"))]
mod limits;
#[cfg(feature = "internals")]
pub mod server;
#[cfg(not(feature = "internals"))]
mod server;
#[cfg(feature = "internals")]
pub mod site;
#[cfg(not(feature = "internals"))]
mod site;
