//! The site without a socket: a temporary document root is asked by raw heads, and its responses
//! are looked at as values.

mod conditional;
mod errors;
mod fallbacks;
mod fields;
mod hosts;
mod listing;
mod mounts;
mod paths;
mod precompressed;
mod prefix;
mod range;
mod refused_openat2;
mod roots;
#[path = "../support/mod.rs"]
mod support;
mod validators;
