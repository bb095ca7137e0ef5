//! tinyhttpd: a small, blocking, multi-threaded static-file web server.

#![forbid(unsafe_code)]

pub mod config;
pub mod http;
pub mod limits;
pub mod server;
pub mod site;
