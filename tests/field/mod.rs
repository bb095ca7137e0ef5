//! What `tests/deploy.rs` takes of `tests/support`, by its former name.

#![allow(unused_imports, reason = "it takes a part of what is here")]

#[path = "../support/mod.rs"]
mod support;

pub use support::{Lines, Served, end, find, numbered, run, write};
