//! HTTP/1 over bytes and values (RFC 9110, RFC 9112).
//!
//! Nothing here opens a socket or a file, starts a thread or reads a clock. What was received, the
//! time, and the facts about a file are arguments; what comes back is a value.
//!
//! - **Read a request.** [`request::parse`] makes a request of a head, or gives the [`reject`] that
//!   says why not. It is made of a [`method`], a [`target`], a [`version`] and [`field`] lines; the
//!   target holds an [`authority`] and a [`path`], the path is what may be looked up. [`body`]
//!   finds the end and the data of the body, [`chunked`] where it comes in chunks.
//! - **Judge it.** [`precondition`] against the [`validator`]s of a representation, [`range`]
//!   against its length, [`negotiation`] of its coding and media type, [`origin`] of whose page
//!   it is from, [`credentials`] of who has sent it.
//! - **Answer it.** [`status`] code and field lines become a [`response`] head; [`date`] reads and
//!   writes the dates in both.
//!
//! A file uses only files that know less than itself: `request` uses `field`, never the other way.

pub mod authority;
pub mod body;
pub mod chunked;
pub mod credentials;
pub mod date;
pub mod field;
pub mod forwarded;
pub(crate) mod grammar;
mod line;
pub mod method;
pub mod negotiation;
pub mod origin;
pub mod path;
pub mod precondition;
pub mod prefix;
pub mod range;
pub mod reject;
pub mod request;
pub mod response;
pub mod status;
pub mod target;
pub mod validator;
pub mod version;
