//! tinyhttpd: a small, blocking, multi-threaded static-file web server.
//!
//! # The rooms
//!
//! Whatever a room uses is named after it in this list, never before it: `main` → [`server`] →
//! [`site`] → [`http`], and `server` → `http` too.
//!
//! **`main` and [`config`]** turn a command line into settings, set up the log, catch signals and
//! end with an exit code. They know nothing of HTTP. [`log_writer`] writes the log to stderr, and
//! never waits for whoever reads it.
//!
//! **[`server`]** is sockets, threads and time: it binds and accepts, gives each connection that
//! can go on to a worker, reads requests, sends answers, and ends what takes too long. It does not
//! know where an answer comes from. Begin with `server/connection.rs`, which holds one connection's
//! life from accept to close, and go on with `pool.rs`, `table.rs` and `tickets.rs`, which bring
//! connections and workers together. `ready_set.rs` alone knows epoll, `socket.rs` the calls on a
//! connection.
//!
//! **[`site`]** turns a request into a response, from files beneath the document root. It knows
//! neither sockets nor threads, so it is tested on a temporary directory. Begin with
//! [`site::Site::respond`], the rules in the order of RFC 9110; `openat.rs` is where the kernel
//! keeps every path beneath the root, `roots.rs` opens the root anew where it was replaced, and
//! `kept.rs` has what is known of files from their last use, and how that is proved again.
//!
//! **[`http`]** is RFC 9110 and 9112 over bytes and values: request, request-target, fields, chunked
//! bodies, dates, validators, preconditions, ranges, negotiation, the head of a response. It is
//! pure: the time and the facts about a file are passed in.
//!
//! **[`limits`]** has every limit and every time of them all, each with its unit, its reason, and
//! what happens when it is reached.
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
//! - **Ticket**: a worker's leave to wait on the ready set. There are a few; a worker without one
//!   is a **spare**, and steps in for one that is about to block on a client.
//! - **Slot**: a connection's place in the table, by its descriptor. Who holds a slot's lock
//!   **owns** the connection.
//! - **News**: what a connection is told through its slot: it is ready, hung up, late, should make
//!   room, or the server is stopping.
//! - **To rest**: to be between two requests, with not a byte of the next one. Only what rests
//!   makes room for others.
//! - **Late**: past its deadline. Each connection has one deadline at a time.
//! - **To linger**: after a last answer, to throw away what the client still sends until it ends,
//!   so that the answer is not lost to a reset.
//! - **Transfer**: an answer on its way. **Upload**: a PUT on its way, and the file that is to be.
//! - **Kept**: said of a file whose bytes, or open descriptor, are used again once they are proved
//!   to be those on the disk.

#![forbid(unsafe_code)]

pub mod config;
pub mod http;
pub mod limits;
pub mod log_writer;
pub mod server;
pub mod site;
