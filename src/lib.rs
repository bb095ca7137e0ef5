//! tinyhttpd: a small, blocking, multi-threaded static-file web server.

#![forbid(unsafe_code)]

pub mod http;
pub mod limits;
pub mod site;
