//! The server over real sockets, and the program as a user runs it: one file a subject, one client for all.

mod command;
mod log;
mod put;
mod shutdown;
mod support;
